import EaselBase
import EaselCore

/// Asks a rule's kind what it finds.
struct AlertInquiry: Sendable {
    let ledger: any FigureLog & BudgetLedger & People
    let store: any AlertStore

    /// What the rule finds now; nil where nothing can be said and what stood before stands on.
    func findings(_ rule: AlertRule, now: Timestamp) async throws(LedgerError) -> [AlertFinding]? {
        var teamID: Int64?
        if let team = rule.team {
            // A team that is not made yet has no figures.
            guard let found = try await ledger.team(named: team) else { return [] }
            teamID = found.id
        }
        let sources = AlertSources(ledger: ledger, store: store, teamID: teamID, now: now)
        return try await rule.kind.watch.findings(rule, sources)
    }
}
