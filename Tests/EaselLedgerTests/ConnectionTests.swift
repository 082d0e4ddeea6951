import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

@Suite struct ConnectionTests {
    private func withConnection<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws(PostgresError) -> Value
    ) async throws -> Value {
        let database = try await PostgresFixture.emptyDatabase()
        return try await OwnThread.run("test") { () throws(PostgresError) in
            try body(try PostgresConnection(ConnectionSettings(connectionString: database)))
        }
    }

    @Test func `values come back as they went in`() async throws {
        let id = UUID()
        let moment = Timestamp(microseconds: 1_763_700_000_123_456)
        let values: [SQLValue] = [
            .int(.min), .int(.max), .double(-0.1), .bool(true), .bool(false), .text("Grüße 🦊"), .text(""), .uuid(id),
            .time(moment), .time(Timestamp(microseconds: -1)), .bytes([0, 255, 1]), .bytes([]),
            .int(Int64?.none), .text(nil), .uuid(nil), .time(nil), .bytes(nil), .bool(nil), .double(nil), .json(nil),
        ]
        let row = try await withConnection { connection throws(PostgresError) in
            let list = (1...values.count).map { "$\($0)" }.joined(separator: ", ")
            return try connection.run("SELECT \(list)", values, deadline: .now + .seconds(10)).rows
        }
        #expect(row == [values])
    }

    @Test func `an error says where, and the safe voice quotes nothing`() async throws {
        let error = try await withConnection { connection throws(PostgresError) -> PostgresError? in
            let deadline = SteadyInstant.now + .seconds(10)
            try connection.script("CREATE TABLE t (n bigint CONSTRAINT small CHECK (n < 5))", deadline: deadline)
            do throws(PostgresError) {
                _ = try connection.transaction(
                    [
                        SQLCommand("INSERT INTO t VALUES ($1)", [.int(1)]),
                        SQLCommand("INSERT INTO t VALUES ($1)", [.int(7_654_321)]),
                        SQLCommand("INSERT INTO t VALUES ($1)", [.int(2)]),
                    ],
                    deadline: deadline
                )
                return nil
            } catch {
                // The connection is sound afterwards and nothing was written.
                let left = try connection.run("SELECT count(*) FROM t", deadline: deadline)
                guard left.rows == [[.int(0)]] else { return nil }
                return error
            }
        }
        let found = try #require(error)
        #expect(found.sqlState == "23514")
        #expect(found.commandIndex == 1)
        #expect(found.constraint == "small")
        #expect(!found.sentence.contains("7654321"))
        #expect(found.detail?.contains("7654321") == true, "or the test shows nothing")
    }

    @Test func `a large pipeline does not lock up`() async throws {
        let text = String(repeating: "x", count: 20_000)
        let count = try await withConnection { connection throws(PostgresError) in
            let commands = (0..<400).map { _ in SQLCommand("SELECT $1", [.text(text)]) }
            // One that has locked up would never end.
            return try connection.run(commands, deadline: .now + .seconds(240)).filter { $0.rows == [[.text(text)]] }
                .count
        }
        #expect(count == 400)
    }

    @Test func `a deadline ends the wait and the connection`() async throws {
        let outcome = try await withConnection { connection throws(PostgresError) -> (PostgresError.Kind?, Bool) in
            do throws(PostgresError) {
                _ = try connection.run("SELECT pg_sleep(20)", deadline: .now + .milliseconds(100))
                return (nil, connection.isUsable)
            } catch {
                return (error.kind, connection.isUsable)
            }
        }
        #expect(outcome.0 == .timedOut)
        #expect(!outcome.1)
    }

    @Test func `a connection that cannot be opened says so without the password`() async throws {
        for text in [
            "postgresql://easel:hunter2@127.0.0.1:1/none", "host=/nowhere password=hunter2", "garbage hunter2",
        ] {
            let kind = await OwnThread.run("test") { () -> PostgresError? in
                do throws(PostgresError) {
                    _ = try PostgresConnection(ConnectionSettings(connectionString: text))
                    return nil
                } catch { return error }
            }
            #expect(kind?.kind == .connectFailed)
            #expect(kind?.sentence.contains("hunter2") == false && kind?.message.contains("hunter2") == false)
        }
    }

    @Test func `why a connection fails is told in PostgreSQL's words`() async throws {
        let database = try await PostgresFixture.database()
        for (change, words) in [
            ("dbname=nodb", "database \"nodb\" does not exist"), ("user=nobody1", "role \"nobody1\" does not exist"),
            ("sslmode=wrong", "invalid sslmode value"), ("host=/no/such/place", "/no/such/place"),
        ] {
            let error = await OwnThread.run("test") { () -> PostgresError? in
                do throws(PostgresError) {
                    _ = try PostgresConnection(ConnectionSettings(connectionString: "\(database) \(change)"))
                    return nil
                } catch { return error }
            }
            let text = error.map { sentence(for: $0.ledgerError) } ?? ""
            #expect(text.contains(words) && !text.contains("\n"), "\(text)")
        }
    }

    @Test func `prepared statements that vanish are prepared anew`() async throws {
        var options = PostgresFixture.smallOptions
        options.writers = 1
        try await withLedger(options: options) { ledger, database in
            try await ledger.take(Sample.admission())
            // What a migration beside us does to a plan: its result type changes.
            _ = try await ledger.teams()
            try await Database.query(database, "ALTER TABLE teams ALTER COLUMN known_projects TYPE json")
            #expect(try await ledger.teams().isEmpty)
        }
    }
}
