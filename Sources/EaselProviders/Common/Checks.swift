import EaselCore

extension RemixModel {
    /// Whether a provider looks for copyrighted content when it is asked to: both document it for 4.0 only
    /// (docs/providers/runware.md, 7.2; docs/providers/ideogram.md, 4.4). Elsewhere the wish is dropped, and an image
    /// that nobody checked has no verdict.
    var hasCopyrightDetection: Bool { self == .ideogram4 }
}
