import EaselBase
import EaselCore
import Foundation
import Testing

@testable import EaselProviders

struct IdeogramReadingTests {
    private static let link = "https://ideogram.ai/api/images/ephemeral/abc.png?exp=1&sig=2"

    private static func item(_ more: [String: JSONValue?] = [:]) -> JSONValue {
        var members: [String: JSONValue] = [
            "prompt": "rewritten", "resolution": "1024x1024", "is_image_safe": true, "seed": 5, "url": .string(link),
        ]
        for (name, value) in more { members[name] = value }
        return .object(members)
    }

    private static let withheld: [JSONValue] = [
        item(["is_image_safe": false, "url": .null]), item(["is_image_safe": false, "url": ""]),
        item(["is_image_safe": false, "url": .some(nil)]),
    ]

    // MARK: - Images

    @Test func `unsafe images are withheld in each of the forms`() throws {
        for item in Self.withheld {
            let result = try #require(Answers.ideogram(["data": [item]]).result)
            #expect(result.images.map(\.isWithheld) == [true] && result.images.first?.nsfw == true)
            #expect(result.failure == nil && result.images.first?.seed == 5)
        }
    }

    @Test func `a batch may be withheld in part`() throws {
        let body: JSONValue = ["data": .array([Self.item()] + Self.withheld)]
        let result = try #require(Answers.ideogram(body).result)
        #expect(result.images.map(\.isWithheld) == [false, true, true, true])
        #expect(result.images.map(\.nsfw) == [false, true, true, true])
    }

    @Test func `members that are missing stay unknown, strange ones are kept, prompts are not`() throws {
        let item: JSONValue = ["url": .string(Self.link), "shine": 3, "prompt": "secret", "object_type": "x"]
        let result = try #require(Answers.ideogram(["data": [item], "more": 1]).result)
        let image = try #require(result.images.first)
        #expect(image.content == .link(Self.link) && image.seed == nil && image.nsfw == nil && image.cost == nil)
        #expect(result.extra == ["shine": 3])
    }

    @Test func `without a figure of its own the cost is unknown, never nothing`() throws {
        #expect(Answers.ideogram(["data": [Self.item()]]).result?.cost == nil)
        let rows: [(JSONValue, Int64?)] = [
            (60_000, 60_000_000), (1, 1000), (0, 0), (.number(Decimal(5) / 10), 500), (-1, nil), ("x", nil),
            (.null, nil),
        ]
        for (micros, nanodollars) in rows {
            let body: JSONValue = ["data": [Self.item()], "usage_cost_usd_micros": micros]
            #expect(Answers.ideogram(body).result?.cost?.nanodollars == nanodollars, "\(micros)")
        }
    }

    @Test func `a copyright hit looks like an unsafe image, so only delivery clears`() throws {
        let rows: [(RemixModel, Bool, JSONValue, CopyrightVerdict)] = [
            (.ideogram4, true, Self.item(), .clear), (.ideogram4, true, Self.withheld[0], .undetermined),
            (.ideogram4, true, Self.withheld[1], .undetermined), (.ideogram4, true, Self.withheld[2], .undetermined),
            (.ideogram4, true, Self.item(["is_image_safe": false]), .undetermined),
            (.ideogram4, true, Self.item(["is_image_safe": nil]), .clear),
            (.ideogram4, false, Self.withheld[0], .notRequested), (.ideogram4, false, Self.item(), .notRequested),
            // Asked, and dropped: nobody checked, whatever came back.
            (.ideogram3, true, Self.item(), .notRequested), (.ideogram1, true, Self.item(), .notRequested),
            (.ideogram3, true, Self.withheld[0], .notRequested),
        ]
        for (model, asked, item, verdict) in rows {
            let exchange = IdeogramReading.submission(
                Answers.response(["data": [item]]),
                Answers.ideogramQuestion(model: model, copyrightDetection: asked),
                delivery: .sync
            )
            #expect(exchange.result?.images.first?.copyright == verdict, "\(model) \(asked) \(item)")
        }
    }

    @Test func `the request's id is kept from field or body`() {
        let body: JSONValue = ["data": [Self.item()], "request_id": "in-body"]
        #expect(Answers.ideogram(body).result?.providerRequestID == "in-body")
        #expect(Answers.ideogram(body, fields: [("X-Request-Id", "in-field")]).result?.providerRequestID == "in-field")
    }

