import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// The schema stays ready for a cluster (docs, growth): the rules are checked on the catalogue of a migrated database
/// and on the text of every statement.
@Suite struct SchemaLintTests {
    private func manifest() throws -> [String: String] {
        var classes: [String: String] = [:]
        let text = try String(contentsOfFile: Repository.root + "/migrations/manifest.toml", encoding: .utf8)
        for line in text.split(separator: "\n") where line.contains(" = ") {
            let parts = line.split(separator: "=").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " \"")) }
            classes[parts[0]] = parts[1]
        }
        return classes
    }

    private func names(_ database: String, _ sql: String, _ parameters: [SQLValue] = []) async throws -> [String] {
        try await Database.query(database, sql, parameters).compactMap {
            if case .text(let name) = $0[0] { name } else { nil }
        }
    }

    @Test func `every table has a class, and every class a table`() async throws {
        let database = try await PostgresFixture.database()
        let tables = try await names(
            database,
            """
            SELECT c.relname::text FROM pg_class AS c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            """
        )
        let manifest = try manifest()
        #expect(Set(tables) == Set(manifest.keys))
        #expect(Set(manifest.values) == ["distributed", "reference", "local"])
    }

    @Test func `keys of distributed tables begin with the team`() async throws {
        let database = try await PostgresFixture.database()
        let distributed = try manifest().filter { $0.value == "distributed" }.keys.sorted()
        let wrong = try await names(
            database,
            """
            SELECT t.relname || '.' || i.relname FROM pg_index AS x
            JOIN pg_class AS t ON t.oid = x.indrelid JOIN pg_class AS i ON i.oid = x.indexrelid
            LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
            WHERE (x.indisunique OR x.indisexclusion) AND t.relname = ANY ($1)
                AND a.attname IS DISTINCT FROM 'team_id'
            """,
            [.texts(distributed)]
        )
        #expect(wrong == [])
        let keyed = try await names(
            database,
            """
            SELECT t.relname::text FROM pg_class AS t JOIN pg_constraint AS p ON p.conrelid = t.oid AND p.contype = 'p'
            JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attname = 'team_id' AND a.attnotnull
            WHERE t.relname = ANY ($1) AND format_type(a.atttypid, NULL) = 'bigint' ORDER BY 1
            """,
            [.texts(distributed)]
        )
        #expect(keyed == distributed)
    }

    @Test func `there are no triggers, serial numbers, foreign keys or nested partitions`() async throws {
        let database = try await PostgresFixture.database()
        let manifest = try manifest()
        let triggers = try await names(database, "SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal")
        #expect(triggers == [])
        let identities = try await Database.query(
            database,
            """
            SELECT t.relname::text, format_type(a.atttypid, NULL) FROM pg_attribute AS a
            JOIN pg_class AS t ON t.oid = a.attrelid
            WHERE t.relnamespace = 'public'::regnamespace AND (a.attidentity <> '' OR EXISTS (
                SELECT 1 FROM pg_attrdef AS d WHERE d.adrelid = t.oid AND d.adnum = a.attnum
                    AND pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval%'))
            """
        )
        for row in identities {
            guard case .text(let table?) = row[0] else { continue }
            #expect(manifest[table] != "distributed", "\(table) counts its rows")
            #expect(row[1] == .text("bigint"))
        }
        #expect(try await names(database, "SELECT conname::text FROM pg_constraint WHERE contype = 'f'") == [])
        let nested = try await names(
            database,
            "SELECT relname::text FROM pg_class WHERE relkind = 'p' AND relispartition"
        )
        #expect(nested == [])
        let defaults = try await names(
            database,
            """
            SELECT relname::text FROM pg_class
            WHERE relispartition AND pg_get_expr(relpartbound, oid) = 'DEFAULT'
            """
        )
        #expect(defaults == [])
    }

    @Test func `money is bigint`() async throws {
        let database = try await PostgresFixture.database()
        let wrong = try await names(
            database,
            """
            SELECT table_name || '.' || column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND column_name LIKE '%\\_nusd' AND data_type <> 'bigint'
            """
        )
        #expect(wrong == [])
    }

    @Test func `no statement uses what a cluster cannot do`() throws {
        var files: [String] = []
        for directory in ["/Sources/EaselLedger", "/migrations"] {
            let enumerator = FileManager.default.enumerator(atPath: Repository.root + directory)
            while let name = enumerator?.nextObject() as? String {
                if name.hasSuffix(".swift") || name.hasSuffix(".sql") {
                    files.append(Repository.root + directory + "/" + name)
                }
            }
        }
        #expect(files.count > 20)
        let forbidden = [
            #"(?is)DO UPDATE SET[^"]*?\b(now|random|clock_timestamp)\(\)"#, "(?i)SKIP LOCKED",
            "(?i)pg_current_xact_id", "(?i)DETACH PARTITION [a-z_]+ CONCURRENTLY", "GROUPING SETS|ROLLUP *\\(",
            "(?i)CREATE TRIGGER", #"(?i)\bctid\b"#,
            // Locking reads only with team_id, which leads to one node.
            #"(?im)^(?!.*team_id = \$1).*FOR UPDATE"#,
        ]
        for file in files {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            for pattern in forbidden {
                let found = text.range(of: pattern, options: .regularExpression)
                #expect(found == nil, "\(pattern) in \((file as NSString).lastPathComponent)")
            }
        }
    }

    @Test func `columns that the contract names are there`() async throws {
        let database = try await PostgresFixture.database()
        let wanted = [
            "calls": """
            team_id received_at call_id key_id project tags policy model provider status images_requested
            images_delivered cost_nusd estimated_nusd latency_ms attempts failover
            """,
            "attempts": """
            team_id started_at attempt_id call_id ordinal provider provider_model provider_task_id outcome error_code
            http_status sent cost_nusd cost_basis dns_ms connect_ms tls_ms first_byte_ms total_ms
            """,
            "images": """
            team_id created_at call_id attempt_id ordinal seed nsfw copyright withheld width height format bytes sha256
            """,
            "calls_usd": "team_id received_at cost_usd estimated_usd",
            "attempts_usd": "team_id started_at cost_usd",
        ]
        for (table, columns) in wanted {
            let present = try await names(
                database,
                "SELECT column_name::text FROM information_schema.columns WHERE table_name = $1",
                [.text(table)]
            )
            let missing = Set(columns.split { $0.isWhitespace }.map(String.init)).subtracting(present)
            #expect(missing == [], "\(table)")
        }
    }
}
