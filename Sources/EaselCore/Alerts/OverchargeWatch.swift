import EaselBase

/// A provider charged more than its price (M2).
enum OverchargeWatch: AlertWatch {
    static let about =
        "a provider charged more than its price in the last day, or reported an implausible cost"
    /// How far back charges beyond a price are told.
    private static let window = Duration.seconds(86_400)

    static func condition(_ rule: AlertRule) -> String { "charged more than the price" }

    static func findings(_ rule: AlertRule, _ sources: AlertSources) async throws(LedgerError) -> [AlertFinding]? {
        try await sources.store.overcharges(since: sources.now - window, teamID: sources.teamID).map(finding)
    }

    static func finding(_ overcharge: Overcharge) -> AlertFinding {
        let attempts = "\(overcharge.attempts) attempt\(overcharge.attempts == 1 ? "" : "s")"
        return AlertFinding(
            subject: "provider:\(overcharge.provider)\(overcharge.isClaim ? "/claims" : "")",
            level: 1,
            severity: .critical,
            value: overcharge.excess.dollars,
            summary: overcharge.isClaim
                ? "\(overcharge.provider) reports a cost of \(overcharge.excess.dollars) for \(attempts), which is not "
                    + "plausible: they count at their bounds. Compare with the invoice; the last call is "
                    + "\(overcharge.callID.text)."
                : "\(overcharge.provider) charged \(overcharge.excess.dollars) more than the price book allows, for "
                    + "\(attempts). The charge is posted in full; the last call is \(overcharge.callID.text).",
            details: [
                "provider": .string(overcharge.provider), "attempts": .count(overcharge.attempts),
                "excess_usd": .string(overcharge.excess.usd), "call_id": .string(overcharge.callID.text),
            ]
        )
    }
}
