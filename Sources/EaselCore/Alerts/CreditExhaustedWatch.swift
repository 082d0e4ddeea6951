import EaselBase

/// An account has no money left at its provider.
enum CreditExhaustedWatch: AlertWatch {
    static let about = "the account at the provider is out of credit"
    static let isOfTeam = false

    static func begin(_ rule: inout AlertRule) { rule.resolveAfter = .seconds(60) }

    static func condition(_ rule: AlertRule) -> String { "no credit at the provider" }

    static func findings(_ rule: AlertRule, _ sources: AlertSources) async throws(LedgerError) -> [AlertFinding]? {
        try await sources.providers()?.map { finding($0.name, $0.signs) }
    }

    static func finding(_ name: String, _ all: [GatewaySign.Provider]) -> AlertFinding {
        let hasNone = all.contains { $0.cause == .creditExhausted && $0.state == .coolingDown }
        var finding = AlertFinding(
            subject: "provider:\(name)",
            level: hasNone ? 1 : 0,
            severity: .critical,
            value: hasNone ? "no credit" : "credit",
            summary: hasNone
                ? "The account at \(name) is out of credit. Top it up."
                : "The account at \(name) has credit again.",
            details: ["provider": .string(name)]
        )
        finding.isUncertain = !hasNone && all.contains { $0.cause == .creditExhausted }
        return finding
    }
}
