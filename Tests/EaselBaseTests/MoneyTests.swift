import EaselBase
import Foundation
import Testing
import TestTools

@Suite("Money (M1)")
struct MoneyTests {
    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("0.06", 60_000_000), ("12", 12_000_000_000), ("-1.5", -1_500_000_000),
            ("0.000000001", 1), ("-0.000000001", -1), ("00.10", 100_000_000), ("000000001", 1_000_000_000),
            ("999999999", 999_999_999_000_000_000), ("999999999.999999999", 999_999_999_999_999_999),
            ("-999999999.999999999", -999_999_999_999_999_999), ("1.100000000", 1_100_000_000),
        ] as [(String, Int64)]
    )
    func `a plain decimal is read exactly`(text: String, nanodollars: Int64) {
        #expect(Money(usd: text)?.nanodollars == nanodollars)
    }

    @Test(
        arguments: [
            "", "-", ".", "1.", ".5", "-.5", "+1", "--1", "1e3", "0x10", " 1", "1 ", "1,5", "1.2.3", "$1", "nan",
            "1_000", "1.0000000001", "0.0000000000", "1000000000", "0000000001", "٣", "1.٣", "½", "1\u{301}",
            "1.5\u{FE0F}\u{20E3}",
        ]
    )
    func `anything else is refused instead of rounded`(text: String) {
        #expect(Money(usd: text) == nil)
    }

    @Test(
        arguments: [
            (0, "0"), (1, "0.000000001"), (-1, "-0.000000001"), (60_000_000, "0.06"), (12_000_000_000, "12"),
            (-1_500_000_000, "-1.5"), (100, "0.0000001"), (1_000_000_010, "1.00000001"),
            (Int64.max, "9223372036.854775807"), (Int64.min, "-9223372036.854775808"),
        ] as [(Int64, String)]
    )
    func `the text has no zeros too many`(nanodollars: Int64, text: String) {
        #expect(Money(nanodollars: nanodollars).usd == text)
    }

    @Test func `a random walk over all magnitudes survives text and JSON`() throws {
        let seed: UInt64 = 0x0E5E_1001
        var random = SeededRandom(seed: seed)
        var amounts: [Money] = []
        for _ in 0..<5000 {
            let limit = Int64(pow(10, Double.random(in: 0...18, using: &random)))
            amounts.append(Money(nanodollars: Int64.random(in: -limit...limit, using: &random)))
        }
        for amount in amounts where Money(usd: amount.usd) != amount {
            Issue.record("seed \(seed): \(amount.nanodollars) came back from \(amount.usd) as another amount")
        }
        let decoded = try JSON.decode([Money].self, from: try JSON.encode(amounts))
        #expect(decoded == amounts, "seed \(seed)")
    }

    @Test func `sums of random amounts are those of their nanodollars`() {
        let seed: UInt64 = 0x0E5E_1002
        var random = SeededRandom(seed: seed)
        var total = Money.zero
        var whole: Int64 = 0
        for step in 0..<2000 {
            let part = Money(nanodollars: Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random))
            let count = Int.random(in: 0...20, using: &random)
            total += part * count
            total = total - part
            whole += part.nanodollars * Int64(count) - part.nanodollars
            #expect(total.nanodollars == whole, "seed \(seed), step \(step)")
        }
    }

    @Test func `money crosses JSON as a string, never as a number`() throws {
        #expect(try JSON.text(["cost_usd": Money(nanodollars: 60_000_000)]) == #"{"cost_usd":"0.06"}"#)
        #expect(throws: DecodingError.self) { try JSON.decode([Money].self, from: Array("[0.06]".utf8)) }
        #expect(throws: DecodingError.self) { try JSON.decode([Money].self, from: Array(#"["1e-2"]"#.utf8)) }
    }

    @Test func `a sum with an unknown amount is unknown, and an empty one is zero`() {
        let cent = Money(nanodollars: 10_000_000)
        #expect(Money.sum([cent, cent, cent]) == Money(nanodollars: 30_000_000))
        #expect(Money.sum([cent, nil, cent]) == nil)
        #expect(Money.sum([Money?]()) == .zero)
    }

    @Test func `a sum beyond the range is unknown, wherever it leaves it`() {
        let most = Money(nanodollars: .max)
        let cent = Money(nanodollars: 10_000_000)
        #expect(Money.sum([most, .zero]) == most)
        #expect(Money.sum([most, Money(nanodollars: -1), Money(nanodollars: 1)]) == most)
        #expect(Money.sum([most, cent]) == nil)
        #expect(Money.sum([most, cent, Money(nanodollars: -10_000_000)]) == nil)
        #expect(Money.sum([Money(nanodollars: .min), Money(nanodollars: -1)]) == nil)
    }

    @Test(
        arguments: [
            (Int64.max, 1, Int64.max), (.max, 0, 0), (.max, 2, .max), (.max, -1, -.max), (.max, -2, .min),
            (.min, 1, .min), (.min, 2, .min), (.min, -1, .max), (.min, -2, .max),
            (461_168_601_842_738_790, 20, 9_223_372_036_854_775_800),
            (461_168_601_842_738_791, 20, .max), (461_168_601_842_738_791, -20, .min),
            (3_000_000_000, 3, 9_000_000_000), (-5, -3, 15),
        ]
    )
    func `an amount many times stays in range`(nanodollars: Int64, count: Int, product: Int64) {
        #expect((Money(nanodollars: nanodollars) * count).nanodollars == product)
    }

    @Test func `amounts are ordered by value`() {
        let amounts = [Int64.min, -1, 0, 1, .max].map { Money(nanodollars: $0) }
        #expect(amounts.shuffled().sorted() == amounts)
    }

    @Test(
        arguments: [
            (.max - 1, 1, .max), (.max, 0, .max), (.max, 1, .max), (.max, .max, .max), (.max, .min, -1),
            (.min + 1, -1, .min), (.min, 0, .min), (.min, -1, .min), (.min, .min, .min), (1, .max, .max),
            (-1, .min, .min),
        ] as [(Int64, Int64, Int64)]
    )
    func `a sum stays in range`(left: Int64, right: Int64, sum: Int64) {
        #expect((Money(nanodollars: left) + Money(nanodollars: right)).nanodollars == sum)
        var total = Money(nanodollars: left)
        total += Money(nanodollars: right)
        #expect(total.nanodollars == sum)
    }

    @Test(
        arguments: [
            (.min + 1, 1, .min), (.min, 1, .min), (.min, .max, .min), (.min, .min, 0), (.max, -1, .max),
            (.max, .min, .max), (0, .min, .max), (-1, .min, .max), (-2, .max, .min), (.max, .max, 0),
        ] as [(Int64, Int64, Int64)]
    )
    func `a difference stays in range`(left: Int64, right: Int64, difference: Int64) {
        #expect((Money(nanodollars: left) - Money(nanodollars: right)).nanodollars == difference)
    }
}

