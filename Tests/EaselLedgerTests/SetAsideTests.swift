import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// What the database refuses is shown, tried again, and stops neither its call nor anybody else's figures (L2, M6).
@Suite struct SetAsideTests {
    private func directory() -> String { NSTemporaryDirectory() + "easel-aside-\(UUID().text)" }

    /// An end that no column takes as it is.
    private func absurd(_ start: AttemptStart) -> AttemptEnd {
        AttemptEnd(
            start: start,
            outcome: .succeeded,
            reason: "ok",
            errorCode: String(repeating: "x", count: 3000),
            httpStatus: 99_999_999_999,
            sent: true,
            charge: Cost(Money(nanodollars: .max), .provider),
            timings: PhaseTimings(total: .milliseconds(10)),
            endedAt: start.startedAt + .milliseconds(10),
            imagesReturned: 1,
            providerTaskID: nil,
            providerRequestID: nil,
            extra: [:]
        )
    }

    private func absurdSettlement(_ admission: Admission) -> Settlement {
        let end = absurd(admission.attempts[0])
        return Settlement(
            key: admission.key,
            settledAt: admission.receivedAt + .seconds(1),
            status: .succeeded,
            errorCode: nil,
            provider: "runware",
            imagesDelivered: 1,
            charge: Cost(end.cost, .provider),
            estimated: .zero,
            latency: .seconds(1),
            failover: false,
            failoverCost: .zero,
            attempts: [end],
            images: [Sample.image(admission, attempt: admission.attempts[0])],
            translation: nil,
            clientGone: false
        )
    }

