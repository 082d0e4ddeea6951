import EaselBase

/// A gateway leaves a provider alone because it fails or does not accept the key.
enum ProviderDownWatch: AlertWatch {
    static let about = "a provider is down for a gateway: it fails, or does not accept the key"
    static let isOfTeam = false

    static func begin(_ rule: inout AlertRule) { rule.resolveAfter = .seconds(60) }

    static func condition(_ rule: AlertRule) -> String { "down for a gateway" }

    static func findings(_ rule: AlertRule, _ sources: AlertSources) async throws(LedgerError) -> [AlertFinding]? {
        try await sources.providers()?.map { finding($0.name, $0.signs) }
    }

    /// Gateways learn for themselves how a provider stands; one that leaves it alone is enough. A provider that is being
    /// tried again is neither back nor down: what stood before stands on.
    static func finding(_ name: String, _ all: [GatewaySign.Provider]) -> AlertFinding {
        let down = all.filter { isDown($0) }
        let isTried = all.contains { $0.state == .probing || $0.state == .coolingDown }
        let reason = down.first?.reason
        var finding = AlertFinding(
            subject: "provider:\(name)",
            level: down.isEmpty ? 0 : 1,
            severity: .critical,
            value: down.isEmpty ? "up" : "down",
            summary: down.isEmpty
                ? "The provider \(name) answers again."
                : "The provider \(name) is down for \(down.count) of \(all.count) "
                    + "gateway\(all.count == 1 ? "" : "s")\(reason.map { ": \($0)" } ?? "").",
            details: [
                "provider": .string(name), "gateways": .count(all.count),
                "gateways_down": .count(down.count),
                "cause": down.first?.cause.map { .string($0.rawValue) } ?? .null,
            ]
        )
        finding.isUncertain = down.isEmpty && isTried
        return finding
    }

    private static func isDown(_ sign: GatewaySign.Provider) -> Bool {
        sign.state == .down || sign.state == .coolingDown && sign.cause == .unauthorized
    }
}
