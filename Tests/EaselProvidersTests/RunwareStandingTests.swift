import EaselBase
import EaselCore
import Foundation
import Testing

@testable import EaselProviders

/// What `getResponse` and `getTaskDetails` tell of a task (R4, M7).
struct RunwareStandingTests {
    private let first = Answers.item(Answers.firstImage, ["status": "success"])
    private let second = Answers.item(Answers.secondImage, ["status": "success"])

    private func standing(_ body: JSONValue, status: Int = 200, count: Int = 1) -> Recovery {
        RunwareReading.standing(Answers.response(body, status: status), Answers.question(count: count))
    }

    @Test func `all images end the task`() throws {
        let result = try #require(standing(["data": [first, second]], count: 2).result)
        #expect(result.images.count == 2 && result.failure == nil && result.cost?.usd == "0.12")
    }

    @Test func `some images while others are worked on are handed on`() throws {
        let body: JSONValue = ["data": [first, Answers.working(Answers.secondImage)]]
        let (result, working) = try #require(standing(body, count: 2).standing)
        #expect(working && result.images.map(\.providerImageID) == [Answers.firstImage])
    }

    @Test(arguments: ["processing", "pending", "queued", "PROCESSING"])
    func `the words for work in progress are known`(word: String) throws {
        let item: JSONValue = ["taskUUID": .string(Requests.taskID.text), "status": .string(word)]
        #expect(try #require(standing(["data": [item]]).standing).working)
    }

    @Test func `nothing at all may be too early or a synchronous task`() throws {
        let (result, working) = try #require(standing(["data": []]).standing)
        #expect(!working && result.images.isEmpty)
    }

    @Test func `the failure of the task ends it`() throws {
        for code in ["timeoutProvider", "invalidProviderContent", "inferenceError", "insufficientCredits"] {
            let body: JSONValue = ["data": [], "errors": [Answers.end(code)]]
            let result = try #require(standing(body).result, "\(code)")
            #expect(result.failure?.code == code && result.failure?.billing == .notCharged)
        }
    }

    @Test func `an item that says of itself that it failed ends the task`() throws {
        let below: JSONValue = [
            "taskUUID": .string(Requests.taskID.text), "status": "error",
            "error": ["code": "inferenceError", "message": "No."],
        ]
        let beside: JSONValue = [
            "taskUUID": .string(Requests.taskID.text), "status": "error", "code": "inferenceError", "message": "No.",
        ]
        for item in [below, beside] {
            let result = try #require(standing(["data": [item]]).result)
            #expect(result.failure?.code == "inferenceError" && result.failure?.billing == .notCharged)
        }
        let bare: JSONValue = ["taskUUID": .string(Requests.taskID.text), "status": "error"]
        #expect(standing(["data": [bare]]).result?.failure?.code == "unknownError")
    }

    @Test func `some images and the failure of the others end it with both`() throws {
        let body: JSONValue = ["data": [first], "errors": [Answers.end("invalidProviderContent")]]
        let result = try #require(standing(body, count: 2).result)
        #expect(result.images.count == 1 && result.failure?.kind == .refused && result.cost?.usd == "0.06")
    }

    @Test func `a failure of one image while another is worked on is not the end`() throws {
        let body: JSONValue = [
            "data": [Answers.working(Answers.secondImage)], "errors": [Answers.end("providerTimeout")],
        ]
        #expect(try #require(standing(body, count: 2).standing).working)
    }

    /// M4: only the provider's word about this task may say that nothing was charged.
    @Test(arguments: [
        ("invalidApiKey", 401), ("forbidden", 403), ("rateLimitExceeded", 429), ("invalidTaskUUID", 400),
        ("serviceUnavailable", 503), ("internalServerError", 500), ("providerGatewayTimeout", 504),
        ("insufficientCredits", 402), ("modelUnavailable", 503), ("invalidProviderContent", 400),
    ])
    func `an error of the question tells nothing about the task, though it names it`(code: String, status: Int) {
        let question: [String: JSONValue] = ["taskType": "getResponse"]
        for error in [
            Answers.error(code, task: nil), Answers.error(code), Answers.end(code),
            Answers.error(code, task: Requests.taskID.text, question),
        ] {
            let body: JSONValue = ["data": [], "errors": [error]]
            #expect(standing(body, status: status).isUnknown, "\(error)")
            #expect(RunwareReading.archived(Answers.response(body, status: status), Answers.question()).isUnknown)
        }
    }

