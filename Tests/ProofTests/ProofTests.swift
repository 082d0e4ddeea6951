import Foundation
import Testing
import TestTools

/// Runs the proofs of `Benchmarks/figures.py` with the built program: the log against the providers' own books after
/// races, kills, stops and a database that goes away. `make test` runs a short form, `make prove` all of them. By hand they
/// run in any size, and against any provider that keeps books.
@Suite(
    .serialized,
    .enabled(if: Proof.easel != nil, "the executable was not built beside the tests"),
    .enabled(if: Proof.hasPython, "python3 is not on the PATH")
)
struct ProofTests {
    private static let isLong: Comment = "a long proof: make prove runs it"

    @Test(.timeLimit(.minutes(3)), arguments: Effort.isFull ? [1, 3] : [3])
    func `of 200 calls 50 at a time exactly the 25 pass that a dollar pays for`(gateways: Int) async throws {
        try await Proof.run(["race", "--gateways", String(gateways)])
    }

    @Test(.enabled(if: Effort.isFull, Self.isLong), .timeLimit(.minutes(4)))
    func `exactly the 25 pass while the database stalls again and again`() async throws {
        try await Proof.run(["race", "--gateways", "3", "--freezes", "4"])
    }

    @Test(.timeLimit(.minutes(5)))
    func `after kills amid faults the log equals the providers' books`() async throws {
        try await Proof.run(["crash", "--rounds", Effort.isFull ? "6" : "2"])
    }

    @Test(.timeLimit(.minutes(3)))
    func `a database that goes away under load loses nothing that was acknowledged`() async throws {
        try await Proof.run(["outage", "--seconds", "5"])
    }

    @Test(.timeLimit(.minutes(3)))
    func `a stop under load answers everybody and loses nothing`() async throws {
        try await Proof.run(["sigterm", "--stops", Effort.isFull ? "2" : "1"])
    }

    @Test(.enabled(if: Effort.isFull, Self.isLong), .timeLimit(.minutes(4)))
    func `after reporters were killed and frozen the rollups are the log`() async throws {
        try await Proof.run(["rollups", "--rollup-seconds", "20"])
    }
}

/// Starting the script and reading what it says.
enum Proof {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Beside the tests, where the build puts it. The runner may be a helper of the toolchain, which has the bundle's path
    /// among its arguments.
    static let easel: String? = {
        let runner = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let bundles = CommandLine.arguments.filter { $0.contains(".xctest") }.map { URL(fileURLWithPath: $0) }
        return ([runner] + bundles).map { $0.deletingLastPathComponent().appendingPathComponent("easel").path }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    static let hasPython: Bool = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.contains { FileManager.default.isExecutableFile(atPath: $0 + "/python3") }
    }()

    static func run(_ arguments: [String]) async throws {
        let easel = try #require(easel)
        let output = FileManager.default.temporaryDirectory.path + "/easel-proof-\(UUID().uuidString)"
        try Data().write(to: URL(fileURLWithPath: output))
        defer { try? FileManager.default.removeItem(atPath: output) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", root + "/Benchmarks/figures.py"] + arguments + ["--easel", easel]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = process.standardOutput
        try process.run()
        while process.isRunning { try await Task.sleep(for: .milliseconds(50)) }
        let text = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
        let failures = text.split(separator: "\n").filter { $0.hasPrefix("FAIL") || $0.hasPrefix("seed") }
        #expect(process.terminationStatus == 0, "\(failures.joined(separator: "\n"))\n\(text.suffix(3000))")
    }
}
