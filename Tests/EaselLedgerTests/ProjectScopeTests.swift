import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// Projects in the database: who may spend for which, and one spelling of a name.
@Suite struct ProjectScopeTests {
    private let composed = "caf\u{E9}"
    private let apart = "cafe\u{301}"

    private func hex(_ text: String) -> String { Hex.encode(Array(text.utf8)) }

    @Test func `a key tells whether it is bound, and its team's projects`() async throws {
        try await withLedger { ledger, _ in
            _ = try await ledger.createTeam(name: "design", at: Sample.now)
            let record = KeyRecord(
                id: UUIDv7.mint(at: Sample.now),
                team: "design",
                prefix: "esl_0123",
                role: .member,
                project: "spring",
                isProjectBound: true,
                createdAt: Sample.now,
                expiresAt: nil,
                revokedAt: nil,
                requestsPerMinute: 5,
                maxConcurrent: nil,
                inlinePolicies: false
            )
            try await ledger.createKey(NewKey(record: record, hash: [1, 2]))
            let before = try #require(try await ledger.account(keyHash: [1, 2]))
            #expect(before.isProjectBound && before.project == "spring" && before.knownProjects == nil)
            #expect(before.requestsPerMinute == 5)
            #expect(try await ledger.keys(team: nil).map(\.isProjectBound) == [true])
            let only = try await ledger.changeTeam("design", TeamChange(projects: .only(["spring", composed])))
            #expect(only.knownProjects == ["spring", composed] && !only.allowsUnpriced)
            #expect(try await ledger.account(keyHash: [1, 2])?.knownProjects == ["spring", composed])
            let unpriced = try await ledger.setTeam("design", allowsUnpriced: true)
            #expect(unpriced.allowsUnpriced && unpriced.knownProjects?.count == 2)
            let any = try await ledger.changeTeam("design", TeamChange(projects: .any))
            #expect(any.knownProjects == nil && any.allowsUnpriced)
            #expect(try await ledger.teams().first?.knownProjects == nil)
            let missing = await failure { () async throws(LedgerError) in
                _ = try await ledger.changeTeam("nobody", TeamChange(projects: .any))
            }
            #expect(missing?.isNotFound == true)
        }
    }

    @Test func `names that stand in another form are composed, unless the budget is there already`() async throws {
        let database = try await PostgresFixture.emptyDatabase()
        let own = try #require(MigrationFiles.all.first { $0.name.hasSuffix("_projects") })
        let before = MigrationFiles.all.filter { $0.version < own.version }
        try await Migrator(connectionString: database, log: .silent, migrations: before).migrate()
        try await Database.query(
            database,
            """
            INSERT INTO api_keys (id, hash, prefix, team_id, project, role, created_at)
            VALUES (gen_random_uuid(), 'a', 'p', 1, $1, 'member', now()), (gen_random_uuid(), 'b', 'p', 1, 'x', 'member', now())
            """,
            [.text(apart)]
        )
        try await Database.query(
            database,
            """
            INSERT INTO budgets (team_id, id, scope, project, period, limit_nusd, created_at, updated_at)
            VALUES (1, gen_random_uuid(), 'project', $1, 'day', 5, now(), now()),
                (1, gen_random_uuid(), 'project', $1, 'month', 6, now(), now()),
                (1, gen_random_uuid(), 'project', $2, 'month', 7, now(), now()),
                (1, gen_random_uuid(), 'team', NULL, 'month', 8, now(), now())
            """,
            [.text(apart), .text(composed)]
        )
        try await Migrator(connectionString: database, log: .silent).migrate()
        let keys = try await Database.query(
            database,
            "SELECT encode(convert_to(project, 'UTF8'), 'hex') FROM api_keys ORDER BY hash"
        )
        #expect(keys == [[.text(hex(composed))], [.text(hex("x"))]])
        let budgets = try await Database.query(
            database,
            "SELECT limit_nusd, encode(convert_to(project, 'UTF8'), 'hex') FROM budgets ORDER BY limit_nusd"
        )
        #expect(
            budgets == [
                [.int(5), .text(hex(composed))], [.int(6), .text(hex(apart))], [.int(7), .text(hex(composed))],
                [.int(8), .text(nil)],
            ]
        )
    }
}
