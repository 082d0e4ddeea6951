package import EaselBase
import EaselCore
package import Foundation

/// Runware's envelope: items that succeeded or run, and errors, side by side (reference/runware.md 2).
package struct RunwareEnvelope: Decodable, Sendable {
    package var data: [RunwareItem]
    package var errors: [RunwareError]

    private enum CodingKeys: String, CodingKey { case data, errors, error, errorMessage, errorId }

    package init(from decoder: any Decoder) throws {
        // A list at the top, or one object where a list is due, has been seen in documents and webhooks.
        guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
            data = try [RunwareItem](from: decoder)
            errors = []
            return
        }
        if let items = try? container.decodeIfPresent([RunwareItem].self, forKey: .data) {
            data = items
        } else if let item = try? container.decodeIfPresent(RunwareItem.self, forKey: .data) {
            data = [item]
        } else {
            data = []
        }
        errors = (try? container.decodeIfPresent([RunwareError].self, forKey: .errors)) ?? []
        if errors.isEmpty, let single = try? container.decodeIfPresent(RunwareError.self, forKey: .error) {
            errors = [single]
        }
        // The form of 2024: {"error":true,"errorId":19,"errorMessage":"..."}.
        if errors.isEmpty, let message = try? container.decodeIfPresent(String.self, forKey: .errorMessage) {
            errors = [RunwareError(code: "error", message: message)]
        }
        if data.isEmpty, errors.isEmpty, !container.contains(.data), !container.contains(.errors) {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "neither data nor errors")
            )
        }
    }
}

/// One item of `data`: a picture, an acknowledgement, or word of a task that runs.
package struct RunwareItem: Decodable, Sendable {
    package var taskUUID: String?
    package var status: String?
    package var imageUUID: String?
    package var imageURL: String?
    package var imageBase64Data: String?
    package var imageDataURI: String?
    package var seed: Int?
    package var nsfw: Bool?
    package var cost: Decimal?
    package var error: RunwareError?
    /// What is not known by name (M1: kept, not guessed at).
    package var extra: [String: JSONValue] = [:]

    private static let known: Set<String> = [
        "taskType", "taskUUID", "status", "imageUUID", "imageURL", "imageBase64Data", "imageDataURI", "seed",
        "NSFWContent", "cost", "error", "progress",
    ]

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        func text(_ name: String) -> String? { try? container.decodeIfPresent(String.self, forKey: AnyKey(name)) }
        taskUUID = text("taskUUID")
        status = text("status")
        imageUUID = text("imageUUID")
        imageURL = text("imageURL")
        imageBase64Data = text("imageBase64Data")
        imageDataURI = text("imageDataURI")
        if container.contains(AnyKey("seed")) {
            seed = try? container.decodeIfPresent(Int.self, forKey: AnyKey("seed"))
        }
        if container.contains(AnyKey("NSFWContent")) {
            nsfw = try? container.decodeIfPresent(Bool.self, forKey: AnyKey("NSFWContent"))
        }
        if container.contains(AnyKey("cost")) {
            cost = try? container.decodeIfPresent(Decimal.self, forKey: AnyKey("cost"))
            if cost == nil, let spelled = text("cost").flatMap({ Money(usd: $0) }) {
                cost = Decimal(spelled.nanodollars) / Decimal(Money.nanodollarsPerDollar)
            }
        }
        if container.contains(AnyKey("error")) {
            error = try? container.decodeIfPresent(RunwareError.self, forKey: AnyKey("error"))
        }
        for key in container.allKeys where !Self.known.contains(key.stringValue) {
            extra[key.stringValue] = try? container.decode(JSONValue.self, forKey: key)
        }
    }

    /// Whether a picture is here, in whichever of the three forms.
    var hasPicture: Bool { imageURL != nil || imageBase64Data != nil || imageDataURI != nil }

    /// Whether the provider names the task as being worked on; older texts say `pending`.
    var isRunning: Bool {
        guard let status else { return false }
        return ["processing", "pending", "queued", "running"].contains(status.lowercased())
    }

    /// A finished item. One without a picture is one that is kept back.
    var isFinished: Bool {
        if hasPicture { return !isRunning }
        return error == nil && (status?.lowercased() == "success" || (status == nil && imageUUID != nil))
    }
}

/// One error object; every member is optional in some observed sample.
package struct RunwareError: Decodable, Sendable {
    package var code: String
    package var message: String?
    package var taskUUID: String?
    /// The parameter at fault; several come as a list.
    package var parameters: [String]

    init(code: String, message: String?) {
        self.code = code
        self.message = message
        parameters = []
    }

    private enum CodingKeys: String, CodingKey { case code, message, taskUUID, parameter }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = (try? container.decodeIfPresent(String.self, forKey: .code)) ?? "unknownError"
        message = try? container.decodeIfPresent(String.self, forKey: .message)
        taskUUID = try? container.decodeIfPresent(String.self, forKey: .taskUUID)
        if let one = try? container.decodeIfPresent(String.self, forKey: .parameter) {
            parameters = [one]
        } else {
            parameters = (try? container.decodeIfPresent([String].self, forKey: .parameter)) ?? []
        }
    }
}
