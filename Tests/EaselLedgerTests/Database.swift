import EaselBase
import EaselCore
import Foundation
import Testing

@testable import EaselLedger

/// SQL beside the ledger, on a thread of its own.
enum Database {
    /// Runs one statement and returns its rows.
    @discardableResult
    static func query(
        _ connectionString: String,
        _ sql: String,
        _ parameters: [SQLValue] = []
    ) async throws -> [[SQLValue]] {
        try await OwnThread.run("test-query") { () throws(PostgresError) in
            let connection = try PostgresConnection(ConnectionSettings(connectionString: connectionString))
            return try connection.run(sql, parameters, deadline: .now + .seconds(30)).rows
        }
    }

    /// The one number that a statement gives.
    static func number(_ connectionString: String, _ sql: String, _ parameters: [SQLValue] = []) async throws -> Int64 {
        guard case .int(let value?) = try await query(connectionString, sql, parameters).first?.first else { return -1 }
        return value
    }

    /// Runs a script; keeps its transaction open, and with it its locks, until `release` is called.
    static func hold(_ connectionString: String, _ script: String) async throws -> Held {
        try await hold(connectionString, commits: false) { connection throws(PostgresError) in
            try connection.script(script, deadline: .now + .seconds(30))
        }
    }

    /// Runs statements of the ledger in a transaction that ends when `release` is called.
    static func hold(_ connectionString: String, _ commands: [SQLCommand], commits: Bool) async throws -> Held {
        try await hold(connectionString, commits: commits) { connection throws(PostgresError) in
            _ = try connection.run(commands, deadline: .now + .seconds(30))
        }
    }

    private static func hold(
        _ connectionString: String,
        commits: Bool,
        _ work: @escaping @Sendable (PostgresConnection) throws(PostgresError) -> Void
    ) async throws -> Held {
        let held = Held()
        try await withCheckedThrowingContinuation { (ready: CheckedContinuation<Void, any Error>) in
            OwnThread.start("test-hold") {
                let opened: PostgresConnection
                do {
                    let connection = try PostgresConnection(ConnectionSettings(connectionString: connectionString))
                    try connection.script("BEGIN", deadline: .now + .seconds(30))
                    try work(connection)
                    opened = connection
                } catch {
                    ready.resume(throwing: error)
                    return
                }
                ready.resume()
                held.gate.wait()
                // Closing the connection rolls back.
                guard commits else { return }
                do { try opened.script("COMMIT", deadline: .now + .seconds(30)) } catch {
                    Issue.record("the held transaction did not commit: \(error)")
                }
            }
        }
        return held
    }

    // Unchecked, because a semaphore is safe to share.
    final class Held: @unchecked Sendable {
        fileprivate let gate = DispatchSemaphore(value: 0)
        func release() { gate.signal() }
    }
}

/// The error that a write ends with, if it does.
func failure(_ body: () async throws(LedgerError) -> Void) async -> LedgerError? {
    do throws(LedgerError) {
        try await body()
        return nil
    } catch {
        return error
    }
}

extension LedgerError {
    var isUnavailable: Bool { if case .unavailable = self { true } else { false } }
    var isRejected: Bool { if case .rejected = self { true } else { false } }
    var isConflict: Bool { if case .conflict = self { true } else { false } }
    var isNotFound: Bool { if case .notFound = self { true } else { false } }
}
