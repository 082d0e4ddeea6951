import EaselBase
import Foundation
import TestKit
import Testing

/// The built `easel`, run as a process of its own.
enum Program {
    /// Beside the test bundle, or nil when it was not built.
    static let path: String? = {
        let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let given = CommandLine.arguments.first.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        let folders = [bundle] + [given].compactMap(\.self)
        // The runner may be a helper of the toolchain, which is told the bundle's path among its arguments.
        let named = CommandLine.arguments.filter { $0.contains(".xctest") }
            .map { URL(fileURLWithPath: String($0.prefix(upTo: $0.range(of: ".xctest")?.lowerBound ?? $0.endIndex))) }
            .map { $0.deletingLastPathComponent() }
        return (folders + named).map { $0.appendingPathComponent("easel").path }
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
        let process = try make(arguments, environment)
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        let source = Pipe()
        process.standardInput = input == nil ? FileHandle.nullDevice : source
        try process.run()
        if let input {
            source.fileHandleForWriting.write(Data(input))
            try source.fileHandleForWriting.close()
        }
        return await onOwnThread {
            // One after the other is enough: what is written to the second fits a pipe.
            let text = output.fileHandleForReading.readDataToEndOfFile()
            let notes = errors.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return Outcome(
                status: process.terminationStatus,
                output: String(decoding: text, as: UTF8.self),
                errors: String(decoding: notes, as: UTF8.self)
            )
        }
    }

    static func make(_ arguments: [String], _ environment: [String: String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(path))
        process.arguments = arguments
        var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("EASEL_") && !$0.key.hasSuffix("_API_KEY") }
        all["NO_COLOR"] = "1"
        process.environment = all.merging(environment) { _, new in new }
        return process
    }
}

/// A running `easel serve`.
final class Served: Sendable {
    // Unchecked, because a process is only asked for its id and awaited, which Foundation does under its own lock.
    private struct Handle: @unchecked Sendable { let process: Process }

    private let handle: Handle
    let url: String

    /// Starts it and waits until it says that it is ready.
    init(configuration path: String, environment: [String: String] = [:]) async throws {
        let process = try Program.make(["serve", "--config", path], environment)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        handle = Handle(process: process)
        let line = await onOwnThread { () -> String in
            var text = ""
            while !text.contains("\n") {
                let data = output.fileHandleForReading.availableData
                if data.isEmpty { break }
                text += String(decoding: data, as: UTF8.self)
            }
            return text
        }
        let ready = try? JSON.decode([String: String].self, from: Array(line.utf8))
        guard let url = ready?["url"] else {
            process.terminate()
            throw NotReady(line: line)
        }
        self.url = url
    }

    struct NotReady: Error { let line: String }

    /// kill -9.
    func kill() async {
        Foundation.kill(handle.process.processIdentifier, SIGKILL)
        await wait()
    }

    /// SIGTERM; the exit code.
    func terminate() async -> Int32 {
        Foundation.kill(handle.process.processIdentifier, SIGTERM)
        await wait()
        return handle.process.terminationStatus
    }

    private func wait() async {
        await onOwnThread { [handle] in handle.process.waitUntilExit() }
    }

    deinit {
        if handle.process.isRunning { Foundation.kill(handle.process.processIdentifier, SIGKILL) }
    }
}

/// Runs what blocks on a thread of its own: the shared pool paints the sandbox's pictures and must not wait for processes.
func onOwnThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}
