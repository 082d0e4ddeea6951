import EaselBase
import EaselCalls
import EaselCore
import EaselGateway
import EaselSandbox
import EaselTransport
import Foundation
import Testing
import TestKit
import TestTools

/// `Idempotency-Key` end to end: paid once, answered as often as asked.
@Suite struct IdempotencyTests {
    private static func key(_ text: String) -> [(String, String)] { [("Idempotency-Key", text)] }

    @Test func `the same request again gives the stored answer and costs nothing`() async throws {
        try await House.with { house in
            for type in ["url", "base64", "data_uri"] {
                let more: [String: JSONValue] = ["output": ["type": .string(type)], "count": 2]
                let first = try await house.remix(more, fields: Self.key("k-\(type)"))
                let billed = house.sandbox.billing.entries.count
                let again = try await house.remix(more, fields: Self.key("k-\(type)"))
                #expect(first.status == 200 && again.status == 200)
                #expect(again.json == first.json, "\(type)")
                #expect(again.fields["Idempotent-Replayed"] == "true" && first.fields["Idempotent-Replayed"] == nil)
                #expect(again.fields["X-Easel-Cost-Usd"] == first.fields["X-Easel-Cost-Usd"])
                #expect(house.sandbox.billing.entries.count == billed, "nothing was sent again")
            }
        }
    }

    @Test func `the answer comes again also where no copy of its image could be kept`() async throws {
        try await House.with { house in
            // Somebody's file stands where the images go.
            let place = house.dataDirectory + "/artifacts"
            try? FileManager.default.removeItem(atPath: place)
            try Data("in the way".utf8).write(to: URL(fileURLWithPath: place))
            let first = try await house.remix(fields: Self.key("no-copy"))
            let again = try await house.remix(fields: Self.key("no-copy"))
            #expect(first.status == 200 && again.status == 200)
            #expect(again.fields["Idempotent-Replayed"] == "true")
            #expect(again.json == first.json && again["images"]?.arrayValue?.first?["url"]?.stringValue != nil)
        }
    }

    @Test func `the order of fields, JSON or form, does not make another request`() async throws {
        try await House.with { house in
            let image = SampleImage.bytes()
            let first = try await house.remix(
                ["strength": .number(0.4), "tags": ["a": "1", "b": "2"]],
                fields: Self.key("same")
            )
            let text = """
                {"tags": {"b": "2", "a": "1"}, "image": "\(Data(image).base64EncodedString())",
                 "strength": 0.4, "prompt": "a quiet harbour",   "model": "ideogram-4.0"}
                """
            let again = try await house.send(
                "POST",
                "/v1/remix",
                fields: [("Content-Type", "application/json")] + Self.key("same"),
                body: Array(text.utf8)
            )
            #expect(again.id == first.id)
        }
    }

    @Test func `another request with the same key is a conflict, another team's is not`() async throws {
        try await House.with { house in
            let first = try await house.remix(fields: Self.key("k"))
            let other = try await house.remix(["prompt": "a loud harbour"], fields: Self.key("k"))
            #expect(other.status == 409 && other.code == "idempotency_conflict" && other.id == first.id)
            let team = try await house.key(team: "other").key
            let theirs = try await house.remix(["prompt": "a loud harbour"], key: team, fields: Self.key("k"))
            #expect(theirs.status == 200 && theirs.id != first.id)
            for bad in ["", String(repeating: "x", count: 256), "with space"] {
                let answer = try await house.remix(fields: Self.key(bad))
                #expect(answer.status == 400 && answer.faults == ["Idempotency-Key"], "\(bad)")
            }
        }
    }

