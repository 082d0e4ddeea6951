import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

@Suite struct MigrationTests {
    @Test func `migrating twice changes nothing, and two programs at once do not collide`() async throws {
        let database = try await PostgresFixture.emptyDatabase()
        let migrator = Migrator(connectionString: database, log: .silent)
        #expect(try await migrator.status().applied == [])
        async let one = migrator.migrate()
        async let two = migrator.migrate()
        let applied = try await one + two
        #expect(applied.sorted() == MigrationFiles.all.map(\.name))
        #expect(try await migrator.migrate() == [])
        let status = try await migrator.status()
        #expect(status.applied == MigrationFiles.all.map(\.name))
        #expect(status.pending == [])
        #expect(status.newer == [])
    }

    @Test func `a file that was changed after it was applied is named`() async throws {
        let database = try await PostgresFixture.emptyDatabase()
        let first = Migration(version: 1, name: "0001_first", sql: "CREATE TABLE one (id bigint PRIMARY KEY)")
        let changed = Migration(version: 1, name: "0001_first", sql: "CREATE TABLE two (id bigint PRIMARY KEY)")
        // Without partitions, which need our tables: the first migration alone ends in an error after it was applied.
        _ = await failure { () async throws(LedgerError) in
            try await Migrator(connectionString: database, log: .silent, migrations: [first]).migrate()
        }
        let error = await failure { () async throws(LedgerError) in
            try await Migrator(connectionString: database, log: .silent, migrations: [changed]).migrate()
        }
        guard case .conflict(let message) = error else {
            Issue.record("expected a conflict, got \(String(describing: error))")
            return
        }
        #expect(message.contains("0001_first"))
    }

    @Test func `a migration that fails leaves nothing behind`() async throws {
        let database = try await PostgresFixture.emptyDatabase()
        let bad = Migration(version: 1, name: "0001_bad", sql: "CREATE TABLE one (id bigint); SELECT no_such_thing()")
        let error = await failure { () async throws(LedgerError) in
            try await Migrator(connectionString: database, log: .silent, migrations: [bad]).migrate()
        }
        #expect(error?.isRejected == true)
        let left = try await Database.number(database, "SELECT count(*) FROM pg_class WHERE relname = 'one'")
        #expect(left == 0)
    }

    @Test func `a database of a newer program is served`() async throws {
        let database = try await PostgresFixture.database()
        try await Database.query(
            database,
            "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (9999, 'later', '', now())"
        )
        let migrator = Migrator(connectionString: database, log: .silent)
        #expect(try await migrator.migrate() == [])
        #expect(try await migrator.status().newer == [9999])
    }

    @Test func `the program carries the files as they are in the repository`() throws {
        let directory = Repository.root + "/migrations"
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            .filter { $0.hasSuffix(".sql") }.sorted()
        #expect(names == MigrationFiles.all.map { $0.name + ".sql" })
        for migration in MigrationFiles.all {
            let text = try String(contentsOfFile: "\(directory)/\(migration.name).sql", encoding: .utf8)
            #expect(migration.sql == text, "run scripts/embed-migrations.sh")
        }
    }

    @Test func `partitions of the last month, this one and the next three are there`() async throws {
        let database = try await PostgresFixture.database()
        let current = Partitions.Month(of: TimeSource.system.now)
        for table in Partitions.tables {
            let rows = try await Database.query(
                database,
                """
                SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
                WHERE i.inhparent = $1::text::regclass ORDER BY 1
                """,
                [.text(table)]
            )
            #expect(rows == (-1...3).map { [.text("\(table)_\(current.adding($0).suffix)")] })
        }
    }

    @Test func `months are those of the calendar`() throws {
        let newYear = try #require(Timestamp("2026-12-31T23:59:59.999Z"))
        #expect(Partitions.Month(of: newYear) == Partitions.Month(year: 2026, month: 12))
        #expect(Partitions.Month(of: newYear).adding(1).start == "2027-01-01 00:00:00+00")
        #expect(Partitions.Month(of: newYear).adding(-12).suffix == "2025_12")
        #expect(Partitions.Month(of: Timestamp(microseconds: -1)) == Partitions.Month(year: 1969, month: 12))
    }
}

/// Where the sources are, for tests that read them.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
}
