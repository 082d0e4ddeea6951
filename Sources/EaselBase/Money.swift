package import Foundation

/// An amount of money in whole nanodollars (M1): a thousand millionth of a US dollar.
///
/// An amount that is not known is an absent `Money?`, never zero.
package struct Money: Sendable, Hashable, Comparable {
    /// Nanodollars. May be negative for corrections.
    package let nanodollars: Int64

    package static let zero = Money(nanodollars: 0)
    package static let nanodollarsPerDollar: Int64 = 1_000_000_000

    package init(nanodollars: Int64) {
        self.nanodollars = nanodollars
    }

    package static func < (left: Money, right: Money) -> Bool { left.nanodollars < right.nanodollars }

    /// The sum. Saturates: an absurd figure of a provider must not end the program.
    package static func + (left: Money, right: Money) -> Money {
        let (sum, overflows) = left.nanodollars.addingReportingOverflow(right.nanodollars)
        return Money(nanodollars: !overflows ? sum : left.nanodollars < 0 ? .min : .max)
    }

    package static func - (left: Money, right: Money) -> Money {
        let (difference, overflows) = left.nanodollars.subtractingReportingOverflow(right.nanodollars)
        return Money(nanodollars: !overflows ? difference : left.nanodollars < 0 ? .min : .max)
    }

    package static func += (left: inout Money, right: Money) { left = left + right }

    /// The amount so many times. Saturates: an absurd price is an absurd bound, not the end of the program.
    package static func * (left: Money, count: Int) -> Money {
        let (product, overflows) = left.nanodollars.multipliedReportingOverflow(by: Int64(count))
        guard overflows else { return Money(nanodollars: product) }
        return Money(nanodollars: (left.nanodollars < 0) == (count < 0) ? .max : .min)
    }

    /// The sum of known amounts, or nil as soon as one is not known or the sum leaves the range.
    package static func sum(_ amounts: some Sequence<Money?>) -> Money? {
        var total = Money.zero
        for amount in amounts {
            guard let amount else { return nil }
            // Absurd figures of a provider must not stop the program: a sum beyond range is not known.
            let (sum, overflows) = total.nanodollars.addingReportingOverflow(amount.nanodollars)
            guard !overflows else { return nil }
            total = Money(nanodollars: sum)
        }
        return total
    }
}

// MARK: - Text

extension Money {
    /// Reads a plain decimal such as `0.06`, `12` or `-1.5`: at most nine decimals, no exponent, below a thousand
    /// million dollars. Nil for everything else; a finer amount is refused instead of rounded.
    package init?(usd text: some StringProtocol) {
        var digits = Substring(text)
        let negative = digits.hasPrefix("-")
        if negative { digits = digits.dropFirst() }
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.count <= 9, whole.allSatisfy(\.isASCIIDigit),
            let dollars = Int64(whole)
        else { return nil }
        var fraction: Int64 = 0
        if parts.count == 2 {
            guard !parts[1].isEmpty, parts[1].count <= 9, parts[1].allSatisfy(\.isASCIIDigit),
                let value = Int64(parts[1].padding(toLength: 9, withPad: "0", startingAt: 0))
            else { return nil }
            fraction = value
        }
        let amount = dollars * Self.nanodollarsPerDollar + fraction
        self.init(nanodollars: negative ? -amount : amount)
    }

    /// A provider's JSON number, rounded half away from zero to whole nanodollars. Nil when negative or beyond range:
    /// no provider pays its callers, so such a figure is not understood.
    package init?(providerUSD amount: Decimal) {
        guard amount >= 0, amount < 1_000_000_000 else { return nil }
        var scaled = amount * Decimal(Self.nanodollarsPerDollar)
        var rounded = Decimal()
        NSDecimalRound(&rounded, &scaled, 0, .plain)
        self.init(nanodollars: NSDecimalNumber(decimal: rounded).int64Value)
    }

    /// The same for a figure that somebody claims: one beyond range is the highest there is, so that it is seen to be
    /// absurd instead of being taken for none. Nil when negative or no number.
    package init?(claimedUSD amount: Decimal) {
        guard !amount.isNaN, amount >= 0 else { return nil }
        self = Money(providerUSD: amount) ?? Money(nanodollars: 1_000_000_000 * Self.nanodollarsPerDollar)
    }

    /// Dollars as a plain decimal string without trailing zeros: `0.06`, `12`, `0`.
    package var usd: String {
        let (dollars, fraction) = nanodollars.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        let sign = nanodollars < 0 ? "-" : ""
        return fraction == 0 ? "\(sign)\(dollars)" : "\(sign)\(dollars).\(Digits.fraction(fraction, places: 9))"
    }
}

extension Money {
    /// For sentences and tables: `$0.60`, `$12.00`, `$0.0625`; every decimal that there is, two at least.
    package var dollars: String {
        var text = Money(nanodollars: nanodollars < 0 ? 0 - nanodollars : nanodollars).usd
        let decimals = text.firstIndex(of: ".").map { text.distance(from: $0, to: text.endIndex) - 1 }
        switch decimals {
        case nil: text += ".00"
        case 1: text += "0"
        default: break
        }
        return (nanodollars < 0 ? "-$" : "$") + text
    }
}

extension Money: Codable {
    /// Money crosses JSON as a decimal string, never as a float.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let money = Money(usd: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an amount in USD")
        }
        self = money
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(usd)
    }
}

extension Character {
    /// One of `0` to `9`.
    package var isASCIIDigit: Bool { asciiValue.map { (48...57).contains($0) } ?? false }
}
