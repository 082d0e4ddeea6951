import EaselBase
import EaselCore
import Foundation

/// Figures of providers' usage reports, in whichever form they come.
enum UsageFigure {
    /// A number, or a plain decimal as text; nil for everything else.
    static func decimal(_ value: JSONValue?) -> Decimal? {
        switch value {
        case .number(let number): return number
        case .string(let text):
            var parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)[...]
            if parts.first == "" { return nil }
            if parts.first?.first == "-" { parts[0] = parts[0].dropFirst() }
            guard !parts.isEmpty, text.utf8.count <= 40,
                parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isASCIIDigit) })
            else { return nil }
            return Decimal(string: text, locale: Locale(identifier: "en_US_POSIX"))
        default: return nil
        }
    }

    /// Dollars as whole nanodollars; nil for what is no amount that a provider can charge.
    static func dollars(_ value: JSONValue?) -> Money? { decimal(value).flatMap(Money.init(providerUSD:)) }

    /// A whole number that is not negative.
    static func count(_ value: JSONValue?) -> Int? {
        guard let number = decimal(value), number >= 0, number < 1_000_000_000_000 else { return nil }
        let whole = NSDecimalNumber(decimal: number).intValue
        return Decimal(whole) == number ? whole : nil
    }

    /// A date, or the UTC day of a time.
    static func day(_ value: JSONValue?) -> CivilDay? {
        guard let text = value?.stringValue else { return nil }
        return CivilDay(text) ?? Timestamp(text).map { CivilDay(of: $0) }
    }

    /// A name of the provider's that is kept short and on one line.
    static func name(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) }.prefix(120))
    }
}
