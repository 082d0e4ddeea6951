package import EaselBase
package import EaselCore

/// Asks the log for what a report is made of: for whoever wants one, by request or by the calendar (L5).
package struct ReportDesk: Sendable {
    /// Reports that a query alone tells everything of.
    package enum Subject: String, Sendable, Hashable, CaseIterable {
        case usage, latency, safety, failover, providers

        package var usualGroups: [UsageQuery.Dimension] {
            switch self {
            case .usage: UsageQueryParser.defaultGroups
            case .latency: [.provider, .model]
            case .safety: [.team, .model]
            case .failover, .providers: [.provider]
            }
        }

        /// Whether it is grouped as attempts can be.
        package var isOfAttempts: Bool { self == .failover || self == .providers }
    }

    /// Stretches of a trend at most; a report's time is cut into hours or days.
    private static let mostSteps = 62

    private let log: any FigureLog

    package init(log: any FigureLog) {
        self.log = log
    }

    package func report(
        _ subject: Subject,
        _ query: UsageQuery,
        now: Timestamp
    ) async throws(LedgerError) -> Report {
        switch subject {
        case .usage: return ReportBuilder.usage(try await log.usage(query))
        case .latency:
            let hasAttempts = UsageQuery.Dimension.ofAttempts.isSuperset(of: query.groupBy)
            return ReportBuilder.latency(
                try await log.usage(query),
                attempts: hasAttempts ? try await log.attempts(query) : nil
            )
        case .safety: return ReportBuilder.safety(try await log.usage(query))
        case .failover:
            var byError = query
            byError.groupBy.append(.error)
            return ReportBuilder.failover(try await log.usage(query), attempts: try await log.attempts(byError))
        case .providers: return try await providers(query, now: now)
        }
    }

    private func providers(_ query: UsageQuery, now: Timestamp) async throws(LedgerError) -> Report {
        let steps = UsageSteps(from: query.from, to: min(query.to, now), timezone: query.timezone)
        var byStep = query
        byStep.groupBy.removeAll { $0 == .day || $0 == .hour }
        let isTrend = byStep.groupBy == query.groupBy && !steps.names.isEmpty && steps.names.count <= Self.mostSteps
        byStep.groupBy.append(steps.dimension)
        return ReportBuilder.providers(
            try await log.usage(query),
            attempts: try await log.attempts(query),
            trend: isTrend
                ? try await log.attempts(byStep)
                : AttemptReport(query: byStep, rows: [], totals: AttemptFigures()),
            steps: isTrend ? steps.names : []
        )
    }
}