    @Test func `a success that cannot be read is garbled, one without images empty, both of unknown cost`() throws {
        for body in ["", "<html>ok</html>", "[]", "7", "{\"data\":[", "{\"data\":7}", "{\"data\":[null]}"] {
            let response = Answers.response(Array(body.utf8))
            let result = IdeogramReading.submission(response, Answers.ideogramQuestion(), delivery: .sync).result
            #expect(result?.failure?.kind == .garbled && result?.failure?.billing == .unknown, "\(body)")
            #expect(result?.images.isEmpty == true)
        }
        for body in [[:], ["data": []], ["data": .null], ["created": "now"]] as [JSONValue] {
            let failure = Answers.ideogram(body).result?.failure
            #expect(failure?.kind == .empty && failure?.billing == .unknown, "\(body)")
        }
    }

    @Test func `an entry without an image and without a reason is garbled, not withheld and priced`() throws {
        for item in [
            Self.item(["url": nil]), Self.item(["url": ""]), Self.item(["url": "null"]), Self.item(["url": "/x.png"]),
            Self.item(["is_image_safe": nil, "url": .null]), [:],
        ] {
            let result = try #require(Answers.ideogram(["data": [item]]).result)
            #expect(result.images.isEmpty && result.failure?.kind == .garbled, "\(item)")
            #expect(result.failure?.billing == .unknown)
        }
    }

    @Test func `an entry that says that it failed is a failure, not an image`() throws {
        for item in [
            ["error": "Something broke.", "url": .null], ["error": ["message": "Something broke."]],
            ["object_type": "error", "message": "Something broke."],
        ] as [JSONValue] {
            let alone = try #require(Answers.ideogram(["data": [item]]).result)
            #expect(alone.images.isEmpty && alone.failure?.kind == .failed && alone.failure?.billing == .notCharged)
            #expect(alone.failure?.message == "Something broke.", "\(item)")
            let reading = IdeogramReading.submission(
                Answers.response(["data": [Self.item(), item]]),
                Answers.ideogramQuestion(count: 2),
                delivery: .sync
            )
            #expect(reading.result?.images.map(\.isWithheld) == [false] && reading.result?.failure?.kind == .failed)
        }
    }

    @Test func `what is nothing beside a good image does not lose it`() throws {
        for stray in [.null, "x", 7, [], true, [:]] as [JSONValue] {
            for data in [[stray, Self.item()], [Self.item(), stray]] {
                let result = try #require(Answers.ideogram(["data": .array(data)]).result)
                #expect(result.images.map(\.content) == [.link(Self.link)] && result.failure == nil, "\(stray)")
            }
        }
    }

    // MARK: - Errors

    @Test func `the three families of errors are told apart and quoted`() throws {
        let problem: JSONValue = [
            "type": "about:blank", "title": "Bad Request", "detail": "'x' is not one of ['x2'] - 'field'",
            "status": 400,
        ]
        let rows: [(Int, JSONValue, ProviderFailure.Kind, String, String)] = [
            (400, problem, .invalidRequest, "http_400", "'x' is not one of ['x2'] - 'field'"),
            (400, ["error": "Could not read a source image."], .invalidRequest, "http_400", "Could not read"),
            (401, ["message": "Access denied."], .unauthorized, "http_401", "Access denied."),
            (
                402, ["error": "Add credits.", "reject_reason": "insufficient_funds"], .creditExhausted,
                "insufficient_funds", "Add credits."
            ),
            (403, ["message": "This account is not authorized."], .unauthorized, "http_403", "This account"),
            (
                404, ["type": "about:blank", "title": "Not Found", "detail": "(text)", "status": 404],
                .modelUnavailable, "http_404", "(text)"
            ),
            (422, ["error": "Prompt provided failed safety check"], .refused, "http_422", "Prompt provided"),
            (
                429, ["error": "Too many requests in flight.", "reject_reason": "inflight_limit"], .rateLimited,
                "inflight_limit", "Too many"
            ),
            (500, ["error": "Something went wrong."], .unavailable, "http_500", "Something went"),
            (503, ["error": "Something went wrong."], .unavailable, "http_503", "Something went"),
        ]
        for (status, body, kind, code, message) in rows {
            let result = try #require(Answers.ideogram(body, status: status).result)
            let failure = try #require(result.failure)
            #expect(failure.kind == kind && failure.code == code && failure.httpStatus == status, "\(body)")
            #expect(failure.message.hasPrefix(message), "\(failure.message)")
            #expect(failure.billing == .notCharged && result.images.isEmpty && result.cost == nil)
        }
    }

