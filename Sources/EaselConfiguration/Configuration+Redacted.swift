import EaselBase
import EaselCore

extension Configuration {
    /// The configuration in force as YAML, defaults included and secrets redacted: for `easel config check`.
    ///
    /// It can be read again: every setting comes back as it was, the secrets apart.
    package var redactedDescription: String {
        var lines = ["listen: \(Self.quoted(listen.description))", "data_dir: \(Self.quoted(dataDirectory))"]
        if database.url != nil { lines += ["database:", "    url: postgresql://\(Secret.redaction)"] }
        if let adminKey { lines.append("admin_key: \(adminKey)") }
        lines.append("shutdown_grace: \(DurationText.format(shutdownGrace))")
        if let publicURL { lines.append("public_url: \(Self.quoted(publicURL))") }
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
            "    allow_networks: [\(fetch.allowNetworks.map { Self.quoted($0.description) }.joined(separator: ", "))]",
            "limits:",
            "    request_bytes: \(limits.requestBytes)",
            "    header_bytes: \(limits.headerBytes)",
            "    image_bytes: \(limits.imageBytes)",
            "    connections: \(limits.connections)",
            "    request_timeout: \(DurationText.format(limits.requestTimeout))",
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
        lines += [
            "recovery:",
            "    unknown_after: \(DurationText.format(recovery.unknownAfter))",
            "    interval: \(DurationText.format(recovery.interval))",
            "metrics:",
            "    public: \(metrics.public)",
        ]
        return lines.joined(separator: "\n") + "\n"
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
