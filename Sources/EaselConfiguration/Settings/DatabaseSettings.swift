/// Which PostgreSQL keeps the ledger.
package struct DatabaseSettings: Sendable {
    /// Nil: an embedded one in `data_dir`, reached by a Unix socket only. It may hold a password, so it is a secret.
    package var url: Secret?
    /// How long a start waits for a database that is not there yet, or does not let us in; zero: one try.
    package var startTimeout = Duration.seconds(60)

    package init() {}
}

extension DatabaseSettings {
    mutating func read(_ section: SectionReader) {
        section.read("url", into: &url) { $0.secret(DatabaseURL.problem) }
        section.read("start_timeout", into: &startTimeout) { $0.duration(in: .zero...(.seconds(3600))) }
    }
}
