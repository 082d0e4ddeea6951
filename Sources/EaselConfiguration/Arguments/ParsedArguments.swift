package import EaselBase

/// A command line that was understood: which command, and sound values for its options and arguments.
///
/// Asking for a name that the command's spec does not have is a programmer's error and stops the program.
package struct ParsedArguments: Sendable {
    /// The names after the program's: `["budget", "set"]`.
    package let command: [String]
    private let known: Set<String>
    private let values: [String: [String]]

    init(command: [String], known: Set<String>, values: [String: [String]]) {
        self.command = command
        self.known = known
        self.values = values
    }

    /// Every value of a repeatable option (`"tag"`) or argument (`"IMAGE"`), in the order given.
    package func texts(_ name: String) -> [String] {
        precondition(known.contains(name), "the command \(command) has no \(name)")
        return values[name] ?? []
    }

    /// The value of an option or argument; nil when it was not given.
    package func text(_ name: String) -> String? { texts(name).last }

    /// Whether a flag, or anything, was given.
    package func has(_ name: String) -> Bool { !texts(name).isEmpty }

    /// What the command's options and arguments are called over HTTP.
    package var wireNames: WireNames { WireNames(known: known) }

    /// A whole number, in the range of its spec.
    package func integer(_ name: String) -> Int? { text(name).flatMap { Int($0) } }
    /// A number, in the range of its spec.
    package func number(_ name: String) -> Double? { text(name).flatMap { Double($0) } }
    /// A time such as `30s`.
    package func duration(_ name: String) -> Duration? { text(name).flatMap { DurationText.parse($0) } }
    /// Bytes.
    package func byteSize(_ name: String) -> Int? { text(name).flatMap { ByteSizeText.parse($0) } }
    /// US dollars.
    package func money(_ name: String) -> Money? { text(name).flatMap { Money(usd: $0) } }

    /// The `KEY=VALUE` values; a key that is given twice has its last value.
    package func pairs(_ name: String) -> [String: String] {
        let pairs = texts(name)
            .map { text in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                return (parts[0], parts.count == 2 ? parts[1] : "")
            }
        return Dictionary(pairs, uniquingKeysWith: { $1 })
    }
}
