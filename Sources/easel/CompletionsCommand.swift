import EaselConfiguration

/// `easel completions SHELL`.
enum CompletionsCommand {
    static func run(_ arguments: ParsedArguments) {
        guard let shell = Completions.Shell(rawValue: arguments.text("SHELL") ?? "") else { return }
        Output.raw(Completions.script(for: shell, CommandTree.root))
    }
}
