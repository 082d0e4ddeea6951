import EaselBase
import EaselCore
import Foundation

/// Reads a remix request from the parts of a form: the same field names as in JSON, images as files or as text.
struct MultipartDraft {
    private(set) var draft = RemixDraft()
    private(set) var faults: [RequestFault] = []

    init(_ parts: [MultipartParser.Part]) {
        var given: Set<String> = []
        for part in parts {
            let name = part.name.hasSuffix("[]") ? String(part.name.dropLast(2)) : part.name
            if let member = Self.member(of: name, "output") {
                guard let text = text(part, .output) else { continue }
                let value: JSONValue =
                    member == "quality" ? Int(text).map { .number(Decimal($0)) } ?? .string(text) : .string(text)
                OutputFields.read([member: value], into: &draft, faults: &faults)
                continue
            }
            if let tag = Self.member(of: name, "tags") {
                guard let text = text(part, .tags) else { continue }
                draft.tags = (draft.tags ?? [:]).merging([tag: text]) { _, new in new }
                continue
            }
            guard let parameter = RemixParameter(rawValue: name) else {
                faults.append(RequestFault(String(name.unicodeScalars.prefix(64)), "is not a field of a remix request"))
                continue
            }
            let repeats: Set<RemixParameter> = [
                .styleReferenceImages, .characterReferenceImages, .characterReferenceMasks,
            ]
            // What browsers send for a field whose file was not chosen.
            if part.fileName?.isEmpty == true, part.bytes.isEmpty { continue }
            if !given.insert(name).inserted, !repeats.contains(parameter) {
                fault(parameter, "is given more than once")
                continue
            }
            read(parameter, part)
        }
    }

    /// `output.format` and `output[format]` both name a member.
    private static func member(of name: String, _ object: String) -> String? {
        if name.hasPrefix("\(object)."), name.count > object.count + 1 {
            return String(name.dropFirst(object.count + 1))
        }
        if name.hasPrefix("\(object)["), name.hasSuffix("]"), name.count > object.count + 2 {
            return String(name.dropFirst(object.count + 1).dropLast())
        }
        return nil
    }

    private mutating func read(_ parameter: RemixParameter, _ part: MultipartParser.Part) {
        switch parameter {
        case .image: draft.image = image(part)
        case .styleReferenceImages: draft.styleReferenceImages = (draft.styleReferenceImages ?? []) + [image(part)]
        case .characterReferenceImages:
            draft.characterReferenceImages = (draft.characterReferenceImages ?? []) + [image(part)]
        case .characterReferenceMasks:
            draft.characterReferenceMasks = (draft.characterReferenceMasks ?? []) + [image(part)]
        default:
            guard let text = text(part, parameter) else { return }
            read(parameter, text)
        }
    }

    private mutating func read(_ parameter: RemixParameter, _ text: String) {
        switch parameter {
        case .model: draft.model = text
        case .prompt: draft.prompt = text
        case .strength: set(\.strength, Double(text), parameter, "a number")
        case .width: set(\.width, Int(text), parameter, "a whole number")
        case .height: set(\.height, Int(text), parameter, "a whole number")
        case .count: set(\.count, Int(text), parameter, "a whole number")
        case .seed: set(\.seed, Int(text), parameter, "a whole number")
        case .renderingSpeed: draft.renderingSpeed = text
        case .copyrightDetection: set(\.copyrightDetection, Bool(text), parameter, "true or false")
        case .safetyCheck: set(\.safetyCheck, Bool(text), parameter, "true or false")
        case .strict: set(\.strict, Bool(text), parameter, "true or false")
        case .negativePrompt: draft.negativePrompt = text
        case .magicPrompt: draft.magicPrompt = text
        case .styleType: draft.styleType = text
        case .stylePreset: draft.stylePreset = text
        case .styleCode: draft.styleCode = text
        case .policy:
            guard text.drop(while: \.isWhitespace).first == "{" else { return draft.policy = text }
            let object = try? JSONReader.members(of: Array(text.utf8), limits: JSONDraft.limits)
            set(\.inlinePolicy, object.map { .object($0) }, parameter, "the name of a policy, or a policy in JSON")
        case .project: draft.project = text
        case .maxCostUSD: draft.maxCostUSD = text
        case .deadline: draft.deadline = text
        case .tags:
            let members = try? JSONReader.members(of: Array(text.utf8), limits: JSONDraft.limits)
            let texts = members?.compactMapValues(\.stringValue)
            let object = texts?.count == members?.count ? texts : nil
            set(\.tags, object, parameter, "a JSON object of strings, or parts named tags.NAME")
        case .output:
            guard let object = try? JSONReader.members(of: Array(text.utf8), limits: JSONDraft.limits) else {
                return fault(
                    parameter,
                    "must be a JSON object, or parts named output.type, output.format, output.quality"
                )
            }
            OutputFields.read(object, into: &draft, faults: &faults)
        case .image, .styleReferenceImages, .characterReferenceImages, .characterReferenceMasks: break
        }
    }

    private func image(_ part: MultipartParser.Part) -> ImageInput {
        // Text in a part without a file name is a URL, a data URI or base64, as it would be in JSON.
        if part.fileName == nil, let text = part.text { return .text(text) }
        return .bytes(Array(part.bytes))
    }

    private mutating func text(_ part: MultipartParser.Part, _ parameter: RemixParameter) -> String? {
        guard part.bytes.count <= 65_536, let text = part.text else {
            let isStacked = part.bytes.count <= 65_536 && StackedMarks.find(in: part.bytes) != nil
            fault(parameter, isStacked ? StackedMarks.sentence : "must be text in UTF-8")
            return nil
        }
        return text
    }

    private mutating func set<Value>(
        _ path: WritableKeyPath<RemixDraft, Value?>,
        _ value: Value?,
        _ parameter: RemixParameter,
        _ expected: String
    ) {
        guard let value else { return fault(parameter, "must be \(expected)") }
        draft[keyPath: path] = value
    }

    private mutating func fault(_ parameter: RemixParameter, _ message: String) {
        faults.append(RequestFault(parameter, message))
    }
}
