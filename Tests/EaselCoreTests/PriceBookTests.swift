import EaselBase
import EaselCore
import Testing
import TestTools

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

    @Test func `a newer line for every speed counts for each, and of one date the line for the speed`() {
        let old = RenderingSpeed.allCases.map { line("own", 10, speed: $0, from: Samples.now - Self.day * 9) }
        for speed in RenderingSpeed.allCases {
            #expect(price(old + [line("own", 6, from: Samples.now)], speed: speed) == 6)
            #expect(price(old + [line("own", 6, from: Samples.now + .seconds(1))], speed: speed) == 10)
            #expect(price(old + [line("own", 6, from: Samples.now - Self.day * 9)], speed: speed) == 10)
        }
        let exact = line("own", 3, speed: .turbo, from: Samples.now)
        #expect(price(old + [exact, line("own", 6, from: Samples.now)], speed: .turbo) == 3)
        #expect(price(old + [exact, line("own", 6, from: Samples.now)], speed: .quality) == 6)
    }

    // MARK: - Writes that do more, or less, than they say

    private static let accounts = [
        PriceBook.Account(name: "own", kind: .runware), PriceBook.Account(name: "second", kind: .runware),
        PriceBook.Account(name: "ideogram", kind: .ideogram),
    ]

    private func overriding(_ entry: PriceEntry, in others: [PriceEntry]) -> [PriceEntry] {
        PriceBook(others + [entry]).overriding(entry, for: Self.accounts, at: Samples.now)
    }

    @Test func `a line that counts for everything that it is for is overridden by nothing`() {
        let old = RenderingSpeed.allCases.map { line("runware", 10, speed: $0, from: Samples.now - Self.day * 9) }
        #expect(overriding(line("runware", 6), in: old) == [])
        #expect(overriding(line("runware", 6, from: Samples.now + Self.day), in: old) == [])
        #expect(overriding(line("ideogram", 6), in: old) == [])
    }

    @Test func `what stands before a line is named: a newer one, one for its speed, an account's own`() {
        let newer = line("runware", 7, from: Samples.now)
        #expect(overriding(line("runware", 6), in: [newer]) == [newer])
        #expect(overriding(line("runware", 6, speed: .turbo), in: [newer]) == [newer])
        let exact = line("runware", 3, speed: .turbo)
        #expect(overriding(line("runware", 6), in: [exact]) == [exact])
        let own = line("own", 5, from: Samples.now - Self.day * 300)
        #expect(overriding(line("runware", 6), in: [own]) == [own])
        // It counts for the second account all the same, and an own line is not overridden by its kind's.
        #expect(overriding(line("own", 5), in: [line("runware", 6, from: Samples.now)]) == [])
        // A line to come is looked at on its first day.
        #expect(overriding(line("runware", 6, from: Samples.now + Self.day), in: [newer]) == [])
    }

    @Test func `a line for every speed changes those of its date for one speed, unless they are named too`() {
        let turbo = line("own", 3, speed: .turbo)
        let other = [
            line("own", 4, speed: .quality, from: Samples.now), line("own", 3, speed: .turbo, character: true),
            line("runware", 3, speed: .turbo), line("own", 3, speed: .turbo, model: .ideogram4),
        ]
        let general = line("own", 6)
        #expect(PriceBook.written([general], over: [turbo] + other) == [general, line("own", 6, speed: .turbo)])
        let named = line("own", 2, speed: .turbo)
        #expect(PriceBook.written([general, named], over: [turbo] + other) == [general, named])
        #expect(PriceBook.written([turbo], over: [turbo]) == [], "what stands already is no change")
    }

    @Test func `the lines in force are those that price something`() {
        let past = line("own", 1, from: Samples.now - Self.day * 9)
        let now = line("own", 2)
        let coming = line("own", 3, from: Samples.now + Self.day)
        let hidden = line("ideogram", 4, speed: .turbo, from: Samples.now - Self.day * 9)
        let shown = line("ideogram", 5)
        let book = PriceBook([past, now, coming, hidden, shown, line("nobody", 6)])
        #expect(book.inForce(for: Self.accounts, at: Samples.now) == [now, shown])
        #expect(book.inForce(for: Self.accounts, at: Samples.now + Self.day) == [coming, shown])
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
            for owner in ["own", "runware"] where expected == nil {
                expected =
                    entries.filter {
                        $0.provider == owner && ($0.renderingSpeed ?? speed) == speed
                            && $0.characterReference == character && $0.effectiveFrom <= Samples.now
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
