import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselLedger

@Suite struct WriterTests {
    private func admitAll(_ admissions: [Admission], _ ledger: PostgresLedger) async -> [LedgerError?] {
        await withTaskGroup(of: (Int, LedgerError?).self) { group in
            for (index, admission) in admissions.enumerated() {
                group.addTask {
                    (index, await failure { () async throws(LedgerError) in try await ledger.take(admission) })
                }
            }
            return await group.reduce(into: [LedgerError?](repeating: nil, count: admissions.count)) {
                $0[$1.0] = $1.1
            }
        }
    }

    @Test func `calls that come together share commits`() async throws {
        try await withLedger { ledger, database in
            let admissions = (0..<500).map { Sample.admission(teamID: Int64($0 % 7)) }
            let errors = await admitAll(admissions, ledger)
            #expect(errors.compactMap(\.self) == [])
            let calls = try await Database.number(database, "SELECT count(*) FROM calls")
            let reservations = try await Database.number(database, "SELECT count(*) FROM reservations")
            let commits = try await Database.number(database, "SELECT count(DISTINCT xmin::text) FROM calls")
            #expect(calls == 500)
            #expect(reservations == 500)
            #expect(commits < 200)
        }
    }

    @Test func `one bad row harms nobody else`() async throws {
        var options = PostgresFixture.smallOptions
        options.writers = 1
        try await withLedger(options: options) { ledger, database in
            var admissions = (0..<60).map { _ in Sample.admission() }
            for index in [0, 17, 18, 59] { admissions[index] = Sample.admission(images: 0) }
            let errors = await admitAll(admissions, ledger)
            for (index, error) in errors.enumerated() {
                let isRefused = error?.isRejected ?? false
                #expect(isRefused == [0, 17, 18, 59].contains(index))
            }
            let written = try await Database.number(database, "SELECT count(*) FROM calls")
            #expect(written == 56)
        }
    }

    @Test func `a row outside every partition makes its partition`() async throws {
        try await withLedger { ledger, database in
            let moment = Sample.milliseconds(Sample.now - .seconds(400 * 86_400))
            try await ledger.take(Sample.admission(at: moment))
            #expect(try await Database.number(database, "SELECT count(*) FROM calls") == 1)
            let wrong = Timestamp(microseconds: 0)
            let error = await failure { () async throws(LedgerError) in
                try await ledger.take(Sample.admission(at: wrong))
            }
            #expect(error?.isRejected == true)
        }
    }

    /// The last second of a month long ago, whose partitions nobody has made.
    private var endOfAMonth: Timestamp {
        let days = Int((Sample.now.secondsSince1970 - 200 * 86_400) / 86_400)
        let date = CivilDate.fromDays(days)
        let first = CivilDate.toDays(year: date.year, month: date.month, day: 1)
        return Timestamp(microseconds: Int64(first) * 86_400_000_000 - 500_000)
    }

    private func partitions(_ database: String) async throws -> Int {
        Int(
            try await Database.number(
                database,
                "SELECT count(*) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE c.relkind = 'r'"
            )
        )
    }

    @Test func `a month's partitions are made by whichever write needs them first`() async throws {
        try await withLedger { ledger, database in
            let admission = Sample.admission(at: endOfAMonth)
            let before = try await partitions(database)
            try await ledger.take(admission)
            #expect(try await partitions(database) == before + 7)
            // One second later is another month: for the next attempt, and for the images.
            let second = Sample.start(
                callID: admission.callID,
                teamID: 1,
                at: admission.receivedAt + .seconds(1),
                ordinal: 2
            )
            let first = Sample.end(admission.attempts[0], outcome: .failed, cost: .zero, images: 0)
            try await ledger.startAttempts([second], ended: [first])
            #expect(try await partitions(database) == before + 14)
            try await ledger.settle(
                Sample.settlement(
                    admission,
                    attempts: [first, Sample.end(second)],
                    images: [Sample.image(admission, attempt: second)]
                )
            )
            #expect(try await partitions(database) == before + 14)
            let rows = try await Database.query(
                database,
                "SELECT count(DISTINCT tableoid), count(*) FROM attempts"
            )
            #expect(rows == [[.int(2), .int(2)]])
            #expect(try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60)) == [])
        }
    }

