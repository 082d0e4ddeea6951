package import EaselBase
package import Foundation

/// The body of a sync answer, of a poll, and of the three families of errors: every member is optional, because the
/// documents and what is seen disagree (docs/providers/ideogram.md, 4 and 5).
package struct IdeogramReply: Decodable, Sendable {
    package var data: [IdeogramImage]?
    /// Elements of `data` that are no entries.
    package var strays = 0
    package var generationID: String?
    package var status: String?
    package var failureReason: String?
    package var costMicros: Decimal?
    /// The error's sentence: `error`, then `message`, then `detail`.
    package var errorText: String?
    package var rejectReason: String?
    /// A status inside a 200, for an answer that failed after it had begun.
    package var statusCode: Int?
    package var requestID: String?

    private enum CodingKeys: String, CodingKey {
        case data, status, error, message, detail
        case generationID = "generation_id"
        case failureReason = "failure_reason"
        case costMicros = "usage_cost_usd_micros"
        case rejectReason = "reject_reason"
        case statusCode = "status_code"
        case requestID = "request_id"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) -> String? { try? container.decodeIfPresent(String.self, forKey: key) }
        let list = try container.decodeIfPresent(LossyList<IdeogramImage>.self, forKey: .data)
        data = list?.elements
        strays = list?.strays ?? 0
        generationID = text(.generationID)
        // In a problem document `status` is the HTTP status as a number.
        status = text(.status)
        failureReason = text(.failureReason)
        costMicros = try? container.decodeIfPresent(Decimal.self, forKey: .costMicros)
        errorText = text(.error) ?? text(.message) ?? text(.detail)
        rejectReason = text(.rejectReason)
        statusCode = try? container.decodeIfPresent(Int.self, forKey: .statusCode)
        requestID = text(.requestID)
    }
}

/// One entry of an answer's list.
package struct IdeogramImage: Decodable, Sendable {
    /// What an entry is.
    package enum Standing: Sendable, Hashable {
        case image
        /// Found unsafe, or to infringe: kept back.
        case withheld
        /// It says that it went wrong; the sentence is the provider's.
        case failed(String?)
        /// It should be an image and is none, and nothing says why.
        case garbled
    }

    package var url: String?
    package var seed: Int?
    package var isImageSafe: Bool?
    package var resolution: String?
    package var extra: [String: JSONValue] = [:]
    private var error: JSONValue?
    private var objectType: String?

    private static let known: Set<String> = [
        "url", "seed", "is_image_safe", "resolution", "prompt", "object_type", "style_type", "upscaled_resolution",
        "error",
    ]

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        url = try? container.decodeIfPresent(String.self, forKey: AnyKey("url"))
        seed = try? container.decodeIfPresent(Int.self, forKey: AnyKey("seed"))
        isImageSafe = try? container.decodeIfPresent(Bool.self, forKey: AnyKey("is_image_safe"))
        resolution = try? container.decodeIfPresent(String.self, forKey: AnyKey("resolution"))
        error = try? container.decodeIfPresent(JSONValue.self, forKey: AnyKey("error"))
        objectType = try? container.decodeIfPresent(String.self, forKey: AnyKey("object_type"))
        for key in container.allKeys where !Self.known.contains(key.stringValue) {
            extra[key.stringValue] = try? container.decode(JSONValue.self, forKey: key)
        }
    }

    package var standing: Standing {
        if let url, WebLink.isOne(url) { return .image }
        let said = error.flatMap { $0 == .null || $0 == .bool(false) || $0 == .string("") ? nil : $0 }
        if said != nil || objectType?.contains("error") == true {
            return .failed(said?.stringValue ?? said?["message"]?.stringValue ?? extra["message"]?.stringValue)
        }
        return isImageSafe == false ? .withheld : .garbled
    }
}