    @Test func `neither does one in a success, unless it says that this task has failed`() {
        let rows: [JSONValue] = [
            Answers.error("serviceUnavailable"), Answers.end("serviceUnavailable", task: nil),
            Answers.end("serviceUnavailable", task: Answers.otherTask),
            Answers.error(
                "serviceUnavailable",
                task: Requests.taskID.text,
                ["status": "error", "taskType": "getResponse"]
            ),
            Answers.error(
                "serviceUnavailable",
                task: Requests.taskID.text,
                ["status": "error", "taskType": "getTaskDetails"]
            ),
            Answers.end("invalidApiKey"), Answers.end("unauthorized"),
        ]
        for error in rows {
            let answer = standing(["data": [], "errors": [error]])
            #expect(answer.standing?.working == false && answer.standing?.result.failure == nil, "\(error)")
        }
    }

    @Test(arguments: ["getResponse", "getTaskDetails"])
    func `trouble with the question is none of the task's, also where it stands among the data`(taskType: String) {
        let id = JSONValue.string(Requests.taskID.text)
        let items: [[String: JSONValue]] = [
            ["status": "error", "code": "internalServerError", "message": "x"],
            ["status": "failed", "code": "serviceUnavailable", "message": "x"],
            ["status": "error", "error": ["code": "internalServerError", "message": "x"]],
            ["error": ["code": "providerTimeout", "message": "x", "status": "error"]],
            ["status": "error"],
        ]
        for item in items {
            let body: JSONValue = [
                "data": [.object(item.merging(["taskType": .string(taskType), "taskUUID": id]) { $1 })]
            ]
            let answer = standing(body)
            #expect(answer.standing?.working == false && answer.standing?.result.failure == nil, "\(item)")
        }
        // Of the task itself the same words are its end.
        let end: JSONValue = [
            "data": [
                [
                    "taskType": "imageInference", "taskUUID": id, "status": "error", "code": "providerTimeout",
                    "message": "x",
                ]
            ]
        ]
        #expect(standing(end).standing == nil && !standing(end).isUnknown)
    }

    @Test func `a task that the provider does not know is absent, and nothing is known of its cost`() {
        for status in [200, 404] {
            let body: JSONValue = ["data": [], "errors": [Answers.error("taskFailedOrNotFound")]]
            #expect(standing(body, status: status).isAbsent)
            #expect(RunwareReading.archived(Answers.response(body, status: status), Answers.question()).isAbsent)
        }
    }

    @Test func `the pause that an answer asks for is told, and whose it is`() {
        let own: JSONValue = ["data": [], "errors": [Answers.error("rateLimitExceeded")]]
        let page = Array("<html>busy</html>".utf8)
        for status in [429, 503] {
            let fields = [("Retry-After", "7")]
            let pause = RunwareReading.standing(
                Answers.response(own, status: status, fields: fields),
                Answers.question()
            ).pause
            #expect(pause == AskingPause(.seconds(7), isOfAccount: true))
            let foreign = RunwareReading.standing(
                Answers.response(page, status: status, fields: fields),
                Answers.question()
            ).pause
            #expect(foreign == AskingPause(.seconds(7), isOfAccount: false))
        }
        #expect(standing(own, status: 429).pause == nil)
    }

    @Test func `an item that should be an image and is none is no end`() {
        for link in [JSONValue.null, "", "null", "x.jpg", "/x.jpg", "https://", 7] {
            let item = Answers.item(Answers.firstImage, ["imageURL": link, "status": "success"])
            let answer = standing(["data": [item]])
            #expect(answer.standing?.working == false, "\(link)")
            #expect(answer.standing?.result.failure?.kind == .garbled && answer.standing?.result.images.isEmpty == true)
        }
    }

    @Test func `images beside trouble with the question are kept, and the task goes on`() throws {
        let body: JSONValue = ["data": [first], "errors": [Answers.error("rateLimitExceeded", task: nil)]]
        let (result, working) = try #require(standing(body, status: 429, count: 2).standing)
        #expect(result.images.map(\.providerImageID) == [Answers.firstImage] && result.failure == nil && !working)
    }