    @Test func `a settlement makes the month of its images, and one of a missing month is refused`() async throws {
        try await withLedger { ledger, database in
            let admission = Sample.admission(at: endOfAMonth)
            try await ledger.take(admission)
            let before = try await partitions(database)
            try await ledger.settle(Sample.settlement(admission))
            #expect(try await partitions(database) == before + 7)
            #expect(try await Database.number(database, "SELECT count(*) FROM images") == 1)

            // Nobody was admitted in that month, so there is nothing to settle.
            let stray = Sample.admission(at: admission.receivedAt - .seconds(45 * 86_400))
            let error = await failure { () async throws(LedgerError) in
                try await ledger.settle(Sample.settlement(stray))
            }
            #expect(error?.isNotFound == true)
            // A clock that is far off litters nothing.
            let after = try await partitions(database)
            for moment in [Timestamp(microseconds: 0), Sample.now + .seconds(400 * 86_400)] {
                let error = await failure { () async throws(LedgerError) in
                    try await ledger.take(Sample.admission(at: Sample.milliseconds(moment)))
                }
                #expect(error?.isRejected == true)
            }
            #expect(try await partitions(database) == after)
        }
    }

    @Test func `a month that is missing holds up nobody who shares the commit`() async throws {
        var options = PostgresFixture.smallOptions
        options.writers = 1
        try await withLedger(options: options) { ledger, database in
            let old = endOfAMonth
            var admissions = (0..<40).map { _ in Sample.admission() }
            for index in [3, 4, 30] { admissions[index] = Sample.admission(at: old) }
            admissions[20] = Sample.admission(at: Timestamp(microseconds: 0))
            let errors = await admitAll(admissions, ledger)
            #expect(errors.indices.filter { errors[$0] != nil } == [20])
            let written = try await Database.number(database, "SELECT count(*) FROM calls")
            #expect(written == 39)
        }
    }

    @Test func `a settlement whose answer is lost is written once, and nobody is told otherwise`() async throws {
        let cuts = Locked(0)
        var options = PostgresFixture.smallOptions
        options.fault = WireFault { statements in
            guard statements.contains(where: { $0.contains("INSERT INTO usage_changes") }) else { return .pass }
            return cuts.withLock { cuts in
                cuts += 1
                return cuts <= 2 ? .cutAfter : .pass
            }
        }
        try await withLedger(options: options) { ledger, database in
            let admission = Sample.admission()
            try await ledger.take(admission)
            try await ledger.settle(Sample.settlement(admission))
            #expect(cuts.withLock(\.self) == 3)
            #expect(try await Database.number(database, "SELECT count(*) FROM calls WHERE status = 'succeeded'") == 1)
            #expect(try await Database.number(database, "SELECT count(*) FROM usage_changes") == 1)
            #expect(try await DatabaseVerify(ledger).findings(since: Sample.now - .seconds(3600)) == [])
        }
    }

