import EaselBase
import EaselSandbox
import Foundation
import TestKit
import Testing

/// What becomes of a server and of a command whose words nobody takes.
@Suite(.timeLimit(.minutes(5)))
struct OutputTests {
    /// A shell line with `$EASEL` for the program; its exit code is that of the last command.
    private func shell(_ line: String, _ environment: [String: String] = [:]) async throws -> Program.Outcome {
        let program = try #require(Program.path)
        return try await Program.run(
            "/bin/bash",
            ["-c", line],
            environment: environment.merging(["EASEL": program]) { $1 }
        )
    }

    private func client(_ url: String) -> [String: String] {
        ["EASEL_URL": url, "EASEL_API_KEY": ProgramHouse.adminKey]
    }

    @Test func `a server lives on without anybody to read its log`() async throws {
        try await ProgramHouse.with { house in
            for (name, redirection) in [
                ("full", "2>/dev/full"), ("gone", "2> >(head -n 1 >/dev/null)"), ("closed", "2>&-"),
                ("still", "2> >(exec sleep 60 >/dev/null)"), ("all closed", "<&- 2>&-"),
            ] {
                let line = """
                    cd \(house.directory); "$EASEL" serve -c easel.yaml \(redirection) >ready & server=$!
                    for i in $(seq 600); do grep -q ready ready && break; sleep 0.1; done
                    url=$(sed 's/.*"url":"\\([^"]*\\)".*/\\1/' ready)
                    curl -sf -o /dev/null -H "Authorization: Bearer \(ProgramHouse.adminKey)" -X POST $url/v1/remix \\
                      -F image=@image.png -F model=ideogram-4.0 -F prompt=kite || { kill -9 $server; exit 99; }
                    curl -sf $url/metrics | grep '^easel_log_dropped_total'
                    kill -TERM $server; wait $server
                    """
                try Data(SampleImage.bytes()).write(
                    to: URL(fileURLWithPath: house.directory + "/image.png")
                )
                let began = SteadyInstant.now
                let outcome = try await shell(line)
                #expect(outcome.status == 0, "\(name): \(outcome.status) \(outcome.output) \(outcome.errors)")
                #expect(SteadyInstant.now.since(began) < .seconds(100), "\(name)")
                let dropped = Int(outcome.output.split(whereSeparator: \.isWhitespace).last ?? "")
                if name == "full" || name == "closed" { #expect((dropped ?? 0) > 0, "\(name): \(outcome.output)") }
            }
        }
    }

    @Test func `a command goes on to its own exit code when its reader leaves, and fails when the disk is full`()
        async throws
    {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            let settings = client(served.url)
            for period in ["day", "month"] {
                _ = try await house.send(
                    "PUT",
                    served.url + "/v1/budgets",
                    body: ["scope": "org", "period": .string(period), "limit_usd": "0.000001", "hard": false]
                )
            }
            _ = try await house.send(
                "POST",
                served.url + "/v1/remix",
                body: [
                    "model": "ideogram-4.0", "prompt": "a kite",
                    "image": .string("data:image/png;base64," + Data(SampleImage.bytes()).base64EncodedString()),
                ]
            )
            let check = try await shell(#""$EASEL" budget list --check | true; exit ${PIPESTATUS[0]}"#, settings)
            #expect(check.status == 4, "\(check.errors)")
            #expect(!check.errors.contains("Fatal") && check.errors.contains("used up"))
            for command in ["report usage", "calls list --json", "completions bash", "config example", "calls tail"] {
                let outcome = try await shell(
                    #"timeout 60 "$EASEL" \#(command) 2>err | head -n 0; exit ${PIPESTATUS[0]}"#
                        .replacing("err", with: house.directory + "/err"),
                    settings
                )
                #expect(outcome.status == 0, "\(command)")
                #expect(Program.text(house.directory + "/err").isEmpty, "\(command)")
            }
            for command in ["report usage", "calls list --csv", "completions bash", "--help"] {
                let outcome = try await shell(#""$EASEL" \#(command) >/dev/full"#, settings)
                #expect(outcome.status == 1, "\(command)")
                #expect(outcome.errors.contains("no space left on device"), "\(outcome.errors)")
                #expect(try await shell(#""$EASEL" \#(command) >&-"#, settings).status == 1, "\(command)")
            }
            #expect(try await shell(#""$EASEL" report usage 2>/dev/full >/dev/null"#, settings).status == 0)
            #expect(await served.terminate() == 0)
        }
    }

    @Test func `what a stranger wrote cannot steer a terminal`() async throws {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            let prompt = "a\u{1B}[31mred\u{1B}]0;title\u{7}\u{202E}b\nforged line"
            let answer = try await house.send(
                "POST",
                served.url + "/v1/remix",
                body: [
                    "model": "ideogram-4.0", "prompt": .string(prompt),
                    "image": .string("data:image/png;base64," + Data(SampleImage.bytes()).base64EncodedString()),
                ]
            )
            let id = try #require(answer["id"]?.stringValue)
            let shown = try await Program.run(["calls", "show", id], environment: client(served.url))
            #expect(
                shown.output.contains(#"a\u001b[31mred\u001b]0;title\u0007\u202eb\nforged line"#),
                "\(shown.output)"
            )
            #expect(!shown.output.unicodeScalars.contains { $0 != "\n" && Printable.isUnsafe($0) })
            let json = try await Program.run(["calls", "show", id, "--json"], environment: client(served.url))
            #expect(try JSON.decode(JSONValue.self, from: Array(json.output.utf8))["prompt"] == .string(prompt))
            #expect(await served.terminate() == 0)
        }
    }
}
