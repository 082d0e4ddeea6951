package import EaselBase

/// One line of the price book: what one image costs from a moment on (M8).
package struct PriceEntry: Sendable, Hashable {
    /// A provider's name, or its kind (`runware`, `ideogram`), which serves every account of that kind.
    package let provider: String
    package let model: RemixModel
    /// Nil: for every speed. A line for one speed stands before it only from its own date on, if that is not earlier.
    package let renderingSpeed: RenderingSpeed?
    package let characterReference: Bool
    package let perImage: Money
    package let effectiveFrom: Timestamp
    /// Where the price comes from, for people: a list, a quote, a reply.
    package let source: String

    /// The dearest price that is believed: a hundred times any price seen (S4).
    package static let highest = Money(nanodollars: 1000 * Money.nanodollarsPerDollar)

    package init(
        provider: String,
        model: RemixModel,
        renderingSpeed: RenderingSpeed?,
        characterReference: Bool,
        perImage: Money,
        effectiveFrom: Timestamp,
        source: String = ""
    ) {
        self.provider = provider
        self.model = model
        self.renderingSpeed = renderingSpeed
        self.characterReference = characterReference
        self.perImage = perImage
        self.effectiveFrom = effectiveFrom
        self.source = source
    }
}

/// A change of one line of the price book.
package struct PriceChange: Sendable, Hashable {
    /// The line as it is since; `perImage` is the new price.
    package let entry: PriceEntry
    /// Nil: the line was new.
    package let before: Money?
    package let changedAt: Timestamp
    package let changedBy: String

    package init(entry: PriceEntry, before: Money?, changedAt: Timestamp, changedBy: String) {
        self.entry = entry
        self.before = before
        self.changedAt = changedAt
        self.changedBy = changedBy
    }
}

/// What came of writing lines of the price book.
package struct PriceWriting: Sendable, Hashable {
    /// The lines that are different now. Besides those that were named these are lines for one speed of the same date
    /// as a line for every speed: they would stand before it.
    package let changed: [PriceEntry]

    package init(changed: [PriceEntry]) { self.changed = changed }
}
