import EaselBase
import EaselCore

/// Reads one value as what its setting wants. Every method answers nil after it has recorded why it cannot.
struct SettingReader: SettingSource {
    let node: YAMLNode
    /// Where the setting's key stands; an item of a list has none of its own and stands where its value does.
    let keyPosition: SourcePosition
    let path: String
    let context: ReadingContext

    /// Records a fault at the value.
    func fault(_ message: String) { context.fault(path, at: node.position, message) }

    // MARK: - Shapes

    func section() -> SectionReader? {
        guard case .mapping(let entries) = node.content else {
            fault("wants a mapping (`key: value` lines below it), not \(kind)")
            return nil
        }
        return SectionReader(entries: entries, path: path, position: keyPosition, context: context)
    }

    func list() -> [SettingReader]? {
        guard case .sequence(let items) = node.content else {
            fault("wants a list such as `[a, b]`, not \(kind)")
            return nil
        }
        return items.enumerated()
            .map { index, item in
                SettingReader(
                    node: item,
                    keyPosition: item.position,
                    path: "\(path)[\(index)]",
                    context: context
                )
            }
    }

    // MARK: - Scalars

    /// A text, never empty.
    func text() -> String? { scalar("text")?.value }

    /// `true` or `false`.
    func boolean() -> Bool? {
        guard let scalar = scalar("true or false") else { return nil }
        switch (scalar.typed, scalar.value) {
        case (true, "true"): return true
        case (true, "false"): return false
        default:
            fault("wants true or false, not \(scalar.shown)")
            return nil
        }
    }

    func integer(in range: ClosedRange<Int>) -> Int? {
        let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let scalar = scalar(wanted) else { return nil }
        guard scalar.typed, let number = Self.integer(scalar.value) else {
            let mend = !scalar.typed && Self.integer(scalar.value) != nil ? " (remove the quotes)" : ""
            fault("wants \(wanted), not \(scalar.shown)\(mend)")
            return nil
        }
        guard range.contains(number) else {
            fault("wants \(wanted), not \(scalar.shown)")
            return nil
        }
        return number
    }

    func duration(in range: ClosedRange<Duration>) -> Duration? {
        let bounds = "from \(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
        let wanted = "a duration such as 500ms, 30s, 5m, 1h or 7d, \(bounds)"
        return scalar(wanted, parse: { DurationText.parse($0).flatMap { range.contains($0) ? $0 : nil } })
    }

    /// Bytes.
    func byteSize(in range: ClosedRange<Int>) -> Int? {
        let bounds = "from \(ByteSizeText.format(range.lowerBound)) to \(ByteSizeText.format(range.upperBound))"
        let wanted = "a size such as 512KiB or 10MiB, \(bounds)"
        return scalar(wanted, parse: { ByteSizeText.parse($0).flatMap { range.contains($0) ? $0 : nil } })
    }

    /// Dollars, more than none.
    func money() -> Money? {
        scalar("an amount in US dollars such as 0.20, more than 0") {
            Money(usd: $0).flatMap { $0 > .zero ? $0 : nil }
        }
    }

    /// One of the spellings of an enumeration. `later` are spellings that the outer contract promises for later.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ type: Choice.Type = Choice.self,
        later: [String] = []
    ) -> Choice? where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue)
        return choice(names, later: later).flatMap { Choice(rawValue: $0) }
    }

    /// One of the given words.
    func choice(_ names: [String], later: [String] = []) -> String? {
        let wanted = "one of " + names.joined(separator: ", ")
        guard let scalar = scalar(wanted) else { return nil }
        if names.contains(scalar.value) { return scalar.value }
        if later.contains(scalar.value) {
            fault("\(scalar.shown) is not available in this version; use \(wanted)")
        } else {
            let near = scalar.secretive ? nil : context.guess(scalar.value, among: names)
            let hint = near.map { "; did you mean \($0)?" } ?? ""
            fault("wants \(wanted), not \(scalar.shown)\(hint)")
        }
        return nil
    }

    /// A scalar that `parse` understands.
    func scalar<Value>(_ wanted: String, parse: (String) -> Value?) -> Value? {
        guard let scalar = scalar(wanted) else { return nil }
        if let value = parse(scalar.value) { return value }
        fault("wants \(wanted), not \(scalar.shown)")
        return nil
    }

    // MARK: - Expansion

    private struct Scalar {
        let value: String
        /// Whether a number or a boolean may be read from it. A quoted scalar is text, except when a variable makes it
        /// up: inside `{ }` and `[ ]` YAML wants `"${NAME}"` to be quoted.
        let typed: Bool
        /// Whether the value came from the environment and may be a secret (S2).
        let secretive: Bool
        /// How the value is named in a message: as it was written, before expansion.
        let shown: String
    }

    private func scalar(_ wanted: String) -> Scalar? {
        guard case .scalar(let source, let plain) = node.content, !node.isNull else {
            fault("wants \(wanted), not \(kind)")
            return nil
        }
        let expanded: Expansion.Result
        do throws(Expansion.Failure) {
            expanded =
                try context.environment.map { (environment) throws(Expansion.Failure) in
                    try Expansion.expand(source, environment: environment)
                } ?? Expansion.Result(text: source)
        } catch {
            context.fault(path, at: node.position, error.message, variable: error.variable)
            return nil
        }
        let shown =
            expanded.usesEnvironment
            ? "what \(Self.quoted(source)) expands to" : (plain ? "" : "the text ") + Self.quoted(source)
        guard !expanded.text.isEmpty else {
            fault(
                expanded.usesEnvironment ? "is empty after \(source) is expanded; set it" : "is empty; give it a value"
            )
            return nil
        }
        return Scalar(
            value: expanded.text,
            typed: plain || expanded.usesEnvironment,
            secretive: expanded.usesEnvironment,
            shown: shown
        )
    }

    /// The kind of the value in words.
    private var kind: String {
        switch node.content {
        case .scalar(let text, let plain): plain && node.isNull ? "nothing" : Self.quoted(text)
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// A value as a message repeats it: short, and on one line.
    private static func quoted(_ text: String) -> String {
        let shown = text.prefix(60)
        let line = String(shown.map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 32 } ? " " : $0 })
        return "\"\(line)\(shown.endIndex < text.endIndex ? "..." : "")\""
    }

    /// Digits, with a sign at most: no `0x10`, `1_000` or `1e3`, which YAML dialects read differently.
    private static func integer(_ text: String) -> Int? {
        let digits = text.hasPrefix("-") ? text.dropFirst() : Substring(text)
        guard !digits.isEmpty, digits.allSatisfy(\.isASCIIDigit), digits.count == 1 || digits.first != "0" else {
            return nil
        }
        return Int(text)
    }
}
