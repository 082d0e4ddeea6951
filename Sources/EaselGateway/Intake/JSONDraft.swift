import EaselBase
import EaselCore
import Foundation

/// Reads a remix request from JSON: wrong types and unknown fields are faults like any other, and all are named at once.
struct JSONDraft: Decodable {
    var draft = RemixDraft()
    var faults: [RequestFault] = []

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        for key in container.allKeys {
            guard let parameter = RemixParameter(rawValue: key.stringValue) else {
                faults.append(RequestFault(String(key.stringValue.prefix(64)), "is not a field of a remix request"))
                continue
            }
            // A field that is null is a field that is not there.
            if (try? container.decodeNil(forKey: key)) == true { continue }
            read(parameter, key, container)
        }
    }

    private mutating func read(
        _ parameter: RemixParameter,
        _ key: AnyKey,
        _ container: KeyedDecodingContainer<AnyKey>
    ) {
        func value<Value: Decodable>(_ type: Value.Type) -> Value? { try? container.decode(type, forKey: key) }
        func text() -> String? { value(String.self) }
        func images() -> [ImageInput]? { value([String].self)?.map { .text($0) } }
        switch parameter {
        case .model: set(\.model, text(), parameter, "a string")
        case .prompt: set(\.prompt, text(), parameter, "a string")
        case .image: set(\.image, text().map { .text($0) }, parameter, "a string: a URL, a data URI or base64")
        case .strength: set(\.strength, value(Double.self), parameter, "a number")
        case .width: set(\.width, value(Int.self), parameter, "a whole number")
        case .height: set(\.height, value(Int.self), parameter, "a whole number")
        case .count: set(\.count, value(Int.self), parameter, "a whole number")
        case .seed: set(\.seed, value(Int.self), parameter, "a whole number")
        case .renderingSpeed: set(\.renderingSpeed, text(), parameter, "a string")
        case .copyrightDetection: set(\.copyrightDetection, value(Bool.self), parameter, "true or false")
        case .safetyCheck: set(\.safetyCheck, value(Bool.self), parameter, "true or false")
        case .strict: set(\.strict, value(Bool.self), parameter, "true or false")
        case .negativePrompt: set(\.negativePrompt, text(), parameter, "a string")
        case .magicPrompt: set(\.magicPrompt, text(), parameter, "a string")
        case .styleType: set(\.styleType, text(), parameter, "a string")
        case .stylePreset: set(\.stylePreset, text(), parameter, "a string")
        case .styleCode: set(\.styleCode, text(), parameter, "a string")
        case .styleReferenceImages: set(\.styleReferenceImages, images(), parameter, "an array of strings")
        case .characterReferenceImages: set(\.characterReferenceImages, images(), parameter, "an array of strings")
        case .characterReferenceMasks: set(\.characterReferenceMasks, images(), parameter, "an array of strings")
        case .project: set(\.project, text(), parameter, "a string")
        case .tags: set(\.tags, value([String: String].self), parameter, "an object of strings")
        case .maxCostUSD: set(\.maxCostUSD, text(), parameter, "a decimal string such as \"0.20\"")
        case .deadline: set(\.deadline, text(), parameter, "a duration such as \"90s\"")
        case .policy:
            if let members = value([String: JSONValue].self) {
                draft.inlinePolicy = .object(members)
            } else {
                set(\.policy, text(), parameter, "the name of a policy, or a policy as an object")
            }
        case .output: readOutput(value([String: JSONValue].self))
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
        faults.append(RequestFault(parameter, message))
    }

    private mutating func readOutput(_ members: [String: JSONValue]?) {
        guard let members else { return fault(.output, "must be an object with type, format and quality") }
        OutputFields.read(members, into: &draft, faults: &faults)
    }
}

/// The members of `output`, from JSON or from a multipart field.
enum OutputFields {
    static func read(_ members: [String: JSONValue], into draft: inout RemixDraft, faults: inout [RequestFault]) {
        for (name, value) in members where value != .null {
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
                faults.append(RequestFault(.output, "output.\(name.prefix(64)) is not known; there are \(known)"))
            }
        }
    }
}