    @Test func `connections that are killed lose no call`() async throws {
        try await withLedger { ledger, database in
            async let killer: Void = {
                for _ in 0..<6 {
                    try await Database.query(
                        database,
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()
                        """
                    )
                    try await Task.sleep(for: .milliseconds(60))
                }
            }()
            let admissions = (0..<300).map { _ in Sample.admission() }
            let errors = await withTaskGroup(of: LedgerError?.self) { group in
                for admission in admissions {
                    group.addTask {
                        await failure { () async throws(LedgerError) in
                            try await ledger.take(admission)
                            try await ledger.settle(Sample.settlement(admission))
                        }
                    }
                }
                return await group.reduce(into: [LedgerError]()) { if let error = $1 { $0.append(error) } }
            }
            try await killer
            #expect(errors == [])
            #expect(try await Database.number(database, "SELECT count(*) FROM calls WHERE status = 'succeeded'") == 300)
            let findings = try await DatabaseVerify(ledger).findings(since: Sample.now - .seconds(3600))
            #expect(findings == [])
        }
    }

    /// Whether the server has a statement waiting for a lock.
    private func isWriterWaiting(_ database: String) async throws -> Bool {
        try await Database.number(
            database,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ) > 0
    }

    /// Admits while somebody else holds the table; the error and how long it took.
    private func admitLocked(
        _ admission: Admission,
        _ ledger: PostgresLedger,
        _ database: String
    ) async throws -> (error: LedgerError?, waited: Duration) {
        let lock = try await Database.hold(database, "LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
        defer { lock.release() }
        let begin = SteadyInstant.now
        async let admitting = failure { () async throws(LedgerError) in try await ledger.take(admission) }
        #expect(try await eventually { try await isWriterWaiting(database) })
        return (await admitting, SteadyInstant.now.since(begin))
    }

    @Test func `an admission that was given up is taken back`() async throws {
        var options = PostgresFixture.smallOptions
        options.writers = 1
        options.writeLimit = .milliseconds(1500)
        try await withLedger(options: options) { ledger, database in
            // The writer has its connection, so that the admission is given up on its way and not in the queue.
            let warmUp = Sample.admission()
            #expect(
                await eventually {
                    await failure { () async throws(LedgerError) in try await ledger.take(warmUp) } == nil
                }
            )
            try await Database.query(database, "DELETE FROM attempts")
            try await Database.query(database, "DELETE FROM reservations")
            try await Database.query(database, "DELETE FROM calls")

            // The server gives the statement up after the same time, and where it is first nothing was written.
            var admission = Sample.admission()
            var isGivenUp = false
            for _ in 0..<8 where !isGivenUp {
                admission = Sample.admission()
                let (error, waited) = try await admitLocked(admission, ledger, database)
                #expect(error?.isUnavailable == true)
                isGivenUp = error == .unavailable("the database did not confirm the write in time")
                if isGivenUp {
                    #expect(waited >= .milliseconds(1500))
                } else {
                    #expect(try await Database.number(database, "SELECT count(*) FROM calls") == 0)
                }
            }
            #expect(isGivenUp)

            // The server may still commit the admission; in the end the call has failed and holds no money.
            let isTakenBack = try await eventually {
                try await Database.number(
                    database,
                    """
                    SELECT count(*) FROM calls AS c
                    JOIN attempts AS a ON a.call_id = c.call_id
                    WHERE c.status = 'failed' AND c.error_code = 'unavailable' AND c.cost_nusd = 0
                        AND a.outcome = 'failed' AND a.sent = false
                        AND NOT EXISTS (SELECT 1 FROM reservations)
                    """
                ) == 1
            }
            #expect(isTakenBack)
            // Late or repeated, the admission does not come back.
            let again = admission
            #expect(
                await eventually {
                    await failure { () async throws(LedgerError) in try await ledger.take(again) }
                        == .unavailable("the admission was taken back")
                }
            )
            #expect(
                try await Database.number(database, "SELECT count(*) FROM calls WHERE status = 'in_progress'") == 0
            )
            #expect(try await DatabaseVerify(ledger).findings(since: Sample.now - .seconds(3600)) == [])
        }
    }

    @Test(arguments: ["57014", "40P01", "55P03", "53200", "26000"])
    func `what takes an admission back is tried until the database takes it`(sqlState: String) async throws {
        let refusals = Locked(0)
        let isSent = Locked(false)
        var options = PostgresFixture.smallOptions
        options.writers = 1
        // Long enough for a connection and a statement on a busy machine: the loss itself takes all of it.
        options.writeLimit = .seconds(4)
        options.fault = WireFault { statements in
            if let undo = statements.firstIndex(where: { $0.contains("'failed', 'unavailable'") }) {
                let isRefused = refusals.withLock { count in
                    count += 1
                    return count <= 7
                }
                return isRefused ? .fail(command: undo, sqlState: sqlState) : .pass
            }
            guard statements.contains(where: { $0.contains("reservation AS (") }) else { return .pass }
            // Written, but nobody is told, then or later.
            let isFirst = isSent.withLock { isSent in
                defer { isSent = true }
                return !isSent
            }
            return isFirst ? .cutAfter : .cutBefore
        }
        try await withLedger(options: options) { ledger, database in
            let error = await failure { () async throws(LedgerError) in try await ledger.take(Sample.admission()) }
            #expect(error == .unavailable("the database did not confirm the write in time"))
            let isTakenBack = try await eventually {
                try await Database.number(
                    database,
                    """
                    SELECT count(*) FROM calls
                    WHERE status = 'failed' AND error_code = 'unavailable' AND NOT EXISTS (SELECT 1 FROM reservations)
                    """
                ) == 1
            }
            #expect(isTakenBack)
            #expect(refusals.withLock(\.self) == 8)
            #expect(try await DatabaseVerify(ledger).findings(since: Sample.now - .seconds(3600)) == [])
        }
    }

    @Test func `what takes an admission back waits for a lock without holding up anybody`() async throws {
        let isKnown = Locked(true)
        let isFree = Locked(false)
        var options = PostgresFixture.smallOptions
        options.writers = 1
        options.fault = WireFault { statements in
            if let undo = statements.firstIndex(where: { $0.contains("'failed', 'unavailable'") }) {
                return isFree.withLock(\.self) ? .pass : .fail(command: undo, sqlState: "55P03")
            }
            guard statements.contains(where: { $0.contains("reservation AS (") }) else { return .pass }
            return isKnown.withLock(\.self) ? .pass : .cutAfter
        }
        options.writeLimit = .seconds(4)
        try await withLedger(options: options) { ledger, database in
            try await ledger.take(Sample.admission())
            isKnown.withLock { $0 = false }
            let lost = Sample.admission()
            let error = await failure { () async throws(LedgerError) in try await ledger.take(lost) }
            #expect(error?.isUnavailable == true)
            isKnown.withLock { $0 = true }

            let lock = try await Database.hold(
                database,
                "SELECT 1 FROM calls WHERE call_id = '\(lost.callID.text)' FOR UPDATE"
            )
            isFree.withLock { $0 = true }
            #expect(try await eventually { try await isWriterWaiting(database) })
            // The lock is held for longer than a write may take, and each of these passes within that time.
            let begin = SteadyInstant.now
            while SteadyInstant.now.since(begin) < .seconds(6) { try await ledger.take(Sample.admission()) }
            #expect(try await Database.number(database, "SELECT count(*) FROM calls WHERE status = 'failed'") == 0)
            lock.release()
            let isTakenBack = try await eventually {
                try await Database.number(database, "SELECT count(*) FROM calls WHERE status = 'failed'") == 1
            }
            #expect(isTakenBack)
        }
    }

    @Test func `an admission whose caller goes away while it waits is not written`() async throws {
        var options = PostgresFixture.smallOptions
        options.writers = 1
        try await withLedger(options: options) { ledger, database in
            let lock = try await Database.hold(database, "LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            let first = Sample.admission()
            let second = Sample.admission()
            async let ahead: Void = ledger.take(first)
            // The first holds the only writer up; it is on its way when the server has it waiting for the lock.
            #expect(try await eventually { try await isWriterWaiting(database) })
            let waiting = Task { await failure { () async throws(LedgerError) in try await ledger.take(second) } }
            try await Task.sleep(for: .milliseconds(100))
            waiting.cancel()
            #expect(await waiting.value?.isUnavailable == true)
            lock.release()
            try await ahead
            let ids = try await Database.query(database, "SELECT call_id FROM calls")
            #expect(ids == [[.uuid(first.callID)]])
        }
    }

    @Test func `a full queue is answered at once`() async throws {
        var options = PostgresFixture.smallOptions
        options.writers = 1
        options.queueCapacity = 5
        try await withLedger(options: options) { ledger, database in
            let lock = try await Database.hold(database, "LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            async let all = admitAll((0..<100).map { _ in Sample.admission() }, ledger)
            try await Task.sleep(for: .milliseconds(300))
            lock.release()
            let errors = await all
            let refused = errors.compactMap(\.self)
            #expect(refused.count >= 25)
            #expect(refused.filter(\.isUnavailable).count == refused.count)
            let written = try await Database.number(database, "SELECT count(*) FROM calls")
            #expect(Int(written) == 100 - refused.count)
        }
    }
}
