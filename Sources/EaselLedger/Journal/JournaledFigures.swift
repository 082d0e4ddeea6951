package import EaselBase
package import EaselCore

/// Reports that say how many writes wait in this gateway's journal, and how many it set aside: what is missing from them.
package struct JournaledFigures: FigureLog {
    private let base: any FigureLog
    private let journal: @Sendable () -> JournalStanding

    package init(base: any FigureLog, journal: @escaping @Sendable () -> JournalStanding) {
        self.base = base
        self.journal = journal
    }

    package func usage(_ query: UsageQuery) async throws(LedgerError) -> UsageReport {
        var report = try await base.usage(query)
        let standing = journal()
        report.dataQuality.journalPending = standing.pending
        report.dataQuality.journalSetAside = standing.setAside.values.reduce(0, +)
        return report
    }

    package func attempts(_ query: UsageQuery) async throws(LedgerError) -> AttemptReport {
        try await base.attempts(query)
    }

    package func providerSpend(since: Timestamp) async throws(LedgerError) -> [String: Money] {
        try await base.providerSpend(since: since)
    }
}
