import EaselBase
package import EaselCore

extension Configuration {
    /// Every setting there is, in the order of the example, of the print and of the table in docs/configuration.md.
    static func settings(_ profiles: [ProviderProfile]) -> [Setting<Configuration>] {
        let grace = SettingForm.duration(.zero...(.seconds(3600)))
        return [
            Setting(
                "listen",
                \.listen,
                .listenAddress,
                "where the gateway listens",
                comment: "[::1]:8080 for IPv6, :8080 for every IPv4 address of this machine",
                restarts: true
            ),
            Setting(
                "data_dir",
                \.dataDirectory,
                .text,
                "embedded PostgreSQL, journal, artifacts, admin key",
                restarts: true
            ),
            .section("database", \.database, standsApart: false),
            Setting(
                "admin_key",
                \.adminKey,
                // In the form of a key, so that the text reads back.
                .secret(shown: "\(SecretRules.adminKeyPrefix)<redacted-admin-key>", SecretRules.adminKey),
                example: "${EASEL_ADMIN_KEY}",
                "esl_ and 20 characters or more; without it: created once, in data_dir/admin-key",
                absent: "created once"
            ),
            Setting("shutdown_grace", \.shutdownGrace, grace, "how long calls in flight may continue after SIGTERM"),
            Setting(
                "shutdown_delay",
                \.shutdownDelay,
                grace,
                "before that: still serving, with /readyz 503, so that balancers notice"
            ),
            Setting(
                "public_url",
                \.publicURL,
                .webAddress,
                example: "https://easel.example.com",
                "what links in answers begin with",
                absent: "the address a request came to"
            ),
            Setting(
                "trusted_proxies",
                \.trustedProxies,
                .networks,
                "whose Forwarded and X-Forwarded-* set it instead, e.g. [10.0.0.0/8]"
            ),
            providerSettings(profiles),
            routingSettings(profiles),
            .section(
                "fetch",
                \.fetch,
                "what the gateway itself downloads: source images by URL, result links"
            ),
            .section("images", \.images, "images on their way to providers"),
            .section("limits", \.limits, "what a client may send"),
            .section("logging", \.logging),
            .section(
                "artifacts",
                \.artifacts,
                "result images, copied before the providers' links expire",
                restarts: true
            ),
            .section(
                "retention",
                \.retention,
                "how long rows are kept; without it forever",
                isOff: true,
                restarts: true
            ),
            alertSettings,
            .section("recovery", \.recovery, "attempts whose outcome is not known"),
            .section("metrics", \.metrics),
            .section("tracing", \.tracing, "the spans of calls, for an OpenTelemetry collector"),
        ]
    }

    /// The configuration in force as YAML, defaults included and secrets redacted: for `easel config check`.
    ///
    /// It can be read again: every setting comes back as it was, the secrets apart.
    package var redactedDescription: String {
        Self.settings([]).flatMap { $0.lines(self) }.joined(separator: "\n") + "\n"
    }

    /// A configuration file with every setting and what it is for: what `easel config example` prints.
    package static func example(kinds: [ProviderProfile]) -> String {
        let head = """
            # Easel's configuration. Only `providers` is needed; every other value here is the default, or commented out.
            # ${NAME} and ${NAME:-default} come from the environment, $$ is a dollar sign, and a secret may also be
            # { file: PATH }. Durations: 500ms 30s 5m 1h 7d. Sizes: 512KiB 10MiB. Check a file with `easel config check`.

            """
        let lines = settings(kinds).flatMap { $0.example(Configuration(providers: [])) }.map(\.rendered)
        return head + "\n" + lines.joined(separator: "\n") + "\n"
    }

    /// Every setting that has a default or a range, for docs/configuration.md.
    package static func reference(kinds: [ProviderProfile]) -> [SettingRow] {
        settings(kinds).flatMap { $0.rows(Configuration(providers: [])) }
    }
}

extension SettingForm<ListenAddress> {
    fileprivate static var listenAddress: Self {
        Self(
            "`ADDRESS:PORT`, `[ADDRESS]:PORT` or `:PORT`",
            written: { SettingText.quoted($0.description) },
            spelt: \.description
        ) { setting in
            setting.scalar("ADDRESS:PORT such as 127.0.0.1:8080, [::1]:8080 or :8080") { ListenAddress($0) }
        }
    }
}
