import EaselBase
import EaselServer
import EaselTransport
import Foundation
import TestKit
import Testing

/// What somebody new types wrongly, and what the program says to it.
@Suite(.enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct PlainWordsTests {
    /// Refused before anything is sent: no server is asked.
    static let refused: [(line: String, says: String)] = [
        ("report usage --since 2026-13-01", "--since wants a date such as"),
        ("report usage --by colour", "--by wants names with commas"),
        ("report latency --tz Mars/Olympus", "--tz wants UTC or a time zone"),
        ("price set runware ideogram-4.0 six --from now", "USD wants an amount in US dollars"),
        ("price set runware ideogram-9 0.06 --from now", "MODEL wants one of ideogram-4.0"),
        ("price recompute --since yesterday", "7d or 24h for that long ago"),
        ("price set runware ideogram-4.0 0.06 --from soon", "or now, not \"soon\""),
        ("budget set nobody --limit 5", "SCOPE wants org, team:NAME"),
        ("calls redact --before 2026-01-01", "--call, --key, --team or --tag"),
        ("calls redact", "--call, --key, --team or --tag"),
        ("team create 設計", "letters A-Z and a-z"),
        ("team list --json --csv", "--json and --csv do not go together"),
        ("report usage --focus --json", "do not go together"),
        ("report top --define --csv", "do not go together"),
        ("budget raise x --end --by 5", "--end and --by do not go together"),
        ("budget set org --hard --soft", "do not go together"),
        ("provider status --interval 5s", "--interval has no effect without --watch"),
        ("key create --team a --project-bound", "--project-bound has no effect without --project"),
        ("remix a.png -p kite --tag x=1 --tag x=2", "--tag names x twice"),
        ("budget explain 01931c2e-7a00-7000-8000-000000000000 --period week", "--period has no effect beside an id"),
        ("db status --config a.yaml --data-dir b", "do not go together"),
    ]

    @Test(arguments: refused)
    func `a slip is told in the words that were typed, with code 2`(_ line: String, _ says: String) async throws {
        let outcome = try await Program.run(
            line.split(separator: " ").map(String.init),
            environment: ["EASEL_URL": "http://127.0.0.1:1", "EASEL_API_KEY": "esl_x"]
        )
        #expect(outcome.status == 2 && outcome.output.isEmpty, "\(line): \(outcome.status) \(outcome.errors)")
        #expect(outcome.errors.contains(says), "\(line): \(outcome.errors)")
        for word in ["see errors", "%2B", "prices[0]", "tag_name", "group_by", "timezone"] {
            #expect(!outcome.errors.contains(word), "\(line): \(outcome.errors)")
        }
    }

    private func folder() throws -> String {
        let path = "/tmp/easel-words-\(UUID().text)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @Test func `a key that cannot be one, or cannot be read, is told before anything is sent`() async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = folder + "/base.yaml"
        func run(_ words: [String], _ environment: [String: String] = [:]) async throws -> Program.Outcome {
            try await Program.run(
                ["report", "usage", "--url", "http://127.0.0.1:1"] + words,
                environment: environment
            )
        }
        for (text, says) in [
            ("listen: a\ndata_dir: b\n", "holds 2 lines and so no key"), ("esl_a b", "a space"), ("esl_ü", "ASCII"),
            ("  \n", "is empty"),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            let outcome = try await run(["--api-key-file", file])
            #expect(outcome.status == 2 && outcome.errors.contains(says), "\(outcome.errors)")
            #expect(outcome.errors.contains("the key file \(file)") && !outcome.errors.contains("listen:"))
        }
        let variable = try await run([], ["EASEL_API_KEY": "esl_one\nesl_two"])
        #expect(variable.status == 2 && variable.errors.contains("EASEL_API_KEY holds 2 lines"), "\(variable.errors)")
        // A folder in its place is as unreadable as another user's file, for root too.
        try FileManager.default.createDirectory(atPath: folder + "/admin-key", withIntermediateDirectories: true)
        let unreadable = try await run(["--data-dir", folder])
        #expect(
            unreadable.status == 2 && unreadable.errors.contains("\(folder)/admin-key cannot be read: it is a folder")
        )
        let missing = try await run(["--data-dir", folder + "/none"])
        #expect(missing.status == 2 && missing.errors.contains("there is no \(folder)/none/admin-key"))
    }

    @Test func `the database can be looked at without the keys of providers`() async throws {
        try await ProgramHouse.with { house in
            let text = try String(contentsOfFile: house.configuration, encoding: .utf8)
                .replacing("api_key: sandbox-key", with: "api_key: \"${EASEL_TEST_NO_KEY}\"")
            try Data(text.utf8).write(to: URL(fileURLWithPath: house.configuration))
            let migrated = try await Program.run(["db", "migrate", "--config", house.configuration])
            #expect(migrated.status == 0, "\(migrated.errors)")
            for command in [["status"], ["verify"], ["psql", "select 1"], ["journal", "list"]] {
                let outcome = try await Program.run(["db"] + command + ["--config", house.configuration])
                #expect(outcome.status == 0, "\(command): \(outcome.errors)")
            }
            let doctor = try await Program.run(["doctor", "--config", house.configuration])
            #expect(
                doctor.status == 1 && doctor.output.contains("set EASEL_TEST_NO_KEY where this"),
                "\(doctor.output)"
            )
            #expect(doctor.output.contains("database: reached") && !doctor.output.contains("prints a sound one"))
            #expect(try await Program.run(["config", "check", "--config", house.configuration]).status == 2)
        }
    }

    @Test func `who only asks a database that is away does not speak of bringing it up to date`() async throws {
        try await ProgramHouse.with { house in
            let text = try String(contentsOfFile: house.configuration, encoding: .utf8)
            let away = text.replacing(#/url: "[^"]*"/#, with: "url: \"postgresql://easel@127.0.0.1:1/none\"")
            try Data(away.utf8).write(to: URL(fileURLWithPath: house.configuration))
            for command in ["status", "verify"] {
                let outcome = try await Program.run(["db", command, "--config", house.configuration])
                #expect(outcome.status == 1 && outcome.errors.contains("could not be read"), "\(outcome.errors)")
                #expect(!outcome.errors.contains("up to date"), "\(outcome.errors)")
            }
        }
    }

    @Test func `a stranger at the address is told as one`() async throws {
        let server = HTTPServer(group: House.group, configuration: HTTPServerConfiguration(), log: .silent) { request in
            request.path == "/v1/teams"
                ? .bytes(Array("<html>\n<p>hello</p>\n</html>".utf8), type: "text/html")
                : ServerResponse.text("<html>\nnot found\n</html>", status: 404)
        }
        let port = try server.start()
        let environment = ["EASEL_URL": "http://127.0.0.1:\(port)", "EASEL_API_KEY": "esl_x"]
        for command in [["calls", "list"], ["team", "list"], ["provider", "status"]] {
            let outcome = try await Program.run(command, environment: environment)
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            #expect(outcome.errors.contains("is not Easel"), "\(command): \(outcome.errors)")
        }
        try await ProgramHouse.with { house in
            let text = try String(contentsOfFile: house.configuration, encoding: .utf8)
                .replacing("listen: 127.0.0.1:0", with: "listen: 127.0.0.1:\(port)")
            try Data(text.utf8).write(to: URL(fileURLWithPath: house.configuration))
            let doctor = try await Program.run(["doctor", "--config", house.configuration])
            #expect(
                doctor.status == 1 && doctor.output.contains("something that is not Easel answers"),
                "\(doctor.output)"
            )
            #expect(!doctor.output.contains("<html>"))
        }
        await server.drain(grace: .zero)
    }

    @Test func `help fits eighty columns everywhere, and the program's own one screen`() async throws {
        func commands(of help: String) -> [String] {
            // A group's help lists its commands between the usage and the next blank line.
            let parts = help.split(separator: "\n\n", omittingEmptySubsequences: true)
            guard help.contains("COMMAND [OPTIONS]") else { return [] }
            return parts.dropFirst().flatMap { $0.split(separator: "\n") }
                .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.hasPrefix("  -") }
                .compactMap { $0.split(separator: " ").first.map(String.init) }
        }
        var waiting: [[String]] = [[]]
        var seen = 0
        while let path = waiting.popLast() {
            let help = try await Program.run(path + ["--help"])
            #expect(help.status == 0, "\(path)")
            seen += 1
            let lines = help.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            #expect(lines.allSatisfy { $0.count <= 80 }, "\(path): \(lines.filter { $0.count > 80 })")
            if path.isEmpty { #expect(lines.count <= 24) }
            if path.count < 3 { waiting += commands(of: help.output).map { path + [$0] } }
        }
        #expect(seen > 50, "every command was looked at")
    }

    @Test(.timeLimit(.minutes(5)))
    func `lists say what holds and what does not, at eighty columns too`() async throws {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            let environment = ["EASEL_URL": served.url, "EASEL_API_KEY": ProgramHouse.adminKey, "COLUMNS": "80"]
            func easel(_ line: String) async throws -> Program.Outcome {
                try await Program.run(line.split(separator: " ").map(String.init), environment: environment)
            }
            for name in ["usage", "latency", "budgets", "top"] {
                let empty = try await easel("report \(name) --ndjson")
                #expect(empty.status == 0 && empty.output.isEmpty, "\(name): \(empty.output.debugDescription)")
            }
            #expect(try await easel("team create design").status == 0)
            #expect(try await easel("team set design --known-projects web,app").status == 0)
            #expect(try await easel("key create --team design --project web --project-bound").status == 0)
            let keys = try await easel("key list --json")
            let listed = try JSON.decode(JSONValue.self, from: Array(keys.output.utf8))["keys"]?.arrayValue ?? []
            let id = try #require(listed.first { $0["team"] == "design" }?["id"]?.stringValue)
            #expect(try await easel("key revoke \(id)").status == 0)
            let table = try await easel("key list")
            let row = try #require(table.output.split(separator: "\n").first { $0.contains(id) })
            #expect(row.contains("revoked"), "\(table.output)")

            // Every member of a row of JSON is a column of CSV, and no line of a table is longer than asked for.
            let made = try await easel("budget set team:design --limit 5 --period day --tz Europe/Berlin")
            #expect(made.status == 0, "\(made.errors)")
            for (command, member, elsewhere) in [
                ("key list", "keys", [:]), ("team list", "teams", [:]),
                ("budget list", "budgets", ["raise": "raise_by_usd"]),
                ("price list", "prices", [:]),
                ("provider list", "providers", ["name": "provider", "models": "", "latency_ms": ""]),
            ] as [(String, String, [String: String])] {
                let json = try await easel(command + " --json")
                let csv = try await easel(command + " --csv")
                let row = try JSON.decode(JSONValue.self, from: Array(json.output.utf8))[member]?.arrayValue?.first
                let columns = csv.output.split(whereSeparator: \.isNewline).first?.split(separator: ",").map(
                    String.init
                )
                let names = (row?.objectValue ?? [:]).keys.map { elsewhere[$0] ?? $0 }.filter { !$0.isEmpty }
                #expect(
                    !names.isEmpty && Set(names).isSubset(of: columns ?? []),
                    "\(command): \(names) \(columns ?? [])"
                )
                let shown = try await easel(command)
                #expect(shown.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(shown.output)")
            }

            let ending = try await easel("budget raise team:design --end")
            #expect(ending.status == 1 && ending.errors.contains("there is no raise on"), "\(ending.errors)")
            #expect(try await easel("budget raise team:design --by 1 --until 2999-01-01").output.contains("$6.00+"))

            for (line, says) in [
                ("calls list --provider nope", "there is no provider nope"),
                ("calls list --provider runwar", "did you mean runware?"),
                ("key list --team nope", "there is no team nope"),
                ("calls list --team nope", "--team is not known"), ("calls tail --provider nope", "no provider nope"),
                ("report shadow --policy nope", "--policy is not configured"),
                ("reconcile list --provider nope", "there is no provider nope"),
                ("price set nobody ideogram-4.0 0.06 --from now", "PROVIDER is not configured"),
            ] {
                let outcome = try await easel(line)
                #expect(
                    outcome.status == 2 && outcome.errors.contains(says),
                    "\(line): \(outcome.status) \(outcome.errors)"
                )
            }
            let known = try await easel("calls list --provider ideogram")
            #expect(known.status == 0 && known.errors.contains("no calls"))

            let request = house.directory + "/request.json"
            let image = "data:image/png;base64," + Data(SampleImage.bytes()).base64EncodedString()
            let dear =
                "{\"model\":\"ideogram-4.0\",\"prompt\":\"a kite\",\"max_cost_usd\":\"0.000001\",\"image\":\"\(image)\"}"
            try Data(dear.utf8).write(to: URL(fileURLWithPath: request))
            let nobody = try await easel("route explain \(request)")
            #expect(
                nobody.status == 1 && nobody.errors.contains("would fail"),
                "\(nobody.output)\(nobody.errors)"
            )
            #expect(nobody.output.contains("no provider can be asked"))

            // The same port with another data directory: another Easel's gateway.
            let port = served.url.split(separator: ":").last.map(String.init) ?? ""
            let text = try String(contentsOfFile: house.configuration, encoding: .utf8)
                .replacing("listen: 127.0.0.1:0", with: "listen: 127.0.0.1:\(port)")
            let own = house.directory + "/own.yaml"
            try Data(text.utf8).write(to: URL(fileURLWithPath: own))
            let ready = try await Program.run(["doctor", "--config", own])
            #expect(ready.output.contains("gateway: ready on"), "\(ready.output)")
            let other = text.replacing("data_dir: \(house.directory)/data", with: "data_dir: \(house.directory)/other")
            try Data(other.utf8).write(to: URL(fileURLWithPath: own))
            let stranger = try await Program.run(["doctor", "--config", own])
            #expect(stranger.status == 1 && stranger.output.contains("another Easel answers"), "\(stranger.output)")
            #expect(await served.terminate() == 0)
        }
    }
}
