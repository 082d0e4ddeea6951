/// An option of a command: `--name VALUE`, or a flag without a value.
package struct OptionSpec: Sendable {
    /// Without the dashes.
    package let name: String
    /// One letter, without the dash.
    package let short: Character?
    /// Nil for a flag.
    package let value: ValueSpec?
    /// Whether a command line without it is wrong.
    package let isRequired: Bool
    /// Whether it may be given several times.
    package let isRepeatable: Bool
    /// What holds when it is not given, for the help text.
    package let defaultText: String?
    /// One line, no full stop.
    package let help: String
    /// Options that do not go together with it: whoever gives both expects an effect that one of them cannot have.
    package private(set) var excluded: Set<String> = []
    /// The option without which it has no effect.
    package private(set) var needed: String?

    private init(
        name: String,
        short: Character?,
        value: ValueSpec?,
        isRequired: Bool,
        isRepeatable: Bool,
        defaultText: String?,
        help: String
    ) {
        self.name = name
        self.short = short
        self.value = value
        self.isRequired = isRequired
        self.isRepeatable = isRepeatable
        self.defaultText = defaultText
        self.help = help
    }

    /// An option without a value.
    package static func flag(_ name: String, short: Character? = nil, _ help: String) -> OptionSpec {
        OptionSpec(
            name: name,
            short: short,
            value: nil,
            isRequired: false,
            isRepeatable: false,
            defaultText: nil,
            help: help
        )
    }

    /// An option with a value.
    package static func option(
        _ name: String,
        short: Character? = nil,
        _ value: ValueSpec,
        required: Bool = false,
        repeatable: Bool = false,
        default defaultText: String? = nil,
        _ help: String
    ) -> OptionSpec {
        OptionSpec(
            name: name,
            short: short,
            value: value,
            isRequired: required,
            isRepeatable: repeatable,
            defaultText: defaultText,
            help: help
        )
    }

    /// The same option, refused beside any of these, of which a command need not have all.
    package func excluding(_ names: String...) -> OptionSpec {
        var option = self
        option.excluded.formUnion(names)
        option.excluded.remove(name)
        return option
    }

    /// The same option, refused without another one.
    package func needing(_ name: String) -> OptionSpec {
        var option = self
        option.needed = name
        return option
    }

    /// Every command has it.
    static let help = OptionSpec.flag("help", short: "h", "show this help")

    /// `-h, --help`, `--prompt TEXT`.
    var heading: String {
        let dashed = (short.map { "-\($0), " } ?? "") + "--\(name)"
        return value.map { "\(dashed) \($0.placeholder)" } ?? dashed
    }
}

/// A positional argument of a command.
package struct ArgumentSpec: Sendable {
    /// In capitals; also the name by which it is asked for.
    package let name: String
    /// What it takes.
    package let value: ValueSpec
    /// Whether a command line without it is wrong.
    package let isRequired: Bool
    /// Whether it takes all that follow; only the last one may.
    package let isRepeatable: Bool
    /// One line, no full stop.
    package let help: String

    package init(
        _ name: String,
        _ kind: ValueSpec.Kind = .text,
        required: Bool = true,
        repeatable: Bool = false,
        _ help: String
    ) {
        self.name = name
        value = ValueSpec(name, kind)
        isRequired = required
        isRepeatable = repeatable
        self.help = help
    }
}
