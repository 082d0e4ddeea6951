/// Who may read `/metrics`.
package struct MetricsSettings: Sendable, Hashable {
    /// Everybody; else it takes an admin's key.
    package var `public` = true

    package init() {}
}

extension MetricsSettings {
    mutating func read(_ section: SectionReader) {
        section.read("public", into: &`public`) { $0.boolean() }
    }
}
