import EaselBase
import EaselConfiguration
import Foundation
import Testing

/// A program with every kind of option, and as many commands as the real one.
private let program = CommandSpec(
    "easel",
    "one door to the image-remix APIs, with true cost figures",
    options: [],
    subcommands: [
        CommandSpec(
            "remix",
            "remix an image and save the results",
            discussion: "Sends one remix request and writes the images that come back into a folder. "
                + "Nothing is written when the call fails.",
            arguments: [ArgumentSpec("IMAGE", .file, "a file, a URL, or - for standard input")],
            options: [
                .option("prompt", short: "p", ValueSpec("TEXT"), required: true, "what the result should show"),
                .option("count", ValueSpec("N", .integer(1...20)), default: "1", "how many images"),
                .option("strength", ValueSpec("S", .number(0...1)), "0 keeps the source, 1 follows the prompt"),
                .option("speed", ValueSpec("SPEED", .choice(["turbo", "default", "quality"])), "time for quality"),
                .option("tag", ValueSpec("K=V", .pair), repeatable: true, "attribution that reports can group by"),
                .option(
                    "out",
                    ValueSpec("DIR", .folder),
                    default: ".",
                    "the folder for the results, it's made if missing"
                ),
                .option("deadline", ValueSpec("TIME", .duration), "give up after this time"),
                .option("max-cost", ValueSpec("USD", .money), "the call's own ceiling"),
                .option("max-bytes", ValueSpec("SIZE", .byteSize), "the largest result"),
                .option(
                    "size",
                    ValueSpec("WxH", .checked(wanted: "a size such as 1024x1024") { $0.contains("x") }),
                    "width and height"
                ),
                .flag("json", "print JSON"),
            ],
            examples: [
                "easel remix cat.png --prompt 'in watercolour'", "easel remix cat.png -p 'in oil' --count 4 --out cats",
            ]
        ),
        CommandSpec(
            "budget",
            "show, set and remove budgets",
            options: [.option("url", ValueSpec("URL"), "the gateway")],
            subcommands: [
                CommandSpec(
                    "list",
                    "show budgets",
                    options: [.flag("csv", "print CSV")],
                    examples: ["easel budget list"]
                ),
                CommandSpec(
                    "delete",
                    "remove budgets",
                    arguments: [ArgumentSpec("ID", repeatable: true, "the budgets' ids")],
                    examples: ["easel budget delete 7"]
                ),
            ],
            defaultSubcommand: "list",
            examples: ["easel budget list"]
        ),
    ]
        + [
            "serve", "report", "calls", "team", "key", "price", "provider", "route", "reconcile", "db", "sandbox",
            "doctor", "config", "version", "completions",
        ]
        .map { CommandSpec($0, "a command with a summary of a usual length for a list", examples: ["easel \($0)"]) },
    examples: ["easel remix cat.png --prompt 'in watercolour'"]
)

struct ArgumentTests {
    private func run(_ words: String...) throws -> ParsedArguments {
        guard case .run(let arguments) = try ArgumentParser(program).parse(words) else {
            throw UsageError(command: "", message: "asked for help")
        }
        return arguments
    }

    private func help(_ words: String...) throws -> String {
        guard case .help(let text) = try ArgumentParser(program).parse(words) else { return "no help" }
        return text
    }

    @Test
    func `options and arguments come in any order`() throws {
        let arguments = try run(
            "remix",
            "--count=4",
            "cat.png",
            "-p",
            "a b",
            "--tag",
            "x=1",
            "--tag=y=2=3",
            "--strength",
            "0.5",
            "--json",
            "--deadline",
            "90s",
            "--max-cost",
            "0.20",
            "--max-bytes",
            "1MiB",
            "--size",
            "1x1"
        )
        #expect(arguments.command == ["remix"])
        #expect(arguments.text("IMAGE") == "cat.png" && arguments.text("prompt") == "a b")
        #expect(arguments.integer("count") == 4 && arguments.number("strength") == 0.5)
        #expect(arguments.pairs("tag") == ["x": "1", "y": "2=3"])
        #expect(arguments.has("json") && !arguments.has("speed"))
        #expect(arguments.duration("deadline") == .seconds(90) && arguments.money("max-cost") == Money(usd: "0.2"))
        #expect(arguments.byteSize("max-bytes") == 1_048_576)
    }

