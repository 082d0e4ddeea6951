package import EaselCore

/// Everything an operator decides: validated, with every default in place. The defaults stand in the settings' types.
package struct Configuration: Sendable {
    package var listen = ListenAddress()
    /// Embedded PostgreSQL, journal, artifacts, admin key. As written: a relative path begins at the working directory.
    package var dataDirectory = ".easel"
    package var database = DatabaseSettings()
    /// Nil: generated once into `data_dir/admin-key`.
    package var adminKey: Secret?
    /// How long calls in flight may go on after SIGTERM.
    package var shutdownGrace = Duration.seconds(60)
    /// What links in answers begin with, without a slash at the end; nil: the address that a request came to.
    package var publicURL: String?
    /// In the order of the file; never empty.
    package var providers: [ProviderSettings]
    package var policies: PolicyBook
    package var fetch = FetchSettings()
    package var limits = LimitSettings()
    package var logging = LoggingSettings()
    package var artifacts = ArtifactSettings()
    package var recovery = RecoverySettings()
    package var metrics = MetricsSettings()

    /// The defaults with these providers, and with a policy `failover` that asks them in this order.
    package init(providers: [ProviderSettings]) {
        self.providers = providers
        policies = PolicyReader.builtIn(providers: providers.map(\.name))
    }
}
