import EaselBase
import EaselCalls
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Calls read back, one or many, and the pictures that were kept of them.
final class CallRoutes: Sendable {
    static let limits = 1...500

    let settings: GatewaySettings
    let ledger: any Ledger
    let authenticator: Authenticator
    let replies: ReplyBuilder
    let store: ArtifactStore?
    let time: TimeSource

    init(
        settings: GatewaySettings,
        ledger: any Ledger,
        authenticator: Authenticator,
        replies: ReplyBuilder,
        store: ArtifactStore?,
        time: TimeSource
    ) {
        self.settings = settings
        self.ledger = ledger
        self.authenticator = authenticator
        self.replies = replies
        self.store = store
        self.time = time
    }

    func show(_ request: ServerRequest, _ text: String) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.account(for: request)
        // A call of another team is not told apart from one that does not exist.
        guard let id = UUID(uuidString: text) else { throw Problem(.notFound, "There is no such call.") }
        let found: CallDetail?
        do {
            found = try await ledger.call(id, teamID: account.role == .admin ? nil : account.teamID)
        } catch {
            throw Problem(error)
        }
        guard let found else { throw Problem(.notFound, "There is no such call.") }
        return .json(JSONText.bytes(of: replies.reply(found, linkBase: settings.linkBase.text(of: request))))
    }

    private struct List: JSONWritable {
        let calls: [RemixReply]
        let nextCursor: String?

        func write(to text: inout JSONText) {
            text.object { text in
                text.member("calls", calls)
                if let nextCursor { text.member("next_cursor", nextCursor) }
            }
        }
    }

    func list(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.account(for: request)
        let base = settings.linkBase.text(of: request)
        if let key = request.query.first(where: { $0.name == "idempotency_key" })?.value {
            // Of the asker's own team, as keys are. Whoever lost the connection finds the call again by it.
            let call = try await call(ofKey: key, account)
            let calls = call.map { [replies.reply($0, linkBase: base, hasParts: false)] } ?? []
            return .json(JSONText.bytes(of: List(calls: calls, nextCursor: nil)))
        }
        let query = try await query(request, account)
        let found: [CallDetail]
        do {
            found = try await ledger.calls(query)
        } catch {
            throw Problem(error)
        }
        let next = found.count == query.limit ? found.last?.callID.text : nil
        let list = List(calls: found.map { replies.reply($0, linkBase: base, hasParts: false) }, nextCursor: next)
        return .json(JSONText.bytes(of: list))
    }

    private func call(ofKey key: String, _ account: Account) async throws(Problem) -> CallDetail? {
        do {
            guard let found = try await ledger.idempotentCall(teamID: account.teamID, key: key, at: time.now) else {
                return nil
            }
            return try await ledger.call(found.callID, teamID: account.teamID)
        } catch {
            throw Problem(error)
        }
    }

    private func query(_ request: ServerRequest, _ account: Account) async throws(Problem) -> CallQuery {
        var query = CallQuery(teamID: account.role == .admin ? nil : account.teamID)
        var faults: [RequestFault] = []
        var given: Set<String> = []
        for (name, value) in request.query {
            guard given.insert(name).inserted else {
                faults.append(RequestFault(String(name.unicodeScalars.prefix(64)), "is given twice; give it once"))
                continue
            }
            switch name {
            case "team":
                if account.role == .admin {
                    query.teamID = try await teamID(value)
                } else if value != account.team {
                    throw Problem(.forbidden, "This key reads the calls of its own team only.")
                }
            case "provider": query.provider = value
            case "status":
                query.status = CallStatus(rawValue: value)
                let all = CallStatus.allCases.map(\.rawValue).joined(separator: ", ")
                if query.status == nil { faults.append(RequestFault(name, "must be one of \(all)")) }
            case "nsfw":
                query.nsfw = Bool(value)
                if query.nsfw == nil { faults.append(RequestFault(name, "must be true or false")) }
            case "copyright":
                query.copyright = CopyrightVerdict(rawValue: value)
                if query.copyright == nil {
                    faults.append(RequestFault(name, "must be one of not_requested, clear, flagged, undetermined"))
                }
            case "since":
                query.since = moment(value)
                if query.since == nil { faults.append(RequestFault(name, Self.timeHelp)) }
            case "until":
                query.until = moment(value)
                if query.until == nil { faults.append(RequestFault(name, Self.timeHelp)) }
            case "limit":
                if let limit = Int(value), Self.limits.contains(limit) {
                    query.limit = limit
                } else {
                    faults.append(RequestFault(name, "must be \(Self.limits.lowerBound) to \(Self.limits.upperBound)"))
                }
            case "cursor":
                query.cursor = UUID(uuidString: value)
                if query.cursor == nil { faults.append(RequestFault(name, "is not a cursor of this list")) }
            default: faults.append(RequestFault(String(name.prefix(64)), "is not known"))
            }
        }
        guard faults.isEmpty else { throw .invalid(faults) }
        return query
    }

    private static let timeHelp = "must be an RFC 3339 time, a date, or a time span such as 24h or 7d"

    private func moment(_ text: String) -> Timestamp? {
        if let span = DurationText.parse(text) { return time.now - span }
        return Timestamp(text)
    }

    private func teamID(_ name: String) async throws(Problem) -> Int64 {
        do {
            if let team = try await ledger.team(named: name) { return team.id }
        } catch {
            throw Problem(error)
        }
        throw .invalid([RequestFault("team", "is not known")])
    }

    /// A kept picture, by a link that carries its permission.
    func artifact(_ request: ServerRequest, _ path: String) async throws(Problem) -> ServerResponse {
        guard let store,
            store.permits(
                path,
                expiry: request.queryValue("exp") ?? "",
                signature: request.queryValue("sig") ?? "",
                now: time.now
            )
        else { throw Problem(.forbidden, "The link has expired or was not given out by this gateway.") }
        guard let bytes = await ThreadPoolExecutor.shared.run({ store.read(path) }) else {
            throw Problem(.notFound, "The picture is not kept any more.")
        }
        let format = ImageFormat(rawValue: String(path[(path.lastIndex(of: ".") ?? path.startIndex)...].dropFirst()))
        return .bytes(
            bytes,
            type: format?.mediaType ?? "application/octet-stream",
            fields: HTTPFields([
                ("Cache-Control", "private, max-age=3600, immutable"), ("X-Content-Type-Options", "nosniff"),
            ])
        )
    }
}