    @Test(arguments: [
        ("insufficient_funds", ProviderFailure.Kind.creditExhausted), ("subscription_required", .creditExhausted),
        ("daily_limit", .creditExhausted), ("priority_credit_required", .creditExhausted),
        ("inflight_limit", .rateLimited), ("feature_limit", .unauthorized),
    ])
    func `a reason decides, whatever the status`(reason: String, kind: ProviderFailure.Kind) {
        for status in [400, 402, 403, 429, 500] {
            let body: JSONValue = ["error": "no", "reject_reason": .string(reason)]
            let failure = Answers.ideogram(body, status: status).result?.failure
            #expect(failure?.kind == kind && failure?.code == reason)
        }
    }

    /// M4: a status is Ideogram's word only with the body that its documents have for it.
    @Test(arguments: [
        301, 302, 400, 401, 402, 403, 404, 405, 408, 413, 415, 422, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523,
        524,
        525, 526, 530,
    ])
    func `a status without their body for it is foreign and of unknown cost`(status: Int) throws {
        let bodies = [
            "", "<html>no</html>", "[]", "{}", "{\"data\":{}}", #"{"message":"Forbidden"}"#,
            #"{"message":"Unauthorized"}"#,
            #"{"error":"Service Unavailable"}"#, #"{"error":"Too Many Requests"}"#,
            #"{"message":"Internal server error"}"#,
            #"{"errors":[{"code":"forbidden","message":"no"}]}"#, #"{"error":"no such thing","status_code":403,"x":1}"#,
            #"{"type":"https://edge/1020","title":"Access denied","detail":"Ray 1","status":\#(status)}"#,
            #"{"error":{"code":\#(status),"message":"no"}}"#, #"{"message":"no such key","request_id":"1"}"#,
        ]
        for body in bodies {
            let response = Answers.response(Array(body.utf8), status: status, fields: [("retry-after", "3")])
            let result = IdeogramReading.submission(response, Answers.ideogramQuestion(), delivery: .async).result
            let failure = try #require(result?.failure, "\(body)")
            #expect(failure.kind == .foreign && failure.httpStatus == status, "\(body)")
            #expect(failure.billing == .unknown && failure.wantsRecovery && failure.code == "http_\(status)")
            #expect(failure.retryAfter == .seconds(3) && failure.message.isEmpty == false)
        }
    }

    @Test func `a body of theirs with a status that is not its own is foreign`() {
        let rows: [(Int, JSONValue)] = [
            (403, ["error": "no access"]), (429, ["message": "slow down a little"]), (500, ["message": "out of luck"]),
            (504, ["error": "It took too long."]), (408, ["error": "It took too long."]), (524, ["error": "It broke."]),
            (404, ["error": "There is nothing."]),
            (404, ["type": "about:blank", "title": "Not Found", "detail": "x", "status": 400]),
        ]
        for (status, body) in rows {
            #expect(Answers.ideogram(body, status: status).result?.failure?.kind == .foreign, "\(status) \(body)")
        }
        let page = Answers.ideogram(
            ["error": "Something went wrong."],
            status: 500,
            fields: [("Content-Type", "text/html")]
        )
        #expect(page.result?.failure?.kind == .foreign)
    }

    @Test func `an error that comes late, inside a 200, is an error`() {
        let rows: [(Int, ProviderFailure.Kind)] = [(503, .unavailable), (422, .refused), (429, .rateLimited)]
        for (status, kind) in rows {
            let body: JSONValue = ["error": "Went wrong half way.", "status_code": .number(Decimal(status))]
            for delivery in [DeliveryMethod.sync, .async] {
                let result = Answers.ideogram(body, delivery: delivery).result
                #expect(result?.failure?.kind == kind && result?.failure?.httpStatus == status)
                #expect(result?.failure?.message == "Went wrong half way." && result?.images.isEmpty == true)
            }
        }
    }

    @Test(arguments: [0, 100, 304, 408, 502, 504, 524, 99_999_999_999])
    func `a late error with a status that says nothing leaves the cost open`(status: Int) {
        let body: JSONValue = ["error": "Went wrong half way.", "status_code": .number(Decimal(status))]
        let result = Answers.ideogram(body).result
        #expect(result?.failure?.kind == .garbled && result?.failure?.billing == .unknown)
        #expect(result?.failure?.httpStatus == 200)
    }

    // MARK: - Asynchronous generations

