import EaselCore

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
        let waiting = Self.settings([]).flatMap { $0.keep(self, &merged) }
        let old = Dictionary(providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let renewed = new.providers.filter { provider in
            guard let before = old[provider.name] else { return true }
            return before.apiKey != provider.apiKey || before.baseURL != provider.baseURL
                || before.kind != provider.kind
        }
        return Reloaded(configuration: merged, waiting: waiting, renewed: Set(renewed.map(\.name)))
    }
}
