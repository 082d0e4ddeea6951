import EaselBase
import EaselCore
import Foundation
import Testing

@testable import EaselProviders

/// What `getResponse` and `getTaskDetails` tell of a task (R4, M7).
struct RunwareStandingTests {
    private let first = Answers.item(Answers.firstPicture, ["status": "success"])
    private let second = Answers.item(Answers.secondPicture, ["status": "success"])

    private func standing(_ body: JSONValue, status: Int = 200, count: Int = 1) -> Recovery {
        RunwareReading.standing(Answers.response(body, status: status), Answers.question(count: count))
    }

    @Test func `all pictures end the task`() throws {
        let result = try #require(standing(["data": [first, second]], count: 2).result)
        #expect(result.images.count == 2 && result.failure == nil && result.cost?.usd == "0.12")
    }

    @Test func `some pictures while others are worked on are handed on`() throws {
        let body: JSONValue = ["data": [first, Answers.working(Answers.secondPicture)]]
        let (result, working) = try #require(standing(body, count: 2).standing)
        #expect(working && result.images.map(\.providerImageID) == [Answers.firstPicture])
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
            let body: JSONValue = ["data": [], "errors": [Answers.error(code)]]
            let result = try #require(standing(body).result, "\(code)")
            #expect(result.failure?.code == code && result.failure?.billing == .notCharged)
        }
    }

    @Test func `some pictures and the failure of the others end it with both`() throws {
        let body: JSONValue = ["data": [first], "errors": [Answers.error("invalidProviderContent")]]
        let result = try #require(standing(body, count: 2).result)
        #expect(result.images.count == 1 && result.failure?.kind == .refused && result.cost?.usd == "0.06")
    }

    @Test func `a failure of one picture while another is worked on is not the end`() throws {
        let body: JSONValue = [
            "data": [Answers.working(Answers.secondPicture)], "errors": [Answers.error("providerTimeout")],
        ]
        #expect(try #require(standing(body, count: 2).standing).working)
    }

    @Test(arguments: [
        ("invalidApiKey", 401), ("forbidden", 403), ("rateLimitExceeded", 429), ("invalidTaskUUID", 400),
        ("taskFailedOrNotFound", 404),
    ])
    func `a refused question tells nothing about the task`(code: String, status: Int) {
        let body: JSONValue = ["data": [], "errors": [Answers.error(code, task: nil)]]
        #expect(standing(body, status: status).isUnknown)
    }

    /// M4: only the provider's word about this task may say that nothing was charged.
    @Test(arguments: [
        ("serviceUnavailable", 503), ("internalServerError", 500), ("providerGatewayTimeout", 504),
        ("insufficientCredits", 402), ("modelUnavailable", 503),
    ])
    func `a question that met trouble tells nothing about the task either`(code: String, status: Int) {
        let body: JSONValue = ["data": [], "errors": [Answers.error(code, task: nil)]]
        let answer = standing(body, status: status)
        #expect(answer.isUnknown)
    }

    @Test(arguments: [
        ("serviceUnavailable", 503), ("internalServerError", 500), ("insufficientCredits", 402),
        ("modelUnavailable", 503), ("inferenceError", 200), ("invalidProviderContent", 400),
    ])
    func `the same words about this very task are its end`(code: String, status: Int) throws {
        let body: JSONValue = ["data": [], "errors": [Answers.error(code)]]
        let result = try #require(standing(body, status: status).result)
        #expect(result.failure?.code == code && result.failure?.billing == .notCharged && result.images.isEmpty)
    }

    @Test func `a bad key says nothing, even where it names the task`() {
        for code in ["invalidApiKey", "unauthorized", "taskFailedOrNotFound"] {
            let body: JSONValue = ["data": [], "errors": [Answers.error(code)]]
            for status in [200, 401, 404] { #expect(standing(body, status: status).isUnknown, "\(code) \(status)") }
        }
    }

    @Test func `pictures beside trouble with the question are kept, and the task goes on`() throws {
        let body: JSONValue = ["data": [first], "errors": [Answers.error("rateLimitExceeded", task: nil)]]
        let (result, working) = try #require(standing(body, status: 429, count: 2).standing)
        #expect(result.images.map(\.providerImageID) == [Answers.firstPicture] && result.failure == nil && !working)
    }

    @Test func `a page of some proxy tells nothing about the task`() {
        for status in [200, 429, 500, 502, 503, 504] {
            let response = Answers.response(Array("<html>busy</html>".utf8), status: status)
            #expect(RunwareReading.standing(response, Answers.question()).isUnknown)
            #expect(RunwareReading.archived(response, Answers.question()).isUnknown)
        }
    }

    @Test func `polls that repeat pictures count them once`() throws {
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
    @Test func `an archive with fewer pictures than asked and no error is not the end`() {
        let answer = archived(["data": [first]])
        #expect(answer.standing?.working == false)
        #expect(answer.standing?.result.images.map(\.providerImageID) == [Answers.firstPicture])
    }

    @Test func `an archive with fewer pictures and an error is the end with both`() throws {
        let reply: JSONValue = ["data": [first], "errors": [Answers.error("inferenceError")]]
        let result = try #require(archived(reply).result)
        #expect(result.images.count == 1 && result.failure?.kind == .failed && result.cost?.usd == "0.06")
    }

    @Test func `an archived failure is the task's end`() throws {
        let result = try #require(archived(["errors": [Answers.error("invalidProviderContent")]]).result)
        #expect(result.failure?.kind == .refused && result.images.isEmpty)
    }

    @Test func `an archive without a reply, or of another task, tells nothing`() {
        for reply in [["data": []], .null, "text", 7, [:], []] as [JSONValue] {
            #expect(archived(reply).isUnknown, "\(reply)")
        }
        #expect(archived(["data": [first]], task: Answers.otherTask).isUnknown)
        #expect(archived(["data": [first]], status: 404).isUnknown)
        let missing: JSONValue = ["data": [], "errors": [Answers.error("taskFailedOrNotFound")]]
        #expect(RunwareReading.archived(Answers.response(missing), Answers.question()).isUnknown)
    }
}
