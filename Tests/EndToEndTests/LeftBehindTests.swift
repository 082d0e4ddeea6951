import EaselBase
import EaselCore
import EaselSandbox
import EaselTransport
import Foundation
import Testing
import TestTools

/// Calls that a killed gateway left behind while their providers were at work: what their callers are told, and what stands
/// in the books.
@Suite(.enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct LeftBehindTests {
    @Test(.timeLimit(.minutes(3)))
    func `who asks again with the same key hears that it is in progress until there is an image`() async throws {
        try await ProgramHouse.with(latency: .seconds(5)) { house in
            let first = try await Served(configuration: house.configuration)
            let key = [("Idempotency-Key", "once")]
            let body = JSONValue.object(House.request())
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try? await house.send("POST", first.url + "/v1/remix", body: body, fields: key)
                }
                let isTaken = await eventually { house.sandbox.journal.last.contains { $0.model != nil } }
                #expect(isTaken)
                await first.kill()
            }
            let second = try await Served(configuration: house.configuration)
            var told: [Int] = []
            let isThere = try await eventually(within: .seconds(60)) {
                let answer = try await house.send("POST", second.url + "/v1/remix", body: body, fields: key)
                told.append(answer.status)
                if answer.status == 409 {
                    #expect(answer.code == "in_progress" && answer.fields["Retry-After"] != nil)
                } else {
                    #expect(answer.fields["Idempotent-Replayed"] == "true" && answer["cost_usd"] == "0.06")
                }
                return answer.status != 409
            }
            #expect(isThere && told.last == 200 && Set(told) == [409, 200], "\(told)")
            #expect(house.sandbox.billing.entries.count == 1, "nothing was paid for twice")
            #expect(await second.terminate() == 0)
        }
    }

    @Test(.timeLimit(.minutes(4)))
    func `hedges that were cut off are in the figures like all others`() async throws {
        try await ProgramHouse.with(latency: .seconds(3)) { house in
            let text = try String(contentsOfFile: house.configuration, encoding: .utf8)
            let policy =
                "    quick: { order: [runware, ideogram], hedge: { after: 500ms, budget: 100% } }\n    only-ideogram:"
            try Data(text.replacingOccurrences(of: "    only-ideogram:", with: policy).utf8)
                .write(to: URL(fileURLWithPath: house.configuration))
            let body = JSONValue.object(House.request(["policy": "quick"]))
            var served = try await Served(configuration: house.configuration)
            #expect(try await house.send("POST", served.url + "/v1/remix", body: body).status == 200)
            let url = served.url
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await house.send("POST", url + "/v1/remix", body: body) }
                let areAsked = await eventually { house.sandbox.journal.last.count { $0.model != nil } == 4 }
                #expect(areAsked)
                // Its acknowledgement is on record by then.
                try await Task.sleep(for: .milliseconds(300))
                await served.kill()
            }
            served = try await Served(configuration: house.configuration)
            #expect(try await house.send("POST", served.url + "/v1/remix", body: body).status == 200)
            let isKnown = try await eventually(within: .seconds(60)) {
                let totals = try await house.send("GET", served.url + "/v1/reports/usage")["totals"]
                return totals?["calls"] == 3 && totals?["hedge_cost_usd"] == "0.18"
            }
            let totals = try await house.send("GET", served.url + "/v1/reports/usage")["totals"]
            #expect(isKnown, "\(String(describing: totals))")
            #expect(totals?["hedges"] == 3 && totals?["failovers"] == 0 && totals?["cost_usd"] == "0.36")
            #expect(totals?["failover_cost_usd"] == "0.18" && totals?["images"] == 3)
            #expect(house.sandbox.billing.total.usd == "0.36")
            let verified = try await Program.run(["db", "verify", "--config", house.configuration])
            #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
            #expect(await served.terminate() == 0)
        }
    }
}
