import EaselBase
import Foundation
import Testing
import TestTools

/// A start whose database is not there yet.
@Suite struct StartTests {
    /// The house's configuration with a database of that name, and a wait of that length.
    private func configure(_ house: ProgramHouse, database name: String, wait: String) throws {
        let text = try String(contentsOfFile: house.configuration, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            guard line.hasPrefix("database:"), let start = line.range(of: "@/"), let end = line.range(of: "?host")
            else { return String(line) }
            return String(line[..<start.upperBound] + name + line[end.lowerBound...])
                .replacing(" }", with: ", start_timeout: \(wait) }")
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: house.configuration))
    }

    private func start(_ house: ProgramHouse) throws -> Child {
        try Child(
            try #require(Program.path),
            ["serve", "--config", house.configuration],
            environment: Program.environmentOfTests([:]),
            output: house.directory + "/out",
            errors: house.directory + "/log"
        )
    }

    private func waits(_ house: ProgramHouse) -> [Substring] {
        Program.text(house.directory + "/log").split(separator: "\n")
            .filter { $0.contains("cannot be used yet; waiting for it") }
    }

    @Test func `a start that fails after its database is there stops it again, and says what to mend`() async throws {
        for (index, content) in ["folder", "notakey", "esl_short"].enumerated() {
            let directory = NSTemporaryDirectory() + "easel-start-\(UUID().text.prefix(8))"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let key = directory + "/admin-key"
            if index == 0 {
                try FileManager.default.createDirectory(atPath: key, withIntermediateDirectories: false)
            } else {
                try Data(content.utf8).write(to: URL(fileURLWithPath: key))
            }
            let ran = try await Program.run(["up", "--data-dir", directory, "--port", "0"])
            #expect(ran.status == 1, "\(content): \(ran.errors)")
            #expect(ran.errors.contains("admin-key") && !ran.errors.contains(content == "folder" ? "Failure" : content))
            let servers = try FileManager.default.subpathsOfDirectory(atPath: directory)
                .filter { $0.hasSuffix("postmaster.pid") }
            #expect(servers == [], "\(content): the database goes on running")
        }
        let ran = try await Program.run(["up", "--data-dir", "/proc/none"])
        #expect(ran.status == 1 && ran.errors.contains("/proc/none") && !ran.errors.contains("unexpected"))
    }

    @Test func `a database that never comes ends the start when its time is over, with the cause each time`()
        async throws
    {
        try await ProgramHouse.with { house in
            try configure(house, database: "no_such_database", wait: "3s")
            let began = SteadyInstant.now
            let child = try start(house)
            #expect(await child.end() == 1)
            #expect(SteadyInstant.now.since(began) >= .seconds(3))
            #expect(waits(house).count >= 3)
            #expect(waits(house).allSatisfy { $0.contains("\"error\"") && $0.contains("\"left_s\"") })
            #expect(Program.text(house.directory + "/log").contains("start_timeout"))
            #expect(Program.text(house.directory + "/out").isEmpty)
        }
    }

    @Test func `a database that comes while the start waits is taken, and a signal ends the wait at once`() async throws
    {
        try await ProgramHouse.with { house in
            let name = "later_\(UUID().text.prefix(8))"
            try configure(house, database: name, wait: "120s")
            let stopped = try start(house)
            let isWaiting = await eventually { !waits(house).isEmpty }
            #expect(isWaiting)
            let began = SteadyInstant.now
            kill(stopped.id, SIGTERM)
            #expect(await stopped.end() == 0)
            #expect(SteadyInstant.now.since(began) < .seconds(10))

            let served = Task { try await Served(configuration: house.configuration) }
            try await Task.sleep(for: .seconds(1))
            _ = try await house.rows("CREATE DATABASE \(name)")
            let daemon = try await served.value
            let ready = try await house.send("GET", daemon.url + "/readyz")
            #expect(ready.status == 200 && ready["journal"] == "ok")
            #expect(await daemon.terminate() == 0)
        }
    }
}
