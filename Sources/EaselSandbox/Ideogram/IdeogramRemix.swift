import EaselBase
import EaselCore
import Foundation

/// A valid remix request of any generation.
struct IdeogramRemix: Sendable {
    /// The name in the billing record and the journal.
    let model: String
    let prompt: String
    let source: SourceImage
    let size: PixelSize
    /// 1 to 100; high keeps the source.
    let imageWeight: Int
    let count: Int
    let seed: Int?
    let detectsCopyright: Bool
    /// Echoed in the items of 3.0 and the legacy route.
    let styleType: String?
    let pricePerImage: Money
    /// Whether the reply has a `response_type`.
    let isV4: Bool
}
