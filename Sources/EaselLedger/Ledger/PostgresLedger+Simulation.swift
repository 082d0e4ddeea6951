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
        let limit = min(max(limit, 1), SimulationQuery.longestPage)
        let setAside = setAside
        return try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            var cursor = cursor
            var found: [LoggedCall] = []
            while true {
                let wanted = limit - found.count
                let command = SimulationStatements.calls(sample, after: cursor, limit: wanted)
                let rows = try connection.run([command], deadline: deadline).first?.rows ?? []
                found += setAside.read(rows, for: .simulation) { (cells) throws(PostgresError) in
                    try SimulationStatements.call(cells)
                }
                guard rows.count == wanted, found.count < limit, let last = rows.last,
                    let next = SimulationStatements.cursor(last)
                else { return found }
                cursor = next
            }
        }
    }

    package func providerRecords(_ sample: SimulationSample) async throws(LedgerError) -> [ProviderRecord] {
        let command = SimulationStatements.records(sample)
        let setAside = setAside
        return try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            let rows = try connection.run([command], deadline: deadline).first?.rows ?? []
            return setAside.read(rows, for: .providerRecords) { (cells) throws(PostgresError) in
                try SimulationStatements.record(cells)
            }
        }
    }
}
