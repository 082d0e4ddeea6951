package import EaselBase

/// A kind of alert: all that there is to say of it. The reader of rules, the daemon, the messages and the table in
/// docs/alerts.md ask here and know no kind themselves.
package protocol AlertWatch {
    /// When it fires, for the table.
    static var about: String { get }
    /// What a rule of this kind may say beside name, destinations, team and `resolve_after`.
    static var settings: [Setting<AlertRule>] { get }
    /// Whether it may look at one team alone.
    static var isOfTeam: Bool { get }
    /// Whether its figures take long to read: it is looked at every minute then, else every few seconds.
    static var isLong: Bool { get }
    /// The usual bounds.
    static func begin(_ rule: inout AlertRule)
    /// What the standard rule has otherwise.
    static func standardize(_ rule: inout AlertRule)
    /// What makes it fire, in a few words: `above 5.0% in 1h`. Group and team are added by the rule.
    static func condition(_ rule: AlertRule) -> String
    /// What is found now; nil where nothing can be said and what stood before stands on.
    static func findings(_ rule: AlertRule, _ sources: AlertSources) async throws(LedgerError) -> [AlertFinding]?
}

extension AlertWatch {
    package static var settings: [Setting<AlertRule>] { [] }
    package static var isOfTeam: Bool { true }
    package static var isLong: Bool { false }
    package static func begin(_ rule: inout AlertRule) {}
    package static func standardize(_ rule: inout AlertRule) {}
}

/// Where a rule's figures come from, and the moment that it is judged for.
package struct AlertSources: Sendable {
    package let ledger: any FigureLog & BudgetLedger & People
    package let store: any AlertStore
    /// The team that the rule looks at alone.
    package let teamID: Int64?
    package let now: Timestamp

    package init(ledger: any FigureLog & BudgetLedger & People, store: any AlertStore, teamID: Int64?, now: Timestamp) {
        self.ledger = ledger
        self.store = store
        self.teamID = teamID
        self.now = now
    }

    /// What gateways say of providers, by provider. One that was silent for 20 s says nothing any more; nil: none is heard.
    func providers() async throws(LedgerError) -> [(name: String, signs: [GatewaySign.Provider])]? {
        let signs = try await store.gatewaySigns(within: .seconds(20))
        return signs.isEmpty ? nil : Self.providers(signs)
    }

    static func providers(_ signs: [GatewaySign]) -> [(name: String, signs: [GatewaySign.Provider])] {
        Dictionary(grouping: signs.flatMap(\.providers), by: \.name).sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
    }

    func usage(
        _ rule: AlertRule,
        from: Timestamp,
        to: Timestamp,
        timezone: String = "UTC"
    ) async throws(LedgerError) -> UsageReport {
        try await ledger.usage(
            UsageQuery(
                from: from,
                to: to,
                timezone: timezone,
                groupBy: rule.group.map { [$0] } ?? [],
                teamID: teamID
            )
        )
    }
}