    @Test
    func `two dashes end the options and one dash is an argument`() throws {
        #expect(try run("remix", "-p", "x", "--", "--odd.png").text("IMAGE") == "--odd.png")
        #expect(try run("remix", "-", "-p", "x").text("IMAGE") == "-")
        #expect(try run("remix", "a", "--prompt=--x").text("prompt") == "--x")
        #expect(try run("budget", "delete", "--", "--help").texts("ID") == ["--help"])
    }

    @Test
    func `subcommands inherit options and have a default`() throws {
        #expect(try run("budget").command == ["budget", "list"])
        #expect(try run("budget", "--csv").has("csv"))
        #expect(try run("budget", "--url", "u", "delete", "1", "2").texts("ID") == ["1", "2"])
        #expect(try run("budget", "delete", "1", "--url=u").text("url") == "u")
        #expect(try run("--version").command == ["version"])
    }

    static let wrong: [(words: [String], message: String)] = [
        ([], "easel: needs a command: remix, budget, serve, report, calls"),
        (["remx"], "easel: unknown command remx; did you mean remix?"),
        (["remix"], "easel remix: needs IMAGE"),
        (["remix", "a"], "easel remix: needs --prompt"),
        (["remix", "a", "--promt", "x"], "easel remix: unknown option --promt; did you mean --prompt?"),
        (["remix", "a", "-x"], "easel remix: unknown option -x; options of several letters begin with --"),
        (["remix", "a", "--prompt"], "easel remix: --prompt needs TEXT\n"),
        (
            ["remix", "a", "--prompt", "--json"],
            "easel remix: --prompt needs TEXT; a value that begins with - is written --prompt=--json"
        ),
        (["remix", "a", "-p", "x", "--json=1"], "easel remix: --json takes no value"),
        (["remix", "a", "-p", "x", "-p", "y"], "easel remix: --prompt is given twice; it takes one value"),
        (
            ["remix", "a", "--count", "0"],
            "easel remix: --count wants a whole number from 1 to 20, not \"0\""
        ),
        (["remix", "a", "--strength", "-1"], "easel remix: --strength wants a number from 0 to 1, not \"-1\""),
        (["remix", "a", "--strength", "nan"], "easel remix: --strength wants a number from 0 to 1, not \"nan\""),
        (
            ["remix", "a", "--speed", "turbp"],
            "easel remix: --speed wants one of turbo, default, quality, not \"turbp\"; did you mean turbo?"
        ),
        (["remix", "a", "--tag", "=x"], "easel remix: --tag wants KEY=VALUE, not \"=x\""),
        (["remix", "a", "--size", "9"], "easel remix: --size wants a size such as 1024x1024, not \"9\""),
        (
            ["remix", "a", "b", "-p", "x"],
            "easel remix: does not understand \"b\"; quote an argument that holds spaces"
        ),
        (["budget", "delete"], "easel budget delete: needs ID"),
        (["version", "x"], "easel version: does not understand \"x\"; it takes no arguments"),
        (["help", "nothing"], "easel: unknown command nothing"),
        // A default subcommand is not to blame.
        (["budget", "lst"], "easel budget: unknown command lst; did you mean list?"),
        (["budget", "rm", "1"], "easel budget: unknown command rm; did you mean delete?"),
        (["budget", "frob"], "easel budget: unknown command frob; there are list, delete"),
        (["budget", "--csv", "lst"], "easel budget: unknown command lst; did you mean list?"),
        (
            ["budget", "--csv", "delete", "1"],
            "easel budget: delete stands behind an option of list; write `easel budget delete` first"
        ),
    ]

