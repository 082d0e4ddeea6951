/// Understands command lines by a `CommandSpec`.
///
/// `--name VALUE`, `--name=VALUE`, `-n VALUE`; options and arguments in any order; `--` ends the options; `-` is an
/// argument. `--help` and `-h` anywhere before `--` ask for help, and so does `help COMMAND`.
package struct ArgumentParser: Sendable {
    /// What a command line asks for.
    package enum Request: Sendable {
        case run(ParsedArguments)
        /// A help text, which belongs on standard output with exit code 0.
        case help(String)
    }

    private let root: CommandSpec

    package init(_ root: CommandSpec) {
        self.root = root
    }

    /// - Parameter words: the command line without the program's name.
    package func parse(_ words: [String]) throws(UsageError) -> Request {
        if words.first == "help", root.subcommand("help") == nil { return try help(for: words.dropFirst()) }
        // A program's version is asked for in this way too.
        if words == ["--version"], root.subcommand("version") != nil { return try parse(["version"]) }
        var line = CommandLineReader(words, node: CommandNode(root: root))
        return try line.read()
    }

    private func help(for names: ArraySlice<String>) throws(UsageError) -> Request {
        var node = CommandNode(root: root)
        for name in names {
            guard let child = node.child(name) else { throw node.unknownCommand(name) }
            node = child
        }
        return .help(HelpText.render(node))
    }
}

extension CommandNode {
    func error(_ message: String) -> UsageError { UsageError(command: line, message: message) }

    /// A group with more commands does not list them all; its help does.
    private static let mostListed = 8

    /// Names what is not known, with a guess: a slip, another word for it, or what would take it as its argument.
    func unknownCommand(_ name: String) -> UsageError {
        let names = spec.subcommands.map(\.name)
        if let near = Nearest.match(name, among: names) ?? Synonyms.match(name, among: names) {
            return error("unknown command \(name); did you mean \(near)?")
        }
        let takers = spec.subcommands.filter { $0.arguments.first?.isRequired == true }
        if Self.isReference(name), let taker = takers.first(where: { Synonyms.isLook($0.name) }) {
            return error("unknown command \(name); did you mean `\(line) \(taker.name) \(name)`?")
        }
        guard names.count <= Self.mostListed else { return error("unknown command \(name)") }
        return error("unknown command \(name); there are \(names.joined(separator: ", "))")
    }

    /// Whether a word looks like the name of a thing: an id, a scope, a file.
    private static func isReference(_ word: String) -> Bool {
        if word.contains(where: { ":/.".contains($0) }) { return true }
        return word.count >= 8 && word.contains("-") && word.contains(where: \.isNumber)
    }
}

extension CommandNode {
    /// Whether a word can be meant for the subcommand that stands in for the group.
    fileprivate var defaultTakesArguments: Bool {
        guard let name = spec.defaultSubcommand, let child = child(name) else { return false }
        return !child.spec.arguments.isEmpty || child.defaultTakesArguments
    }
}

/// One pass over a command line.
private struct CommandLineReader {
    private var words: ArraySlice<String>
    private var node: CommandNode
    private var values: [String: [String]] = [:]
    private var positionals: [String] = []
    /// Once an argument was seen, no word is taken for a subcommand any more.
    private var inArguments = false
    /// The group whose default subcommand was entered without being named.
    private var group: CommandNode?

    init(_ words: [String], node: CommandNode) {
        self.words = words[...]
        self.node = node
    }

    mutating func read() throws(UsageError) -> ArgumentParser.Request {
        // Help wins over every fault before it: who asks for it is about to learn.
        let asksForHelp = words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
        if asksForHelp { return .help(HelpText.render(deepestNamed())) }
        while let word = words.popFirst() {
            if word == "--" {
                try enterDefault()
                positionals += words
                break
            } else if word.hasPrefix("--") {
                try long(word)
            } else if word.hasPrefix("-"), word.count > 1, Double(word) == nil {
                try short(word)
            } else if !inArguments, let child = node.child(word) {
                node = child
            } else if !inArguments, !node.spec.subcommands.isEmpty, !node.defaultTakesArguments {
                // A default subcommand is not to blame for a word that it was never meant to get.
                throw node.unknownCommand(word)
            } else {
                try enterDefault()
                positionals.append(word)
            }
        }
        try enterDefault()
        try assignPositionals()
        try checkRequired()
        try checkTogether()
        return .run(
            ParsedArguments(
                command: Array(node.path.dropFirst()),
                known: Set(node.options.map(\.name) + node.spec.arguments.map(\.name)),
                values: values
            )
        )
    }

    /// The command that the words name, options left aside: whose help is shown.
    private func deepestNamed() -> CommandNode {
        words.reduce(node) { node, word in node.child(word) ?? node }
    }