    @Test func `a page of some proxy tells nothing about the task`() {
        for status in [200, 302, 403, 404, 429, 499, 500, 502, 503, 504, 520, 524, 530] {
            let response = Answers.response(Array("<html>busy</html>".utf8), status: status)
            #expect(RunwareReading.standing(response, Answers.question()).isUnknown)
            #expect(RunwareReading.archived(response, Answers.question()).isUnknown)
        }
    }

    @Test func `polls that repeat images count them once`() throws {
        let result = try #require(standing(["data": [second, first, second]], count: 2).result)
        #expect(result.images.count == 2 && result.cost?.usd == "0.12")
        #expect(standing(["data": [first, first]], count: 2).result == nil)
    }

    // MARK: - The archive

    private func archived(
        _ reply: JSONValue,
        task: String = Requests.taskID.text,
        status: Int = 200,
        count: Int = 2
    ) -> Recovery {
        let item: JSONValue = [
            "taskType": "getTaskDetails", "taskUUID": .string(task), "request": [["taskType": "imageInference"]],
            "response": reply,
        ]
        return RunwareReading.archived(
            Answers.response(["data": [item]], status: status),
            Answers.question(count: count)
        )
    }

    @Test func `the archived reply is read in every shape that it may have`() throws {
        let shapes: [JSONValue] = [["data": [first, second]], [first, second], ["data": [second, first, first]]]
        for shape in shapes {
            let result = try #require(archived(shape).result)
            #expect(result.images.count == 2 && result.cost?.usd == "0.12" && result.failure == nil)
        }
        #expect(try #require(archived(first, count: 1).result).images.count == 1)
        #expect(try #require(archived(["data": first], count: 1).result).images.count == 1)
    }

    /// A synchronous task whose answer did not come in time may still be at work when the archive is asked. What is
    /// there can be kept (R7), but the task's cost is not known yet (M4).
    @Test func `an archive with fewer images than asked and no error is not the end`() {
        let answer = archived(["data": [first]])
        #expect(answer.standing?.working == false)
        #expect(answer.standing?.result.images.map(\.providerImageID) == [Answers.firstImage])
    }

    @Test func `an archive with fewer images and an error is the end with both`() throws {
        let reply: JSONValue = ["data": [first], "errors": [Answers.error("inferenceError")]]
        let result = try #require(archived(reply).result)
        #expect(result.images.count == 1 && result.failure?.kind == .failed && result.cost?.usd == "0.06")
    }

    @Test func `an archived failure is the task's end`() throws {
        let result = try #require(archived(["errors": [Answers.error("invalidProviderContent")]]).result)
        #expect(result.failure?.kind == .refused && result.images.isEmpty)
    }

    @Test func `an archived answer that had no room or no time is not the end of the task`() {
        for code in ["rateLimitExceeded", "serviceUnavailable", "providerGatewayTimeout", "internalServerError"] {
            let answer = archived(["errors": [Answers.error(code)]])
            #expect(answer.standing?.working == false, "\(code)")
            #expect(archived(["errors": [Answers.end(code)]]).result?.failure?.code == code)
        }
    }

    @Test func `an archive without a reply has nothing yet, one of another task tells nothing`() {
        for reply in [["data": []], .null, "text", 7, [:], []] as [JSONValue] {
            let answer = archived(reply)
            #expect(answer.standing?.working == false && answer.standing?.result.images.isEmpty == true, "\(reply)")
        }
        #expect(archived(["data": [first]], task: Answers.otherTask).isUnknown)
        #expect(archived(["data": [first]], status: 404).isUnknown)
    }

    // MARK: - Both questions

    @Test func `what the archive does not know may still run, and trouble is never an end`() {
        let nothing = Recovery.running(ProviderResult(), working: false)
        let some = Recovery.running(ProviderResult(images: [ProviderImage(content: .withheld)]), working: false)
        #expect(RunwareProvider.joined(nothing, .absent).isAbsent)
        #expect(RunwareProvider.joined(.absent, .absent).isAbsent)
        #expect(RunwareProvider.joined(.unknown(), .absent).isUnknown)
        #expect(RunwareProvider.joined(nothing, .unknown()).isUnknown)
        #expect(RunwareProvider.joined(some, .absent).standing?.result.images.count == 1)
        #expect(RunwareProvider.joined(some, nothing).standing?.result.images.count == 1)
        #expect(RunwareProvider.joined(.unknown(), .ended(ProviderResult())).result != nil)
    }
}
