package import EaselBase

/// Amounts as people read them: with cents, and below each other with the same decimals, of which none is left out.
package enum AmountText {
    /// As many decimals as the finest amount has, two at least.
    package static func decimals(_ amounts: [Money]) -> Int {
        amounts.map { fraction($0.dollars) }.max() ?? 2
    }

    /// A figure of a column, such as `0.60` or `0.0600`. What is no amount is shown as it came.
    package static func aligned(_ text: String, decimals: Int) -> String {
        guard let figure = Money(usd: text)?.dollars.replacing("$", with: "") else { return text }
        return figure + String(repeating: "0", count: max(0, decimals - fraction(figure)))
    }

    /// In a sentence: `$0.60`, `$0.0625`.
    package static func dollars(_ text: String) -> String { Money(usd: text)?.dollars ?? "$\(text)" }

    /// The same for a member that may not be there.
    package static func dollars(_ value: JSONValue?) -> String? { value?.stringValue.map { dollars($0) } }

    package static func dollars(_ value: JSONValue?, none: String) -> String { dollars(value) ?? none }

    private static func fraction(_ text: String) -> Int {
        text.firstIndex(of: ".").map { text.distance(from: $0, to: text.endIndex) - 1 } ?? 0
    }
}