    /// From the first argument on, a group stands for its default subcommand.
    private mutating func enterDefault() throws(UsageError) {
        inArguments = true
        while !node.spec.subcommands.isEmpty {
            guard let name = node.spec.defaultSubcommand, let child = node.child(name) else {
                let names = node.spec.subcommands.map(\.name)
                throw node.error("needs a command: \(names.joined(separator: ", "))")
            }
            group = node
            node = child
        }
    }

    private mutating func long(_ word: String) throws(UsageError) {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        var option = node.options.first { $0.name == name }
        if option == nil, node.spec.defaultSubcommand != nil {
            try enterDefault()
            option = node.options.first { $0.name == name }
        }
        guard let option else {
            let near = Nearest.match(name, among: node.options.map(\.name))
            throw node.error("unknown option --\(name)\(near.map { "; did you mean --\($0)?" } ?? "")")
        }
        try take(option, inline: parts.count == 2 ? String(parts[1]) : nil)
    }

    private mutating func short(_ word: String) throws(UsageError) {
        let letter = word.dropFirst().first
        guard word.count == 2, let option = node.options.first(where: { $0.short == letter && letter != nil }) else {
            throw node.error("unknown option \(word); options of several letters begin with --")
        }
        try take(option, inline: nil)
    }

    private mutating func take(_ option: OptionSpec, inline: String?) throws(UsageError) {
        guard let spec = option.value else {
            guard inline == nil else { throw node.error("--\(option.name) takes no value") }
            values[option.name] = [""]
            return
        }
        let text: String
        if let inline {
            text = inline
        } else if let next = words.first, !next.hasPrefix("-") || next == "-" || Double(next) != nil {
            text = next
            words = words.dropFirst()
        } else {
            let mend = words.first.map {
                $0 == "--" ? "" : "; a value that begins with - is written --\(option.name)=\($0)"
            }
            throw node.error("--\(option.name) needs \(spec.placeholder)\(mend ?? "")")
        }
        try check(text, spec, "--\(option.name)")
        guard option.isRepeatable || values[option.name] == nil else {
            throw node.error("--\(option.name) is given twice; it takes one value")
        }
        if case .pair = spec.kind { try checkKey(of: text, option.name) }
        values[option.name, default: []].append(text)
    }

    /// Of two values under one key the first would be lost.
    private func checkKey(of pair: String, _ name: String) throws(UsageError) {
        func key(_ pair: String) -> Substring { pair.prefix { $0 != "=" } }
        guard values[name]?.contains(where: { key($0) == key(pair) }) == true else { return }
        throw node.error("--\(name) names \(key(pair)) twice; it has one value")
    }

    private mutating func assignPositionals() throws(UsageError) {
        var rest = positionals[...]
        for argument in node.spec.arguments {
            let mine = argument.isRepeatable ? rest : rest.prefix(1)
            guard !mine.isEmpty || !argument.isRequired else { throw node.error("needs \(argument.name)") }
            for text in mine { try check(text, argument.value, argument.name) }
            if !mine.isEmpty { values[argument.name] = Array(mine) }
            rest = rest.dropFirst(mine.count)
        }
        guard let extra = rest.first else { return }
        // After an option of the default subcommand: `easel report --by team usge`.
        if let group, node.spec.arguments.isEmpty {
            guard group.child(extra) != nil else { throw group.unknownCommand(extra) }
            throw group.error(
                "\(extra) stands behind an option of \(node.spec.name); write `\(group.line) \(extra)` first"
            )
        }
        let files = node.options.filter { $0.value?.isFile == true }
        if node.spec.arguments.isEmpty, files.count == 1, let option = files.first,
            extra.contains(where: { "./".contains($0) })
        {
            throw node.error("does not understand \"\(extra)\"; did you mean --\(option.name) \(extra)?")
        }
        let mend = node.spec.arguments.isEmpty ? "it takes no arguments" : "quote an argument that holds spaces"
        throw node.error("does not understand \"\(extra)\"; \(mend)")
    }

    private func checkRequired() throws(UsageError) {
        let missing = node.options.filter { $0.isRequired && values[$0.name] == nil }.map { "--\($0.name)" }
        guard missing.isEmpty else { throw node.error("needs \(missing.joined(separator: ", "))") }
    }

    /// What would have no effect is refused: nobody gives an option for nothing.
    private func checkTogether() throws(UsageError) {
        let given = node.options.filter { values[$0.name] != nil }
        for option in given {
            if let other = given.first(where: { option.excluded.contains($0.name) }) {
                throw node.error("--\(option.name) and --\(other.name) do not go together; leave one out")
            }
            if let needed = option.needed, values[needed] == nil {
                throw node.error("--\(option.name) has no effect without --\(needed)")
            }
        }
    }

    private func check(_ text: String, _ spec: ValueSpec, _ name: String) throws(UsageError) {
        guard let wanted = spec.refusal(of: text) else { return }
        let hint = Nearest.hint(text, among: spec.choices ?? [])
        throw node.error("\(name) wants \(wanted), not \"\(text)\"\(hint)")
    }
}
