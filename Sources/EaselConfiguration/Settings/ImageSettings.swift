/// What goes to providers with a picture.
package struct ImageSettings: Sendable, Hashable {
    /// What becomes of all that a picture's file tells beside its look.
    package enum Metadata: String, Sendable, Hashable, CaseIterable {
        /// Place, device, time, comments and second pictures are taken out; colour profiles stay.
        case strip
        /// The file goes as it came, apart from being turned upright.
        case keep
    }

    /// What becomes of it.
    package var metadata = Metadata.strip

    package init() {}
}

extension ImageSettings {
    mutating func read(_ section: SectionReader) {
        section.read("metadata", into: &metadata) { $0.choice() }
    }
}
