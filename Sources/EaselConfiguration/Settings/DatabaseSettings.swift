package import EaselBase
package import EaselCore

/// Which PostgreSQL keeps the ledger.
package struct DatabaseSettings: Sendable, SettingSection {
    /// Nil: an embedded one in `data_dir`, reached by a Unix socket only. It may hold a password, so it is a secret.
    package var url: Secret?
    /// How long a start waits for a database that is not there yet, or does not let us in; zero: one try.
    package var startTimeout = Duration.seconds(60)

    package init() {}

    package static var settings: [Setting<Self>] {
        [
            Setting(
                "url",
                \.url,
                .secret(shown: "postgresql://\(Secret.redaction)", DatabaseURL.problem),
                example: "postgresql://easel@db.internal/easel",
                "without it: embedded PostgreSQL in data_dir",
                restarts: true
            ),
            Setting(
                "start_timeout",
                \.startTimeout,
                .duration(.zero...(.seconds(3600))),
                "how long a start waits for a database that is not there yet",
                restarts: true
            ),
        ]
    }
}
