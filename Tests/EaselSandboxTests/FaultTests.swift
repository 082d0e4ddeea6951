import EaselBase
import EaselCore
import EaselSandbox
import EaselTransport
import Foundation
import Testing

struct FaultTests {
    static let v4 = "/v1/ideogram-v4/remix"

    func task(_ changes: [String: JSONValue?] = [:]) -> JSONValue {
        Samples.task("ideogram:4@remix", changes.merging(["includeCost": true]) { first, _ in first })
    }

    @Test(arguments: [
        (401, "invalidApiKey"), (402, "insufficientCredits"), (403, "forbidden"), (404, "taskFailedOrNotFound"),
        (429, "rateLimitExceeded"), (500, "internalServerError"), (503, "serviceUnavailable"),
        (504, "providerGatewayTimeout"),
    ])
    func `a status comes in the provider's own shape and costs nothing`(status: Int, code: String) async throws {
        try await withSandbox { bench in
            let rule: JSONValue = ["kind": "status", "status": .number(Decimal(status)), "retry_after": 7]
            #expect(try await bench.setFaults([rule]).status == 200)
            let runware = try await bench.runware(task())
            #expect(runware.status == status && runware.codes == [code] && runware.data.isEmpty)
            #expect(runware.fields["Retry-After"] == "7")
            let ideogram = try await bench.ideogram(Self.v4, Samples.v4())
            #expect(ideogram.status == status)
            #expect(ideogram.json["errors"] == nil)
            #expect(bench.sandbox.billing.entries.isEmpty)
        }
    }

    @Test func `a 502 is a page of some proxy`() async throws {
        try await withSandbox({ $0.faults = [FaultRule(kind: .status(502))] }) { bench async throws in
            let answer = try await bench.runware(task())
            #expect(answer.status == 502 && answer.json == .null)
            #expect(try await bench.ideogram(Self.v4, Samples.v4()).json == .null)
        }
    }

    @Test func `codes keep their HTTP status`() async throws {
        try await withSandbox { bench in
            for (code, status) in [
                ("thirdPartyInsufficientCredits", 400), ("providerRateLimitExceeded", 429), ("providerTimeout", 504),
            ] {
                _ = try await bench.setFaults([["provider": "runware", "kind": "code", "code": .string(code)]])
                let answer = try await bench.runware(task())
                #expect(answer.status == status && answer.codes == [code])
            }
        }
    }

