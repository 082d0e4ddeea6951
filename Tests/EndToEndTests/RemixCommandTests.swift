import EaselBase
import EaselSandbox
import Foundation
import Testing
import TestKit
import TestTools

/// `easel remix` and what it costs when something goes wrong here.
@Suite(.timeLimit(.minutes(5)))
struct RemixCommandTests {
    private func environment(_ url: String) -> [String: String] {
        ["EASEL_URL": url, "EASEL_API_KEY": ProgramHouse.adminKey]
    }

    private func source(_ house: ProgramHouse) throws -> String {
        let path = house.directory + "/cat.png"
        try Data(SampleImage.bytes()).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func `what can fail here fails before the request`() async throws {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            let source = try source(house)
            let file = house.directory + "/file"
            try Data().write(to: URL(fileURLWithPath: file))
            let cases: [(words: [String], says: String)] = [
                ([source, "--out", "/proc/nowhere"], "no such file"), ([source, "--out", file], "no folder"),
                ([source, "--out", file + "/below"], "no folder"),
                ([source, "--out", "/sys/kernel"], "saved in /sys/kernel"),
                ([house.directory + "/missing.jpg"], "no such file"), ([house.directory], "it is a folder"),
                (["ftp://example.com/a.jpg"], "only http:// and https://"), ([file], "is empty"),
                ([source, "--style-reference", "/no/such"], "cannot read /no/such"),
                ([source, "--url", "http://"], "is not the URL of a gateway"),
                ([source, "--url", "localhost:8080"], "is not the URL of a gateway"),
                ([source, "--api-key-file", "/no/such"], "cannot read /no/such"),
            ]
            for (words, says) in cases {
                let outcome = try await Program.run(
                    ["remix"] + words + ["-p", "kite"],
                    environment: environment(served.url)
                )
                #expect(
                    outcome.status == 2 && outcome.errors.contains(says),
                    "\(words): \(outcome.status) \(outcome.errors)"
                )
                #expect(!outcome.errors.contains("Domain") && !outcome.errors.contains("Error"), "\(outcome.errors)")
            }
            let keyless = try await Program.run(
                ["remix", source, "-p", "kite", "--data-dir", "/no/such"],
                environment: ["EASEL_URL": served.url]
            )
            #expect(keyless.status == 2 && keyless.errors.contains("no key"))
            #expect(try await house.calls(served.url).isEmpty, "nothing was sent")
            #expect(await served.terminate() == 0)
        }
    }

    @Test func `the same key pays once, and a call is fetched later`() async throws {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            let source = try source(house)
            func easel(_ words: String...) async throws -> Program.Outcome {
                try await Program.run(words, environment: environment(served.url))
            }
            let out = house.directory + "/out"
            for _ in 0..<2 {
                let outcome = try await easel("remix", source, "-p", "kite", "--idempotency-key", "mine", "-o", out)
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            #expect(try await house.calls(served.url).count == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: out).count == 2)
            let accepted = try await easel("remix", source, "-p", "kite", "--async", "-n", "2")
            #expect(accepted.status == 0, "\(accepted.errors)")
            let id = accepted.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let isThere = try await eventually {
                try await easel("calls", "download", id, "--out", out + "/later").status == 0
            }
            #expect(isThere)
            #expect(try FileManager.default.contentsOfDirectory(atPath: out + "/later").count == 2)
            let unknown = try await easel("calls", "download", UUIDv7.mint(at: TimeSource.system.now).text)
            #expect(unknown.status == 1)
            #expect(await served.terminate() == 0)
        }
    }

    @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
    func `an interruption says that the call continues`(_ signal: Int32, _ status: Int32) async throws {
        try await ProgramHouse.with(latency: .seconds(3)) { house in
            let served = try await Served(configuration: house.configuration)
            let errors = house.directory + "/err"
            let child = try Child(
                try #require(Program.path),
                ["remix", try source(house), "-p", "kite", "-o", house.directory],
                environment: Program.environmentOfTests(environment(served.url)),
                output: house.directory + "/out",
                errors: errors
            )
            let isTaken = try await eventually { try await house.calls(served.url).count == 1 }
            #expect(isTaken)
            kill(child.id, signal)
            #expect(await child.end() == status)
            let id = try #require(try await house.calls(served.url).first?["id"]?.stringValue)
            let text = Program.text(errors)
            #expect(text.contains("the call continues") && text.contains("easel calls download \(id)"), "\(text)")
            #expect(text.contains("--idempotency-key cli-"))
            let isThere = try await eventually {
                try await Program.run(
                    ["calls", "download", id, "--out", house.directory + "/later"],
                    environment: environment(served.url)
                ).status == 0
            }
            #expect(isThere)
            #expect(await served.terminate() == 0)
        }
    }

    @Test func `a disk that fills up after the payment leaves the call, its cost and its links`() async throws {
        try await ProgramHouse.with(latency: .seconds(2)) { house in
            let served = try await Served(configuration: house.configuration)
            let folder = house.directory + "/small"
            let child = try Child(
                try #require(Program.path),
                ["remix", try source(house), "-p", "kite", "-o", folder],
                environment: Program.environmentOfTests(environment(served.url)),
                output: house.directory + "/out",
                errors: house.directory + "/err"
            )
            let isTaken = try await eventually { try await house.calls(served.url).count == 1 }
            #expect(isTaken)
            // Root may write anywhere, so the folder goes away instead.
            try FileManager.default.removeItem(atPath: folder)
            #expect(await child.end() == 1)
            let call = try #require(try await house.calls(served.url).first)
            let text = Program.text(house.directory + "/err")
            #expect(text.contains(call["id"]?.stringValue ?? "?") && text.contains("$"), "\(text)")
            #expect(text.contains(served.url + "/v1/artifacts/") && text.contains("calls download"), "\(text)")
            #expect(await served.terminate() == 0)
        }
    }

    @Test func `a port that is taken is told with the mend`() async throws {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            let port = served.url.split(separator: ":").last.map(String.init) ?? ""
            let directory = house.directory + "/up"
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755]
            )
            let outcome = try await Program.run(["up", "--data-dir", directory + "/data", "--port", port])
            #expect(outcome.status == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains("cannot listen on 127.0.0.1:\(port)") && outcome.errors.contains("--port"))
            #expect(!outcome.errors.contains("ListenAddress"))
            #expect(await served.terminate() == 0)
        }
    }
}
