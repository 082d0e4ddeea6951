import EaselBase
import EaselCore
import Foundation

/// Reads a remix request from JSON: wrong types and unknown fields are faults like any other, and all are named at once.
struct JSONDraft {
    /// What a request may hold: its fields, sixteen tags, a dozen images and a policy of its own, with room (S4).
    static let limits = JSONLimits(depth: 32, values: 5000)

    var draft = RemixDraft()
    private var found = FaultList()

    var faults: [RequestFault] { found.all() }

    /// Throws why the bytes are no object of JSON.
    init(_ bytes: [UInt8]) throws(JSONFault) {
        guard let members = try JSONReader.members(of: bytes, limits: Self.limits) else { throw .malformed(at: 0) }
        // In the order of the names, so that equal requests have equal faults.
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            guard let parameter = RemixParameter(rawValue: name) else {
                found.add(RequestFault(String(name.unicodeScalars.prefix(64)), "is not a field of a remix request"))
                continue
            }
            // A field that is null is a field that is not there.
            if value != .null { read(parameter, value) }
        }
    }

    private mutating func read(_ parameter: RemixParameter, _ value: JSONValue) {
        func text() -> String? { value.stringValue }
        func flag() -> Bool? { value.boolValue }
        func whole() -> Int? { value.intValue }
        func images() -> [ImageInput]? { texts()?.map { .text($0) } }
        func texts() -> [String]? {
            guard let items = value.arrayValue else { return nil }
            let texts = items.compactMap(\.stringValue)
            return texts.count == items.count ? texts : nil
        }
        func tags() -> [String: String]? {
            guard let members = value.objectValue else { return nil }
            let tags = members.compactMapValues(\.stringValue)
            return tags.count == members.count ? tags : nil
        }
        switch parameter {
        case .model: set(\.model, text(), parameter, "a string")
        case .prompt: set(\.prompt, text(), parameter, "a string")
        case .image: set(\.image, text().map { .text($0) }, parameter, "a string: a URL, a data URI or base64")
        case .strength: set(\.strength, value.numberValue.flatMap { Double($0.description) }, parameter, "a number")
        case .width: set(\.width, whole(), parameter, "a whole number")
        case .height: set(\.height, whole(), parameter, "a whole number")
        case .count: set(\.count, whole(), parameter, "a whole number")
        case .seed: set(\.seed, whole(), parameter, "a whole number")
        case .renderingSpeed: set(\.renderingSpeed, text(), parameter, "a string")
        case .copyrightDetection: set(\.copyrightDetection, flag(), parameter, "true or false")
        case .safetyCheck: set(\.safetyCheck, flag(), parameter, "true or false")
        case .strict: set(\.strict, flag(), parameter, "true or false")
        case .negativePrompt: set(\.negativePrompt, text(), parameter, "a string")
        case .magicPrompt: set(\.magicPrompt, text(), parameter, "a string")
        case .styleType: set(\.styleType, text(), parameter, "a string")
        case .stylePreset: set(\.stylePreset, text(), parameter, "a string")
        case .styleCode: set(\.styleCode, text(), parameter, "a string")
        case .styleReferenceImages: set(\.styleReferenceImages, images(), parameter, "an array of strings")
        case .characterReferenceImages: set(\.characterReferenceImages, images(), parameter, "an array of strings")
        case .characterReferenceMasks: set(\.characterReferenceMasks, images(), parameter, "an array of strings")
        case .project: set(\.project, text(), parameter, "a string")
        case .tags: set(\.tags, tags(), parameter, "an object of strings")
        case .maxCostUSD: set(\.maxCostUSD, text(), parameter, "a decimal string such as \"0.20\"")
        case .deadline: set(\.deadline, text(), parameter, "a duration such as \"90s\"")
        case .policy:
            if value.objectValue != nil {
                draft.inlinePolicy = value
            } else {
                set(\.policy, text(), parameter, "the name of a policy, or a policy as an object")
            }
        case .output: readOutput(value.objectValue)
        }
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
        found.add(RequestFault(parameter, message))
    }

    private mutating func readOutput(_ members: [String: JSONValue]?) {
        guard let members else { return fault(.output, "must be an object with type, format and quality") }
        var faults: [RequestFault] = []
        OutputFields.read(members, into: &draft, faults: &faults)
        for fault in faults { found.add(fault) }
    }
}

/// The members of `output`, from JSON or from a multipart field.
enum OutputFields {
    static func read(_ members: [String: JSONValue], into draft: inout RemixDraft, faults: inout [RequestFault]) {
        for (name, value) in members.sorted(by: { $0.key < $1.key }).prefix(FaultList.most) where value != .null {
            switch name {
            case "type":
                draft.outputType = value.stringValue
                if value.stringValue == nil { faults.append(RequestFault(.output, "output.type must be a string")) }
            case "format":
                draft.outputFormat = value.stringValue
                if value.stringValue == nil { faults.append(RequestFault(.output, "output.format must be a string")) }
            case "quality":
                draft.outputQuality = value.intValue
                if value.intValue == nil {
                    faults.append(RequestFault(.output, "output.quality must be a whole number"))
                }
            default:
                let known = "type, format and quality"
                faults.append(
                    RequestFault(
                        .output,
                        "output.\(String(name.unicodeScalars.prefix(64))) is not known; there are \(known)"
                    )
                )
            }
        }
    }
}