    @Test func `content is refused at both`() async throws {
        try await withSandbox({ $0.faults = [FaultRule(kind: .refuseContent)] }) { bench in
            let runware = try await bench.runware(task())
            #expect(runware.status == 400 && runware.codes == ["invalidProviderContent"])
            let ideogram = try await bench.ideogram(Self.v4, Samples.v4())
            #expect(ideogram.status == 422)
            #expect(ideogram.json["error"]?.stringValue?.hasPrefix("Prompt provided failed safety check") == true)
            let asynchronous = task(["deliveryMethod": "async"])
            #expect(try await bench.runware(asynchronous).status == 200)
            let poll = try await bench.poll(try #require(asynchronous["taskUUID"]?.stringValue))
            #expect(poll.status == 200 && poll.codes == ["invalidProviderContent"])
            #expect(poll.errors.first?["status"] == "error")
            #expect(bench.sandbox.billing.entries.isEmpty)
        }
    }

    @Test func `a reset before executing costs nothing, one after it is charged`() async throws {
        try await withSandbox { bench in
            for (kind, charged) in [("reset_before_executing", 0), ("reset_after_executing", 2)] {
                _ = try await bench.setFaults([["kind": .string(kind)]])
                await #expect(throws: TransportError.self) { try await bench.runware(task()) }
                await #expect(throws: TransportError.self) { try await bench.ideogram(Self.v4, Samples.v4()) }
                #expect(bench.sandbox.billing.entries.count == charged)
            }
            #expect(bench.sandbox.journal.last.suffix(3).allSatisfy { $0.status == nil || $0.status == 200 })
        }
    }

    @Test func `a hanging request is given up by the client and may have cost money`() async throws {
        try await withSandbox { bench in
            for (after, charged) in [(false, 0), (true, 1)] {
                _ = try await bench.setFaults([["kind": "hang", "after_executing": .bool(after)]])
                let error = await #expect(throws: TransportError.self) {
                    try await bench.runware(task(), timeout: .milliseconds(1500))
                }
                #expect(error?.kind == .totalTimeout)
                for _ in 0..<3000 where bench.sandbox.billing.entries.count < charged {
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(bench.sandbox.billing.entries.count == charged)
            }
        }
    }

    @Test func `a client that leaves does not stop the work`() async throws {
        try await withSandbox({ $0.latency = .milliseconds(900) ... .milliseconds(900) }) { bench in
            // On a busy machine a client may leave before its request is out; such a one proves nothing.
            for _ in 0..<5 {
                let task = task()
                let error = await #expect(throws: TransportError.self) {
                    try await bench.runware(task, timeout: .milliseconds(300))
                }
                guard error?.sent == true else { continue }
                for _ in 0..<3000 where bench.sandbox.billing.entries.isEmpty {
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(bench.sandbox.billing.entries.map(\.taskID) == [task["taskUUID"]?.stringValue])
                return
            }
            Issue.record("no request was sent in time")
        }
    }

    @Test func `spoiled answers are executed all the same`() async throws {
        try await withSandbox { bench in
            _ = try await bench.setFaults([["kind": "truncated_json"]])
            let truncated = try await bench.runware(task())
            #expect(truncated.status == 200 && truncated.json == .null && !truncated.body.isEmpty)
            _ = try await bench.setFaults([["kind": "garbage"]])
            let garbage = try await bench.ideogram(Self.v4, Samples.v4())
            #expect(garbage.status == 200 && garbage.fields["Content-Type"]?.hasPrefix("text/html") == true)
            _ = try await bench.setFaults([["kind": "cut_off"]])
            await #expect(throws: TransportError.self) { try await bench.runware(task()) }
            _ = try await bench.setFaults([["kind": "slow_drip", "pause": "1ms"]])
            let dripped = try await bench.runware(task())
            #expect(dripped.data.count == 1)
            #expect(bench.sandbox.billing.entries.count == 4)
        }
    }

    @Test func `the cost and images can be missing`() async throws {
        try await withSandbox { bench in
            _ = try await bench.setFaults([["kind": "missing_cost"], ["kind": "fewer_images", "count": 2]])
            let answer = try await bench.runware(task(["numberResults": 3]))
            #expect(answer.status == 200 && answer.data.count == 1)
            #expect(answer.data.first?["cost"] == nil)
            #expect(bench.sandbox.billing.entries.map(\.images) == [1])
        }
    }

    @Test func `unsafe images are flagged by Runware and withheld by Ideogram`() async throws {
        try await withSandbox({ $0.faults = [FaultRule(kind: .unsafe)] }) { bench in
            let checked = try await bench.runware(task(["safety": ["checkContent": true]]))
            #expect(checked.data.first?["NSFWContent"] == true && checked.data.first?["imageURL"] != nil)
            #expect(try await bench.runware(task()).data.first?["NSFWContent"] == nil)
            let item = try #require(try await bench.ideogram(Self.v4, Samples.v4()).data.first)
            #expect(item["is_image_safe"] == false && item["url"] == .null)
            #expect(bench.sandbox.billing.entries.allSatisfy { $0.provider == .runware })
        }
    }

    @Test func `copyright is flagged only where it is looked for`() async throws {
        try await withSandbox({ $0.faults = [FaultRule(kind: .copyrightFlagged)] }) { bench in
            let plain = try await bench.ideogram(Self.v4, Samples.v4())
            #expect(plain.data.first?["is_image_safe"] == true)
            let detected = try await bench.ideogram(Self.v4, Samples.v4().text("enable_copyright_detection", "true"))
            #expect(detected.data.first?["is_image_safe"] == false)
            let runware = try await bench.runware(task(["settings": ["copyrightDetection": true]]))
            #expect(runware.data.first?["copyrightDetected"] == true)
        }
    }

    @Test func `rules strike first, every or never, and for their provider and route only`() async throws {
        try await withSandbox { bench in
            func statuses(_ count: Int) async throws -> [Int] {
                var statuses: [Int] = []
                for _ in 0..<count { statuses.append(try await bench.runware(task()).status) }
                return statuses
            }
            let fault: [String: JSONValue] = ["kind": "status", "status": 503]
            _ = try await bench.setFaults([.object(fault.merging(["first": 2]) { $1 })])
            #expect(try await statuses(4) == [503, 503, 200, 200])
            _ = try await bench.setFaults([.object(fault.merging(["every": 3]) { $1 })])
            #expect(try await statuses(6) == [200, 200, 503, 200, 200, 503])
            _ = try await bench.setFaults([.object(fault.merging(["probability": 0]) { $1 })])
            #expect(try await statuses(2) == [200, 200])
            _ = try await bench.setFaults([.object(fault.merging(["provider": "ideogram"]) { $1 })])
            #expect(try await statuses(1) == [200])
            _ = try await bench.setFaults([.object(fault.merging(["on": "poll"]) { $1 })])
            #expect(try await statuses(1) == [200])
            let poll = try await bench.runware(["taskType": "getResponse", "taskUUID": .string(Samples.uuid())])
            #expect(poll.status == 503)
        }
    }

    @Test func `prompts carry triggers, for one provider when they say so`() async throws {
        try await withSandbox { bench async throws in
            let prompt = "a red kite, sandbox:error=503@runware."
            #expect(try await bench.runware(task(["positivePrompt": .string(prompt)])).status == 503)
            let form = Samples.v4().without("text_prompt").text("text_prompt", prompt)
            #expect(try await bench.ideogram(Self.v4, form).status == 200)
            #expect(
                try await bench.runware(task(["positivePrompt": "sandbox:refuse"])).codes == ["invalidProviderContent"]
            )
            let begin = SteadyInstant.now
            #expect(try await bench.runware(task(["positivePrompt": "sandbox:slow=400ms kite"])).status == 200)
            #expect(SteadyInstant.now.since(begin) >= .milliseconds(400))
        }
    }

