import EaselBase
import EaselCore
import EaselImaging
import EaselSandbox
import EaselTransport
import Foundation
import Testing

/// A running sandbox with a client, and what tests say to it.
struct Bench: Sendable {
    static let key = "sandbox-key"

    let sandbox: Sandbox
    let client: HTTPClient

    /// An answer with its body as JSON, where it is JSON.
    struct Answer: Sendable {
        let status: Int
        let fields: HTTPFields
        let body: [UInt8]
        let json: JSONValue

        /// The entries of `data`.
        var data: [JSONValue] { json["data"]?.arrayValue ?? [] }
        /// The entries of `errors`.
        var errors: [JSONValue] { json["errors"]?.arrayValue ?? [] }
        var codes: [String] { errors.compactMap { $0["code"]?.stringValue } }
    }

    // MARK: Requests

    func send(
        _ method: String,
        _ url: String,
        fields: [(String, String)] = [],
        body: [UInt8]? = nil,
        timeout: Duration = .seconds(60)
    ) async throws -> Answer {
        let response = try await client.execute(
            HTTPRequest(
                method: method,
                url: url,
                fields: HTTPFields(fields),
                body: body,
                timeouts: HTTPTimeouts(total: timeout)
            )
        )
        let json = (try? JSON.decode(JSONValue.self, from: response.body)) ?? .null
        return Answer(status: response.status, fields: response.fields, body: response.body, json: json)
    }

    /// Posts an array of Runware tasks.
    func runware(
        _ tasks: JSONValue...,
        key: String? = Bench.key,
        fields: [(String, String)] = [],
        timeout: Duration = .seconds(60)
    ) async throws -> Answer {
        try await send(
            "POST",
            sandbox.baseURL(.runware),
            fields: [("Content-Type", "application/json")] + fields
                + (key.map { [("Authorization", "Bearer \($0)")] } ?? []),
            body: try JSON.encode(JSONValue.array(tasks)),
            timeout: timeout
        )
    }

    /// Posts a form to one of Ideogram's routes.
    func ideogram(
        _ path: String,
        _ form: Form,
        key: String? = Bench.key,
        timeout: Duration = .seconds(60)
    ) async throws -> Answer {
        try await send(
            "POST",
            sandbox.baseURL(.ideogram) + path,
            fields: [("Content-Type", form.contentType)] + (key.map { [("Api-Key", $0)] } ?? []),
            body: form.body,
            timeout: timeout
        )
    }

    func get(_ url: String, fields: [(String, String)] = []) async throws -> Answer {
        try await send("GET", url, fields: fields)
    }

    func setFaults(_ rules: JSONValue) async throws -> Answer {
        try await send("PUT", sandbox.controlURL + "/faults", body: try JSON.encode(rules))
    }

    /// Polls until the task has so many finished images or an error.
    func poll(_ taskUUID: String, until count: Int = 1) async throws -> Answer {
        for _ in 0..<3000 {
            let answer = try await runware(["taskType": "getResponse", "taskUUID": .string(taskUUID)])
            let finished = answer.data.count { $0["status"] == "success" }
            if finished >= count || !answer.errors.isEmpty { return answer }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TimedOut()
    }

    struct TimedOut: Error {}
}

/// Runs `body` against a sandbox that makes small images at once, and takes everything down afterwards.
func withSandbox(
    _ change: (inout SandboxConfiguration) -> Void = { _ in },
    _ body: (Bench) async throws -> Void
) async throws {
    var configuration = SandboxConfiguration(latency: .zero ... .zero, pixelScale: 16)
    change(&configuration)
    let group = EventLoopGroup(name: "sandbox-test", count: 1)
    let sandbox = Sandbox(group: group, configuration: configuration, log: .silent)
    _ = try sandbox.start()
    let outcome: Result<Void, any Error>
    do {
        outcome = .success(try await body(Bench(sandbox: sandbox, client: HTTPClient(group: group))))
    } catch {
        outcome = .failure(error)
    }
    await sandbox.stop()
    await ThreadPoolExecutor.shared.run { group.shutdown() }
    try outcome.get()
}
