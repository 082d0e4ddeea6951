package import EaselCore
import EaselBase

extension PriceBook {
    /// The prices that a database begins with (migrations/0002_prices.sql), for a ledger without one; a test holds them
    /// together. Runware passes Ideogram's prices through.
    package static var standard: [PriceEntry] {
        let images: [(RemixModel, isCharacter: Bool, cents: [RenderingSpeed: Int64])] = [
            (.ideogram4, false, [.turbo: 3, .default: 6, .quality: 10]),
            (.ideogram3, false, [.turbo: 3, .default: 6, .quality: 9]),
            (.ideogram3, true, [.turbo: 10, .default: 15, .quality: 20]),
            (.ideogram1, false, [.turbo: 2, .default: 6, .quality: 6]),
        ]
        return ["ideogram", "runware"].flatMap { provider in
            images.flatMap { model, isCharacter, cents in
                RenderingSpeed.allCases.compactMap { speed in
                    cents[speed].map { amount in
                        PriceEntry(
                            provider: provider,
                            model: model,
                            renderingSpeed: speed,
                            characterReference: isCharacter,
                            perImage: Money(nanodollars: amount * 10_000_000),
                            // 2025-01-01
                            effectiveFrom: Timestamp(microseconds: 1_735_689_600_000_000)
                        )
                    }
                }
            }
        }
    }
}
