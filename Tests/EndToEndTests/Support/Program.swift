import EaselBase
import Foundation
import Testing

/// The built `easel`, run as a process of its own.
enum Program {
    /// Beside the test bundle, or nil when it was not built.
    static let path: String? = {
        let runner = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        // The runner may be a helper of the toolchain, which has the bundle's path among its arguments.
        let bundles = CommandLine.arguments.filter { $0.contains(".xctest") }.map { URL(fileURLWithPath: $0) }
        return ([runner] + bundles).map { $0.deletingLastPathComponent().appendingPathComponent("easel").path }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// What a process wrote, and how it ended.
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs a command to its end. `environment` is added to that of the tests, without any key of theirs.
    static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: [UInt8]? = nil
    ) async throws -> Outcome {
        try await run(try #require(path), arguments, environment: environment, input: input)
    }

    /// Runs any program to its end.
    static func run(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        input: [UInt8]? = nil
    ) async throws -> Outcome {
        let files = "/tmp/easel-child-\(UUID().text)"
        defer { for kind in ["in", "out", "err"] { try? FileManager.default.removeItem(atPath: "\(files).\(kind)") } }
        if let input { try Data(input).write(to: URL(fileURLWithPath: files + ".in")) }
        let child = try Child(
            program,
            arguments,
            environment: environmentOfTests(environment),
            input: input == nil ? nil : files + ".in",
            output: files + ".out",
            errors: files + ".err"
        )
        let status = await child.end()
        return Outcome(status: status, output: text(files + ".out"), errors: text(files + ".err"))
    }

    static func environmentOfTests(_ more: [String: String]) -> [String: String] {
        let all = ProcessInfo.processInfo.environment
        let kept = all.filter { !$0.key.hasPrefix("EASEL_") && !$0.key.hasSuffix("_API_KEY") }
        return kept.merging(["NO_COLOR": "1"]) { $1 }.merging(more) { $1 }
    }

    static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}

/// A running `easel serve`.
final class Served: Sendable {
    let url: String
    private let child: Child
    private let hasEnded = Locked(false)

    /// Starts it and waits until it says that it is ready: two minutes, for beside the other tests a database that is
    /// made for it takes most of one. What it logs stays beside the configuration.
    init(configuration path: String) async throws {
        let output = path + ".out"
        child = try Child(
            try #require(Program.path),
            ["serve", "--config", path],
            environment: Program.environmentOfTests([:]),
            output: output,
            errors: path + ".log"
        )
        var line = ""
        let deadline = ContinuousClock.now.advanced(by: .seconds(120))
        while !line.contains("\n"), Foundation.kill(child.id, 0) == 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(10))
            line = Program.text(output)
        }
        guard let ready = try? JSON.decode([String: String].self, from: Array(line.utf8)), let url = ready["url"] else {
            Foundation.kill(child.id, SIGKILL)
            throw NotReady(log: Program.text(path + ".log"))
        }
        self.url = url
    }

    struct NotReady: Error { let log: String }

    /// kill -9.
    func kill() async {
        _ = await signal(SIGKILL)
    }

    /// SIGTERM; the exit code.
    func terminate() async -> Int32 {
        await signal(SIGTERM)
    }

    /// A signal after which it may go on.
    func tell(_ signal: Int32) { Foundation.kill(child.id, signal) }

    private func signal(_ signal: Int32) async -> Int32 {
        hasEnded.withLock { $0 = true }
        Foundation.kill(child.id, signal)
        return await child.end()
    }

    deinit {
        if !hasEnded.withLock({ $0 }) { Foundation.kill(child.id, SIGKILL) }
    }
}
