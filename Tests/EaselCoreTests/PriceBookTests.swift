import EaselBase
import EaselCore
import Testing

@Suite("Price book (M1, M8)")
struct PriceBookTests {
    private static let day = Duration.seconds(86_400)

    private func line(
        _ provider: String,
        _ cents: Int64,
        speed: RenderingSpeed? = nil,
        model: RemixModel = .ideogram3,
        character: Bool = false,
        from moment: Timestamp = Samples.now - day
    ) -> PriceEntry {
        PriceEntry(
            provider: provider,
            model: model,
            renderingSpeed: speed,
            characterReference: character,
            perImage: Samples.cents(cents),
            effectiveFrom: moment
        )
    }

    /// In cents, of a 3.0 remix at the provider `own`, which is of the kind `runware`.
    private func price(
        _ entries: [PriceEntry],
        speed: RenderingSpeed = .default,
        character: Bool = false,
        at moment: Timestamp = Samples.now
    ) -> Int64? {
        let found = PriceBook(entries).price(
            provider: "own",
            kind: .runware,
            model: .ideogram3,
            speed: speed,
            characterReference: character,
            at: moment
        )
        return found.map { $0.perImage.nanodollars / 10_000_000 }
    }

    @Test func `an empty book knows no price, which is not zero`() {
        #expect(price([]) == nil)
    }

    @Test func `a price of zero is a price`() {
        #expect(price([line("own", 0)]) == 0)
    }

    @Test func `a line of another provider, kind, model or character reference does not serve`() {
        let others = [
            line("other", 1), line("ideogram", 2), line("own", 3, model: .ideogram4), line("own", 4, character: true),
        ]
        #expect(price(others) == nil)
        #expect(price(others, character: true) == 4)
    }

    @Test func `the kind's line serves every account, the own one comes before it`() {
        let kind = line("runware", 6)
        #expect(price([kind]) == 6)
        #expect(price([kind, line("own", 5)]) == 5)
        #expect(price([line("own", 5), kind]) == 5)
    }

    @Test func `an own line for every speed comes before the kind's for this one`() {
        #expect(price([line("runware", 10, speed: .quality), line("own", 5)], speed: .quality) == 5)
    }

    @Test func `an own line for another speed leaves the kind's in force`() {
        #expect(price([line("runware", 6), line("own", 3, speed: .turbo)]) == 6)
        #expect(price([line("runware", 6), line("own", 3, speed: .turbo)], speed: .turbo) == 3)
    }

    @Test(arguments: [(RenderingSpeed.turbo, 3), (.default, 6), (.quality, 6)] as [(RenderingSpeed, Int64)])
    func `a speed without a line of its own has the general price`(speed: RenderingSpeed, cents: Int64) {
        #expect(price([line("own", 3, speed: .turbo), line("own", 6)], speed: speed) == cents)
    }

    @Test func `a speed without a line and without a general one is not priced`() {
        #expect(price([line("own", 3, speed: .turbo)], speed: .quality) == nil)
    }

    @Test func `a price holds from its moment on, to the microsecond`() {
        let change = Samples.now
        let book = [
            line("own", 6, from: change - Self.day * 10), line("own", 7, from: change),
            line("own", 9, from: change + Self.day),
        ]
        for entries in [book, book.reversed(), [book[1], book[2], book[0]]] {
            #expect(price(entries, at: change - Self.day * 11) == nil)
            #expect(price(entries, at: change - Self.day * 10) == 6)
            #expect(price(entries, at: change - .microseconds(1)) == 6)
            #expect(price(entries, at: change) == 7)
            #expect(price(entries, at: change + Self.day - .microseconds(1)) == 7)
            #expect(price(entries, at: change + Self.day * 1000) == 9)
        }
    }

    @Test func `a line for the speed that is not in force yet leaves the general one`() {
        let entries = [line("own", 6), line("own", 10, speed: .quality, from: Samples.now + .seconds(1))]
        #expect(price(entries, speed: .quality) == 6)
        #expect(price(entries, speed: .quality, at: Samples.now + .seconds(1)) == 10)
    }

    @Test func `an older line for the speed comes before a newer general one`() {
        let entries = [
            line("own", 6, from: Samples.now), line("own", 10, speed: .quality, from: Samples.now - Self.day * 9),
        ]
        #expect(price(entries, speed: .quality) == 10)
    }

    @Test func `an own line that is not in force yet leaves the kind's`() {
        let entries = [line("runware", 6), line("own", 5, from: Samples.now + .seconds(1))]
        #expect(price(entries) == 6)
    }

    @Test func `random books answer as a plain search does`() {
        for seed in UInt64(0x0E5E_8000)..<0x0E5E_8000 + 1000 {
            var random = SeededRandom(seed: seed)
            var entries: [PriceEntry] = []
            for index in 0..<Int.random(in: 0...12, using: &random) {
                entries.append(
                    line(
                        ["own", "runware", "other"].randomElement(using: &random)!,
                        Int64(index),
                        speed: (RenderingSpeed.allCases + [nil]).randomElement(using: &random)!,
                        character: Bool.random(using: &random),
                        // No two at one moment, so that there is one right answer.
                        from: Samples.now + .seconds(Int64.random(in: -5...5, using: &random) * 100 + Int64(index))
                    )
                )
            }
            let speed = RenderingSpeed.allCases.randomElement(using: &random)!
            let character = Bool.random(using: &random)
            var expected: PriceEntry?
            for (owner, wanted) in [("own", speed), ("own", nil), ("runware", speed), ("runware", nil)]
                as [(String, RenderingSpeed?)]
            where expected == nil {
                expected =
                    entries.filter {
                        $0.provider == owner && $0.renderingSpeed == wanted && $0.characterReference == character
                            && $0.effectiveFrom <= Samples.now
                    }
                    .max { $0.effectiveFrom < $1.effectiveFrom }
            }
            let told = PriceBook(entries).price(
                provider: "own",
                kind: .runware,
                model: .ideogram3,
                speed: speed,
                characterReference: character,
                at: Samples.now
            )
            #expect(told == expected, "seed \(seed)")
        }
    }
}
