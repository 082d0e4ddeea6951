import EaselCore

extension RemixModel {
    /// Whether a provider looks for copyrighted content when it is asked to: both document it for 4.0 only
    /// (reference/runware.md 7, reference/ideogram.md 4). Elsewhere the wish is dropped, and a picture that nobody checked
    /// has no verdict.
    var hasCopyrightDetection: Bool { self == .ideogram4 }
}