@Suite("Figures of providers")
struct ProviderMoneyTests {
    @Test(
        arguments: [
            ("0", 0), ("0.06", 60_000_000), ("6e-2", 60_000_000), ("0.30000000000000004", 300_000_000),
            ("0.060000000000000004999999999999", 60_000_000), ("0.0599999999999999977795539507497", 60_000_000),
            ("0.0000000005", 1), ("0.00000000049999", 0), ("0.0000000015", 2), ("0.0000000025", 3),
            ("123456789.123456789123456789", 123_456_789_123_456_789),
            ("1.000000000000000000000000000001", 1_000_000_000),
            ("0.333333333333333333333333333333", 333_333_333), ("0.666666666666666666666666666666", 666_666_667),
            ("999999999.999999999", 999_999_999_999_999_999), ("999999999.9999999999", 1_000_000_000_000_000_000),
            ("1e-30", 0), ("0.0013", 1_300_000),
        ] as [(String, Int64)]
    )
    func `a JSON number is rounded half up to whole nanodollars`(json: String, nanodollars: Int64) throws {
        let number = try #require(try JSON.decode([JSONValue].self, from: Array("[\(json)]".utf8)).first?.numberValue)
        #expect(Money(providerUSD: number)?.nanodollars == nanodollars)
    }

    @Test(arguments: ["-0.01", "-1e-20", "1000000000", "1e30", "1e100"])
    func `a figure that is negative or beyond range is not understood`(json: String) throws {
        let number = try #require(try JSON.decode([JSONValue].self, from: Array("[\(json)]".utf8)).first?.numberValue)
        #expect(Money(providerUSD: number) == nil)
    }

    @Test func `not a number is no amount`() {
        #expect(Money(providerUSD: .nan) == nil)
    }

    @Test func `every whole number of nanodollars passes unchanged, with noise far behind the point too`() throws {
        let seed: UInt64 = 0x0E5E_1003
        var random = SeededRandom(seed: seed)
        for _ in 0..<2000 {
            let limit = Int64(pow(10, Double.random(in: 0...17.9, using: &random)))
            let money = Money(nanodollars: Int64.random(in: 0...limit, using: &random))
            let exact = try #require(Decimal(string: money.usd))
            let noise = Decimal(sign: .plus, exponent: -19, significand: Decimal(Int.random(in: 0...9, using: &random)))
            #expect(Money(providerUSD: exact) == money, "seed \(seed)")
            #expect(Money(providerUSD: exact + noise) == money, "seed \(seed): noise \(noise)")
        }
    }
}

@Suite("Digits")
struct ASCIIDigitTests {
    @Test func `the ten digits are digits`() {
        #expect("0123456789".allSatisfy { $0.isASCIIDigit })
        #expect(!"/:٣²½a".contains { $0.isASCIIDigit })
    }

    @Test func `a digit with a combining mark is none`() {
        #expect(!Character("1\u{301}").isASCIIDigit)
        #expect(!Character("5\u{FE0F}\u{20E3}").isASCIIDigit)
    }

    @Test func `dollars have two decimals at least`() {
        let cases: [(Int64, String)] = [
            (0, "$0.00"), (500_000_000, "$0.50"), (12_000_000_000, "$12.00"), (62_500_000, "$0.0625"),
            (-1_250_000_000, "-$1.25"), (1, "$0.000000001"),
        ]
        for (nanodollars, text) in cases { #expect(Money(nanodollars: nanodollars).dollars == text) }
    }
}
