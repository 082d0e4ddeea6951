import EaselBase

/// What a setting's value may be: how it is read, how it is written, and the words for it.
package struct SettingForm<Value> {
    /// Nil after a fault was recorded.
    package let read: (any SettingSource) -> Value?
    /// As YAML, exact: it reads back as it was.
    package let written: (Value) -> String
    /// As YAML, as people would write it.
    package let spelt: (Value) -> String
    /// Which values there are, for the table in the documentation.
    package let values: String
    /// The words of a choice, where it is one.
    let words: [String]

    package init(
        _ values: String,
        words: [String] = [],
        written: @escaping (Value) -> String,
        spelt: ((Value) -> String)? = nil,
        read: @escaping (any SettingSource) -> Value?
    ) {
        self.values = values
        self.words = words
        self.written = written
        self.spelt = spelt ?? written
        self.read = read
    }
}

extension SettingForm<Int> {
    /// A whole number.
    package static func integer(_ range: ClosedRange<Int>) -> Self {
        Self("a whole number from \(range.lowerBound) to \(range.upperBound)", written: String.init) {
            $0.integer(in: range)
        }
    }

    /// Bytes.
    package static func size(_ range: ClosedRange<Int>) -> Self {
        Self(
            "a size from \(ByteSizeText.format(range.lowerBound)) to \(ByteSizeText.format(range.upperBound))",
            written: String.init,
            spelt: ByteSizeText.exact
        ) { $0.byteSize(in: range) }
    }
}

extension SettingForm<Double> {
    /// A part of a whole.
    package static var share: Self {
        Self("a number from 0 to 1", written: { "\($0)" }) { setting in
            setting.scalar("a number from 0 to 1, such as 0.1") { text in
                Double(text).flatMap { (0...1).contains($0) ? $0 : nil }
            }
        }
    }
}

extension SettingForm<Duration> {
    /// Milliseconds to years.
    package static func duration(_ range: ClosedRange<Duration>) -> Self {
        Self(
            "a duration from \(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))",
            written: DurationText.format,
            spelt: DurationText.plain
        ) { $0.duration(in: range) }
    }
}

extension SettingForm<Bool> {
    package static var boolean: Self { Self("`true` or `false`", written: { "\($0)" }, read: { $0.boolean() }) }
}

extension SettingForm<String> {
    package static var text: Self { Self("a text", written: SettingText.quoted) { $0.text() } }

    /// Without user, query and fragment.
    package static var webAddress: Self {
        Self("an address that begins with `https://` or `http://`", written: SettingText.quoted, spelt: { $0 }) {
            $0.webAddress()
        }
    }
}

extension SettingForm<[IPNetwork]> {
    package static var networks: Self {
        Self(
            "a list of ranges of addresses",
            written: { "[\($0.map { SettingText.quoted($0.description) }.joined(separator: ", "))]" },
            read: { $0.networks() }
        )
    }
}

extension SettingForm<Secret> {
    /// `problem` says what is wrong with one, in words that do not hold it; `shown` stands for it wherever it is printed (S2).
    package static func secret(
        shown: String = Secret.redaction,
        _ problem: @escaping (String) -> String?
    ) -> Self {
        Self("a secret: a text, or `{ file: PATH }`", written: { _ in shown }, read: { $0.secret(problem) })
    }
}

extension SettingForm where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the words of an enumeration. `later` are words that the outer contract promises for later.
    package static func choice(later: [String] = []) -> Self {
        let words = Value.allCases.map(\.rawValue)
        return Self(
            words.map { "`\($0)`" }.joined(separator: ", "),
            words: words,
            written: \.rawValue
        ) { $0.choice(words, later: later).flatMap(Value.init(rawValue:)) }
    }
}

/// Texts as YAML.
package enum SettingText {
    /// A text as YAML reads it back: plain where that is safe, else in double quotes; JSON's escapes are YAML's too.
    package static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-_./".utf8.contains($0)
        }
        if plain, let first = text.first, first.isLetter || first == "." || first == "/",
            text.contains(where: \.isLetter),
            !["true", "false", "null", "~"].contains(text.lowercased())
        {
            return text
        }
        var literal = ""
        literal.appendJSONString(text.replacing("$", with: "$$"))
        return literal
    }
}