    @Test(arguments: wrong)
    func `a wrong line is named`(_ words: [String], _ message: String) {
        let error = #expect(throws: UsageError.self) { try ArgumentParser(program).parse(words) }
        #expect(error.map { "\($0)\n".hasPrefix(message) } == true, "\(String(describing: error))")
        #expect(error?.description.hasSuffix("--help`.") == true && UsageError.exitCode == 2)
    }

    @Test
    func `the program's help fits one screen`() throws {
        let lines = try help("--help").split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(lines.count <= 24 && lines.allSatisfy { $0.count <= 80 })
        for command in program.subcommands { #expect(lines.contains { $0.hasPrefix("  \(command.name) ") }) }
        #expect(lines.contains("EXAMPLE: easel remix cat.png --prompt 'in watercolour'"))
    }

    @Test
    func `a command's help has its options and examples`() throws {
        let text = try help("remix", "--count", "nonsense", "-h")
        #expect(text == (try help("help", "remix")))
        #expect(
            text == """
                easel remix: remix an image and save the results

                USAGE: easel remix IMAGE --prompt TEXT [OPTIONS]

                Sends one remix request and writes the images that come back into a folder.
                Nothing is written when the call fails.

                ARGUMENTS:
                  IMAGE                     a file, a URL, or - for standard input

                OPTIONS:
                  -p, --prompt TEXT         what the result should show (required)
                      --count N             how many images (default: 1)
                      --strength S          0 keeps the source, 1 follows the prompt
                      --speed SPEED         time for quality (turbo | default | quality)
                      --tag K=V             attribution that reports can group by (may be
                                            repeated)
                      --out DIR             the folder for the results, it's made if missing
                                            (default: .)
                      --deadline TIME       give up after this time
                      --max-cost USD        the call's own ceiling
                      --max-bytes SIZE      the largest result
                      --size WxH            width and height
                      --json                print JSON
                  -h, --help                show this help

                EXAMPLES:
                  easel remix cat.png --prompt 'in watercolour'
                  easel remix cat.png -p 'in oil' --count 4 --out cats

                """
        )
        #expect(try help("budget", "delete", "--help").contains("--url URL"))
        #expect(try help("budget", "--help").contains("list    show budgets (the default)"))
    }

    @Test(
        arguments: [
            (["easel", "re"], ["remix", "report", "reconcile"]),
            (["easel", "remix", "--s"], ["--strength", "--speed", "--size"]),
            (["easel", "remix", "--speed", "t"], ["turbo"]),
            (["easel", "remix", "--speed", "=", "q"], ["quality"]),
            (["easel", "remix", "--prompt", ""], []),
            (["easel", "budget", "d"], ["delete"]),
            (["easel", "budget", "delete", "--"], ["--url", "--help"]),
            (["easel", "budget", "--url", "x", "l"], ["list"]),
        ]
    )
    func `bash completes from the generated script`(_ words: [String], _ wanted: [String]) throws {
        let script = Completions.script(for: .bash, program)
        let quoted = words.map { "'\($0)'" }.joined(separator: " ")
        let probe =
            "\nCOMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1); _easel; printf '%s\\n' \"${COMPREPLY[@]}\"\n"
        let path = try Fixtures.file(script + probe)
        defer { unlink(path) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(text.split(separator: "\n").map(String.init) == wanted)
    }

    @Test
    func `zsh and fish know every command and option`() {
        let zsh = Completions.script(for: .zsh, program)
        let fish = Completions.script(for: .fish, program)
        #expect(zsh.hasPrefix("#compdef easel\n"))
        #expect(zsh.contains("(\"easel remix --speed\") compadd -- turbo default quality; return ;;"))
        #expect(zsh.contains("'--out:the folder for the results, it'\\''s made if missing'"))
        #expect(fish.contains("= \"easel remix\"' -l speed -x -a 'turbo default quality' -d 'time for quality'"))
        #expect(fish.contains("-d 'the folder for the results, it\\'s made if missing'"))
        for command in program.subcommands {
            #expect(zsh.contains("\"easel \(command.name)\"") && fish.contains("'easel \(command.name)'"))
        }
    }
}
