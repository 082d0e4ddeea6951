import EaselBase
import EaselCore
import EaselSandbox
import Foundation
import Testing
import TestTools

/// The built program, killed at any moment with calls in flight and started again (M4, M7).
@Suite(.enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct CrashTests {
    /// Kills the process so long after the first calls were sent.
    private func crash(_ house: ProgramHouse, after delay: Duration, calls: Int) async throws {
        let served = try await Served(configuration: house.configuration)
        let url = served.url
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<calls {
                group.addTask {
                    var more: [String: JSONValue] = ["count": .number(Decimal(number % 3 + 1))]
                    if number % 3 == 0 { more["policy"] = "only-ideogram" }
                    if number % 4 == 1 { more["prompt"] = "a harbour sandbox:error=503@runware" }
                    // The answer may never come: that is the point.
                    _ = try? await house.send("POST", url + "/v1/remix", body: .object(House.request(more)))
                }
            }
            group.addTask {
                try? await Task.sleep(for: delay)
                await served.kill()
            }
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func `nothing that was sent is missing after a kill, and nothing unknown is free`() async throws {
        try await ProgramHouse.with(latency: .milliseconds(150)) { house in
            // While bodies arrive, while the first are sent, while they run, while answers are fetched and settled.
            for delay in [15, 60, 180, 400] as [Int64] {
                try await crash(house, after: .milliseconds(delay), calls: 12)
            }
            // What a provider had taken on goes on without the gateway.
            try await Task.sleep(for: .milliseconds(500))
            let served = try await Served(configuration: house.configuration)
            let isSettled = try await eventually(within: .seconds(40)) {
                try await house.rows("SELECT 1 FROM calls WHERE status = 'in_progress'").isEmpty
            }
            #expect(isSettled, "every call that was left behind is settled")
            try await check(house)
            // It serves as before, and stops in order.
            let answer = try await house.send("POST", served.url + "/v1/remix", body: .object(House.request()))
            #expect(answer.status == 200)
            #expect(await served.terminate() == 0)
        }
    }

    private func check(_ house: ProgramHouse) async throws {
        let rows = try await house.rows(
            "SELECT provider, task_id, outcome, coalesce(cost_nusd::text, ''), coalesce(provider_task_id, '') FROM attempts"
        )
        #expect(rows.count > 0)
        #expect(rows.filter { $0[2] == "pending" }.isEmpty, "no attempt is left on its way")
        let runware = Dictionary(rows.filter { $0[0] == "runware" }.map { ($0[1], $0) }, uniquingKeysWith: { $1 })
        let ideogram = Dictionary(rows.map { ($0[4], $0) }, uniquingKeysWith: { $1 })
        for entry in house.sandbox.billing.entries {
            let row = entry.provider == .runware ? runware[entry.taskID.lowercased()] : ideogram[entry.taskID]
            // Ideogram names its task in its answer: cut off before that, the attempt's row is there without the name.
            guard let row else {
                #expect(entry.provider == .ideogram, "the task \(entry.taskID) is missing")
                continue
            }
            #expect(row[3] != "0", "\(row) was billed and is free")
            if let cost = Int64(row[3]) { #expect(cost >= entry.cost.nanodollars, "\(row)") }
            if row[3].isEmpty { #expect(row[2] == "unknown", "\(row)") }
        }
        let sent = house.sandbox.journal.last.count { $0.provider == .ideogram && $0.method == "POST" }
        #expect(rows.count { $0[0] == "ideogram" } >= sent, "each request has its row")
        let free = rows.filter { $0[2] == "unknown" && $0[3] == "0" }
        #expect(free.isEmpty, "an unknown end is not $0")
        let orphaned = try await house.rows(
            "SELECT a.attempt_id FROM attempts a LEFT JOIN calls c ON c.team_id = a.team_id AND c.call_id = a.call_id "
                + "WHERE c.call_id IS NULL"
        )
        #expect(orphaned.isEmpty)
        let verified = try await Program.run(["db", "verify", "--config", house.configuration])
        #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
    }

    @Test(.timeLimit(.minutes(5)))
    func `with a database of its own it comes back after a kill`() async throws {
        try await ProgramHouse.with(latency: .milliseconds(300), isEmbedded: true) { house in
            let first = try await Served(configuration: house.configuration)
            let answer = try await house.send("POST", first.url + "/v1/remix", body: .object(House.request()))
            #expect(answer.status == 200)
            let cut = try await house.send(
                "POST",
                first.url + "/v1/remix",
                body: .object(House.request(["count": 2])),
                fields: [("Prefer", "respond-async")]
            )
            #expect(cut.status == 202)
            await first.kill()
            let second = try await Served(configuration: house.configuration)
            let isSettled = try await eventually(within: .seconds(40)) {
                let calls = try await house.calls(second.url)
                return calls.count == 2 && calls.allSatisfy { $0["status"] != "in_progress" }
            }
            #expect(isSettled)
            let recovered = try await house.send("GET", second.url + "/v1/calls/\(cut.id)")
            #expect(recovered["status"] == "succeeded" || recovered["cost_usd"] == .null)
            #expect(await second.terminate() == 0)
        }
    }
}
