import EaselBase

/// What an option or an argument takes: its name in help texts, and which texts are sound.
package struct ValueSpec: Sendable {
    /// The kinds of values.
    package enum Kind: Sendable {
        case text
        case file
        case folder
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        /// `30s`, `7d`.
        case duration
        /// `10MiB`.
        case byteSize
        /// US dollars, not negative.
        case money
        /// `KEY=VALUE`, the key not empty.
        case pair
        case choice([String])
        /// A date or an RFC 3339 time, one of these words, and where `ago` says so `7d` for that long ago.
        case moment(words: [String] = [], ago: Bool = false)
        /// The name of a time zone.
        case zone
        /// Names with commas, each one of these; `tag:NAME` stands for any tag. Empty: none.
        case list([String])
        /// A text that `isSound` accepts; `wanted` names it in messages: "a size such as 1024x1024".
        case checked(wanted: String, isSound: @Sendable (String) -> Bool)
    }

    /// In capitals, as in `--prompt TEXT`.
    package let placeholder: String
    /// Which texts are sound.
    package let kind: Kind

    package init(_ placeholder: String, _ kind: Kind = .text) {
        self.placeholder = placeholder
        self.kind = kind
    }

    /// Whether it names a file.
    var isFile: Bool { if case .file = kind { true } else { false } }

    /// Nil when the text is sound; else what is wanted: "a whole number from 1 to 20".
    func refusal(of text: String) -> String? {
        switch kind {
        case .text, .file, .folder: text.isEmpty ? "a text that is not empty" : nil
        case .integer(let range):
            Int(text).map(range.contains) == true
                ? nil : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range):
            Double(text).map(range.contains) == true
                ? nil : "a number from \(Self.plain(range.lowerBound)) to \(Self.plain(range.upperBound))"
        case .duration: DurationText.parse(text) == nil ? "a duration such as 500ms, 30s, 5m, 1h or 7d" : nil
        case .byteSize: ByteSizeText.parse(text) == nil ? "a size such as 512KiB or 10MiB" : nil
        case .money:
            Money(usd: text).map { $0 >= .zero } == true ? nil : "an amount in US dollars such as 0.20"
        case .pair:
            text.firstIndex(of: "=").map { $0 > text.startIndex } == true ? nil : "KEY=VALUE"
        case .choice(let names): names.contains(text) ? nil : "one of " + names.joined(separator: ", ")
        case .moment(let words, let ago):
            words.contains(text) || (ago && DurationText.parse(text).map { $0 > .zero } == true)
                || Timestamp(text).map { $0.microseconds >= 0 } == true ? nil : Self.moments(words, ago)
        case .zone: LocalTime(text) == nil ? "UTC or a time zone such as Europe/Berlin" : nil
        case .list(let names):
            Self.isList(text, of: names) ? nil : "names with commas, of " + names.joined(separator: ", ")
        case .checked(let wanted, let isSound): isSound(text) ? nil : wanted
        }
    }

    /// Every form that a time may have.
    private static func moments(_ words: [String], _ ago: Bool) -> String {
        let forms =
            ["a date such as 2026-11-01", "a time such as 2026-11-01T00:00:00Z"]
            + (ago ? ["7d or 24h for that long ago"] : []) + words
        return forms.dropLast().joined(separator: ", ") + " or " + forms[forms.count - 1]
    }

    private static func isList(_ text: String, of names: [String]) -> Bool {
        if text.isEmpty { return true }
        return text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { name in
            names.contains(String(name)) || (names.contains("tag:NAME") && name.hasPrefix("tag:") && name.count > 4)
        }
    }

    /// The words that a shell may offer.
    var choices: [String]? { if case .choice(let names) = kind { names } else { nil } }

    /// `1` rather than `1.0`.
    private static func plain(_ number: Double) -> String {
        Int(exactly: number).map { String($0) } ?? String(number)
    }
}
