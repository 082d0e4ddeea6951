import EaselBase
import EaselCore
import EaselLedger
import EaselSandbox
import Foundation
import Testing
import TestTools

/// Fails each database statement of a call in turn, and cuts the connection before and after each COMMIT: whatever the
/// caller is told, money adds up, and what the provider billed is in the log.
@Suite struct FaultWalkTests {
    /// Strikes the statement that comes after so many others, once.
    private final class Trap: Sendable {
        private let state = Locked<(left: Int, kind: Kind, isArmed: Bool)>((0, .cutAfter, false))

        enum Kind: Sendable, CaseIterable { case forGood, forNow, serverGoes, cutBefore, cutAfter }

        /// Arms it. A kind that cuts strikes whole round trips.
        func arm(_ kind: Kind, after count: Int) { state.withLock { $0 = (count, kind, true) } }

        /// Whether it struck since it was armed.
        var hasStruck: Bool { state.withLock { !$0.isArmed } }

        func decide(_ commands: [String]) -> WireFault.Act {
            state.withLock { state in
                guard state.isArmed else { return .pass }
                let weight = state.kind == .cutBefore || state.kind == .cutAfter ? 1 : commands.count
                guard state.left < weight else {
                    state.left -= weight
                    return .pass
                }
                state.isArmed = false
                switch state.kind {
                case .forGood: return .fail(command: state.left, sqlState: "22012")
                case .forNow: return .fail(command: state.left, sqlState: "40001")
                case .serverGoes: return .fail(command: state.left, sqlState: "57P01")
                case .cutBefore: return .cutBefore
                case .cutAfter: return .cutAfter
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["a quiet harbour", "a harbour sandbox:error=503@runware"])
    func `money adds up whatever statement fails`(prompt: String) async throws {
        let trap = Trap()
        var plan = House.Plan()
        plan.options.fault = WireFault { trap.decide($0) }
        plan.options.writers = 1
        try await House.with(plan, verify: false) { house in
            let key = try await house.key(team: "walk").key
            let made = try await house.send(
                "PUT",
                "/v1/budgets",
                fields: [("Content-Type", "application/json")],
                body: Array(#"{"scope":"team:walk","period":"total","limit_usd":"1000"}"#.utf8)
            )
            #expect(made.status == 200)
            for kind in Trap.Kind.allCases {
                var step = 0
                while step < 60 {
                    let setAside = house.setAsideBytes
                    trap.arm(kind, after: step)
                    let answer = try await house.remix(
                        ["prompt": .string(prompt)],
                        key: key,
                        fields: [("Idempotency-Key", "\(prompt.count)-\(kind)-\(step)")]
                    )
                    #expect([200, 503].contains(answer.status), "\(kind) at \(step): \(answer.json)")
                    try await check(house, "\(kind) at \(step), answered \(answer.status)")
                    if kind != .forGood {
                        #expect(house.setAsideBytes == setAside, "\(kind) at \(step): what passes is no refusal")
                    }
                    guard trap.hasStruck else { break }
                    step += 1
                }
                #expect(step > (kind == .cutBefore || kind == .cutAfter ? 1 : 12), "\(kind) met \(step) places")
            }
        }
    }

    private func check(_ house: House, _ place: String) async throws {
        let isQuiet = await eventually { house.journaled.pendingCount == 0 }
        #expect(isQuiet, "\(place): the journal is replayed")
        let findings = try await house.findings()
        #expect(findings == [], "\(place)")
        // What was billed is posted, or still held back by a call whose end the database refused for good.
        let rows = try await house.rows("SELECT posted_nusd + reserved_nusd FROM budget_windows")
        let inBudget = rows.first?.first.flatMap { Int64($0) } ?? 0
        #expect(inBudget >= house.sandbox.billing.total.nanodollars, "\(place)")
        let log = try await house.rows("SELECT coalesce(sum(cost_nusd), 0) FROM attempts")
        let held = try await house.rows("SELECT coalesce(sum(amount_nusd), 0) FROM reservations")
        let known = (Int64(log[0][0]) ?? 0) + (Int64(held[0][0]) ?? 0)
        #expect(known >= house.sandbox.billing.total.nanodollars, "\(place)")
    }
}