    @Test func `an acknowledgement names the generation`() {
        let accepted = Answers.ideogram(["generation_id": "g-1"], delivery: .async).acknowledgement
        #expect(accepted?.providerTaskID == "g-1" && accepted?.images.isEmpty == true)
        // A synchronous request has nobody to wait for.
        #expect(Answers.ideogram(["generation_id": "g-1"]).result?.failure?.kind == .empty)
        let whole: JSONValue = ["generation_id": "g-1", "data": [Self.item()]]
        #expect(Answers.ideogram(whole, delivery: .async).result?.images.count == 1)
    }

    private func standing(_ more: [String: JSONValue], status: Int = 200) -> Recovery {
        let body = ["generation_id": "g-1", "created": "2026-10-07T00:00:00Z"].merging(more) { $1 }
        return IdeogramReading.standing(
            Answers.response(.object(body), status: status),
            Answers.ideogramQuestion(copyrightDetection: true),
            id: "g-1"
        )
    }

    @Test func `a completed generation has images and perhaps its cost`() throws {
        let result = try #require(
            standing(["status": "completed", "data": [Self.item()], "usage_cost_usd_micros": 60_000]).result
        )
        #expect(result.images.count == 1 && result.cost?.usd == "0.06" && result.providerTaskID == "g-1")
        #expect(result.images.first?.copyright == .clear && result.failure == nil)
    }

    @Test func `all unsafe may be completed or failed, and both are no success`() throws {
        let completed = try #require(standing(["status": "completed", "data": [Self.withheld[2]]]).result)
        #expect(completed.images.map(\.isWithheld) == [true] && completed.images.first?.copyright == .undetermined)
        let failed = try #require(
            standing(["status": "failed", "failure_reason": "content_policy_violation"]).result
        )
        #expect(failed.images.isEmpty && failed.failure?.kind == .refused)
        #expect(failed.failure?.code == "content_policy_violation" && failed.failure?.billing == .notCharged)
    }

    @Test func `a generation that failed for another reason is no refusal`() throws {
        for reason in ["internal_error", nil] as [String?] {
            let more: [String: JSONValue] = ["status": "failed", "failure_reason": reason.map { .string($0) } ?? .null]
            let result = try #require(standing(more).result)
            #expect(result.failure?.kind == .failed && result.failure?.code == reason ?? "failed")
        }
    }

    @Test func `a pending generation is worked on, an unknown word proves nothing`() throws {
        #expect(try #require(standing(["status": "pending"]).standing).working)
        for status in ["dreaming", .null, 7] as [JSONValue] {
            #expect(try #require(standing(["status": status]).standing).working == false)
        }
    }

    @Test func `a poll that fails tells nothing about the generation`() {
        for status in [302, 400, 401, 403, 404, 408, 429, 499, 500, 503, 504, 524] {
            #expect(standing(["status": "completed", "data": [Self.item()]], status: status).isUnknown)
            #expect(standing(["status": "failed", "failure_reason": "x"], status: status).isUnknown)
        }
        let page = Answers.response(Array("<html>ok</html>".utf8))
        #expect(IdeogramReading.standing(page, Answers.ideogramQuestion(), id: "g-1").isUnknown)
        let missing: JSONValue = ["type": "about:blank", "title": "Not Found", "detail": "No.", "status": 404]
        let absent = Answers.response(missing, status: 404)
        #expect(IdeogramReading.standing(absent, Answers.ideogramQuestion(), id: "g-1").isAbsent)
    }

    @Test func `the end of another generation, or of none, is not this one's`() {
        #expect(standing(["status": "failed", "generation_id": "g-2"]).isUnknown)
        #expect(standing(["status": "failed", "generation_id": .null]).isUnknown)
        #expect(standing(["status": "completed", "generation_id": "g-2", "data": [Self.item()]]).isUnknown)
    }

    @Test func `completed without an image and without a reason is not the end`() {
        for data in [[], [Self.item(["url": nil])], [.null]] as [JSONValue] {
            let answer = standing(["status": "completed", "data": data])
            #expect(answer.standing?.working == false && answer.standing?.result.failure?.billing == .unknown)
        }
    }

    @Test func `what a failed generation cost stands`() {
        let more: [String: JSONValue] = [
            "status": "failed", "failure_reason": "internal_error", "usage_cost_usd_micros": 30_000,
        ]
        #expect(standing(more).result?.cost?.usd == "0.03")
    }

    @Test func `the pause that a poll asks for is told`() {
        let response = Answers.response(Array("busy".utf8), status: 503, fields: [("Retry-After", "9")])
        let pause = IdeogramReading.standing(response, Answers.ideogramQuestion(), id: "g-1").pause
        #expect(pause == AskingPause(.seconds(9), isOfAccount: false))
    }
}
