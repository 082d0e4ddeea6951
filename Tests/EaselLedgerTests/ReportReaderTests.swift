import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// Who may read what through the views `report_*`.
@Suite struct ReportReaderTests {
    /// The same database as another role. Roles belong to the server that all tests share: each has a name of its own.
    private func login(_ role: String, _ database: String) -> String {
        database.replacing("user=easel", with: "user=\(role)")
    }

    private func role(_ word: String, _ database: String) async throws -> String {
        let name = "\(word)_\(UUID().uuidString.prefix(8).lowercased())"
        try await Database.query(database, "CREATE ROLE \(name) LOGIN")
        return name
    }

    private func numbers(_ connection: String, _ sql: String) async throws -> [SQLValue] {
        try await Database.query(connection, sql).first ?? []
    }

    private func isRefused(_ connection: String, _ sql: String) async -> Bool {
        do {
            try await Database.query(connection, sql)
            return false
        } catch {
            return (error as? PostgresError)?.sqlState == "42501"
        }
    }

    private func scene(_ ledger: PostgresLedger) async throws {
        for (name, count) in [("design", 1), ("games", 2)] {
            let team = try await ledger.createTeam(name: name, at: Sample.now)
            for _ in 0..<count {
                let admission = Sample.admission(teamID: team.id)
                try await ledger.take(admission)
                try await ledger.settle(Sample.settlement(admission, failover: true))
            }
        }
    }

    private static let views = """
        SELECT c.relname::text FROM pg_class AS c WHERE c.relkind = 'v' AND c.relname LIKE 'report\\_%'
            AND c.relnamespace = current_schema()::regnamespace ORDER BY 1
        """

    private func views(_ database: String) async throws -> [String] {
        try await Database.query(database, Self.views).compactMap { row in
            if case .text(let name) = row[0] { name } else { nil }
        }
    }

    @Test func `a reader reads the views and nothing else, one of a team that team alone`() async throws {
        try await withLedger { ledger, database in
            try await scene(ledger)
            let (all, one, none) = (
                try await role("all", database), try await role("one", database), try await role("none", database)
            )
            try await Database.query(database, "SELECT report_allow('\(all)')")
            try await Database.query(database, "SELECT report_allow('\(one)', 'design')")
            let sum = "SELECT sum(calls)::bigint FROM report_usage_day"
            #expect(try await numbers(database, sum) == [.int(3)])
            #expect(try await numbers(login(all, database), sum) == [.int(3)])
            #expect(try await numbers(login(one, database), sum) == [.int(1)])
            #expect(await isRefused(login(none, database), sum))
            // A right that was given by hand shows nothing until a team, or all, is named.
            try await Database.query(database, "GRANT SELECT ON report_usage_day, report_teams TO \(none)")
            #expect(try await numbers(login(none, database), sum) == [.int(nil)])
            #expect(try await numbers(login(none, database), "SELECT count(*) FROM report_teams") == [.int(0)])

            for view in try await views(database) {
                let columns = try await Database.query(
                    database,
                    """
                    SELECT string_agg(attname, ',') FROM pg_attribute WHERE attrelid = '\(view)'::regclass AND attname = 'team'
                    """
                )
                _ = try await Database.query(login(all, database), "SELECT * FROM \(view)")
                if columns == [[.text("team")]] {
                    let foreign = "SELECT count(*) FROM \(view) WHERE team IS DISTINCT FROM 'design'"
                    #expect(try await numbers(login(one, database), foreign) == [.int(0)], "\(view)")
                }
            }
            for reader in [all, one] {
                for table in [
                    "calls", "call_payloads", "attempts", "images", "api_keys", "teams", "usage_day", "report_readers",
                    "easel_usage_day", "calls_usd", "gateways",
                ] {
                    #expect(await isRefused(login(reader, database), "SELECT 1 FROM \(table)"), "\(table)")
                }
                #expect(await isRefused(login(reader, database), "SELECT report_allow('\(reader)')"))
                #expect(await isRefused(login(reader, database), "INSERT INTO report_readers VALUES ('x', NULL)"))
            }
            // Nor by what the views call.
            let open = "SELECT count(*) FROM easel_open_usage()"
            #expect(try await numbers(login(none, database), open) == [.int(0)])
            #expect(try await numbers(login(all, database), open) != [.int(0)])
            try await Database.query(database, "SELECT report_forbid('\(all)')")
            #expect(await isRefused(login(all, database), sum))
        }
    }

    /// A function that costs nothing is asked first, unless the view is a barrier.
    @Test func `no function of a reader's sees another team's rows`() async throws {
        try await withLedger { ledger, database in
            try await scene(ledger)
            let reader = try await role("curious", database)
            try await Database.query(database, "SELECT report_allow('\(reader)', 'design')")
            let seen = try await OwnThread.run("test-query") { () throws(PostgresError) in
                let connection = try PostgresConnection(
                    ConnectionSettings(connectionString: login(reader, database))
                )
                try connection.script(
                    """
                    CREATE TEMP TABLE seen (team text);
                    CREATE FUNCTION pg_temp.look(name text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
                        $$ BEGIN INSERT INTO seen VALUES (name); RETURN true; END $$;
                    CREATE TEMP TABLE usage_changes (team_id bigint, bucket timestamptz);
                    CREATE TEMP TABLE report_readers (role_name text, team_id bigint);
                    INSERT INTO report_readers VALUES ('\(reader)', NULL)
                    """,
                    deadline: .now + .seconds(30)
                )
                for view in ["usage_day", "usage_hour", "usage_detail_minute", "calls", "failovers", "teams"] {
                    _ = try connection.run(
                        "SELECT count(*) FROM report_\(view) WHERE pg_temp.look(team)",
                        deadline: .now + .seconds(30)
                    )
                }
                return try connection.run("SELECT DISTINCT team FROM seen", deadline: .now + .seconds(30)).rows
            }
            #expect(seen == [[.text("design")]])
        }
    }

