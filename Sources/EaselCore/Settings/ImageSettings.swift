/// What goes to providers with an image.
package struct ImageSettings: Sendable, Hashable, SettingSection {
    /// What becomes of all that an image's file tells beside its look.
    package enum Metadata: String, Sendable, Hashable, CaseIterable {
        /// Place, device, time, comments and second images are taken out; colour profiles stay.
        case strip
        /// The file goes as it came, apart from being turned upright.
        case keep
    }

    /// What becomes of it.
    package var metadata = Metadata.strip

    package init() {}

    package static var settings: [Setting<Self>] {
        [
            Setting(
                "metadata",
                \.metadata,
                .choice(),
                "whether providers get only the appearance of images, or also place, device, comments",
                comment: "strip: only their appearance | keep: also place, device, comments"
            )
        ]
    }
}
