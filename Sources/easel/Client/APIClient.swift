import EaselBase
import EaselConfiguration
import EaselTransport
import Foundation

/// Talks to a running Easel as any client does.
struct APIClient: Sendable {
    static let defaultURL = "http://127.0.0.1:8080"

    private let baseURL: String
    private let key: APIKey
    private let client: HTTPClient
    private var names: WireNames
    /// Why the address of the data directory's gateway is not known.
    private let addressTrouble: String?

    /// Where and with which key: options first, then the environment, then the admin key of a local data directory.
    init(_ arguments: ParsedArguments, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let directory = arguments.text("data-dir") ?? environment["EASEL_DATA_DIR"] ?? ".easel"
        var url = arguments.text("url") ?? environment["EASEL_URL"].flatMap { $0.isEmpty ? nil : $0 }
        var trouble: String?
        if url == nil {
            do throws(InputFile.Failure) { url = try LocalURL.read(directory) } catch { trouble = error.sentence }
        }
        try self.init(
            url: url ?? Self.defaultURL,
            key: try APIKey.find(
                file: arguments.text("api-key-file"),
                environment: environment,
                directory: directory
            ),
            names: arguments.wireNames,
            addressTrouble: trouble
        )
    }

    /// For a gateway of this process.
    init(baseURL: String, key: String) {
        self.baseURL = baseURL
        self.key = APIKey(text: key, source: "this process")
        names = .none
        addressTrouble = nil
        client = HTTPClient(group: EventLoopGroup(name: "cli", count: 1))
    }

    private init(url: String, key: APIKey, names: WireNames, addressTrouble: String?) throws {
        let parts = URLComponents(string: url)
        guard ["http", "https"].contains(parts?.scheme), parts?.host?.isEmpty == false,
            parts?.port.map({ (1...65_535).contains($0) }) ?? true
        else {
            throw CommandFailure("\(url) is not the URL of a gateway, such as \(Self.defaultURL)", code: ExitCode.usage)
        }
        baseURL = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.key = key
        self.names = names
        self.addressTrouble = addressTrouble
        client = HTTPClient(group: EventLoopGroup(name: "cli", count: 1))
    }

    /// The same, for a request whose list was read from a file: faults of its entries name their place there.
    func placing(_ place: @escaping @Sendable (Int) -> String) -> APIClient {
        var client = self
        client.names = names.placing(place)
        return client
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
        guard let trouble = key.trouble else { return }
        throw CommandFailure(trouble, code: ExitCode.usage)
    }

    /// Downloads an image by its link, which needs no key and gets none (S2).
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

    private func send(
        _ method: String,
        _ target: String,
        body: [UInt8]? = nil,
        type: String? = nil,
        fields more: [(String, String)] = [],
        timeout: Duration = .seconds(60)
    ) async throws -> HTTPResponse {
        try prove()
        var fields = HTTPFields([("Authorization", "Bearer \(key.text ?? "")"), ("Accept", "application/json")] + more)
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
            guard error.sent else { throw unanswered(error) }
            var failure = CommandFailure("the connection to \(baseURL) failed: \(error.sentence)")
            failure.isOutcomeUnknown = true
            throw failure
        }
        let failure = APIFailure(url: baseURL, key: key, names: names)
        guard (200..<300).contains(response.status) else { throw failure.failure(of: response) }
        let isJSON = response.fields["Content-Type"]?.hasPrefix("application/json") == true
        guard isJSON || response.body.isEmpty else { throw failure.stranger(response) }
        return response
    }

    /// Nothing was sent.
    private func unanswered(_ error: TransportError) -> CommandFailure {
        if error.kind == .badURL {
            return CommandFailure("\(baseURL) cannot be used as the URL of a gateway", code: ExitCode.usage)
        }
        let trouble = addressTrouble.map { " (\($0), so the default address was tried)" } ?? ""
        return CommandFailure(
            "Easel does not answer at \(baseURL)\(trouble): \(error.kind.words). "
                + "Start it with `easel serve` or `easel up`, or give its address with --url."
        )
    }
}
