/// Completion scripts for shells, generated from the same spec that parses the command line.
package enum Completions {
    /// The shells with completions.
    package enum Shell: String, Sendable, Hashable, CaseIterable {
        case bash, zsh, fish
    }

    /// The script to source, or to put where the shell looks for such scripts.
    package static func script(for shell: Shell, _ root: CommandSpec) -> String {
        let nodes = CommandNode(root: root).everyNode
        return switch shell {
        case .bash: bash(root.name, nodes)
        case .zsh: zsh(root.name, nodes)
        case .fish: fish(root.name, nodes)
        }
    }

    /// How a value is completed.
    private enum Source {
        case words([String])
        case files
        case folders
        case nothing
    }

    private static func source(_ value: ValueSpec) -> Source {
        switch value.kind {
        case .choice(let names): .words(names)
        case .file: .files
        case .folder: .folders
        default: .nothing
        }
    }

    private static func takesFiles(_ node: CommandNode) -> Bool {
        node.spec.arguments.contains { if case .file = $0.value.kind { true } else { false } }
    }

    /// `"easel remix --speed"|"easel remix -s"`: an option in its command, as the pattern of a case.
    private static func patterns(_ option: OptionSpec, _ node: CommandNode) -> String {
        let names = ["--\(option.name)"] + (option.short.map { ["-\($0)"] } ?? [])
        return names.map { "\"\(node.line) \($0)\"" }.joined(separator: "|")
    }

    private static func everyCommand(_ nodes: [CommandNode]) -> [String] { nodes.dropFirst().map(\.line) }

    private static func valued(_ node: CommandNode) -> [(option: OptionSpec, value: ValueSpec)] {
        node.options.compactMap { option in option.value.map { (option, $0) } }
    }

    // MARK: - bash

    private static func bash(_ program: String, _ nodes: [CommandNode]) -> String {
        var lines = [
            "# bash completion for \(program): source this file, or put it into",
            "# ~/.local/share/bash-completion/completions/\(program)",
            "_\(program)() {",
            "    local IFS=$'\\n' command=\"\(program)\" word index",
            "    local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"",
            "    # bash splits --name=VALUE into three words",
            "    if [[ \"$previous\" == \"=\" ]]; then previous=\"${COMP_WORDS[COMP_CWORD-2]}\"; fi",
            "    if [[ \"$current\" == \"=\" ]]; then current=\"\"; fi",
            "    for (( index = 1; index < COMP_CWORD; index++ )); do",
            "        word=\"${COMP_WORDS[index]}\"",
            "        case \"$command $word\" in",
            "            \(everyCommand(nodes).map { "\"\($0)\"" }.joined(separator: "|"))) command=\"$command $word\" ;;",
            "        esac",
            "    done",
            "    COMPREPLY=()",
            "    case \"$command $previous\" in",
        ]
        for node in nodes {
            for (option, value) in valued(node) {
                let action =
                    switch source(value) {
                    case .words(let words):
                        "COMPREPLY=($(compgen -W $'\(words.joined(separator: "\\n"))' -- \"$current\"))"
                    case .files: "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$current\"))"
                    case .folders: "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$current\"))"
                    case .nothing: ":"
                    }
                lines.append("        \(patterns(option, node))) \(action); return ;;")
            }
        }
        lines += ["    esac", "    case \"$command\" in"]
        for node in nodes {
            let words = node.spec.subcommands.map(\.name) + node.options.map { "--\($0.name)" }
            lines.append("        \"\(node.line)\")")
            lines.append("            COMPREPLY=($(compgen -W $'\(words.joined(separator: "\\n"))' -- \"$current\"))")
            if takesFiles(node) {
                lines.append("            if [[ \"$current\" != -* ]]; then")
                lines.append("                compopt -o filenames 2>/dev/null")
                lines.append("                COMPREPLY=($(compgen -f -- \"$current\"))")
                lines.append("            fi")
            }
            lines.append("            ;;")
        }
        lines += ["    esac", "}", "complete -F _\(program) \(program)"]
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - zsh

    private static func zsh(_ program: String, _ nodes: [CommandNode]) -> String {
        var lines = [
            "#compdef \(program)",
            "# zsh completion for \(program): put it as _\(program) into a folder of $fpath, or source this file",
            "_\(program)() {",
            "    local command=\"\(program)\" word previous=\"${words[CURRENT-1]}\"",
            "    local -a candidates",
            "    for word in \"${(@)words[2,CURRENT-1]}\"; do",
            "        case \"$command $word\" in",
            "            (\(everyCommand(nodes).map { "\"\($0)\"" }.joined(separator: "|"))) command=\"$command $word\" ;;",
            "        esac",
            "    done",
            "    case \"$command $previous\" in",
        ]
        for node in nodes {
            for (option, value) in valued(node) {
                let action =
                    switch source(value) {
                    case .words(let words): "compadd -- \(words.joined(separator: " "))"
                    case .files: "_files"
                    case .folders: "_files -/"
                    case .nothing: "_message \(quoted(value.placeholder))"
                    }
                lines.append("        (\(patterns(option, node))) \(action); return ;;")
            }
        }
        lines += ["    esac", "    case \"$command\" in"]
        for node in nodes {
            lines.append("        (\"\(node.line)\")")
            if !node.spec.subcommands.isEmpty {
                let entries = node.spec.subcommands.map { quoted("\($0.name):\($0.summary)") }
                lines.append("            candidates=(\(entries.joined(separator: " ")))")
                lines.append("            _describe command candidates")
            }
            let options = node.options.map { quoted("--\($0.name):\($0.help)") }
            lines.append("            candidates=(\(options.joined(separator: " ")))")
            lines.append("            _describe -o option candidates")
            if takesFiles(node) { lines.append("            _files") }
            lines.append("            ;;")
        }
        lines += [
            "    esac",
            "}",
            "# Loaded by compinit this file is the function's body; sourced it has to make itself known.",
            "if [[ \"${funcstack[1]}\" == \"_\(program)\" ]]; then _\(program) \"$@\"; else compdef _\(program) \(program); fi",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - fish

    private static func fish(_ program: String, _ nodes: [CommandNode]) -> String {
        var lines = [
            "# fish completion for \(program): put it into ~/.config/fish/completions/\(program).fish",
            "function __\(program)_command",
            "    set -l command \(program)",
            "    for word in (commandline -opc)[2..-1]",
            "        switch \"$command $word\"",
            "            case \(everyCommand(nodes).map { quoted($0) }.joined(separator: " "))",
            "                set command \"$command $word\"",
            "        end",
            "    end",
            "    echo $command",
            "end",
            "complete -c \(program) -f",
        ]
        for node in nodes {
            let at = "complete -c \(program) -n 'test (__\(program)_command) = \"\(node.line)\"'"
            for child in node.spec.subcommands {
                lines.append("\(at) -a \(child.name) -d \(fishQuoted(child.summary))")
            }
            for option in node.options {
                var line = "\(at) -l \(option.name)"
                if let short = option.short { line += " -s \(short)" }
                switch option.value.map(source) {
                case nil: break
                case .words(let words): line += " -x -a '\(words.joined(separator: " "))'"
                case .files: line += " -r -F"
                case .folders: line += " -x -a '(__fish_complete_directories)'"
                case .nothing: line += " -x"
                }
                lines.append("\(line) -d \(fishQuoted(option.help))")
            }
            if takesFiles(node) { lines.append("\(at) -F") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A text in single quotes for bash and zsh.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// A text in single quotes for fish, where a backslash works inside them.
    private static func fishQuoted(_ text: String) -> String {
        "'" + text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
    }
}
