package import EaselBase
package import EaselCore

/// Everything an operator decides: validated, with every default in place. The defaults stand in the settings' types.
package struct Configuration: Sendable {
    /// Where the gateway listens.
    package var listen = ListenAddress()
    /// Embedded PostgreSQL, journal, artifacts, admin key. As written: a relative path begins at the working directory.
    package var dataDirectory = ".easel"
    /// Which PostgreSQL keeps the ledger.
    package var database = DatabaseSettings()
    /// Nil: generated once into `data_dir/admin-key`.
    package var adminKey: Secret?
    /// How long calls in flight may go on after SIGTERM.
    package var shutdownGrace = Duration.seconds(60)
    /// How long after SIGTERM calls are still taken while `/readyz` says 503, so that balancers notice in time.
    package var shutdownDelay = Duration.zero
    /// What links in answers begin with, without a slash at the end; nil: what a trusted proxy says, or the address of the
    /// connection that a request came on.
    package var publicURL: String?
    /// Proxies in front of the gateway, whose `Forwarded` and `X-Forwarded-*` are believed.
    package var trustedProxies: [IPNetwork] = []
    /// In the order of the file; never empty.
    package var providers: [ProviderSettings]
    /// Every policy by name, and which one a request gets that names none.
    package var policies: PolicyBook
    /// What the gateway itself downloads.
    package var fetch = FetchSettings()
    /// What goes to providers with an image.
    package var images = ImageSettings()
    /// How much a client may send.
    package var limits = LimitSettings()
    /// What is written about calls.
    package var logging = LoggingSettings()
    /// What becomes of result images.
    package var artifacts = ArtifactSettings()
    /// How long the log is kept.
    package var retention = RetentionSettings()
    /// What is watched, and who is told.
    package var alerts = AlertSettings()
    /// How unknown attempts are resolved (M7).
    package var recovery = RecoverySettings()
    /// Who may read `/metrics`.
    package var metrics = MetricsSettings()
    /// Where the spans of calls go.
    package var tracing = TracingSettings()

    /// The defaults with these providers, and with a policy `failover` that asks them in this order.
    package init(providers: [ProviderSettings]) {
        self.providers = providers
        policies = PolicyReader.builtIn(providers: providers.map(\.name))
    }
}
