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

    package init(
        provider: String,
        model: RemixModel,
        renderingSpeed: RenderingSpeed?,
        characterReference: Bool,
        perImage: Money,
        effectiveFrom: Timestamp
    ) {
        self.provider = provider
        self.model = model
        self.renderingSpeed = renderingSpeed
        self.characterReference = characterReference
        self.perImage = perImage
        self.effectiveFrom = effectiveFrom
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
    /// line for the speed before one for every speed, the newest that is in force.
    package func price(
        provider: String,
        kind: ProviderKind,
        model: RemixModel,
        speed: RenderingSpeed,
        characterReference: Bool,
        at moment: Timestamp
    ) -> PriceEntry? {
        for owner in [provider, kind.rawValue] {
            let key = Key(provider: owner, model: model, characterReference: characterReference)
            let inForce = (lines[key] ?? []).filter { $0.effectiveFrom <= moment }
            if let exact = inForce.first(where: { $0.renderingSpeed == speed }) { return exact }
            if let general = inForce.first(where: { $0.renderingSpeed == nil }) { return general }
        }
        return nil
    }
}
