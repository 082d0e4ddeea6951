import EaselBase
import EaselCore

extension Configuration {
    /// The configuration in force as YAML, defaults included and secrets redacted: for `easel config check`.
    ///
    /// It can be read again: every setting comes back as it was, the secrets apart.
    package var redactedDescription: String {
        var lines = ["listen: \(Self.quoted(listen.description))", "data_dir: \(Self.quoted(dataDirectory))"]
        lines.append("database:")
        if database.url != nil { lines.append("    url: postgresql://\(Secret.redaction)") }
        lines.append("    start_timeout: \(DurationText.format(database.startTimeout))")
        // In the form of a key, so that the text reads back.
        if adminKey != nil { lines.append("admin_key: \(SecretRules.adminKeyPrefix)<redacted-admin-key>") }
        lines.append("shutdown_grace: \(DurationText.format(shutdownGrace))")
        lines.append("shutdown_delay: \(DurationText.format(shutdownDelay))")
        if let publicURL { lines.append("public_url: \(Self.quoted(publicURL))") }
        lines.append("trusted_proxies: \(Self.flow(trustedProxies))")
        lines.append("providers:")
        for provider in providers { lines += describe(provider) }
        lines += ["routing:", "    default: \(policies.defaultName)", "    policies:"]
        for policy in policies.policies.values.sorted(by: { $0.name < $1.name }) {
            lines.append("        \(Self.quoted(policy.name)): \(PolicyText.flow(policy))")
        }
        lines += [
            "fetch:",
            "    max_bytes: \(fetch.maxBytes)",
            "    timeout: \(DurationText.format(fetch.timeout))",
            "    allow_networks: \(Self.flow(fetch.allowNetworks))",
            "images:",
            "    metadata: \(images.metadata.rawValue)",
            "limits:",
            "    request_bytes: \(limits.requestBytes)",
            "    header_bytes: \(limits.headerBytes)",
            "    image_bytes: \(limits.imageBytes)",
            "    connections: \(limits.connections)",
            "    held_bytes: \(limits.heldBytes)",
            "    cost_multiple: \(limits.costMultiple)",
            "    connections_per_address: \(limits.connectionsPerAddress ?? max(1, limits.connections / 2))",
            "    request_timeout: \(DurationText.format(limits.requestTimeout))",
            "    reports: \(limits.reports)",
            "    reports_per_team: \(min(limits.reportsPerTeam, limits.reports))",
            "logging:",
            "    prompts: \(logging.prompts.rawValue)",
            "    level: \(logging.level.rawValue)",
            "artifacts:",
            "    store: \(artifacts.store.rawValue)",
        ]
        if artifacts.store != .none { lines.append("    retention: \(DurationText.format(artifacts.retention))") }
        let kept = [
            ("log", retention.policy.log), ("prompts", retention.policy.prompts), ("rollups", retention.policy.rollups),
        ]
        .compactMap { name, length in length.map { "    \(name): \(DurationText.format($0))" } }
        if !kept.isEmpty { lines += ["retention:"] + kept }
        if !alerts.plan.destinations.isEmpty { lines += describe(alerts) }
        lines += [
            "recovery:",
            "    unknown_after: \(DurationText.format(recovery.unknownAfter))",
            "    interval: \(DurationText.format(recovery.interval))",
            "metrics:",
            "    public: \(metrics.public)",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func flow(_ networks: [IPNetwork]) -> String {
        "[\(networks.map { quoted($0.description) }.joined(separator: ", "))]"
    }

    private func describe(_ provider: ProviderSettings) -> [String] {
        var lines = [
            "    \(Self.quoted(provider.name)):",
            "        kind: \(provider.kind.rawValue)",
            "        base_url: \(Self.quoted(provider.baseURL))",
            "        api_key: \(provider.apiKey)",
            "        delivery: \(provider.delivery.rawValue)",
            "        max_in_flight: \(provider.maxInFlight)",
            "        timeout: \(DurationText.format(provider.timeout))",
        ]
        if let firstByte = provider.firstByteTimeout {
            lines.append("        first_byte_timeout: \(DurationText.format(firstByte))")
        }
        return lines + ["        connect_timeout: \(DurationText.format(provider.connectTimeout))"]
    }

    private func describe(_ alerts: AlertSettings) -> [String] {
        var lines = ["alerts:", "    destinations:"]
        for destination in alerts.plan.destinations {
            let kind = destination.kind.rawValue
            let rest: String =
                switch alerts.addresses[destination.name] {
                case .webhook: "url: \"https://\(Secret.redaction)\", secret: \(Secret.redaction)"
                case .slack: "url: \"https://\(Secret.redaction)\""
                case .email(let mail):
                    "to: [\(mail.to.map { Self.quoted($0) }.joined(separator: ", "))], from: \(Self.quoted(mail.from)), "
                        + "smtp: \(Self.quoted(mail.server))"
                        + (mail.user.map { ", user: \(Self.quoted($0)), password: \(Secret.redaction)" } ?? "")
                case nil: ""
                }
            lines.append("        \(Self.quoted(destination.name)): { kind: \(kind), \(rest) }")
        }
        // The standard rules are among those below.
        lines += ["    standard_rules: false", "    rules:"]
        lines += alerts.plan.rules.map { "        - { \(Self.settings($0).joined(separator: ", ")) }" }
        guard !alerts.plan.schedules.isEmpty else { return lines }
        lines.append("    reports:")
        for report in alerts.plan.schedules {
            var time = "\(report.minute / 60):"
            time.appendPadded(report.minute % 60, width: 2)
            let by = report.groupBy.map { Self.quoted($0.name) }.joined(separator: ", ")
            let team = report.team.map { ", team: \(Self.quoted($0))" } ?? ""
            lines.append(
                "        - { name: \(Self.quoted(report.name)), every: \(report.every.rawValue), "
                    + "report: \(report.report), by: [\(by)]\(team), timezone: \(Self.quoted(report.timezone)), "
                    + "at: \"\(time)\", to: [\(report.destinations.map { Self.quoted($0) }.joined(separator: ", "))] }"
            )
        }
        return lines
    }

    private static func settings(_ rule: AlertRule) -> [String] {
        var parts = ["name: \(quoted(rule.name))", "on: \(rule.kind.rawValue)"]
        if let team = rule.team { parts.append("team: \(quoted(team))") }
        if !rule.thresholds.isEmpty {
            parts.append("at: [\(rule.thresholds.map(String.init).joined(separator: ", "))]")
        }
        func percent(_ share: Double) -> String {
            let millis = Int(saturating: (share * 100_000).rounded())
            var text = "\(millis / 1000)."
            text.appendPadded(millis % 1000, width: 3)
            return text + "%"
        }
        if rule.kind.isRate {
            parts += [
                "above: \(percent(rule.bound))", "window: \(DurationText.format(rule.window))", "min: \(rule.minimum)",
            ]
        }
        if rule.kind == .costAnomaly {
            parts += [
                "above: \(percent(rule.bound))", "min_usd: \"\(rule.minimumCost.usd)\"",
                "timezone: \(quoted(rule.timezone))",
            ]
        }
        if rule.kind.isRate || rule.kind == .costAnomaly { parts.append("by: \(rule.group?.name ?? "all")") }
        parts.append("resolve_after: \(DurationText.format(rule.resolveAfter))")
        return parts + ["to: [\(rule.destinations.map { quoted($0) }.joined(separator: ", "))]"]
    }

    /// A text as YAML reads it back: plain where that is safe, else in double quotes; JSON's escapes are YAML's too.
    static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-_./".utf8.contains($0)
        }
        if plain, let first = text.first, first.isLetter || first == "." || first == "/",
            text.contains(where: \.isLetter),
            !["true", "false", "null", "~"].contains(text.lowercased())
        {
            return text
        }
        var literal = ""
        literal.appendJSONString(text.replacing("$", with: "$$"))
        return literal
    }
}
