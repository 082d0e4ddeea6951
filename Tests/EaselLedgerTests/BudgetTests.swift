import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// Budgets in PostgreSQL: nothing is spent beyond a hard limit, and every figure is the sum of what makes it up.
@Suite struct BudgetTests {
    private func usd(_ text: String) -> Money { Money(usd: text) ?? Money(nanodollars: .min) }

    @Test func `a call holds its bound, then posts what it cost and lets the rest go`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(.money(usd("1"))).budget.id
            let admission = scene.admission(bound: usd("0.10"))
            #expect(try await ledger.admit(admission) == .admitted)
            var standing = try await scene.standing(id)
            #expect(standing.reserved == (usd("0.10")) && standing.posted == .zero && standing.reservedImages == 1)
            try await scene.verify("while it runs")
            // The same again, as after a lost answer, holds nothing twice.
            #expect(try await ledger.admit(admission) == .admitted)
            #expect(try await scene.standing(id) == standing)
            for _ in 0..<2 { try await scene.settle(admission, cost: usd("0.06")) }
            standing = try await scene.standing(id)
            #expect(standing.reserved == .zero && standing.posted == (usd("0.06")) && standing.postedImages == 1)
            #expect(standing.unreserved == .zero)
            try await scene.verify()
        }
    }

    @Test func `of many at once through several gateways exactly those that fit are admitted`() async throws {
        try await withLedger { ledger, database in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(.money(usd("1"))).budget.id
            var others: [BudgetScene] = []
            for _ in 0..<2 {
                let other = try await PostgresLedger.connect(
                    connectionString: database,
                    log: .silent,
                    options: PostgresFixture.smallOptions,
                    migrate: false
                )
                others.append(try await BudgetScene(other, teamID: scene.teamID))
            }
            let scenes = [scene] + others
            let verdicts = try await withThrowingTaskGroup(of: AdmissionVerdict.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let scene = scenes[number % scenes.count]
                        let admission = scene.admission()
                        var verdict = try await scene.ledger.admit(admission)
                        // Room that another call made in between: asked again, as the gateway does.
                        while verdict == .stale { verdict = try await scene.ledger.admit(admission) }
                        if verdict == .admitted { try await scene.settle(admission) }
                        return verdict
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(verdicts.count { $0 == .admitted } == 25)
            #expect(verdicts.count(where: \.isRefused) == 175)
            let standing = try await scene.standing(id)
            #expect(standing.posted == (usd("1")) && standing.reserved == .zero)
            try await scene.verify()
            for other in others { await other.ledger.close() }
        }
    }

    @Test func `several budgets take a call together or not at all`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let org = try await scene.budget(.money(usd("10")), scope: .org, period: .total).budget.id
            let team = try await scene.budget(.money(usd("1"))).budget.id
            let project = try await scene.budget(
                .money(usd("0.05")),
                scope: .project(team: "design", name: "spring"),
                period: .day
            ).budget.id
            let first = scene.admission()
            #expect(try await ledger.admit(first) == .admitted)
            guard case .refused(let refusal) = try await ledger.admit(scene.admission()) else {
                Issue.record("the project's budget is used up")
                return
            }
            #expect(refusal.standing.budget.id == project && refusal.reason == .exceeded)
            #expect(refusal.standing.remaining(at: Sample.now) == .money(usd("0.01")))
            for id in [org, team, project] { #expect(try await scene.standing(id).reserved == BudgetScene.price) }
            #expect(try await ledger.admit(scene.admission(project: "autumn")) == .admitted, "another project's call")
            #expect(try await scene.standing(org).reserved == BudgetScene.price * 2)
            #expect(try await scene.standing(project).reserved == BudgetScene.price)
            try await scene.settle(first)
            try await scene.verify()
        }
    }

    @Test func `a soft budget counts and stops nothing, one in images counts images`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let soft = try await scene.budget(.money(usd("0.01")), isHard: false).budget.id
            let images = try await scene.budget(.images(2), period: .day).budget.id
            var calls: [Admission] = []
            for _ in 0..<2 {
                calls.append(scene.admission())
                #expect(try await ledger.admit(calls[calls.count - 1]) == .admitted)
            }
            #expect(try await ledger.admit(scene.admission()).isRefused)
            try await scene.settle(calls[0])
            try await scene.settle(calls[1], cost: .zero, outcome: .failed)
            #expect(try await scene.standing(soft).posted == BudgetScene.price)
            #expect(try await scene.standing(images).postedImages == 1)
            #expect(try await ledger.admit(scene.admission()) == .admitted, "the failed one made room")
            try await scene.verify()
        }
    }

    @Test func `a plan made under other terms is not admitted`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let before = scene.admission()
            try await scene.budget(.money(.zero))
            #expect(try await ledger.admit(before) == .stale)
            #expect(try await ledger.admit(scene.admission()).isRefused)
            let old = scene.admission()
            try await ledger.setPrices(
                [
                    PriceEntry(
                        provider: "runware",
                        model: .ideogram4,
                        renderingSpeed: nil,
                        characterReference: false,
                        perImage: BudgetScene.price,
                        effectiveFrom: Sample.now
                    )
                ],
                by: "test",
                at: Sample.now
            )
            #expect(try await ledger.admit(old) == .stale)
            try await scene.verify()
        }
    }

    @Test func `a call without a known bound is refused unless the team allows it`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(.money(usd("1"))).budget.id
            guard case .refused(let refusal) = try await ledger.admit(scene.admission(bound: nil)) else {
                Issue.record("an unpriced call passed a hard budget")
                return
            }
            #expect(refusal.reason == .unpriced)
            #expect(try await ledger.setTeam("design", allowsUnpriced: true).allowsUnpriced)
            try await scene.refresh()
            #expect(scene.shelf.withLock(\.self).unpricedTeams == [scene.teamID])
            let allowed = scene.admission(bound: nil, allowsUnpriced: true)
            #expect(try await ledger.admit(allowed) == .admitted)
            try await scene.settle(allowed, cost: usd("0.06"))
            let standing = try await scene.standing(id)
            #expect(standing.posted == (usd("0.06")) && standing.unreserved == (usd("0.06")))
            try await scene.verify()
        }
    }

    @Test func `a provider that charges more than its price is posted in full and told apart`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(.money(usd("0.04"))).budget.id
            let admission = scene.admission()
            #expect(try await ledger.admit(admission) == .admitted)
            try await scene.settle(admission, cost: usd("0.07"))
            let standing = try await scene.standing(id)
            #expect(standing.posted == (usd("0.07")) && standing.unreserved == (usd("0.03")))
            #expect(standing.remaining(at: Sample.now) == .money(.zero))
            try await scene.verify()
        }
    }

    @Test func `a new budget knows what was spent before it and what is under way`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let done = scene.admission()
            let running = scene.admission()
            let unknown = scene.admission(project: "autumn")
            for admission in [done, running, unknown] { #expect(try await ledger.admit(admission) == .admitted) }
            try await scene.settle(done)
            try await scene.settle(unknown, cost: nil, outcome: .unknown, basis: .unknown)
            let standing = try await scene.budget(.money(usd("0.15")))
            #expect(standing.posted == BudgetScene.price)
            // What is unknown holds the bound of its attempt (M7).
            #expect(standing.reserved == BudgetScene.price * 2)
            #expect(try await ledger.admit(scene.admission()).isRefused)
            try await scene.settle(running)
            let after = try await scene.standing(standing.budget.id)
            #expect(after.posted == BudgetScene.price * 2 && after.reserved == BudgetScene.price)
            let project = try await scene.budget(.money(usd("1")), scope: .project(team: "design", name: "autumn"))
            #expect(project.posted == .zero && project.reserved == BudgetScene.price)
            try await scene.verify()
        }
    }

    @Test func `a limit may be lowered below what is spent, and a raise ends by itself`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(.money(usd("0.08"))).budget.id
            let now = Sample.now
            for _ in 0..<2 {
                let admission = scene.admission(at: now)
                #expect(try await ledger.admit(admission) == .admitted)
                try await scene.settle(admission)
            }
            try await scene.budget(.money(usd("0.02")))
            #expect(try await scene.standing(id).remaining(at: now) == .money(.zero))
            #expect(try await ledger.admit(scene.admission(at: now)).isRefused)
            let raise = BudgetRaise(by: .money(usd("0.10")), from: now, until: now + .seconds(3600))
            _ = try await ledger.raiseBudget(id, raise, by: "test", at: now)
            try await scene.refresh()
            #expect(try await ledger.admit(scene.admission(at: now + .seconds(3599))) == .admitted)
            #expect(try await ledger.admit(scene.admission(at: now + .seconds(3600))).isRefused, "the raise is over")
            let overlapping = BudgetRaise(by: .money(usd("1")), from: now + .seconds(60), until: now + .seconds(99))
            let refusal = await failure { () async throws(LedgerError) in
                _ = try await ledger.raiseBudget(id, overlapping, by: "test", at: now)
            }
            #expect(refusal?.isConflict == true)
            let wrongUnit = BudgetRaise(by: .images(3), from: now + .seconds(4000), until: now + .seconds(5000))
            let mistake = await failure { () async throws(LedgerError) in
                _ = try await ledger.raiseBudget(id, wrongUnit, by: "test", at: now + .seconds(4000))
            }
            #expect(mistake?.isConflict == true)
            _ = try await ledger.raiseBudget(id, nil, by: "test", at: now)
            try await scene.verify()
        }
    }

    @Test func `each window has figures of its own, and a late end is posted where its call belongs`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let today = Sample.now
            let yesterday = today - .seconds(86_400)
            let id = try await scene.budget(.money(usd("0.05")), period: .day, at: yesterday).budget.id
            let late = scene.admission(at: yesterday)
            #expect(try await ledger.admit(late) == .admitted)
            let fresh = scene.admission(at: today)
            #expect(try await ledger.admit(fresh) == .admitted, "a new day has its own limit")
            #expect(try await ledger.admit(scene.admission(at: today)).isRefused)
            try await scene.settle(late, cost: usd("0.03"))
            #expect(try await scene.standing(id, at: yesterday).posted == (usd("0.03")))
            let standing = try await scene.standing(id, at: today)
            #expect(standing.posted == .zero && standing.reserved == BudgetScene.price)
            try await scene.verify()
        }
    }

    @Test func `another time zone gives the budget other windows`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let moment = try #require(Timestamp("2026-10-25T00:30:00Z"))
            let id = try await scene.budget(.money(usd("0.05")), period: .day, at: moment).budget.id
            #expect(try await ledger.admit(scene.admission(at: moment)) == .admitted)
            let berlin = try await scene.budget(
                .money(usd("0.05")),
                period: .day,
                timezone: "Europe/Berlin",
                at: moment
            )
            #expect(berlin.budget.id == id && berlin.reserved == BudgetScene.price)
            #expect(berlin.window.end.since(berlin.window.start) == .seconds(25 * 3600))
            // Still the same long day in Berlin, the next one in UTC.
            #expect(try await ledger.admit(scene.admission(at: moment + .seconds(22 * 3600))).isRefused)
            #expect(try await ledger.admit(scene.admission(at: moment + .seconds(23 * 3600))) == .admitted)
            try await scene.verify()
        }
    }

    @Test func `a second attempt beside an unknown one needs room for both`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(.money(usd("0.10"))).budget.id
            let admission = scene.admission()
            #expect(try await ledger.admit(admission) == .admitted)
            func second(_ ordinal: Int) -> AttemptStart {
                Sample.start(
                    callID: admission.callID,
                    teamID: scene.teamID,
                    at: admission.receivedAt + .seconds(Int64(ordinal)),
                    ordinal: ordinal,
                    provider: "ideogram",
                    bound: BudgetScene.price
                )
            }
            let lost = Sample.end(admission.attempts[0], outcome: .unknown, cost: nil, basis: .unknown, images: 0)
            let verdict = try await ledger.startAttempts(
                [second(2)],
                ended: [lost],
                hold: Hold(amount: BudgetScene.price * 2, images: 2)
            )
            #expect(verdict == .started)
            #expect(try await scene.standing(id).reserved == BudgetScene.price * 2)
            guard
                case .refused(let refusal) = try await ledger.startAttempts(
                    [second(3)],
                    ended: [],
                    hold: Hold(amount: BudgetScene.price * 3, images: 3)
                )
            else {
                Issue.record("a third attempt does not fit")
                return
            }
            #expect(refusal.standing.budget.id == id && refusal.asked == BudgetScene.price)
            let call = try #require(try await ledger.call(admission.callID, teamID: nil))
            #expect(call.attempts.count == 2 && call.attempts[0].outcome == .unknown, "the end was written")
            #expect(try await scene.standing(id).reserved == BudgetScene.price * 2)
            try await scene.verify()
        }
    }

    @Test func `removing a budget takes its windows, and its history stays`() async throws {
        try await withLedger { ledger, database in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(.money(.zero)).budget.id
            #expect(try await ledger.removeBudget(id, by: "test", at: Sample.now))
            #expect(try await ledger.removeBudget(id, by: "test", at: Sample.now) == false)
            try await scene.refresh()
            let admission = scene.admission()
            #expect(try await ledger.admit(admission) == .admitted)
            try await scene.settle(admission)
            #expect(try await Database.number(database, "SELECT count(*) FROM budget_windows") == 0)
            #expect(try await Database.number(database, "SELECT count(*) FROM budget_changes") == 2)
            try await scene.verify()
        }
    }

    @Test func `a budget for nobody is refused and nothing is changed`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let version = scene.shelf.withLock(\.version)
            for scope in [BudgetScope.team("nobody"), .project(team: "nobody", name: "x"), .key(UUID())] {
                let refusal = await failure { () async throws(LedgerError) in
                    _ = try await ledger.setBudget(
                        BudgetWish(scope: scope, period: .month, limit: .images(1)),
                        by: "test",
                        at: Sample.now
                    )
                }
                #expect(refusal?.isNotFound == true, "\(scope)")
            }
            #expect(try await ledger.spendingTerms().version == version)
            #expect(try await ledger.budgets(teamID: nil, at: Sample.now) == [])
        }
    }

    @Test func `what explains a budget adds up to it`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(.money(usd("5"))).budget.id
            for number in 0..<5 {
                let admission = scene.admission()
                #expect(try await ledger.admit(admission) == .admitted)
                if number == 4 { continue }
                if number == 3 {
                    try await scene.settle(admission, cost: nil, outcome: .unknown, basis: .unknown)
                } else {
                    try await scene.settle(admission)
                }
            }
            let told = try #require(try await ledger.explainBudget(id, at: Sample.now, limit: 2))
            #expect(told.groups.map(\.cost).reduce(.zero, +) == told.standing.posted)
            #expect(told.calls.count == 2 && told.reservations.count == 2)
            #expect(Money.sum(told.reservations.map(\.amount)) == told.standing.reserved)
            #expect(Set(told.reservations.map(\.reason)) == ["in_progress", "unknown_attempt"])
            #expect(try await ledger.explainBudget(UUID(), at: Sample.now, limit: 2) == nil)
        }
    }
}
