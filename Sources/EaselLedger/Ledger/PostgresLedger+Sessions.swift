package import EaselBase
package import EaselCore

// MARK: - Who is signed in at the page

extension PostgresLedger {
    package func open(_ session: PageSession, most: Int) async throws(LedgerError) {
        _ = try await lookups.read(limit: options.writeLimit) { connection, deadline throws(PostgresError) in
            try connection.transaction(
                [
                    SQLCommand(
                        """
                        INSERT INTO sessions (hash, key_hash, created_at, expires_at) VALUES ($1, $2, $3, $4)
                        ON CONFLICT (hash) DO NOTHING
                        """,
                        [
                            .bytes(session.hash), .bytes(session.keyHash), .time(session.createdAt),
                            .time(session.expiresAt),
                        ]
                    ),
                    SQLCommand(
                        """
                        DELETE FROM sessions WHERE key_hash = $1 AND (expires_at <= $2 OR hash IN (
                            SELECT s.hash FROM sessions AS s WHERE s.key_hash = $1
                            ORDER BY s.created_at DESC, s.hash OFFSET $3))
                        """,
                        [.bytes(session.keyHash), .time(session.createdAt), .int(most)]
                    ),
                ],
                deadline: deadline
            )
            .count
        }
    }

    package func session(_ hash: [UInt8], at moment: Timestamp) async throws(LedgerError) -> PageSession? {
        try await lookups.read(limit: options.writeLimit) { connection, deadline throws(PostgresError) in
            let found = try connection.run(
                "SELECT hash, key_hash, created_at, expires_at FROM sessions WHERE hash = $1 AND expires_at > $2",
                [.bytes(hash), .time(moment)],
                deadline: deadline
            )
            guard let cells = found.rows.first else { return nil }
            var row = RowReader(cells)
            return PageSession(
                hash: try row.optionalBytes() ?? [],
                keyHash: try row.optionalBytes() ?? [],
                createdAt: try row.time(),
                expiresAt: try row.time()
            )
        }
    }

    package func closeSession(_ hash: [UInt8]) async throws(LedgerError) {
        _ = try await lookups.read(limit: options.writeLimit) { connection, deadline throws(PostgresError) in
            try connection.run("DELETE FROM sessions WHERE hash = $1", [.bytes(hash)], deadline: deadline).affected
        }
    }

    /// Sessions that are over are of no use to anybody.
    func forgetSessions(at moment: Timestamp) async throws(LedgerError) {
        _ = try await workers.read(limit: .seconds(60)) { connection, deadline throws(PostgresError) in
            try connection.run("DELETE FROM sessions WHERE expires_at <= $1", [.time(moment)], deadline: deadline)
                .affected
        }
    }
}
