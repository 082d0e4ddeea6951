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
        case .checked(let wanted, let isSound): isSound(text) ? nil : wanted
        }
    }

    /// The words that a shell may offer.
    var choices: [String]? { if case .choice(let names) = kind { names } else { nil } }

    /// `1` rather than `1.0`.
    private static func plain(_ number: Double) -> String {
        Int(exactly: number).map { String($0) } ?? String(number)
    }
}
