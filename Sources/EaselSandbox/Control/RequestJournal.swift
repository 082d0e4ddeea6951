package import EaselBase
package import EaselCore

/// One request as the sandbox remembers it: no body, no image.
package struct JournalEntry: Sendable, Equatable {
    /// Who was asked.
    package let provider: ProviderKind
    /// In capitals.
    package let method: String
    /// With the provider's prefix, without the query.
    package let path: String
    /// The model of a remix request that was understood.
    package let model: String?
    /// The status answered; nil when the connection was reset or left hanging.
    package let status: Int?
    /// Whether the request carried a provider key. Downloads must not (S2).
    package let hadCredentials: Bool
    /// When it was answered.
    package let at: Timestamp
}

/// What was asked of the simulated providers: counts of all requests, and the last of them.
package final class RequestJournal: Sendable {
    private struct State {
        var total = 0
        var counts: [String: Int] = [:]
        var last: [JournalEntry] = []
    }

    private static let kept = 500
    private let state = Locked(State())

    private let idPaths: [String]

    /// An empty journal; requests to paths that begin with one of these and end in an id are counted together.
    package init(idPaths: [String] = []) {
        self.idPaths = idPaths
    }

    func add(_ entry: JournalEntry) {
        state.withLock { state in
            state.total += 1
            let status = entry.status.map { "\($0)" } ?? "none"
            state.counts[
                "\(entry.provider.rawValue) \(entry.method) \(group(entry.path)) \(status)",
                default: 0
            ] += 1
            state.last.append(entry)
            if state.last.count > Self.kept { state.last.removeFirst(state.last.count - Self.kept) }
        }
    }

    /// The last requests, oldest first.
    package var last: [JournalEntry] { state.withLock { $0.last } }

    /// All requests since the start or the last reset.
    package var total: Int { state.withLock { $0.total } }

    func reset() { state.withLock { $0 = State() } }

    /// The body of `GET /sandbox/requests`.
    var json: JSONValue {
        let state = state.withLock { $0 }
        return [
            "total": .integer(state.total),
            "counts": .object(state.counts.mapValues { .integer($0) }),
            "last": .array(
                state.last.map { entry in
                    [
                        "provider": .string(entry.provider.rawValue), "method": .string(entry.method),
                        "path": .string(entry.path), "model": entry.model.map { .string($0) } ?? .null,
                        "status": entry.status.map { .integer($0) } ?? .null,
                        "credentials": .bool(entry.hadCredentials), "at": .string(entry.at.text(fractionDigits: 6)),
                    ]
                }
            ),
        ]
    }

    private func group(_ path: String) -> String {
        idPaths.first { path.hasPrefix($0) }.map { $0 + "{id}" } ?? path
    }
}
