/// How attempts are resolved whose end is not known (M7).
package struct RecoverySettings: Sendable, Hashable {
    /// After this time an attempt is posted at its upper bound with basis `unknown`.
    package var unknownAfter = Duration.seconds(24 * 3600)
    /// How often a provider is asked again for it.
    package var interval = Duration.seconds(30)

    package init() {}
}

extension RecoverySettings {
    mutating func read(_ section: SectionReader) {
        section.read("unknown_after", into: &unknownAfter) { $0.duration(in: .seconds(60)...(.seconds(30 * 86_400))) }
        section.read("interval", into: &interval) { $0.duration(in: .seconds(1)...(.seconds(3600))) }
    }
}
