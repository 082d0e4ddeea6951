import EaselCore
import EaselLedger

extension SwitchableLedger {
    func simulationSample(_ query: SimulationQuery) async throws(LedgerError) -> SimulationSample {
        try await reach().simulationSample(query)
    }
    func simulationCalls(
        _ sample: SimulationSample,
        after cursor: SimulationSample.Cursor?,
        limit: Int
    ) async throws(LedgerError) -> [LoggedCall] {
        try await reach().simulationCalls(sample, after: cursor, limit: limit)
    }
    func providerRecords(_ sample: SimulationSample) async throws(LedgerError) -> [ProviderRecord] {
        try await reach().providerRecords(sample)
    }
}