    @Test func `one provider's port can be closed and opened again`() async throws {
        try await withSandbox({ $0.hasPortEach = true }) { bench async throws in
            #expect(bench.sandbox.baseURL(.runware).prefix(24) != bench.sandbox.baseURL(.ideogram).prefix(24))
            #expect(try await bench.ideogram(Self.v4, Samples.v4()).status == 200)
            #expect(try await bench.setFaults([["provider": "ideogram", "kind": "connect_refused"]]).status == 200)
            let error = await #expect(throws: TransportError.self) { try await bench.ideogram(Self.v4, Samples.v4()) }
            #expect(error?.kind == .refused && error?.sent == false)
            #expect(try await bench.runware(task()).status == 200)
            #expect(try await bench.setFaults([]).status == 200)
            #expect(try await bench.ideogram(Self.v4, Samples.v4()).status == 200)
        }
        try await withSandbox { bench async throws in
            #expect(try await bench.setFaults([["kind": "connect_refused"]]).status == 400)
        }
    }

    @Test func `rules that make no sense are refused by name`() async throws {
        let rows: [(JSONValue, String)] = [
            (["kind": "status"], "rule 1: status"), (["kind": "explode"], "no kind explode"),
            (["first": 1], "kind is missing"),
            (["kind": "unsafe", "first": 1, "every": 2], "only one of"), (["kind": "unsafe", "colour": 1], "colour"),
            (["kind": "unsafe", "provider": "acme"], "provider"), (["kind": "latency"], "extra is missing"),
            (["kind": "unsafe", "probability": 2], "probability"),
        ]
        try await withSandbox { bench in
            for (rule, text) in rows {
                let answer = try await bench.setFaults([rule])
                #expect(answer.status == 400 && answer.json["error"]?.stringValue?.contains(text) == true, "\(rule)")
            }
        }
    }

    @Test func `books, journal and reset are there for tests`() async throws {
        try await withSandbox { bench in
            _ = try await bench.runware(task())
            _ = try await bench.ideogram(Self.v4, Samples.v4())
            let books = try await bench.get(bench.sandbox.controlURL + "/billing")
            #expect(books.json["total_usd"] == "0.12" && books.json["entries"]?.arrayValue?.count == 2)
            let requests = try await bench.get(bench.sandbox.controlURL + "/requests")
            #expect(requests.json["total"] == 2)
            #expect(requests.json["counts"]?["ideogram POST /ideogram/v1/ideogram-v4/remix 200"] == 1)
            #expect(requests.json["last"]?.arrayValue?.first?["model"] == "ideogram:4@remix")
            #expect(try await bench.send("POST", bench.sandbox.controlURL + "/reset").status == 200)
            #expect(bench.sandbox.billing.total == .zero && bench.sandbox.journal.total == 0)
        }
    }
}
