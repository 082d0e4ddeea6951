import EaselBase
import EaselCore
import EaselTransport
import Foundation

/// Which request goes where. Every answer passes through here, so an error has one shape and a request one log line.
final class Routes: Sendable {
    let settings: GatewaySettings
    let ledger: any Ledger
    let authenticator: Authenticator
    let keyLimits: KeyLimits
    let intake: RemixIntake
    let service: RemixService
    let calls: CallRoutes
    let people: PeopleRoutes
    let reports: ReportRoutes
    let reconciliations: ReconciliationRoutes
    let status: StatusRoutes
    let time: TimeSource
    let log: Log

    init(
        settings: GatewaySettings,
        ledger: any Ledger,
        authenticator: Authenticator,
        keyLimits: KeyLimits,
        intake: RemixIntake,
        service: RemixService,
        calls: CallRoutes,
        people: PeopleRoutes,
        reports: ReportRoutes,
        reconciliations: ReconciliationRoutes,
        status: StatusRoutes,
        time: TimeSource,
        log: Log
    ) {
        self.settings = settings
        self.ledger = ledger
        self.authenticator = authenticator
        self.keyLimits = keyLimits
        self.intake = intake
        self.service = service
        self.calls = calls
        self.people = people
        self.reports = reports
        self.reconciliations = reconciliations
        self.status = status
        self.time = time
        self.log = log
    }

    func respond(to request: ServerRequest) async -> ServerResponse {
        do throws(Problem) {
            // The one that thousands wait on goes first, without the frame of the others around it.
            if request.path == "/v1/remix" {
                try only(["POST"], request)
                return try await remix(request)
            }
            return try await dispatch(request)
        } catch {
            if error.code == .internalError {
                log.error("internal error", ["path": String(request.path.prefix(200)), "detail": error.detail])
            }
            return error.response
        }
    }

    private func dispatch(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        let parts = request.path.split(separator: "/").map(String.init)
        switch (request.method, parts.count, parts.first, parts.count > 1 ? parts[1] : "") {
        case ("GET", 1, "healthz", _), ("HEAD", 1, "healthz", _): return status.alive()
        case ("GET", 1, "readyz", _), ("HEAD", 1, "readyz", _): return await status.readiness()
        case ("GET", 1, "metrics", _): return try await status.metrics(request)
        case (_, 0, _, _):
            try only(["GET", "HEAD"], request)
            return status.welcome()
        case (_, 2, "v1", "calls"):
            try only(["GET"], request)
            return try await calls.list(request)
        case (_, 3, "v1", "calls"):
            try only(["GET"], request)
            return try await calls.show(request, parts[2])
        case (_, 4, "v1", "artifacts"):
            try only(["GET", "HEAD"], request)
            return try await calls.artifact(request, "\(parts[2])/\(parts[3])")
        case ("GET", 2, "v1", "teams"): return try await people.listTeams(request)
        case ("POST", 2, "v1", "teams"): return try await people.createTeam(request)
        case ("GET", 2, "v1", "keys"): return try await people.listKeys(request)
        case ("POST", 2, "v1", "keys"): return try await people.createKey(request)
        case ("DELETE", 3, "v1", "keys"): return try await people.revokeKey(request, parts[2])
        case ("GET", 2, "v1", "providers"): return try await status.providers(request)
        case ("GET", 2, "v1", "prices"): return try await reports.prices(request)
        case ("POST", 3, "v1", "route") where parts[2] == "explain": return try await explain(request)
        case ("GET", 3, "v1", "reports") where parts[2] == "usage": return try await reports.usage(request)
        case ("GET", 2, "v1", "reconciliations"): return try await reconciliations.list(request)
        case ("POST", 2, "v1", "reconciliations"): return try await reconciliations.create(request)
        case ("GET", 3, "v1", "reconciliations"): return try await reconciliations.show(request, parts[2])
        case (_, 2, "v1", "reconciliations"): throw Self.notAllowed(["GET", "POST"])
        case (_, 3, "v1", "reconciliations"): throw Self.notAllowed(["GET"])
        case (_, 2, "v1", "teams"), (_, 2, "v1", "keys"): throw Self.notAllowed(["GET", "POST"])
        case (_, 3, "v1", "keys"): throw Self.notAllowed(["DELETE"])
        case (_, 2, "v1", "providers"), (_, 2, "v1", "prices"): throw Self.notAllowed(["GET"])
        default: throw Problem(.notFound, "There is nothing at this path.")
        }
    }

