package import EaselCore

/// Passed through: what is in the journal still is not in the log yet.
extension JournaledLedger {
    package func simulationSample(_ query: SimulationQuery) async throws(LedgerError) -> SimulationSample {
        try await base.simulationSample(query)
    }

    package func simulationCalls(
        _ sample: SimulationSample,
        after cursor: SimulationSample.Cursor?,
        limit: Int
    ) async throws(LedgerError) -> [LoggedCall] {
        try await base.simulationCalls(sample, after: cursor, limit: limit)
    }

    package func providerRecords(_ sample: SimulationSample) async throws(LedgerError) -> [ProviderRecord] {
        try await base.providerRecords(sample)
    }
}
