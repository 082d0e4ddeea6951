package import EaselBase

/// The prices in force, as a value that a plan can be computed from (R1).
package struct PriceBook: Sendable, Hashable {
    /// A provider that a line may be for.
    package struct Account: Sendable, Hashable {
        package let name: String
        /// Nil for a provider that is not configured any more.
        package let kind: ProviderKind?

        package init(name: String, kind: ProviderKind?) {
            self.name = name
            self.kind = kind
        }

        /// Whose lines count for it, the first before the second.
        fileprivate var owners: [String] {
            guard let kind, kind.rawValue != name else { return [name] }
            return [name, kind.rawValue]
        }
    }

    private struct Key: Hashable {
        let provider: String
        let model: RemixModel
        let characterReference: Bool
    }

    /// Each group with the newest line first, and of one date the line for a speed before that for every speed.
    private let lines: [Key: [PriceEntry]]

    package init(_ entries: [PriceEntry]) {
        lines = Dictionary(grouping: entries) {
            Key(provider: $0.provider, model: $0.model, characterReference: $0.characterReference)
        }
        .mapValues { group in
            group.sorted {
                ($0.effectiveFrom, $0.renderingSpeed == nil ? 0 : 1) > (
                    $1.effectiveFrom, $1.renderingSpeed == nil ? 0 : 1
                )
            }
        }
    }

    /// The price of one image, or nil when the book does not say (M1): the provider's own line before its kind's, and
    /// of those for the speed or for every speed the newest that is in force. So a line that is written later counts
    /// whether it names a speed or not; of one date the line for the speed is the more exact.
    package func price(
        provider: String,
        kind: ProviderKind?,
        model: RemixModel,
        speed: RenderingSpeed,
        characterReference: Bool,
        at moment: Timestamp
    ) -> PriceEntry? {
        for owner in Account(name: provider, kind: kind).owners {
            let key = Key(provider: owner, model: model, characterReference: characterReference)
            let found = lines[key]?.first { line in
                line.effectiveFrom <= moment && (line.renderingSpeed == nil || line.renderingSpeed == speed)
            }
            if let found { return found }
        }
        return nil
    }

    // MARK: - Which lines count

    /// The lines that price something at a moment, of every account, model, speed and character reference.
    package func inForce(for accounts: [Account], at moment: Timestamp) -> Set<PriceEntry> {
        var found: Set<PriceEntry> = []
        for account in accounts {
            for model in RemixModel.allCases {
                for speed in RenderingSpeed.allCases {
                    for characterReference in [false, true] {
                        let line = price(
                            provider: account.name,
                            kind: account.kind,
                            model: model,
                            speed: speed,
                            characterReference: characterReference,
                            at: moment
                        )
                        if let line { found.insert(line) }
                    }
                }
            }
        }
        return found
    }

    /// The lines that stand before one of this book: what it says for a speed or an account is not what counts, either
    /// now or, for a line to come, on its first day. Empty where the line counts for everything that it is for.
    package func overriding(_ entry: PriceEntry, for accounts: [Account], at moment: Timestamp) -> [PriceEntry] {
        let when = max(moment, entry.effectiveFrom)
        var found: [PriceEntry] = []
        for account in accounts where account.owners.contains(entry.provider) {
            for speed in entry.renderingSpeed.map({ [$0] }) ?? RenderingSpeed.allCases {
                let line = price(
                    provider: account.name,
                    kind: account.kind,
                    model: entry.model,
                    speed: speed,
                    characterReference: entry.characterReference,
                    at: when
                )
                if let line, line.place != entry.place, !found.contains(line) { found.append(line) }
            }
        }
        return found
    }

    // MARK: - Writing

    /// The lines that a write of `entries` changes: those itself, and for a line for every speed also the lines of its
    /// date for one speed, which would stand before it, unless the write names them too.
    package static func written(_ entries: [PriceEntry], over existing: [PriceEntry]) -> [PriceEntry] {
        let named = Set(entries.map(\.place))
        var lines = entries
        for entry in entries where entry.renderingSpeed == nil {
            for old in existing where old.renderingSpeed != nil && !named.contains(old.place) {
                guard old.place.isBeside(entry.place) else { continue }
                lines.append(
                    PriceEntry(
                        provider: old.provider,
                        model: old.model,
                        renderingSpeed: old.renderingSpeed,
                        characterReference: old.characterReference,
                        perImage: entry.perImage,
                        effectiveFrom: old.effectiveFrom,
                        source: entry.source
                    )
                )
            }
        }
        return lines.filter { !existing.contains($0) }
    }
}

/// What a line of the price book is for: of each there is one.
package struct PricePlace: Sendable, Hashable {
    package let provider: String
    package let model: RemixModel
    package let speed: RenderingSpeed?
    package let characterReference: Bool
    package let effectiveFrom: Timestamp

    /// Whether two differ in nothing but the speed.
    package func isBeside(_ other: PricePlace) -> Bool {
        provider == other.provider && model == other.model && characterReference == other.characterReference
            && effectiveFrom == other.effectiveFrom
    }
}

extension PriceEntry {
    package var place: PricePlace {
        PricePlace(
            provider: provider,
            model: model,
            speed: renderingSpeed,
            characterReference: characterReference,
            effectiveFrom: effectiveFrom
        )
    }
}
