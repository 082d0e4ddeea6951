package import EaselBase
import EaselCore
package import Foundation

/// Runware's envelope: items that succeeded or run, and errors, side by side (docs/providers/runware.md, 2).
package struct RunwareEnvelope: Decodable, Sendable {
    package var data: [RunwareItem]
    package var errors: [RunwareError]
    /// Elements of `data` that are no items.
    package var strays = 0

    private enum CodingKeys: String, CodingKey { case data, errors }

    package init(from decoder: any Decoder) throws {
        // One object where a list is due has been seen (docs/providers/runware.md, 2.1); a list at the top is read too.
        guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
            let list = try LossyList<RunwareItem>(from: decoder)
            data = list.elements
            strays = list.strays
            errors = []
            return
        }
        if let list = try? container.decodeIfPresent(LossyList<RunwareItem>.self, forKey: .data) {
            data = list.elements
            strays = list.strays
        } else if let item = try? container.decodeIfPresent(RunwareItem.self, forKey: .data) {
            data = [item]
        } else {
            data = []
        }
        errors = (try? container.decodeIfPresent(LossyList<RunwareError>.self, forKey: .errors))?.elements ?? []
        if data.isEmpty, errors.isEmpty, !container.contains(.data), !container.contains(.errors) {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "neither data nor errors")
            )
        }
    }
}

/// One item of `data`: an image, an acknowledgement, or word of a task that runs.
package struct RunwareItem: Decodable, Sendable {
    /// What an item is.
    package enum Standing: Sendable, Hashable {
        /// An image is here, in whichever of the three forms.
        case image
        /// Finished, and kept back on content grounds.
        case withheld
        /// The task, or this image of it, has failed.
        case failed
        /// The provider names the task as being worked on.
        case running
        /// The task was taken on; nothing else is said.
        case acknowledged
        /// It should be an image and is none, and nothing says why.
        case garbled
    }

    package var taskUUID: String?
    package var taskType: String?
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
    /// Whether any member of a result is here, with a value or without.
    private var speaksOfResult = false

    private static let known: Set<String> = [
        "taskType", "taskUUID", "status", "imageUUID", "imageURL", "imageBase64Data", "imageDataURI", "seed",
        "NSFWContent", "cost", "error", "progress",
    ]
    private static let ofResult: Set<String> = [
        "imageUUID", "imageURL", "imageBase64Data", "imageDataURI", "seed", "NSFWContent", "cost",
    ]

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        func text(_ name: String) -> String? { try? container.decodeIfPresent(String.self, forKey: AnyKey(name)) }
        taskUUID = text("taskUUID")
        taskType = text("taskType")
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
        // An item that says of itself that it failed: the error's members may stand beside, not below.
        if error == nil, hasFailed {
            error = (try? RunwareError(from: decoder)) ?? RunwareError(code: "unknownError", message: nil)
        }
        for key in container.allKeys {
            if Self.ofResult.contains(key.stringValue) { speaksOfResult = true }
            if Self.known.contains(key.stringValue) { continue }
            extra[key.stringValue] = try? container.decode(JSONValue.self, forKey: key)
        }
    }

    /// Whether the item itself says that it ended in failure.
    var hasFailed: Bool { status.map { ["error", "failed"].contains($0.lowercased()) } ?? false }

    /// Whether an image is here, in whichever of the three forms.
    private var hasImage: Bool {
        if let text = imageBase64Data, !text.isEmpty { return true }
        if let text = imageDataURI, !text.isEmpty { return true }
        return imageURL.map(WebLink.isOne) ?? false
    }

    /// The result of a copyright check, in a member that no document names; nil where none speaks of it.
    var copyrightFlag: Bool? {
        for (key, value) in extra where key.lowercased().contains("copyright") {
            if let flag = value.boolValue { return flag }
        }
        return nil
    }

    package var standing: Standing {
        // Older texts say `pending`.
        if let status, ["processing", "pending", "queued", "running"].contains(status.lowercased()) { return .running }
        if hasImage { return .image }
        if error != nil || hasFailed { return .failed }
        if nsfw == true || copyrightFlag == true { return .withheld }
        return status == nil && !speaksOfResult ? .acknowledged : .garbled
    }

    /// An image, or one that is kept back.
    var isResult: Bool { standing == .image || standing == .withheld }
}

/// One error object of Runware's own form: a code and a sentence; every other member is missing in some observed sample.
package struct RunwareError: Decodable, Sendable {
    package var code: String
    package var message: String?
    package var taskUUID: String?
    /// What the error answers, which is often missing: a question has one of its own.
    package var taskType: String?
    /// `error` where a poll tells of a task that failed.
    package var status: String?
    /// The parameter at fault; several come as a list.
    package var parameters: [String]

    init(code: String, message: String?) {
        self.code = code
        self.message = message
        parameters = []
    }

    private enum CodingKeys: String, CodingKey { case code, message, taskUUID, taskType, status, parameter }

    /// Throws for an object that has not the form of Runware's errors.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try container.decode(String.self, forKey: .code)
        guard RunwareWords.isCode(code) else {
            throw DecodingError.dataCorruptedError(forKey: .code, in: container, debugDescription: "no code of theirs")
        }
        message = try container.decode(String.self, forKey: .message)
        taskUUID = try? container.decodeIfPresent(String.self, forKey: .taskUUID)
        taskType = try? container.decodeIfPresent(String.self, forKey: .taskType)
        status = try? container.decodeIfPresent(String.self, forKey: .status)
        if let one = try? container.decodeIfPresent(String.self, forKey: .parameter) {
            parameters = [one]
        } else {
            parameters = (try? container.decodeIfPresent([String].self, forKey: .parameter)) ?? []
        }
    }
}
