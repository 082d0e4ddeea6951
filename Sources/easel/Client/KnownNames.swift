import EaselBase
import EaselConfiguration

/// Tells a slip in a name apart from a list that is empty.
enum KnownNames {
    enum Kind: String {
        case provider, team

        fileprivate var path: String { self == .provider ? "/v1/providers" : "/v1/teams" }
        fileprivate var member: String { self == .provider ? "providers" : "teams" }
    }

    /// Where a list came back empty: whether what it was asked for exists at all. What the log knows and the configuration
    /// does not have any more is no slip, which is why it is looked at only then.
    static func check(
        _ body: [UInt8],
        _ member: String,
        _ client: APIClient,
        provider: String? = nil,
        team: String? = nil
    ) async throws {
        guard provider != nil || team != nil,
            try JSON.decode(JSONValue.self, from: body)[member]?.arrayValue?.isEmpty == true
        else { return }
        if let provider { try await prove(.provider, provider, client) }
        if let team { try await prove(.team, team, client) }
    }

    /// - Throws: wrong usage, where there is nothing of that name. Who may not read the names is not held up.
    static func prove(_ kind: Kind, _ name: String, _ client: APIClient) async throws {
        guard let body = try? await client.get(kind.path) else { return }
        let names = (try JSON.decode(JSONValue.self, from: body)[kind.member]?.arrayValue ?? [])
            .compactMap { $0["name"]?.stringValue }
        if names.contains(name) { return }
        let near = Nearest.match(name, among: names).map { "; did you mean \($0)?" }
        let others = names.count <= 12 ? "; known are \(names.joined(separator: ", "))" : ""
        throw CommandFailure(
            "there is no \(kind.rawValue) \(name)\(near ?? (names.isEmpty ? "" : others))",
            code: ExitCode.usage
        )
    }
}
