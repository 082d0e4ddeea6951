/// Which PostgreSQL keeps the ledger.
package struct DatabaseSettings: Sendable {
    /// Nil: an embedded one in `data_dir`, reached by a Unix socket only. It may hold a password, so it is a secret.
    package var url: Secret?

    package init() {}
}

extension DatabaseSettings {
    mutating func read(_ section: SectionReader) {
        section.read("url", into: &url) { $0.secret(SecretRules.databaseURL) }
    }
}
