import EaselBase
package import EaselCore

// MARK: - Simulation

extension PostgresLedger {
    package func simulationSample(_ query: SimulationQuery) async throws(LedgerError) -> SimulationSample {
        try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            func number(_ command: SQLCommand) throws(PostgresError) -> Int64? {
                guard let cells = try connection.run([command], deadline: deadline).first?.rows.first else {
                    return nil
                }
                var row = RowReader(cells)
                return try row.optionalInt64()
            }
            let total = Int(try number(SimulationStatements.count(query)) ?? 0)
            let threshold =
                total > query.limit ? try number(SimulationStatements.threshold(query, total: total)) ?? 0 : nil
            return SimulationSample(query: query, total: total, threshold: threshold)
        }
    }

    package func simulationCalls(
        _ sample: SimulationSample,
        after cursor: SimulationSample.Cursor?,
        limit: Int
    ) async throws(LedgerError) -> [LoggedCall] {
        let command = SimulationStatements.calls(sample, after: cursor, limit: limit)
        return try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            try (connection.run([command], deadline: deadline).first?.rows ?? [])
                .map { (cells) throws(PostgresError) in try SimulationStatements.call(cells) }
        }
    }

    package func providerRecords(_ sample: SimulationSample) async throws(LedgerError) -> [ProviderRecord] {
        let command = SimulationStatements.records(sample)
        return try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            try (connection.run([command], deadline: deadline).first?.rows ?? [])
                .map { (cells) throws(PostgresError) in try SimulationStatements.record(cells) }
        }
    }
}
