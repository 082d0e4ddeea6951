package import EaselBase
package import EaselCore
import Foundation

// MARK: - Shadows

/// On the readers' connections: a shadow must not share a transaction with calls, or these would wait for its window.
extension PostgresLedger {
    package func startShadow(_ start: ShadowStart) async throws(LedgerError) -> Bool {
        let commands = ShadowStatements.start(start)
        return try await workers.read(limit: options.writeLimit) { connection, deadline throws(PostgresError) in
            let results: [SQLResult]
            do throws(PostgresError) {
                results = try connection.transaction(commands, deadline: deadline)
            } catch {
                guard error.verdict == .noPartition else { throw error }
                try Partitions.create(monthsOf: [start.startedAt], on: connection)
                results = try connection.transaction(commands, deadline: deadline)
            }
            return results.last?.rows.isEmpty == false
        }
    }

    package func noteShadowTask(_ start: ShadowStart, providerTaskID: String) async throws(LedgerError) {
        try await writeShadow([ShadowStatements.note(start, providerTaskID: providerTaskID)])
    }

    package func endShadow(_ end: ShadowEnd) async throws(LedgerError) {
        try await writeShadow(ShadowStatements.end(end))
    }

    private func writeShadow(_ commands: [SQLCommand]) async throws(LedgerError) {
        try await workers.read(limit: options.writeLimit) { connection, deadline throws(PostgresError) in
            _ = try connection.transaction(commands, deadline: deadline)
        }
    }

    package func openShadows(
        silentSince: Timestamp?,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> [OpenShadow] {
        let setAside = setAside
        let age = silentSince.map { time.now.since($0) }
        let shadows = try await workers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            // Two statements, for the gateways are local to one node of a cluster and the shadows are not.
            let living = try Self.living(within: age, on: connection, deadline)
            let command = ShadowStatements.open(
                silentSince: silentSince,
                living: living,
                at: moment,
                limit: limit + setAside.count(.openShadows)
            )
            let rows = try connection.run([command], deadline: deadline).first?.rows ?? []
            return setAside.read(rows, for: .openShadows) { (cells) throws(PostgresError) in
                try ShadowStatements.open(cells)
            }
        }
        return Array(shadows.prefix(limit))
    }

    package func shadowReport(_ query: ShadowQuery) async throws(LedgerError) -> ShadowReport {
        let setAside = setAside
        return try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            var result =
                try connection.run([ShadowReportStatement.figures(query)], deadline: deadline).first
                ?? SQLResult()
            // Rows of a model that this version does not know have no line; the others have theirs.
            result.rows = setAside.read(result.rows, for: .shadowReport) { (cells) throws(PostgresError) in
                try ShadowReportStatement.check(cells)
                return cells
            }
            return ShadowReport(query: query, rows: try ShadowReportStatement.rows(result))
        }
    }
}
