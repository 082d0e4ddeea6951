/// What becomes of result images: copied before the providers' links expire, or not.
package struct ArtifactSettings: Sendable, Hashable {
    /// Where they are kept.
    package enum Store: String, Sendable, Hashable, CaseIterable {
        /// Under `data_dir`.
        case local
        case none
    }

    /// Where copies are kept.
    package var store = Store.local
    /// How long a copy is kept.
    package var retention = Duration.seconds(7 * 86_400)

    package init() {}
}

extension ArtifactSettings {
    mutating func read(_ section: SectionReader) {
        section.read("store", into: &store) { $0.choice(later: ["s3"]) }
        section.read("retention", into: &retention) { $0.duration(in: .seconds(60)...(.seconds(3650 * 86_400))) }
        if store == .none, section.has("retention") {
            section.fault("retention", "has no meaning with `store: none`; remove one of the two")
        }
    }
}
