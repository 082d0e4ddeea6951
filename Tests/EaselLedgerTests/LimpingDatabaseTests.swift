import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselLedger

/// Databases that answer and are of no use, and reports that take everything.
@Suite struct LimpingDatabaseTests {
    private func name(_ database: String) async throws -> String {
        guard case .text(let name?) = try await Database.query(database, "SELECT current_database()").first?.first
        else {
            return ""
        }
        return name
    }

    /// New sessions begin read-only or not, and those that are open end.
    private func setReadOnly(_ isOn: Bool, _ database: String) async throws {
        let name = try await name(database)
        try await OwnThread.run("test-read-only") { () throws(PostgresError) in
            let connection = try PostgresConnection(ConnectionSettings(connectionString: database))
            try connection.script(
                """
                BEGIN READ WRITE;
                ALTER DATABASE "\(name)" SET default_transaction_read_only = \(isOn ? "on" : "off");
                COMMIT
                """,
                deadline: .now + .seconds(10)
            )
        }
        try await endSessions(database)
    }

    private func endSessions(_ database: String) async throws {
        try await Database.query(
            database,
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """
        )
    }

    private func openSessions(_ database: String) async throws -> Set<SQLValue> {
        Set(
            try await Database.query(
                database,
                "SELECT pid::bigint FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            .compactMap(\.first)
        )
    }

    @Test func `what a call looks up first keeps its caller no longer than its write would`() async throws {
        var options = PostgresFixture.smallOptions
        options.writeLimit = .milliseconds(300)
        try await withLedger(options: options) { ledger, database in
            let locks = [
                try await Database.hold(database, "LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"),
                try await Database.hold(database, "LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE"),
            ]
            let began = SteadyInstant.now
            let key = await failure { () async throws(LedgerError) in
                _ = try await ledger.account(keyHash: [UInt8](repeating: 1, count: 32))
            }
            let earlier = await failure { () async throws(LedgerError) in
                _ = try await ledger.idempotentCall(teamID: 1, key: "k", at: Sample.now)
            }
            #expect(key?.isUnavailable == true && earlier?.isUnavailable == true)
            #expect(SteadyInstant.now.since(began) < .seconds(3))
            for lock in locks { lock.release() }
        }
    }

    @Test func `a server that takes no writes is found out, is not knocked at, and is noticed when it is back`()
        async throws
    {
        var options = PostgresFixture.smallOptions
        options.writeLimit = .milliseconds(500)
        try await withLedger(options: options) { ledger, database in
            try await ledger.proveWritable()
            try await setReadOnly(true, database)
            let isFoundOut = await eventually {
                await failure { () async throws(LedgerError) in try await ledger.proveWritable() }?.isUnavailable
                    == true
            }
            #expect(isFoundOut)
            // It answers all the same.
            try await ledger.ping()
            // Calls, probes and signs of life for three seconds; each session that is seen counts.
            let until = SteadyInstant.now + .seconds(3)
            var seen: Set<SQLValue> = []
            while SteadyInstant.now < until {
                for _ in 0..<4 {
                    let error = await failure { () async throws(LedgerError) in
                        try await ledger.take(Sample.admission())
                    }
                    #expect(error?.isUnavailable == true)
                    _ = await failure { () async throws(LedgerError) in try await ledger.proveWritable() }
                }
                seen.formUnion(try await openSessions(database))
            }
            #expect(seen.count <= 16)

            try await setReadOnly(false, database)
            let isBack = await eventually {
                await failure { () async throws(LedgerError) in try await ledger.proveWritable() } == nil
            }
            #expect(isBack)
            // The probe tells the writers, which need not wait for the end of their pause.
            let isTaken = await eventually {
                await failure { () async throws(LedgerError) in try await ledger.take(Sample.admission()) } == nil
            }
            #expect(isTaken)
        }
    }

    @Test(arguments: ["53100", "53200", "58030"])
    func `a database without room for calls is not ready though a probe finds some`(sqlState: String) async throws {
        let isFull = Locked(true)
        var options = PostgresFixture.smallOptions
        options.fault = WireFault { statements in
            guard isFull.withLock(\.self),
                let index = statements.firstIndex(where: { $0.contains("INSERT INTO calls") })
            else { return .pass }
            return .fail(command: index, sqlState: sqlState)
        }
        try await withLedger(options: options) { ledger, _ in
            try await ledger.proveWritable()
            let error = await failure { () async throws(LedgerError) in try await ledger.take(Sample.admission()) }
            #expect(error?.isUnavailable == true)
            guard
                case .unavailable(let cause)? = await failure({ () async throws(LedgerError) in
                    try await ledger.proveWritable()
                })
            else {
                Issue.record("a database that refused a call counts as ready")
                return
            }
            #expect(cause.contains(sqlState))
            isFull.withLock { $0 = false }
            try await ledger.take(Sample.admission())
            try await ledger.proveWritable()
        }
    }

    /// Occupies every connection that reports have.
    private func slowReports(_ ledger: PostgresLedger, _ count: Int) -> Task<Void, Never> {
        Task {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<count {
                    group.addTask {
                        _ = try? await ledger.readers.read(limit: .seconds(30)) {
                            connection,
                            deadline throws(PostgresError) in
                            try connection.run("SELECT pg_sleep(4)", deadline: deadline).affected
                        }
                    }
                }
            }
        }
    }

    @Test func `slow reports keep nobody from what must not wait`() async throws {
        var options = PostgresFixture.smallOptions
        options.readers = 2
        try await withLedger(options: options) { ledger, database in
            let team = try await ledger.createTeam(name: "design", at: Sample.now)
            // Connections are opened when they are needed, which is not what is measured.
            _ = try await ledger.account(keyHash: [1])
            try await ledger.ping()
            let reports = slowReports(ledger, 6)
            let isBusy = try await eventually {
                try await Database.number(
                    database,
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
                ) == 2
            }
            #expect(isBusy)
            let began = SteadyInstant.now
            _ = try await ledger.account(keyHash: [2])
            #expect(try await ledger.teams().map(\.id) == [team.id])
            _ = try await ledger.idempotentCall(teamID: team.id, key: "k", at: Sample.now)
            _ = try await ledger.call(UUIDv7.mint(at: Sample.now), teamID: nil)
            _ = try await ledger.spendingTerms()
            try await ledger.heartbeat(gatewayID: UUID(), sign: GatewaySign(), at: Sample.now)
            try await ledger.ping()
            try await ledger.proveWritable()
            let lease = try #require(try await ledger.acquireLease("a", holder: UUID(), for: .seconds(30)))
            _ = try await ledger.rollUp(lease, for: .seconds(30), atMost: 10)
            // What daemons read of the log has other connections too.
            _ = try await ledger.forDaemons().providerSpend(since: Sample.now)
            #expect(SteadyInstant.now.since(began) < .seconds(3))
            reports.cancel()
            try await endSessions(database)
            await reports.value
        }
    }
}
