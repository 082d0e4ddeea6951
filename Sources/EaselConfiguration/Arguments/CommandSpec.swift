/// A command of the program: what it takes, and what its help says. Parsing, help and completions come from this value.
package struct CommandSpec: Sendable {
    /// As it is typed; the program's name for the root.
    package let name: String
    /// One line, no full stop: it stands in lists.
    package let summary: String
    /// More about it, for its own help.
    package let discussion: String?
    /// Positional ones, in their order.
    package let arguments: [ArgumentSpec]
    /// Options of a command with subcommands hold for all of them, and may stand before or after their names.
    package let options: [OptionSpec]
    /// Empty for a command that does something itself.
    package let subcommands: [CommandSpec]
    /// The subcommand that is meant when none is named.
    package let defaultSubcommand: String?
    /// Whole command lines.
    package let examples: [String]

    package init(
        _ name: String,
        _ summary: String,
        discussion: String? = nil,
        arguments: [ArgumentSpec] = [],
        options: [OptionSpec] = [],
        subcommands: [CommandSpec] = [],
        defaultSubcommand: String? = nil,
        examples: [String]
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.arguments = arguments
        self.options = options
        self.subcommands = subcommands
        self.defaultSubcommand = defaultSubcommand
        self.examples = examples
    }

    /// The subcommand of that name.
    package func subcommand(_ name: String) -> CommandSpec? { subcommands.first { $0.name == name } }
}

/// A command in its place: with the names that lead to it and the options that it has from above.
struct CommandNode {
    /// `["easel", "budget", "set"]`.
    let path: [String]
    let spec: CommandSpec
    /// Its own and inherited ones, and `--help`.
    let options: [OptionSpec]

    init(root: CommandSpec) {
        self.init(path: [root.name], spec: root, inherited: [])
    }

    private init(path: [String], spec: CommandSpec, inherited: [OptionSpec]) {
        self.path = path
        self.spec = spec
        options = spec.options + inherited.filter { $0.name != OptionSpec.help.name } + [.help]
    }

    var line: String { path.joined(separator: " ") }

    var children: [CommandNode] {
        spec.subcommands.map { CommandNode(path: path + [$0.name], spec: $0, inherited: options) }
    }

    /// This node and all below it.
    var everyNode: [CommandNode] { [self] + children.flatMap(\.everyNode) }

    func child(_ name: String) -> CommandNode? { children.first { $0.spec.name == name } }
}
