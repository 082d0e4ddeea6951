/// Help as generated from the spec, at most 80 columns wide.
enum HelpText {
    private static let width = 80

    static func render(_ node: CommandNode) -> String {
        let lines = node.spec.subcommands.isEmpty ? command(node) : group(node)
        return lines.joined(separator: "\n") + "\n"
    }

    /// A list of commands, tight enough for one screen of 24 lines with all commands of the program.
    private static func group(_ node: CommandNode) -> [String] {
        let spec = node.spec
        var lines = wrapped("\(node.line): \(spec.summary)", width: width, indent: 2)
        lines += ["USAGE: \(node.line) COMMAND [OPTIONS] (COMMAND --help shows more)", ""]
        if let discussion = spec.discussion { lines += wrapped(discussion, width: width) + [""] }
        let column = 4 + (spec.subcommands.map(\.name.count).max() ?? 0)
        lines += spec.subcommands.flatMap { child in
            let note = child.name == spec.defaultSubcommand ? " (the default)" : ""
            return entry(child.name, child.summary + note, column: column)
        }
        lines += spec.options.isEmpty ? [] : ["", "OPTIONS:"] + spec.options.flatMap { entry($0) }
        // The program's own list fills a screen of 24 lines: there the example follows at once.
        return lines + (lines.count < 23 ? [""] : []) + spec.examples.prefix(1).map { "EXAMPLE: \($0)" }
    }

    private static func command(_ node: CommandNode) -> [String] {
        let spec = node.spec
        var lines = wrapped("\(node.line): \(spec.summary)", width: width, indent: 2) + [""]
        lines += wrapped(usage(node), width: width, indent: 8) + [""]
        if let discussion = spec.discussion { lines += wrapped(discussion, width: width) + [""] }
        if !spec.arguments.isEmpty {
            lines += ["ARGUMENTS:"] + spec.arguments.flatMap { entry($0.name, $0.help, column: 28) } + [""]
        }
        lines += ["OPTIONS:"] + node.options.flatMap { entry($0) } + [""]
        lines += [spec.examples.count > 1 ? "EXAMPLES:" : "EXAMPLE:"]
        return lines + spec.examples.map { "  \($0)" }
    }

    private static func usage(_ node: CommandNode) -> String {
        let arguments = node.spec.arguments.map { argument in
            let name = argument.isRepeatable ? "\(argument.name)..." : argument.name
            return argument.isRequired ? name : "[\(name)]"
        }
        let required = node.options.filter(\.isRequired).map { "--\($0.name) \($0.value?.placeholder ?? "")" }
        return (["USAGE:", node.line] + arguments + required + ["[OPTIONS]"]).joined(separator: " ")
    }

    private static func entry(_ option: OptionSpec) -> [String] {
        var notes: [String] = []
        if let choices = option.value?.choices { notes.append(choices.joined(separator: " | ")) }
        if option.isRequired { notes.append("required") }
        if option.isRepeatable { notes.append("may be repeated") }
        if let text = option.defaultText { notes.append("default: \(text)") }
        let tail = notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
        // Options without a letter line up with the others.
        let heading = option.short == nil ? "    \(option.heading)" : option.heading
        return entry(heading, option.help + tail, column: 28)
    }

    /// `  HEADING   text`, the text wrapped beside the heading, or below one that is too long.
    private static func entry(_ heading: String, _ text: String, column: Int) -> [String] {
        var lines = wrapped(text, width: width - column).map { String(repeating: " ", count: column) + $0 }
        guard heading.count + 4 <= column, let first = lines.first else { return ["  \(heading)"] + lines }
        let gap = String(repeating: " ", count: column - 2 - heading.count)
        lines[0] = "  \(heading)\(gap)\(first.drop(while: { $0 == " " }))"
        return lines
    }

    /// Words in lines of at most `width`; every line but the first begins with `indent` spaces.
    private static func wrapped(_ text: String, width: Int, indent: Int = 0) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: indent) + word
            } else {
                line += line.isEmpty ? String(word) : " \(word)"
            }
        }
        return lines + [line]
    }
}
