import EaselBase

/// Figures are missing or late.
enum DataGapWatch: AlertWatch {
    static let about = "figures of the last day are incomplete, or a minute late"
    static let isLong = true
    private static let day = Duration.seconds(86_400)
    /// Attempts whose end is being found out are no gap yet.
    private static let delay = Duration.seconds(600)
    /// What waits in the journal of one that is gone waits still; after so long nobody will bring it.
    private static let journalsLast = Duration.seconds(7 * 86_400)

    static func begin(_ rule: inout AlertRule) { rule.resolveAfter = .seconds(60) }

    static func condition(_ rule: AlertRule) -> String { "figures missing or late" }

    static func findings(_ rule: AlertRule, _ sources: AlertSources) async throws(LedgerError) -> [AlertFinding]? {
        let from = UsageLevel.minute.floor(sources.now - day)
        let to = UsageLevel.minute.floor(sources.now - delay)
        var quality = try await sources.usage(rule, from: from, to: to).dataQuality
        let signs = try await sources.store.gatewaySigns(within: journalsLast)
        quality.journalPending = signs.reduce(0) { $0 + $1.journalPending }
        quality.journalSetAside = signs.reduce(0) { $0 + ($1.journalSetAside ?? 0) }
        return [finding(quality)]
    }

    static func finding(_ quality: DataQuality) -> AlertFinding {
        let text = QualityText(quality)
        return AlertFinding(
            subject: "data",
            level: text.hasGap ? 1 : 0,
            value: text.hasGap ? "gap" : "complete",
            summary: text.hasGap
                ? "The figures of the last day are incomplete: \(text.sentence)." : "The figures are complete again.",
            details: JSONDocument(
                JSONValue.object(
                    Dictionary(
                        uniqueKeysWithValues: DataQuality.members.map { ($0.name, .count(quality[keyPath: $0.path])) }
                    )
                )
            )
        )
    }
}
