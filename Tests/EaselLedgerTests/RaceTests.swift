import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// Hedges in the book: the sides of a race are columns that are written at its start, and the figures follow from them and
/// from whose images are the call's.
@Suite struct RaceTests {
    private static let cents = Money(nanodollars: 60_000_000)

    /// A call in progress of which a second provider was asked beside the first, with a hold of both where `isHeld`.
    private func race(_ ledger: PostgresLedger, isHeld: Bool = true) async throws -> (Admission, [AttemptStart]) {
        _ = try? await ledger.createTeam(name: "first", at: Sample.now)
        let admission = Sample.admission(at: Sample.now - .seconds(600))
        try await ledger.take(admission)
        let second = Sample.start(
            callID: admission.callID,
            teamID: 1,
            at: admission.receivedAt + .milliseconds(500),
            ordinal: 2,
            provider: "ideogram"
        ).racing(.second)
        let hold = isHeld ? Hold(amount: Self.cents * 2, images: 2) : nil
        #expect(try await ledger.startAttempts([second], ended: [], hold: hold) == .started)
        return (admission, [admission.attempts[0].racing(.first), second])
    }

    private func sides(_ database: String) async throws -> [String] {
        try await Database.query(database, "SELECT coalesce(race, '-') FROM attempts ORDER BY call_id, ordinal")
            .compactMap {
                if case .text(let side) = $0[0] { side } else { nil }
            }
    }

    private func settle(
        _ ledger: PostgresLedger,
        _ admission: Admission,
        _ starts: [AttemptStart],
        winner: Int = 0,
        lost: AttemptEnd? = nil
    ) async throws {
        let loser = lost ?? Sample.end(starts[1 - winner], outcome: .unknown, cost: nil, basis: .unknown, images: 0)
        let ends = winner == 0 ? [Sample.end(starts[0]), loser] : [loser, Sample.end(starts[1])]
        try await ledger.settle(
            Sample.settlement(
                admission,
                attempts: ends,
                images: [Sample.image(admission, attempt: starts[winner])],
                provider: starts[winner].provider,
                failoverCost: loser.cost
            )
        )
    }

    private func totals(_ ledger: PostgresLedger) async throws -> UsageFigures {
        let now = Sample.now
        return try await ledger.usage(
            UsageQuery(from: now - .seconds(7200), to: now + .seconds(3600), timezone: "UTC", groupBy: [], teamID: nil)
        ).totals
    }

    @Test(arguments: [true, false])
    func `both sides are on record when the second is asked`(isHeld: Bool) async throws {
        try await withLedger { ledger, database in
            _ = try await race(ledger, isHeld: isHeld)
            #expect(try await sides(database) == ["first", "second"])
            let orphans = try await ledger.orphans(of: [], silentSince: Sample.now, after: nil, limit: 10)
            #expect(orphans.first?.attempts.map(\.start.race) == [.first, .second])
        }
    }

    @Test func `a second side that could not be held leaves no race`() async throws {
        try await withLedger { ledger, database in
            _ = try await ledger.createTeam(name: "first", at: Sample.now)
            let admission = Sample.admission(at: Sample.now - .seconds(600))
            try await ledger.take(admission)
            // A call that is settled meanwhile has no reservation to add to.
            try await ledger.settle(Sample.settlement(admission))
            let second = Sample.start(
                callID: admission.callID,
                teamID: 1,
                at: admission.receivedAt + .milliseconds(500),
                ordinal: 2,
                provider: "ideogram"
            ).racing(.second)
            _ = try? await ledger.startAttempts([second], ended: [], hold: Hold(amount: Self.cents * 2, images: 2))
            #expect(try await sides(database) == ["-"])
        }
    }

    @Test func `what lost is part of the cost of hedging and of failing over, as soon as it is known`() async throws {
        try await withLedger { ledger, database in
            let (admission, starts) = try await race(ledger)
            try await settle(ledger, admission, starts)
            var figures = try await totals(ledger)
            #expect(figures.hedges == 1 && figures.hedgeCost == .zero && figures.failoverCost == .zero)
            #expect(figures[.unknownAttempts] == 1 && figures.failovers == 0)
            try await ledger.resolve(
                LateResolution(
                    key: CallKey(teamID: 1, receivedAt: admission.receivedAt, callID: admission.callID),
                    resolvedAt: Sample.now,
                    ends: [Sample.end(starts[1])]
                )
            )
            figures = try await totals(ledger)
            #expect(figures.hedges == 1 && figures.hedgeCost == Self.cents && figures.failoverCost == Self.cents)
            #expect(figures.cost == Self.cents * 2 && figures.images == 1 && figures.failovers == 0)
            let attempts = try await ledger.attempts(
                UsageQuery(
                    from: Sample.now - .seconds(7200),
                    to: Sample.now + .seconds(3600),
                    timezone: "UTC",
                    groupBy: [],
                    teamID: nil
                )
            )
            #expect(attempts.totals[money: .wasted] == Self.cents, "attempts and calls say the same")
            #expect(try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60)) == [])
        }
    }

