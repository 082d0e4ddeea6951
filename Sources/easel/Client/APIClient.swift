import EaselBase
import EaselConfiguration
import EaselTransport
import Foundation

/// Talks to a running Easel as any client does.
struct APIClient: Sendable {
    static let defaultURL = "http://127.0.0.1:8080"

    private let baseURL: String
    private let key: String?
    private let client: HTTPClient

    /// Where and with which key: options first, then the environment, then the admin key of a local data directory.
    init(_ arguments: ParsedArguments, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let directory = arguments.text("data-dir") ?? environment["EASEL_DATA_DIR"] ?? ".easel"
        let given = arguments.text("url") ?? environment["EASEL_URL"].flatMap { $0.isEmpty ? nil : $0 }
        let url = given ?? LocalURL.read(directory) ?? Self.defaultURL
        let parts = URLComponents(string: url)
        guard ["http", "https"].contains(parts?.scheme), parts?.host?.isEmpty == false,
            parts?.port.map({ (1...65_535).contains($0) }) ?? true
        else {
            throw CommandFailure("\(url) is not the URL of an Easel, such as \(Self.defaultURL)", code: ExitCode.usage)
        }
        baseURL = url.hasSuffix("/") ? String(url.dropLast()) : url
        if let file = arguments.text("api-key-file") {
            let bytes = try InputFile.bytes(file, atMost: 64 << 10)
            let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard !text.isEmpty else {
                throw CommandFailure("the key file \(file) is empty; write the key into it", code: ExitCode.usage)
            }
            key = text
        } else if let text = environment["EASEL_API_KEY"]?.trimmingCharacters(in: .whitespacesAndNewlines),
            !text.isEmpty
        {
            key = text
        } else {
            key = Self.read(directory + "/admin-key")
        }
        client = HTTPClient(group: EventLoopGroup(name: "cli", count: 1))
    }

    init(baseURL: String, key: String) {
        self.baseURL = baseURL
        self.key = key
        client = HTTPClient(group: EventLoopGroup(name: "cli", count: 1))
    }

    private static func read(_ path: String) -> String? {
        guard let bytes = try? InputFile.bytes(path, atMost: 64 << 10) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }

    func get(
        _ path: String,
        query: [(String, String?)] = [],
        timeout: Duration = .seconds(60)
    ) async throws -> [UInt8] {
        try await send("GET", Self.target(path, query), timeout: timeout).body
    }

    func post(_ path: String, json: some Encodable) async throws -> [UInt8] {
        try await send("POST", path, body: try JSON.encode(json), type: "application/json").body
    }

    func post(
        _ path: String,
        body: [UInt8],
        type: String,
        fields: [(String, String)] = [],
        timeout: Duration = .seconds(600)
    ) async throws -> [UInt8] {
        try await send("POST", path, body: body, type: type, fields: fields, timeout: timeout).body
    }

    /// Whether there is a key, and an address that can be one: before anything is read or sent.
    func prove() throws {
        guard key == nil else { return }
        throw CommandFailure(
            "no key: set EASEL_API_KEY, give --api-key-file, or run this where .easel/admin-key lies (--data-dir)",
            code: ExitCode.usage
        )
    }

    /// Downloads a picture by its link, which needs no key and gets none (S2).
    func download(_ url: String) async throws -> [UInt8] {
        let request = HTTPRequest(
            url: url,
            timeouts: HTTPTimeouts(connect: .seconds(5), total: .seconds(120)),
            maxResponseBytes: 512 << 20
        )
        let response = try await client.execute(request)
        guard response.status == 200 else { throw CommandFailure("the server answered \(response.status)") }
        return response.body
    }

    func put(_ path: String, json: some Encodable) async throws -> [UInt8] {
        try await send("PUT", path, body: try JSON.encode(json), type: "application/json").body
    }

    func patch(_ path: String, json: some Encodable) async throws -> [UInt8] {
        try await send("PATCH", path, body: try JSON.encode(json), type: "application/json").body
    }

    func delete(_ path: String) async throws {
        _ = try await send("DELETE", path)
    }

    func deleteReturning(_ path: String) async throws -> [UInt8] {
        try await send("DELETE", path).body
    }

    private static func target(_ path: String, _ query: [(String, String?)]) -> String {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(encode($0))" } }
        return pairs.isEmpty ? path : path + "?" + pairs.joined(separator: "&")
    }

    static func encode(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~,:"))) ?? text
    }

    private struct ProblemDocument: Decodable {
        struct Fault: Decodable {
            let parameter: String
            let message: String
        }
        let title: String?
        let detail: String?
        let code: String?
        let call_id: String?
        let errors: [Fault]?
    }

    private func send(
        _ method: String,
        _ target: String,
        body: [UInt8]? = nil,
        type: String? = nil,
        fields more: [(String, String)] = [],
        timeout: Duration = .seconds(60)
    ) async throws -> HTTPResponse {
        try prove()
        var fields = HTTPFields([("Authorization", "Bearer \(key ?? "")"), ("Accept", "application/json")] + more)
        if let type { fields.add("Content-Type", type) }
        let request = HTTPRequest(
            method: method,
            url: baseURL + target,
            fields: fields,
            body: body,
            timeouts: HTTPTimeouts(connect: .seconds(5), total: timeout),
            maxResponseBytes: 512 << 20
        )
        let response: HTTPResponse
        do {
            response = try await client.execute(request)
        } catch {
            guard error.sent else {
                throw CommandFailure(
                    "Easel does not answer at \(baseURL): \(error.kind.words). "
                        + "Start it with `easel serve` or `easel up`, or name its address with --url."
                )
            }
            var failure = CommandFailure("the connection to \(baseURL) failed: \(error.sentence)")
            failure.isOutcomeUnknown = true
            throw failure
        }
        guard (200..<300).contains(response.status) else { throw Self.failure(response) }
        return response
    }

    private static func failure(_ response: HTTPResponse) -> CommandFailure {
        guard let problem = try? JSON.decode(ProblemDocument.self, from: response.body) else {
            return CommandFailure("the server answered \(response.status)")
        }
        var lines = [problem.detail ?? problem.title ?? "the server answered \(response.status)"]
        if let code = problem.code { lines[0] += " (\(code))" }
        for fault in problem.errors ?? [] { lines.append("  \(fault.parameter): \(fault.message)") }
        if let id = problem.call_id { lines.append("  call \(id): `easel calls show \(id)` tells more") }
        if response.status == 401 {
            lines.append("  the key comes from --api-key-file, EASEL_API_KEY or .easel/admin-key")
        }
        return CommandFailure(lines.joined(separator: "\n"))
    }
}
