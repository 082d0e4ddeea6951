package import EaselBase

/// One line of the price book: what one picture costs from a moment on (M8).
package struct PriceEntry: Sendable, Hashable {
    /// A provider's name, or its kind (`runware`, `ideogram`), which serves every account of that kind.
    package let provider: String
    package let model: RemixModel
    /// Nil: for every speed that has no line of its own.
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

/// The prices in force, as a value that a plan can be computed from (R1).
package struct PriceBook: Sendable, Hashable {
    private struct Key: Hashable {
        let provider: String
        let model: RemixModel
        let characterReference: Bool
    }

    private let lines: [Key: [PriceEntry]]

    package init(_ entries: [PriceEntry]) {
        lines = Dictionary(grouping: entries) {
            Key(provider: $0.provider, model: $0.model, characterReference: $0.characterReference)
        }
        .mapValues { $0.sorted { $0.effectiveFrom > $1.effectiveFrom } }
    }

    /// The price of one picture, or nil when the book does not say (M1): the provider's own line before its kind's, a
    /// line for the speed before one for every speed, the newest that is in force. `kind` is nil for a provider that is
    /// not configured any more.
    package func price(
        provider: String,
        kind: ProviderKind?,
        model: RemixModel,
        speed: RenderingSpeed,
        characterReference: Bool,
        at moment: Timestamp
    ) -> PriceEntry? {
        for owner in [provider] + (kind.map { [$0.rawValue] } ?? []) {
            let key = Key(provider: owner, model: model, characterReference: characterReference)
            let inForce = (lines[key] ?? []).filter { $0.effectiveFrom <= moment }
            if let exact = inForce.first(where: { $0.renderingSpeed == speed }) { return exact }
            if let general = inForce.first(where: { $0.renderingSpeed == nil }) { return general }
        }
        return nil
    }
}
