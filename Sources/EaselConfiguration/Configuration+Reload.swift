extension Configuration {
    /// What a running program makes of a new configuration: all of it, but for what is decided once at a start.
    package struct Reloaded: Sendable {
        /// The new one, with what wants a restart as it was.
        package let configuration: Configuration
        /// The settings that were changed and want a restart, as in the file.
        package let waiting: [String]
        /// Providers whose key, address or kind is another one, and those that are new.
        package let renewed: Set<String>
    }

    /// This configuration as it runs, with a new one laid over it. Neither is changed.
    package func reloading(_ new: Configuration) -> Reloaded {
        var merged = new
        var waiting: [String] = []
        func keep<Value: Equatable>(_ name: String, _ path: WritableKeyPath<Configuration, Value>) {
            guard self[keyPath: path] != new[keyPath: path] else { return }
            waiting.append(name)
            merged[keyPath: path] = self[keyPath: path]
        }
        keep("listen", \.listen)
        keep("data_dir", \.dataDirectory)
        keep("database.url", \.database.url)
        keep("limits.header_bytes", \.limits.headerBytes)
        keep("limits.connections", \.limits.connections)
        keep("limits.connections_per_address", \.limits.connectionsPerAddress)
        keep("limits.request_timeout", \.limits.requestTimeout)
        keep("limits.held_bytes", \.limits.heldBytes)
        keep("limits.reports", \.limits.reports)
        keep("limits.reports_per_team", \.limits.reportsPerTeam)
        keep("artifacts", \.artifacts)
        keep("retention", \.retention)
        let old = Dictionary(providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let renewed = new.providers.filter { provider in
            guard let before = old[provider.name] else { return true }
            return before.apiKey != provider.apiKey || before.baseURL != provider.baseURL
                || before.kind != provider.kind
        }
        return Reloaded(configuration: merged, waiting: waiting, renewed: Set(renewed.map(\.name)))
    }
}