    @Test func `many at once are one call`() async throws {
        var plan = House.Plan()
        plan.sandbox.latency = .milliseconds(400)...(.milliseconds(400))
        try await House.with(plan) { house in
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<12 { group.addTask { try await house.remix(fields: Self.key("burst")) } }
                return try await group.reduce(into: [Answer]()) { $0.append($1) }
            }
            // On a crowded machine one may come when the call has ended already: it gets the first answer again.
            let served = answers.filter { $0.status == 200 }
            #expect(Set(served.map(\.id)).count == 1)
            let waiting = answers.filter { $0.status == 409 }
            #expect(waiting.count + served.count == 12 && !waiting.isEmpty)
            #expect(waiting.allSatisfy { $0.code == "in_progress" })
            #expect(waiting.allSatisfy { $0.fields["Retry-After"] == "1" })
            #expect(house.sandbox.billing.entries.count == 1)
            let later = try await house.remix(fields: Self.key("burst"))
            #expect(later.status == 200)
        }
    }

    @Test func `a failure is told again, a refusal before admission is not kept`() async throws {
        try await House.with { house in
            let failing: [String: JSONValue] = ["prompt": "a harbour sandbox:error=500"]
            let first = try await house.remix(failing, fields: Self.key("fails"))
            let sent = house.submissions()
            let again = try await house.remix(failing, fields: Self.key("fails"))
            #expect(first.status == 502 && again.status == 502)
            #expect(first.fields["Idempotent-Replayed"] == nil && again.fields["Idempotent-Replayed"] == "true")
            #expect(again["detail"] == first["detail"] && again.id == first.id)
            #expect(again.attemptFacts == first.attemptFacts)
            #expect(house.submissions() == sent)
            let refused: [String: JSONValue] = ["prompt": "a harbour sandbox:refuse"]
            let no = try await house.remix(refused, fields: Self.key("refused"))
            let stillNo = try await house.remix(refused, fields: Self.key("refused"))
            #expect(no.status == 422 && stillNo.status == 422 && stillNo.id == no.id)
            #expect(no.fields["Idempotent-Replayed"] == nil && stillNo.fields["Idempotent-Replayed"] == "true")
            let key = try await house.key(team: "poor").key
            func budget(_ limit: String) async throws {
                _ = try await house.send(
                    "PUT",
                    "/v1/budgets",
                    fields: [("Content-Type", "application/json")],
                    body: Array(#"{"scope":"team:poor","period":"month","limit_usd":"\#(limit)"}"#.utf8)
                )
            }
            try await budget("0")
            #expect(try await house.remix(key: key, fields: Self.key("poor")).status == 402)
            try await budget("1")
            #expect(try await house.remix(key: key, fields: Self.key("poor")).status == 200)
        }
    }

    @Test func `a failure before anything was sent is not told again, but tried again`() async throws {
        try await House.with { house in
            try await house.sandbox.setFaults([FaultRule(kind: .connectRefused)])
            let first = try await house.remix(fields: Self.key("later"))
            #expect(first.status == 502 && first.attempts.allSatisfy { $0["reason"] == "not_sent" })
            try await house.sandbox.setFaults([])
            let again = try await eventually {
                try await house.remix(fields: Self.key("later")).status == 200
            }
            #expect(again, "the key stands for no call of which nothing was sent")
            let third = try await house.remix(fields: Self.key("later"))
            #expect(third.status == 200 && third.fields["Idempotent-Replayed"] == "true" && third.id != first.id)
            #expect(house.sandbox.billing.entries.count == 1)
        }
    }

    @Test func `asynchronous calls and calls without kept images are answered again too`() async throws {
        var plan = House.Plan()
        plan.calls = { $0.artifacts.store = .none }
        try await House.with(plan) { house in
            for type in ["url", "base64"] {
                let more: [String: JSONValue] = ["output": ["type": .string(type)]]
                let first = try await house.remix(more, fields: Self.key("none-\(type)"))
                let again = try await house.remix(more, fields: Self.key("none-\(type)"))
                #expect(first.status == 200 && again.json == first.json, "\(type)")
            }
            let fields = Self.key("async") + [("Prefer", "respond-async")]
            let first = try await house.remix(fields: fields)
            let again = try await house.remix(fields: fields)
            #expect(first.status == 202 && again.status == 202 && first.id == again.id)
            _ = try await house.settled(first.id)
            #expect(try await house.remix(fields: Self.key("async")).id == first.id)
        }
    }
}