    @Test func `a settlement that the database refuses ends its call, is shown, and is gone when it was retried`()
        async throws
    {
        let place = directory()
        defer { try? FileManager.default.removeItem(atPath: place) }
        let journal = try await Journal(directory: place, log: .silent)
        defer { journal.close() }
        try await withLedger { ledger, _ in
            let journaled = JournaledCalls(base: ledger, journal: journal, log: .silent)
            let team = try await ledger.createTeam(name: "design", at: Sample.now)
            let admission = Sample.admission(teamID: team.id)
            try await journaled.take(admission)
            try await journaled.settle(absurdSettlement(admission))

            // The call is over, at its bound, and everything adds up.
            let call = try #require(try await ledger.call(admission.callID, teamID: nil))
            #expect(call.status == .succeeded && call.imagesDelivered == 1)
            #expect(call.cost == Money(nanodollars: 60_000_000) && call.costBasis == .unknown)
            #expect(call.attempts.first?.httpStatus == nil)
            #expect(call.attempts.first?.errorCode?.utf8.count == ForeignText.codeBytes)
            #expect(try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60)) == [])

            // It is counted where people look.
            #expect(journaled.setAside == [.refused: 1])
            let query = UsageQuery(
                from: admission.receivedAt - .seconds(60),
                to: admission.receivedAt + .seconds(60),
                timezone: "UTC",
                groupBy: [],
                teamID: nil
            )
            #expect(
                try await JournaledFigures(base: ledger) { journaled.journalStanding }.usage(query).dataQuality
                    .journalSetAside == 1
            )
            let asides = JournalAsides(directory: place)
            let file = try #require(asides.list().first)
            #expect(file.kind == .refused && file.records == 1 && file.count == 1)
            let entry = try #require(asides.entries(of: file.name)?.first)
            #expect(entry.callID == admission.callID.text && entry.reason?.contains("22003") == true)
            #expect(asides.entries(of: "../" + file.name) == nil)

            let result = try await asides.retry(file.name, on: ledger)
            #expect(result.fitted == 1 && result.written == 0 && result.refused.isEmpty)
            #expect(asides.list().isEmpty)
            #expect(try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60)) == [])
        }
    }

    @Test func `what is refused again stays, with the reason, and what was added meanwhile too`() async throws {
        let place = directory()
        defer { try? FileManager.default.removeItem(atPath: place) }
        let journal = try await Journal(directory: place, log: .silent)
        defer { journal.close() }
        try await withLedger { ledger, _ in
            let stray = Sample.settlement(Sample.admission())
            await journal.refuse(JournalRecord(.settlement(stray)), reason: "first")
            await journal.refuse(JournalRecord(.settlement(stray)), reason: "second")
            let asides = JournalAsides(directory: place)
            let name = try #require(asides.list().first?.name)
            #expect(asides.list().map(\.count) == [2])
            let result = try await asides.retry(name, on: ledger)
            #expect(result.refused.count == 2)
            await journal.refuse(JournalRecord(.settlement(stray)), reason: "third")
            let entries = asides.list().flatMap { asides.entries(of: $0.name) ?? [] }
            #expect(entries.count == 3 && entries.allSatisfy { $0.reason != nil })
            for file in asides.list() { try asides.forget(file.name) }
            #expect(asides.list().isEmpty)
            let left = try FileManager.default.contentsOfDirectory(atPath: place)
            #expect(left.contains { $0.hasSuffix(".forgotten") })
        }
    }

    @Test func `damaged bytes count as one and stay what they are`() async throws {
        let place = directory()
        defer { try? FileManager.default.removeItem(atPath: place) }
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let bytes = Data("ESLJ no record at all".utf8)
        try bytes.write(to: URL(fileURLWithPath: place + "/0000000007.damaged"))
        let asides = JournalAsides(directory: place)
        #expect(asides.list().map(\.count) == [1] && asides.list().first?.kind == .damaged)
        try await withLedger { ledger, _ in
            let result = try await asides.retry("0000000007.damaged", on: ledger)
            #expect(result == JournalAsides.Retry())
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: place + "/0000000007.damaged")) == bytes)
    }

    // MARK: - Windows

    private func report(_ ledger: PostgresLedger, _ moment: Timestamp, team: Int64?) async throws -> UsageReport {
        try await ledger.usage(
            UsageQuery(
                from: moment - .seconds(7200),
                to: moment + .seconds(60),
                timezone: "UTC",
                groupBy: [],
                teamID: team
            )
        )
    }

    @Test func `a window that cannot be summed up stops nobody else's and comes back when it is mended`() async throws {
        try await withLedger { ledger, database in
            let now = Sample.now
            let sick = try await ledger.createTeam(name: "sick", at: now).id
            let well = try await ledger.createTeam(name: "well", at: now).id
            var broken: [UUID] = []
            for index in 0..<30 {
                let admission = Sample.admission(
                    teamID: index % 3 == 0 ? sick : well,
                    at: Sample.milliseconds(now - .seconds(Int64(index * 60)))
                )
                try await ledger.take(admission)
                try await ledger.settle(Sample.settlement(admission))
                if index == 9 || index == 12 { broken.append(admission.callID) }
            }
            for id in broken {
                // Two rows of the highest figure: their sum leaves the column.
                try await Database.query(
                    database,
                    "UPDATE attempts SET cost_nusd = 9223372036854775807 WHERE call_id = $1",
                    [.uuid(id)]
                )
                try await Database.query(
                    database,
                    """
                    INSERT INTO attempts SELECT (jsonb_populate_record(a,
                        jsonb_build_object('attempt_id', gen_random_uuid(), 'ordinal', 2))).*
                    FROM attempts AS a WHERE call_id = $1
                    """,
                    [.uuid(id)]
                )
            }
            let lease = try #require(try await ledger.acquireLease("rollups", holder: UUID(), for: .seconds(30)))
            var faults: [RollupPass.Fault] = []
            for _ in 0..<6 {
                let pass = try #require(try await ledger.rollUp(lease, for: .seconds(30), atMost: 1000))
                faults += pass.faults
            }
            #expect(faults.count == 2 && faults.allSatisfy { $0.teamID == sick && $0.level == .minute })
            #expect(try await ledger.rollupFaults().count == 2)
            #expect(try await Database.number(database, "SELECT count(*) FROM usage_changes") == 2)
            let others = try await report(ledger, now, team: well)
            #expect(others.totals.calls == 20 && others.dataQuality.unsummedWindows == 0)
            let all = try await report(ledger, now, team: nil)
            #expect(all.totals.calls == 28 && all.dataQuality.unsummedWindows >= 2)

            for sql in [
                "DELETE FROM attempts WHERE ordinal = 2",
                "UPDATE attempts SET cost_nusd = 60000000 WHERE cost_nusd = 9223372036854775807",
                "UPDATE usage_faults SET retry_at = now() - interval '1 second'",
            ] { try await Database.query(database, sql) }
            try await ledger.rollUpAll(lease)
            #expect(try await ledger.rollupFaults().isEmpty)
            #expect(try await report(ledger, now, team: nil).totals.calls == 30)
        }
    }

    @Test func `an error code of three thousand bytes is summed up as its beginning`() async throws {
        try await withLedger { ledger, database in
            let admission = Sample.admission()
            try await ledger.take(admission)
            try await ledger.settle(Sample.settlement(admission))
            try await Database.query(database, "UPDATE attempts SET error_code = repeat('äb', 3000)")
            let lease = try #require(try await ledger.acquireLease("rollups", holder: UUID(), for: .seconds(30)))
            let pass = try #require(try await ledger.rollUp(lease, for: .seconds(30), atMost: 1000))
            #expect(pass.faults.isEmpty && pass.minutes == 1)
            #expect(try await Database.number(database, "SELECT max(length(error_code)) FROM attempt_minute") == 64)
            #expect(try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60)) == [])
        }
    }
}
