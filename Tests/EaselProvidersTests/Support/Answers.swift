import EaselBase
import EaselCore
import EaselTransport
import Foundation

@testable import EaselProviders

/// Puts answers in front of the readers, as if they had come from the network.
enum Answers {
    static let key = "rw-secret-key-0123456789"
    static let prompt = "a red kite over the harbour"
    static let firstImage = "aa2d7c1e-5b1c-4d9f-9a10-0c2f7f6b9e01"
    static let secondImage = "bb2d7c1e-5b1c-4d9f-9a10-0c2f7f6b9e02"
    static let otherTask = "5b9a2d2c-8a06-4d3b-8a8e-1f6f63a0b6d2"

    static func response(
        _ body: [UInt8],
        status: Int = 200,
        fields: [(String, String)] = []
    ) -> HTTPResponse {
        HTTPResponse(status: status, fields: HTTPFields(fields), body: body)
    }

    static func response(
        _ body: JSONValue,
        status: Int = 200,
        fields: [(String, String)] = []
    ) -> HTTPResponse {
        response((try? JSON.encode(body, sorted: true)) ?? [], status: status, fields: fields)
    }

    // MARK: - Runware

    static func question(
        taskID: UUID = Requests.taskID,
        count: Int = 1,
        copyright: RunwareReading.CopyrightCheck = .notAsked,
        secrets: [String] = [key, prompt]
    ) -> RunwareReading.Question {
        RunwareReading.Question(taskID: taskID, count: count, copyright: copyright, secrets: secrets)
    }

    static func runware(
        _ body: JSONValue,
        status: Int = 200,
        taskID: UUID = Requests.taskID,
        count: Int = 1,
        delivery: DeliveryMethod = .sync
    ) -> Exchange {
        RunwareReading.submission(
            response(body, status: status),
            question(taskID: taskID, count: count),
            delivery: delivery
        )
    }

    /// A finished image of a task.
    static func item(_ id: String, task: UUID = Requests.taskID, _ more: [String: JSONValue] = [:]) -> JSONValue {
        let members: [String: JSONValue] = [
            "taskType": "imageInference", "taskUUID": .string(task.text), "imageUUID": .string(id),
            "imageURL": .string(link(id)), "seed": 7, "cost": .number(Decimal(6) / 100),
        ]
        return .object(members.merging(more) { $1 })
    }

    static func link(_ id: String) -> String { "https://im.runware.ai/image/os/a25d05/ws/2/ii/\(id).jpg" }

    static func working(_ id: String) -> JSONValue {
        [
            "taskType": "imageInference", "taskUUID": .string(Requests.taskID.text), "status": "processing",
            "imageUUID": .string(id), "progress": 40,
        ]
    }

    static func error(
        _ code: String,
        task: String? = Requests.taskID.text,
        _ more: [String: JSONValue] = [:]
    ) -> JSONValue {
        var members: [String: JSONValue] = ["code": .string(code), "message": "Something is wrong."]
        if let task { members["taskUUID"] = .string(task) }
        return .object(members.merging(more) { $1 })
    }

    /// What a poll says of a task that failed.
    static func end(_ code: String, task: String? = Requests.taskID.text) -> JSONValue {
        error(code, task: task, ["status": "error"])
    }

    // MARK: - Ideogram

    static func ideogramQuestion(
        model: RemixModel = .ideogram4,
        count: Int = 1,
        copyrightDetection: Bool = false,
        secrets: [String] = [key, prompt]
    ) -> IdeogramReading.Question {
        IdeogramReading.Question(
            model: model,
            count: count,
            copyrightDetection: copyrightDetection,
            secrets: secrets
        )
    }

    static func ideogram(
        _ body: JSONValue,
        status: Int = 200,
        fields: [(String, String)] = [],
        delivery: DeliveryMethod = .sync
    ) -> Exchange {
        IdeogramReading.submission(
            response(body, status: status, fields: fields),
            ideogramQuestion(),
            delivery: delivery
        )
    }
}

extension Exchange {
    /// The result of an exchange that is over.
    var result: ProviderResult? { if case .ended(let result) = self { result } else { nil } }

    /// The result of an exchange that goes on at the provider.
    var acknowledgement: ProviderResult? { if case .accepted(let result) = self { result } else { nil } }
}

extension Recovery {
    var result: ProviderResult? { if case .ended(let result) = self { result } else { nil } }

    var standing: (result: ProviderResult, working: Bool)? {
        if case .running(let result, let working) = self { (result, working) } else { nil }
    }

    var isAbsent: Bool { if case .absent = self { true } else { false } }

    var isUnknown: Bool { if case .unknown = self { true } else { false } }
}
