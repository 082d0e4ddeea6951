/// What becomes of result images: copied before the providers' links expire, or not.
package struct ArtifactSettings: Sendable, Hashable, SettingSection {
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

    package static var settings: [Setting<Self>] {
        [
            Setting("store", \.store, .choice(later: ["s3"]), "where copies are kept"),
            Setting(
                "retention",
                \.retention,
                .duration(.seconds(60)...(.seconds(3650 * 86_400))),
                "how long a copy is kept",
                shown: { $0.store == .none ? nil : $0.retention }
            ),
        ]
    }

    package mutating func settle(_ section: some SectionSource) {
        if store == .none, section.has("retention") {
            section.fault("retention", "has no meaning with `store: none`; remove one of the two")
        }
    }
}
