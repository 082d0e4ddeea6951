import EaselBase
package import EaselCore

// MARK: - Who changed what

extension PostgresLedger {
    package func record(_ event: AuditEvent) async throws(LedgerError) {
        _ = try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            try connection.run([AuditStatements.insert(event)], deadline: deadline).count
        }
    }

    package func auditEvents(_ query: AuditQuery) async throws(LedgerError) -> [AuditEvent] {
        let setAside = setAside
        return try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            let rows = try connection.run([AuditStatements.list(query)], deadline: deadline).first?.rows ?? []
            return setAside.read(rows, for: .audit) { (cells) throws(PostgresError) in
                try AuditStatements.event(cells)
            }
        }
    }

    /// The door for changes that people make and that have no other transaction: what `body` changes and its line in the audit
    /// are one. Where it has no line to write, nothing was changed.
    ///
    /// `limit`: nil: that of a look-up.
    func audited<Value: Sendable>(
        on pool: ReaderPool? = nil,
        limit: Duration? = nil,
        _ body:
            @escaping @Sendable (PostgresConnection, SteadyInstant) throws(PostgresError) -> (
                value: Value, event: AuditEvent?
            )
    ) async throws(LedgerError) -> Value {
        try await (pool ?? lookups).read(
            limit: limit ?? options.readLimit,
            isRepeatable: false
        ) { connection, deadline throws(PostgresError) in
            func command(_ sql: String) throws(PostgresError) {
                _ = try connection.run([SQLCommand(sql, isPrepared: false)], deadline: deadline)
            }
            do throws(PostgresError) {
                try command("BEGIN")
                let (value, event) = try body(connection, deadline)
                if let event { _ = try connection.run([AuditStatements.insert(event)], deadline: deadline) }
                try command("COMMIT")
                return value
            } catch {
                if connection.isUsable {
                    do throws(PostgresError) { try command("ROLLBACK") } catch { connection.abandon() }
                }
                throw error
            }
        }
    }
}