    private func only(_ methods: [String], _ request: ServerRequest) throws(Problem) {
        guard methods.contains(request.method) else { throw Self.notAllowed(methods) }
    }

    private static func notAllowed(_ methods: [String]) -> Problem {
        Problem(.methodNotAllowed, "This path takes \(methods.joined(separator: ", ")).")
    }

    // MARK: - Remix

    private func remix(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.account(for: request)
        try keyLimits.enter(account)
        defer { keyLimits.leave(account) }
        let remix = try await intake.read(request)
        let respondAsync = request.fields.values(of: "Prefer")
            .contains { $0.split(separator: ",").contains { $0.trimmingSpaces() == "respond-async" } }
        let answer = try await service.remix(
            remix,
            account: account,
            began: request.receivedAt,
            respondAsync: respondAsync,
            on: request.loop,
            linkBase: linkBase(request, settings)
        )
        return try response(to: answer)
    }

    // Out of the frame that waits for the answer.
    @inline(never)
    private func response(to answer: RemixService.Answer) throws(Problem) -> ServerResponse {
        switch answer {
        case .accepted(let id):
            let fields = HTTPFields([
                ("Location", "/v1/calls/\(id.text)"), ("X-Easel-Call-Id", id.text),
                ("Preference-Applied", "respond-async"),
            ])
            return try json(["id": id.text, "status": CallStatus.inProgress.rawValue], status: 202, fields: fields)
        case .done(let reply):
            var fields = HTTPFields([("X-Easel-Call-Id", reply.id)])
            if let provider = reply.provider { fields.add("X-Easel-Provider", provider) }
            if let cost = reply.cost { fields.add("X-Easel-Cost-Usd", cost.usd) }
            return .json(JSONText.bytes(of: reply), fields: fields)
        }
    }

    private struct Explanation: Encodable {
        let plan: JSONValue
        let translation: [String: [TranslationEntry]]
    }

    private func explain(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        _ = try await authenticator.account(for: request)
        let remix = try await intake.read(request)
        let now = time.now
        let plan = try service.plan(remix, callID: UUIDv7.mint(at: now), now: now)
        let translation = plan.candidates.map { ($0.provider, $0.translation.entries) }
        return try json(
            Explanation(plan: plan.json, translation: Dictionary(translation, uniquingKeysWith: { first, _ in first }))
        )
    }
}

/// A JSON answer.
func json(
    _ value: some Encodable,
    status: Int = 200,
    fields: HTTPFields = HTTPFields()
) throws(Problem) -> ServerResponse {
    do {
        return .json(try JSON.encode(value, sorted: true), status: status, fields: fields)
    } catch {
        throw Problem(.internalError, "The answer could not be written.")
    }
}

/// What links in an answer begin with: the configured address, or the one the caller used.
func linkBase(_ request: ServerRequest, _ settings: GatewaySettings) -> String {
    if let configured = settings.publicURL { return configured }
    let host = request.fields["Host"] ?? ""
    let isSound =
        !host.isEmpty
        && host.utf8.allSatisfy { byte in
            (48...58).contains(byte) || (65...93).contains(byte) || (97...122).contains(byte) || byte == 45
                || byte == 46
        }
    return isSound ? "http://\(host)" : ""
}

/// The body of an administrative request: small, JSON, unknown fields named.
func smallBody<Value: Decodable>(
    _ type: Value.Type,
    _ request: ServerRequest,
    known: Set<String>
) async throws(Problem) -> Value {
    let body: [UInt8]
    do {
        body = try await request.body.collect(limit: 1 << 20)
    } catch {
        throw Problem(error)
    }
    let members: [String: JSONValue]
    do {
        members = try JSON.decode([String: JSONValue].self, from: body)
    } catch {
        throw .invalid([RequestFault("body", "must be a JSON object")])
    }
    let unknown = members.keys.filter { !known.contains($0) }.sorted()
    guard unknown.isEmpty else {
        throw .invalid(
            unknown.map {
                RequestFault(String($0.prefix(64)), "is not known; there are \(known.sorted().joined(separator: ", "))")
            }
        )
    }
    do {
        return try JSON.decode(type, from: body)
    } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context),
        let DecodingError.dataCorrupted(context)
    {
        let name = context.codingPath.first?.stringValue ?? "body"
        throw .invalid([RequestFault(name, "has the wrong type: \(context.debugDescription.prefix(120))")])
    } catch let DecodingError.keyNotFound(key, _) {
        throw .invalid([RequestFault(key.stringValue, "is required")])
    } catch {
        throw .invalid([RequestFault("body", "cannot be read")])
    }
}
