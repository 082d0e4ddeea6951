import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

/// The commands that people type, against a running process.
@Suite(.enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct CommandLineTests {
    @Test(.timeLimit(.minutes(5)))
    func `an image is remixed, listed, shown and reported`() async throws {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            let environment = ["EASEL_URL": served.url, "EASEL_API_KEY": ProgramHouse.adminKey]
            func easel(_ arguments: String..., input: [UInt8]? = nil) async throws -> Program.Outcome {
                try await Program.run(arguments, environment: environment, input: input)
            }
            let source = house.directory + "/harbour.png"
            try Data(SampleImage.bytes()).write(to: URL(fileURLWithPath: source))
            let out = house.directory + "/out"
            let remixed = try await easel(
                "remix",
                source,
                "--prompt",
                "a quiet harbour",
                "--count",
                "2",
                "--format",
                "webp",
                "--out",
                out,
                "--tag",
                "campaign=spring"
            )
            #expect(remixed.status == 0, "\(remixed.errors)")
            let files = remixed.output.split(separator: "\n").map(String.init)
            #expect(files.map { $0.split(separator: "/").last } == ["harbour-remix-1.webp", "harbour-remix-2.webp"])
            for file in files {
                let bytes = [UInt8](FileManager.default.contents(atPath: file) ?? Data())
                #expect(SampleImage.format(of: bytes) == .webp)
            }
            let piped = try await easel(
                "remix",
                "-",
                "-p",
                "a harbour",
                "--json",
                "-o",
                out,
                input: SampleImage.bytes(.jpg)
            )
            #expect(piped.status == 0, "\(piped.errors)")
            let reply = try JSON.decode(JSONValue.self, from: Array(piped.output.utf8))
            #expect(reply["status"] == "succeeded")
            let id = try #require(reply["id"]?.stringValue)

            let list = try await easel("calls", "list", "--json")
            let calls = try JSON.decode(JSONValue.self, from: Array(list.output.utf8))["calls"]?.arrayValue
            #expect(calls?.count == 2)
            #expect(calls?.first?["id"]?.stringValue == id)
            let shown = try await easel("calls", "show", id)
            #expect(shown.status == 0)
            #expect(shown.output.contains(id) && shown.output.contains("succeeded"))

            let csv = try await easel("report", "usage", "--by", "team,provider", "--csv")
            #expect(csv.status == 0)
            let lines = csv.output.split(whereSeparator: \.isNewline)
            #expect(lines.first?.hasPrefix("team,provider,") == true)
            #expect(lines.contains { $0.contains("runware") })
            let table = try await easel("report", "usage")
            #expect(table.status == 0 && table.output.contains("0.18"), "\(table.output)")

            for command in [["team", "list"], ["provider", "list"], ["key", "list"], ["price", "list"]] {
                let listed = try await Program.run(command + ["--json"], environment: environment)
                #expect(listed.status == 0, "\(command) \(listed.errors)")
                #expect((try? JSON.decode(JSONValue.self, from: Array(listed.output.utf8))) != nil, "\(command)")
            }
            let refused = try await easel("remix", source, "--prompt", "a harbour sandbox:refuse", "-o", out)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("refused"))
            #expect(refused.output.isEmpty, "data only on standard output")
            // What a check found is on the line, and in what is shown later.
            let flagged = try await easel(
                "remix",
                source,
                "-p",
                "a harbour sandbox:unsafe",
                "--safety-check",
                "-o",
                out
            )
            #expect(flagged.errors.contains("flagged: 1 nsfw"), "\(flagged.errors)")
            let last = try await easel("calls", "list", "-n", "1", "--json")
            let unsafe = try JSON.decode(JSONValue.self, from: Array(last.output.utf8))["calls"]?.arrayValue?.first
            let told = try await easel("calls", "show", unsafe?["id"]?.stringValue ?? "")
            #expect(told.output.contains("flagged: 1 nsfw"), "\(told.output)")
            let padded = try await Program.run(
                ["calls", "list"],
                environment: ["EASEL_URL": served.url, "EASEL_API_KEY": ProgramHouse.adminKey + " \n"]
            )
            #expect(padded.status == 0, "\(padded.errors)")
            #expect(await served.terminate() == 0)
        }
    }

    @Test func `a configuration is checked, and every fault is named with its line`() async throws {
        let path = "/tmp/easel-faulty-\(UUID().text).yaml"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let text = """
            listen: nowhere
            colour: red
            providers:
              runware: { kind: runware, api_key: "${EASEL_TEST_NOT_SET}" }
              other: { kind: telegraph, api_key: x, timeout: soon }
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let checked = try await Program.run(["config", "check", "--config", path])
        #expect(checked.status == 2)
        let said = checked.errors + checked.output
        for part in [":1", ":2", "colour", "EASEL_TEST_NOT_SET", "telegraph", "timeout"] {
            #expect(said.contains(part), "\(part) in \(said)")
        }
        let served = try await Program.run(["serve", "--config", path])
        #expect(served.status == 2)
        let missing = try await Program.run(["config", "check", "--config", path + ".missing"])
        #expect(missing.status == 2)
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `completions are printed`(_ shell: String) async throws {
        let printed = try await Program.run(["completions", shell])
        #expect(printed.status == 0)
        #expect(printed.output.contains("remix") && printed.output.contains("easel"))
    }

    @Test(
        arguments: [
            (["team", "show", "x"], "unknown command show; there are list, create, set"),
            (["team", "ls"], "unknown command ls; did you mean list?"),
            (["report", "usge"], "unknown command usge; did you mean usage?"),
            (["report", "--by", "team", "usge"], "unknown command usge; did you mean usage?"),
            (["key", "rotate", "X"], "unknown command rotate; there are"),
            (["key", "rm", "X"], "unknown command rm; did you mean revoke?"),
            (["budget", "show", "X"], "unknown command show; did you mean explain?"),
            (["budget", "delete", "X"], "unknown command delete; did you mean rm?"),
            (["budget", "team:design"], "did you mean `easel budget explain team:design`?"),
            (["price", "rm", "X"], "unknown command rm; there are"),
            (["alert", "silence", "x"], "unknown command silence; did you mean mute?"),
            (["reconcile", "shwo", "x"], "unknown command shwo; did you mean show?"),
            (["provider", "stats"], "unknown command stats; did you mean status?"),
            (
                ["calls", "01931c2e-7a00-7000-8000-000000000000"],
                "did you mean `easel calls show 01931c2e-7a00-7000-8000-000000000000`?"
            ),
            (["config", "check", "bad.yaml"], "did you mean --config bad.yaml?"),
        ] as [([String], String)]
    )
    func `an unknown subcommand is named as one, with a guess`(_ words: [String], _ message: String) async throws {
        let outcome = try await Program.run(words)
        #expect(outcome.status == 2 && outcome.output.isEmpty)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(!outcome.errors.contains("does not understand") || words.first == "config")
    }

    @Test(arguments: [["nonsense"], ["remix"], ["remix", "a.png", "--count", "many"], ["completions", "csh"]])
    func `wrong usage is told with code 2`(_ arguments: [String]) async throws {
        let outcome = try await Program.run(arguments)
        #expect(outcome.status == 2)
        #expect(!outcome.errors.isEmpty)
        #expect(outcome.output.isEmpty)
    }

    @Test(arguments: [
        [], ["serve"], ["remix"], ["report", "usage"], ["calls", "list"], ["db"], ["sandbox"], ["doctor"],
    ])
    func `every command has help with an example`(_ command: [String]) async throws {
        let help = try await Program.run(command + ["--help"])
        #expect(help.status == 0)
        #expect(help.output.contains("easel"))
        if command.isEmpty { #expect(help.output.split(separator: "\n").count <= 40, "one screen") }
    }

    @Test func `a gateway that is not there is told so`() async throws {
        let outcome = try await Program.run(
            ["calls", "list"],
            environment: ["EASEL_URL": "http://127.0.0.1:1", "EASEL_API_KEY": "x"]
        )
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("127.0.0.1:1"))
    }
}
