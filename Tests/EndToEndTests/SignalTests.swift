import EaselBase
import EaselCore
import EaselSandbox
import EaselTransport
import Foundation
import Testing
import TestKit
import TestTools

/// SIGHUP, and what comes before the end.
@Suite(.timeLimit(.minutes(5)))
struct SignalTests {
    private func write(_ house: ProgramHouse, _ change: (String) -> String) throws {
        let text = change(Program.text(house.configuration))
        try OutputFile.write(Array(text.utf8), to: house.configuration)
    }

    private func log(_ house: ProgramHouse) -> String { Program.text(house.configuration + ".log") }

    private var image: JSONValue {
        .string("data:image/png;base64," + Data(SampleImage.bytes()).base64EncodedString())
    }

    private func remix(_ house: ProgramHouse, _ url: String, policy: String? = nil) async throws -> Answer {
        var body: [String: JSONValue] = ["model": "ideogram-4.0", "prompt": "a kite", "image": image]
        if let policy { body["policy"] = .string(policy) }
        return try await house.send("POST", url + "/v1/remix", body: .object(body))
    }

    @Test func `a hang-up loads what can be loaded, and calls under way end under what they began with`() async throws {
        try await ProgramHouse.with { house in
            // The key of one provider lies in a file, and is wrong.
            let key = house.directory + "/key"
            try OutputFile.write(Array("not-the-key\n".utf8), to: key)
            try write(house) {
                $0.replacing(
                    "base_url: \"\(house.sandbox.baseURL(.ideogram))\", api_key: sandbox-key",
                    with: "base_url: \"\(house.sandbox.baseURL(.ideogram))\", api_key: { file: \(key) }"
                )
            }
            let served = try await Served(configuration: house.configuration)
            #expect(try await remix(house, served.url, policy: "only-ideogram").status != 200)
            #expect(try await remix(house, served.url, policy: "new-one").status == 400)

            // One that is under way, whose task does not end until it is let.
            try await house.sandbox.setFaults([FaultRule(route: .poll, kind: .status(503))])
            async let running = remix(house, served.url, policy: "standard")
            let isTaken = try await eventually {
                try await house.calls(served.url).contains { $0["status"] == "in_progress" }
            }
            #expect(isTaken)

            try OutputFile.write(Array("sandbox-key\n".utf8), to: key)
            try write(house) { text in
                text.replacing("listen: 127.0.0.1:0", with: "listen: 127.0.0.1:1\nlogging: { level: debug }")
                    .replacing("    only-ideogram:", with: "    new-one: { order: [ideogram] }\n    only-ideogram:")
                    .replacing(
                        "    standard: { order: [runware, ideogram] }",
                        with: "    standard: { order: [ideogram] }"
                    )
            }
            served.tell(SIGHUP)
            served.tell(SIGHUP)
            let isLoaded = await eventually { log(house).contains("the configuration was reloaded") }
            #expect(isLoaded, "\(log(house))")
            #expect(log(house).contains(#""settings":"listen""#), "\(log(house))")
            try await house.sandbox.setFaults([])
            let first = try await running
            #expect(first.status == 200 && first["provider"] == "runware", "\(first)")
            let second = try await remix(house, served.url)
            #expect(second.status == 200 && second["provider"] == "ideogram", "\(second)")
            #expect(try await remix(house, served.url, policy: "new-one").status == 200)

            // With faults nothing changes.
            try write(house) {
                $0.replacing("new-one: {", with: "other-one: {").replacing("order: [ideogram]", with: "order: [nobody]")
            }
            served.tell(SIGHUP)
            let isRefused = await eventually { log(house).contains("nothing was changed") }
            #expect(isRefused)
            #expect(log(house).contains("order[0]: names no provider"), "the fault is named")
            #expect(try await remix(house, served.url, policy: "new-one").status == 200)
            #expect(await served.terminate() == 0)
        }
    }

    @Test func `signals that are meant for others do nothing`() async throws {
        try await ProgramHouse.with { house in
            let served = try await Served(configuration: house.configuration)
            for signal in [SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF] {
                served.tell(signal)
                try await Task.sleep(for: .milliseconds(50))
                #expect(try await house.send("GET", served.url + "/healthz").status == 200, "\(signal)")
            }
            #expect(await served.terminate() == 0)
        }
    }

    @Test func `without a file a hang-up is the end, and the database ends too`() async throws {
        await Turnstile.processes.enter()
        defer { Turnstile.processes.leave() }
        let directory = "/tmp/easel-hangup-\(UUID().text)"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let child = try Child(
            try #require(Program.path),
            ["up", "--data-dir", directory + "/data", "--port", "0"],
            environment: Program.environmentOfTests([:]),
            output: directory + "/out",
            errors: directory + "/err"
        )
        let isReady = await eventually(within: .seconds(120)) {
            Program.text(directory + "/err").contains("calls list")
        }
        #expect(isReady, "\(Program.text(directory + "/err"))")
        // The printed command works from here, without an address or a key.
        let words = Program.text(directory + "/err").split(separator: "\n").first { $0.contains("calls list") }
        let outcome = try await Program.run("/bin/sh", ["-c", String(try #require(words))])
        #expect(outcome.status == 0, "\(outcome.errors)")
        kill(child.id, SIGHUP)
        kill(child.id, SIGHUP)
        #expect(await child.end() == 0)
        #expect(!FileManager.default.fileExists(atPath: directory + "/data/postgres/postmaster.pid"))
    }

    @Test func `before it stops it is not ready, and serves`() async throws {
        try await ProgramHouse.with { house in
            try write(house) { "shutdown_delay: 3s\n" + $0 }
            let served = try await Served(configuration: house.configuration)
            #expect(try await house.send("GET", served.url + "/readyz").status == 200)
            served.tell(SIGTERM)
            let isLeaving = await eventually { (try? await house.send("GET", served.url + "/readyz"))?.status == 503 }
            #expect(isLeaving)
            #expect(try await house.send("GET", served.url + "/healthz").status == 200)
            #expect(try await remix(house, served.url).status == 200)
            // A hang-up in between is told, and another signal cuts the delay short without cutting calls off.
            let end = Task { await served.terminate() }
            #expect(await end.value == 0)
            #expect(log(house).contains("\"stopped\"") && !log(house).contains("second signal"))
        }
    }
}