    @Test func `the first side may lose, and a second that was not sent is no hedge`() async throws {
        try await withLedger { ledger, _ in
            let (admission, starts) = try await race(ledger)
            try await settle(ledger, admission, starts, winner: 1, lost: Sample.end(starts[0]))
            var figures = try await totals(ledger)
            #expect(figures.hedges == 1 && figures.hedgeCost == Self.cents && figures.failoverCost == Self.cents)
            let (other, others) = try await race(ledger)
            let notSent = Sample.end(others[1], outcome: .failed, cost: .zero, sent: false, images: 0)
            try await settle(ledger, other, others, lost: notSent)
            figures = try await totals(ledger)
            #expect(figures.hedges == 1 && figures.hedgeCost == Self.cents && figures.calls == 2)
            #expect(try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60)) == [])
        }
    }

    /// What the figures said after a kill -9 in the middle of a race.
    @Test(arguments: [
        "UPDATE calls SET failover = true", "UPDATE calls SET failover_cost_nusd = 1",
        "UPDATE calls SET provider = 'ideogram'", "UPDATE calls SET status = 'partial'",
        "UPDATE attempts SET race = NULL WHERE race = 'first'", "UPDATE attempts SET race = NULL WHERE race = 'second'",
        "UPDATE attempts SET race = 'second' WHERE race = 'first'",
    ])
    func `a race that does not add up is found`(sql: String) async throws {
        try await withLedger { ledger, database in
            let (admission, starts) = try await race(ledger)
            try await settle(ledger, admission, starts, lost: Sample.end(starts[1]))
            let since = admission.receivedAt - .seconds(60)
            #expect(try await DatabaseVerify(ledger).findings(since: since) == [])
            try await Database.query(database, sql)
            let found = Set(try await DatabaseVerify(ledger).findings(since: since).map(\.check))
            #expect(!found.isDisjoint(with: [.endIsItsAttempts, .racesHaveTwoSides]), "\(found)")
        }
    }

    @Test func `marks of older programs become sides, and the figures of their calls are made again`() async throws {
        let database = try await PostgresFixture.emptyDatabase()
        let races = try #require(MigrationFiles.all.firstIndex { $0.name.hasSuffix("_races") })
        let older = Array(MigrationFiles.all[..<races])
        _ = try await Migrator(connectionString: database, log: .silent, migrations: older).migrate()
        try await Database.query(
            database,
            """
            INSERT INTO calls (team_id, received_at, call_id, key_id, gateway_id, policy, model, images_requested,
                images_delivered, status, provider, cost_nusd, failover_cost_nusd, attempts, settled_at)
            VALUES (1, now(), '00000000-0000-7000-8000-000000000001', gen_random_uuid(), gen_random_uuid(), 'p',
                'ideogram-4.0', 1, 1, 'succeeded', 'runware', 120, 0, 2, now())
            """
        )
        for (ordinal, provider, mark) in [(1, "runware", "first"), (2, "ideogram", "second_lost")] {
            try await Database.query(
                database,
                """
                INSERT INTO attempts (team_id, started_at, attempt_id, call_id, ordinal, provider, provider_model, task_id,
                    images_asked, outcome, sent, cost_nusd, cost_basis, extra)
                VALUES (1, now(), '00000000-0000-7000-8000-00000000000\(ordinal)', '00000000-0000-7000-8000-000000000001',
                    \(ordinal), '\(provider)', 'm', gen_random_uuid(), 1, 'succeeded', true, 60, 'provider',
                    '{"easel_hedge": "\(mark)", "kept": 1}')
                """
            )
        }
        try await Database.query(
            database,
            """
            INSERT INTO images (team_id, created_at, image_id, call_id, attempt_id, ordinal, copyright, withheld)
            VALUES (1, now(), gen_random_uuid(), '00000000-0000-7000-8000-000000000001',
                '00000000-0000-7000-8000-000000000001', 1, 'clear', false)
            """
        )
        try await Database.query(database, "DELETE FROM usage_changes")
        _ = try await Migrator(connectionString: database, log: .silent).migrate()
        #expect(try await sides(database) == ["first", "second"])
        let numbers =
            [
                ("SELECT count(*) FROM attempts WHERE extra = '{\"kept\": 1}'", 2),
                ("SELECT failover_cost_nusd FROM calls", 60), ("SELECT count(*) FROM usage_changes", 1),
            ] as [(String, Int64)]
        for (sql, number) in numbers { #expect(try await Database.number(database, sql) == number, "\(sql)") }
    }

    // MARK: - Keys

    @Test func `a call of which nothing was sent gives its key back, another keeps it`() async throws {
        try await withLedger { ledger, _ in
            _ = try await ledger.createTeam(name: "first", at: Sample.now)
            for isSent in [false, true] {
                let key = IdempotencyKey(text: "k-\(isSent)", fingerprint: [1])
                let admission = Sample.admission(idempotency: key)
                try await ledger.take(admission)
                let end = Sample.end(admission.attempts[0], outcome: .failed, cost: .zero, sent: isSent, images: 0)
                let settlement = Sample.settlement(
                    admission,
                    attempts: [end],
                    images: [],
                    status: .failed,
                    provider: nil
                )
                try await ledger.settle(settlement)
                let call = try await ledger.idempotentCall(teamID: 1, key: key.text, at: Sample.now)
                #expect((call != nil) == isSent)
                // Settled again, as from a journal: the key may be another call's by now.
                let again = Sample.admission(idempotency: key)
                if !isSent { try await ledger.take(again) }
                try await ledger.settle(settlement)
                let now = try await ledger.idempotentCall(teamID: 1, key: key.text, at: Sample.now)
                #expect(now?.callID == (isSent ? admission.callID : again.callID))
            }
        }
    }
}