    @Test func `no view reaches prompts, keys or files`() async throws {
        let database = try await PostgresFixture.database()
        // Columns that views depend on, through the views that they are made of.
        let reached = try await Database.query(
            database,
            """
            WITH RECURSIVE reached AS (
                SELECT c.oid AS view FROM pg_class AS c WHERE c.relkind = 'v' AND c.relname LIKE 'report\\_%'
                UNION
                SELECT d.refobjid FROM reached AS r JOIN pg_rewrite AS w ON w.ev_class = r.view
                JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                    AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.view
                JOIN pg_class AS c ON c.oid = d.refobjid AND c.relkind = 'v'
            )
            SELECT DISTINCT t.relname || coalesce('.' || a.attname, '') FROM reached AS r
            JOIN pg_rewrite AS w ON w.ev_class = r.view
            JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                AND d.refclassid = 'pg_class'::regclass
            JOIN pg_class AS t ON t.oid = d.refobjid AND t.relkind IN ('r', 'p')
            LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
            ORDER BY 1
            """
        )
        let names = reached.compactMap { row in if case .text(let name) = row[0] { name } else { nil } }
        #expect(names.contains("calls.cost_nusd"))
        let secret = ["call_payloads", "api_keys", "idempotency_keys", "sessions"]
        #expect(names.filter { name in secret.contains { name == $0 || name.hasPrefix("\($0).") } } == [])
        let columns = [
            "images.artifact", "images.sha256", "attempts.extra", "attempts.provider_task_id", "alert_events.body",
        ]
        #expect(names.filter { columns.contains($0) } == [])
    }

    // MARK: - Documentation

    /// One part for each group of views with the same columns.
    private func pages(_ database: String) async throws -> String {
        let rows = try await Database.query(
            database,
            """
            SELECT c.relname::text, obj_description(c.oid, 'pg_class'), a.attname::text, format_type(a.atttypid, NULL),
                col_description(c.oid, a.attnum)
            FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE c.relkind = 'v' AND c.relname LIKE 'report\\_%' AND c.relnamespace = current_schema()::regnamespace
            ORDER BY regexp_replace(c.relname::text, '_(minute|hour|day)$', ''),
                array_position(ARRAY['minute', 'hour', 'day'], substring(c.relname::text from '_(minute|hour|day)$')),
                a.attnum
            """
        )
        struct Part {
            var views: [(name: String, about: String)]
            var columns: [String]
        }
        var parts: [Part] = []
        func text(_ value: SQLValue) -> String { if case .text(let text?) = value { text } else { "" } }
        for row in rows {
            let name = text(row[0])
            if parts.last?.views.last?.name != name { parts.append(Part(views: [(name, text(row[1]))], columns: [])) }
            #expect(!text(row[1]).isEmpty && !text(row[4]).isEmpty, "\(name).\(text(row[2])) has no comment")
            parts[parts.count - 1].columns.append("| `\(text(row[2]))` | \(text(row[3])) | \(text(row[4])) |\n")
        }
        var joined: [Part] = []
        for part in parts {
            if joined.last?.columns == part.columns {
                joined[joined.count - 1].views += part.views
            } else {
                joined.append(part)
            }
        }
        return joined.map { part in
            "### " + part.views.map { "`\($0.name)`" }.joined(separator: ", ") + "\n\n"
                + part.views.map { "`\($0.name)`: \($0.about)\n" }.joined()
                + "\n| column | type | |\n|---|---|---|\n" + part.columns.joined()
        }
        .joined(separator: "\n")
    }

    @Test func `the documentation has every view and column, in the words of the database`() async throws {
        let database = try await PostgresFixture.database()
        let file = Repository.root + "/docs/dashboards.md"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        var wanted = text
        let start = try #require(wanted.range(of: "<!-- views -->\n")).upperBound
        let end = try #require(wanted.range(of: "<!-- end -->", range: start..<wanted.endIndex)).lowerBound
        wanted.replaceSubrange(start..<end, with: "\n" + (try await pages(database)) + "\n")
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            try Data(wanted.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        } else {
            #expect(text == wanted, "RECORD_SNAPSHOTS=1 writes docs/dashboards.md anew")
        }
    }

    @Test func `figures are called by their definitions`() async throws {
        let database = try await PostgresFixture.database()
        let told = try await Database.query(
            database,
            """
            SELECT c.relname || '.' || a.attname, col_description(c.oid, a.attnum) FROM pg_class AS c
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE c.relname IN ('report_usage_day', 'report_attempts_day')
            """
        )
        var comments: [String: String] = [:]
        for row in told { if case (.text(let name?), .text(let text?)) = (row[0], row[1]) { comments[name] = text } }
        func check(_ view: String, _ figures: [Figure]) {
            for figure in figures {
                let isMoney = figure.column.kind == .money
                let text = figure.column.definition + (isMoney ? " In nanodollars." : "")
                #expect(comments["\(view).\(figure.storedName)"] == text)
            }
        }
        check("report_usage_day", UsageField.allCases.filter { $0 != .nsfwClear }.map(\.figure))
        check("report_attempts_day", AttemptField.allCases.map(\.figure))
    }
}
