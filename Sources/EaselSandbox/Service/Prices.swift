import EaselBase

/// What an image costs at either provider, in US dollars. The two charge the same (Runware passes Ideogram's price on),
/// as far as their pages say (docs/providers/runware.md, 6.3; docs/providers/ideogram.md, 6.2).
enum Prices {
    enum Family: Sendable {
        case ideogram1, ideogram1Turbo, ideogram2, ideogram2Turbo, ideogram2a, ideogram2aTurbo, ideogram3
        case ideogram3WithCharacter, ideogram4
    }

    /// `speed` is one of FLASH, TURBO, DEFAULT, QUALITY.
    static func perImage(_ family: Family, speed: String) -> Money {
        let thousandths: Int64 =
            switch (family, speed) {
            case (.ideogram4, "TURBO"): 30
            case (.ideogram4, "QUALITY"): 100
            case (.ideogram4, _): 60
            case (.ideogram3, "FLASH"), (.ideogram3, "TURBO"): 30
            case (.ideogram3, "QUALITY"): 90
            case (.ideogram3, _): 60
            case (.ideogram3WithCharacter, "FLASH"), (.ideogram3WithCharacter, "TURBO"): 100
            case (.ideogram3WithCharacter, "QUALITY"): 200
            case (.ideogram3WithCharacter, _): 150
            case (.ideogram2, _): 80
            case (.ideogram2Turbo, _): 50
            case (.ideogram2a, _): 40
            case (.ideogram2aTurbo, _): 25
            case (.ideogram1Turbo, _), (.ideogram1, "TURBO"): 20
            case (.ideogram1, _): 60
            }
        return Money(nanodollars: thousandths * 1_000_000)
    }
}
