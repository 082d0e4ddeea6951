import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

/// What people change leaves a line, by both ledgers.
@Suite struct AuditRuleTests {
    /// Ids of one millisecond are in no order.
    private func key(_ team: String, at moment: Timestamp) -> NewKey {
        NewKey(
            record: KeyRecord(
                id: UUIDv7.mint(at: moment),
                team: team,
                prefix: "esl_00000000",
                role: .admin,
                project: nil,
                createdAt: moment,
                expiresAt: nil,
                revokedAt: nil,
                requestsPerMinute: nil,
                maxConcurrent: nil,
                inlinePolicies: false
            ),
            hash: (0..<32).map { _ in UInt8.random(in: 0...255) }
        )
    }

    @Test(arguments: Book.allCases) func `a change and its line are one`(_ book: Book) async throws {
        try await book.with { scene in
            let ledger = scene.ledger
            let start = Scene.now
            func later(_ step: Int) -> Timestamp { start + .milliseconds(step) }
            let admin = key("design", at: start)
            try await ledger.createKey(admin)
            let actor = "key \(admin.record.id.text)"
            let first = try #require(try await ledger.auditEvents(AuditQuery(limit: 1)).first)
            #expect(first.action == .createKey && first.actor == AuditActor(name: AuditActor.local))

            _ = try await ledger.createTeam(name: "finance", by: actor, at: later(1))
            _ = try await ledger.changeTeam("finance", TeamChange(allowsUnpriced: true), by: actor, at: later(2))
            let other = key("finance", at: later(3))
            try await ledger.createKey(other, by: actor)
            #expect(try await ledger.revokeKey(other.record.id, by: actor, at: later(4)))
            // Twice is once, and what fails changes nothing.
            #expect(try await ledger.revokeKey(other.record.id, by: actor, at: later(4)))
            #expect(try await !ledger.revokeKey(UUID(), by: actor, at: later(4)))
            #expect(
                await scene.failure { () async throws(LedgerError) in
                    _ = try await ledger.createTeam(name: "finance", by: actor, at: later(4))
                } != nil
            )
            #expect(
                await scene.failure { () async throws(LedgerError) in
                    try await ledger.createKey(NewKey(record: key("nobody", at: later(4)).record, hash: [1]), by: actor)
                } != nil
            )
            let wish = BudgetWish(scope: .team("finance"), period: .total, limit: .images(5))
            let preview = try await ledger.previewBudget(BudgetChange(wish), at: later(4))
            #expect(preview.writing.before == nil && preview.teams.map(\.name) == ["finance"])
            #expect(try await ledger.budgets(teamID: nil, at: later(4)) == [])
            let budget = try await ledger.setBudget(wish, by: actor, at: later(5)).budget
            let raise = BudgetRaise(by: .images(1), from: start, until: start + .seconds(3600))
            _ = try await ledger.raiseBudget(budget.id, raise, by: actor, at: later(6))
            _ = try await ledger.raiseBudget(budget.id, nil, by: actor, at: later(7))
            #expect(try await ledger.removeBudget(budget.id, by: actor, at: later(8)))
            #expect(try await !ledger.removeBudget(budget.id, by: actor, at: later(8)))

            let events = try await ledger.auditEvents(AuditQuery(limit: 100))
            let own = events.filter { $0.actor.name == actor }.reversed()
            #expect(
                own.map(\.action) == [
                    .createTeam, .changeTeam, .createKey, .revokeKey, .setBudget, .raiseBudget, .endRaise,
                    .removeBudget,
                ]
            )
            #expect(own.allSatisfy { $0.actor.team == "design" && $0.actor.keyID == admin.record.id })
            #expect(own.map { $0.before == nil } == [true, false, true, false, true, false, false, false])
            #expect(own.map { $0.after == nil } == [false, false, false, false, false, false, false, true])
            #expect(events.map(\.id.uuidString) == events.map(\.id.uuidString).sorted(by: >))
            let page = try await ledger.auditEvents(AuditQuery(before: events[1].id, limit: 2))
            #expect(page == Array(events[2...3]))
            #expect(try await ledger.auditEvents(AuditQuery(since: Scene.now + .seconds(60), limit: 9)) == [])
        }
    }
}
