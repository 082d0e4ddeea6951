import EaselBase
import EaselCore
import EaselSandbox
import EaselTransport
import Foundation
import TestKit
import Testing

/// What a process of `easel serve` needs around it: a sandbox in this process, a data directory, a configuration file.
final class ProgramHouse: Sendable {
    static let adminKey = "esl_the-operators-key-of-a-process"

    let sandbox: Sandbox
    let directory: String
    let configuration: String
    /// Of the shared server; nil when the process makes its own.
    let database: String?

    /// With a database of the shared server; `isEmbedded` lets the process make its own in the data directory.
    static func with<Result>(
        latency: Duration = .zero,
        isEmbedded: Bool = false,
        _ body: (ProgramHouse) async throws -> Result
    ) async throws -> Result {
        await Turnstile.processes.enter()
        defer { Turnstile.processes.leave() }
        let house = try await ProgramHouse(latency: latency, isEmbedded: isEmbedded)
        do {
            let result = try await body(house)
            await house.close()
            return result
        } catch {
            await house.close()
            throw error
        }
    }

    private init(latency: Duration, isEmbedded: Bool) async throws {
        sandbox = Sandbox(
            group: House.group,
            configuration: SandboxConfiguration(hasPortEach: true, latency: latency...latency, pixelScale: 16),
            log: .silent
        )
        _ = try sandbox.start()
        directory = "/tmp/easel-process-\(UUID().text)"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        configuration = directory + "/easel.yaml"
        database = isEmbedded ? nil : try await PostgresFixture.database()
        let setting = database.map { "database: { url: \"\(Self.url($0))\" }\n" } ?? ""
        let text = """
            listen: 127.0.0.1:0
            data_dir: \(directory)/data
            admin_key: \(Self.adminKey)
            shutdown_grace: 20s
            \(setting)providers:
              runware: { kind: runware, base_url: "\(sandbox.baseURL(.runware))", api_key: sandbox-key, delivery: async }
              ideogram: { kind: ideogram, base_url: "\(sandbox.baseURL(.ideogram))", api_key: sandbox-key, delivery: async }
            routing:
              default: standard
              policies:
                standard: { order: [runware, ideogram] }
                only-ideogram: { order: [ideogram] }
            recovery: { interval: 1s }
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: configuration))
    }

    /// The connection string of libpq's own spelling as a URL, which is what configurations take.
    private static func url(_ connection: String) -> String {
        var values: [String: String] = [:]
        for pair in connection.split(separator: " ") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            values[String(sides[0])] = sides[1].trimmingCharacters(in: CharacterSet(charactersIn: "'"))
        }
        let host = (values["host"] ?? "").replacing("/", with: "%2F")
        return
            "postgresql://\(values["user"] ?? "")@/\(values["dbname"] ?? "")?host=\(host)&port=\(values["port"] ?? "")"
    }

    private func close() async {
        await sandbox.stop()
        // A server that a killed process left behind is stopped by its own id.
        let file = directory + "/data/postgres/postmaster.pid"
        if let text = try? String(contentsOfFile: file, encoding: .utf8),
            let id = text.split(separator: "\n").first.flatMap({ pid_t($0) }), id > 1
        {
            kill(id, SIGQUIT)
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    // MARK: Requests

    /// A request to the process with the operator's key.
    func send(_ method: String, _ url: String, body: JSONValue? = nil, fields: [(String, String)] = []) async throws
        -> Answer
    {
        var all = HTTPFields([("Authorization", "Bearer \(Self.adminKey)")] + fields)
        if body != nil { all.add("Content-Type", "application/json") }
        return Answer(
            // Of this request alone: a process that was killed leaves dead connections behind.
            try await House.freshClient().execute(
                HTTPRequest(
                    method: method,
                    url: url,
                    fields: all,
                    body: try body.map { try JSON.encode($0) },
                    timeouts: HTTPTimeouts(total: .seconds(60))
                )
            )
        )
    }

    /// The rows of a query, each with its columns, through `psql`.
    func rows(_ sql: String) async throws -> [[String]] {
        let outcome = try await Program.run("psql", ["-X", "-At", "-F", "\t", "-c", sql, try #require(database)])
        try #require(outcome.status == 0, "\(outcome.errors)")
        return outcome.output.split(separator: "\n").map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// All calls with their attempts.
    func calls(_ url: String) async throws -> [Answer] {
        let list = try await send("GET", url + "/v1/calls?limit=500")
        var calls: [Answer] = []
        for call in list["calls"]?.arrayValue ?? [] {
            calls.append(try await send("GET", "\(url)/v1/calls/\(call["id"]?.stringValue ?? "")"))
        }
        return calls
    }
}
