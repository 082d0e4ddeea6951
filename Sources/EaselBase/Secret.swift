/// A text that must not be seen (S2): it describes itself as `<redacted>`, also in dumps, logs and string interpolation.
package struct Secret: Sendable {
    /// What every description of a secret says.
    package static let redaction = "<redacted>"

    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The secret itself: for the one place that needs it, never for a message.
    package func reveal() -> String { text }
}

extension Secret: Equatable {
    /// In a time that does not tell where they differ (S1).
    package static func == (left: Secret, right: Secret) -> Bool {
        Crypto.equalInConstantTime(Array(left.text.utf8), Array(right.text.utf8))
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { Self.redaction }
    package var debugDescription: String { Self.redaction }
    /// No children, so that `dump` and test failures show nothing.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
