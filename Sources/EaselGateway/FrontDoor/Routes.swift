import EaselBase
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Which request goes where. Every answer passes through here, so an error has one shape and a request one log line.
final class Routes: Sendable {
    let settings: GatewaySettings
    let ledger: any Ledger
    let authenticator: Authenticator
    let keyLimits: KeyLimits
    /// Everything that reads much of the log for people.
    let reportGate: ReportGate
    let remix: RemixRoute
    let budgets: BudgetRoutes
    let prices: PriceRoutes
    let calls: CallRoutes
    let people: PeopleRoutes
    let reports: ReportRoutes
    let figures: FigureRoutes
    let redactions: RedactionRoutes
    let reconciliations: ReconciliationRoutes
    let simulations: SimulationRoutes
    let alerts: AlertRoutes?
    let status: StatusRoutes
    let time: TimeSource
    let log: Log

    init(
        settings: GatewaySettings,
        ledger: any Ledger,
        authenticator: Authenticator,
        keyLimits: KeyLimits,
        reportGate: ReportGate,
        remix: RemixRoute,
        budgets: BudgetRoutes,
        prices: PriceRoutes,
        calls: CallRoutes,
        people: PeopleRoutes,
        reports: ReportRoutes,
        reconciliations: ReconciliationRoutes,
        alerts: AlertRoutes? = nil,
        simulations: SimulationRoutes,
        status: StatusRoutes,
        time: TimeSource,
        log: Log
    ) {
        self.settings = settings
        self.ledger = ledger
        self.authenticator = authenticator
        self.keyLimits = keyLimits
        self.reportGate = reportGate
        self.remix = remix
        self.budgets = budgets
        self.prices = prices
        self.calls = calls
        self.people = people
        self.reports = reports
        redactions = RedactionRoutes(ledger: ledger, authenticator: authenticator, log: log)
        figures = FigureRoutes(ledger: ledger, reports: reports, time: time)
        self.reconciliations = reconciliations
        self.alerts = alerts
        self.simulations = simulations
        self.status = status
        self.time = time
        self.log = log
    }

    func respond(to request: ServerRequest) async -> ServerResponse {
        do throws(Problem) {
            // The one that thousands wait on goes first, without the frame of the others around it.
            if request.path == "/v1/remix" {
                try only(["POST"], request)
                return try await remix.remix(request)
            }
            return try await dispatch(request)
        } catch {
            if error.code == .internalError {
                log.error("internal error", ["path": String(request.path.prefix(200)), "detail": error.detail])
            }
            return error.response
        }
    }

    /// Parameters of a URL; no route knows more than a dozen (S4).
    private static let mostParameters = 64

    private func dispatch(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        guard request.query.count <= Self.mostParameters else {
            throw .invalid([RequestFault("query", "has more than \(Self.mostParameters) parameters")])
        }
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
            return try await inLine(request, counts: false) { () async throws(Problem) in
                try await calls.list(request)
            }
        case ("POST", 3, "v1", "calls") where parts[2] == "redact":
            return try await inLine(request) { () async throws(Problem) in try await redactions.redact(request) }
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
        case ("GET", 2, "v1", "providers"):
            return try await inLine(request, counts: false) { () async throws(Problem) in
                try await status.providers(request)
            }
        case (_, 2..., "v1", "alerts"):
            guard let alerts else { throw Problem(.notFound, "This gateway keeps no alerts.") }
            return try await alerts.respond(to: request, Array(parts.dropFirst(2)))
        case (_, 2..., "v1", "prices"): return try await prices(request, Array(parts.dropFirst(2)))
        case (_, 2..., "v1", "budgets"): return try await budgets(request, Array(parts.dropFirst(2)))
        case ("PATCH", 3, "v1", "teams"): return try await people.changeTeam(request, parts[2])
        case ("POST", 3, "v1", "route") where parts[2] == "explain": return try await remix.explain(request)
        case ("POST", 3, "v1", "route") where parts[2] == "simulate":
            // They have a line of their own.
            return try await counted(request) { () async throws(Problem) in try await simulations.run(request) }
        case ("GET", 3, "v1", "reports"):
            return try await inLine(request) { () async throws(Problem) in try await report(request, parts[2]) }
        case ("GET", 2, "v1", "reconciliations"): return try await reconciliations.list(request)
        case ("POST", 2, "v1", "reconciliations"):
            return try await inLine(request) { () async throws(Problem) in try await reconciliations.create(request) }
        case ("GET", 3, "v1", "reconciliations"): return try await reconciliations.show(request, parts[2])
        case (_, 2, "v1", "reconciliations"): throw Self.notAllowed(["GET", "POST"])
        case (_, 3, "v1", "reconciliations"): throw Self.notAllowed(["GET"])
        case (_, 2, "v1", "teams"), (_, 2, "v1", "keys"): throw Self.notAllowed(["GET", "POST"])
        case (_, 3, "v1", "keys"): throw Self.notAllowed(["DELETE"])
        case (_, 3, "v1", "teams"): throw Self.notAllowed(["PATCH"])
        case (_, 2, "v1", "providers"): throw Self.notAllowed(["GET"])
        default: throw Problem(.notFound, "There is nothing at this path.")
        }
    }

    private func prices(_ request: ServerRequest, _ rest: [String]) async throws(Problem) -> ServerResponse {
        switch (request.method, rest) {
        case ("GET", []): return try await prices.list(request)
        case ("PUT", []): return try await prices.set(request)
        case ("GET", ["history"]): return try await prices.history(request)
        case ("POST", ["recompute"]):
            return try await inLine(request) { () async throws(Problem) in try await prices.recompute(request) }
        case (_, []): throw Self.notAllowed(["GET", "PUT"])
        case (_, ["history"]): throw Self.notAllowed(["GET"])
        case (_, ["recompute"]): throw Self.notAllowed(["POST"])
        default: throw Problem(.notFound, "There is nothing at this path.")
        }
    }

    private func budgets(_ request: ServerRequest, _ rest: [String]) async throws(Problem) -> ServerResponse {
        switch (request.method, rest.count, rest.last) {
        case ("GET", 0, _): return try await budgets.list(request)
        case ("PUT", 0, _): return try await budgets.set(request)
        case ("PATCH", 0, _): return try await budgets.change(request)
        case ("DELETE", 1, _): return try await budgets.remove(request, rest[0])
        case ("GET", 2, "explain"):
            return try await inLine(request) { () async throws(Problem) in
                try await budgets.explain(request, rest[0])
            }
        case ("POST", 2, "raise"): return try await budgets.raise(request, rest[0])
        case ("DELETE", 2, "raise"): return try await budgets.endRaise(request, rest[0])
        case (_, 0, _): throw Self.notAllowed(["GET", "PUT"])
        case (_, 1, _): throw Self.notAllowed(["DELETE"])
        case (_, 2, "explain"): throw Self.notAllowed(["GET"])
        case (_, 2, "raise"): throw Self.notAllowed(["POST", "DELETE"])
        default: throw Problem(.notFound, "There is nothing at this path.")
        }
    }

    private func report(_ request: ServerRequest, _ name: String) async throws(Problem) -> ServerResponse {
        switch name {
        case "usage": return try await reports.usage(request)
        case "shadow": return try await reports.shadow(request)
        case _ where FigureRoutes.names.contains(name): return try await figures.show(request, name)
        default: throw Problem(.notFound, "There is nothing at this path.")
        }
    }

    /// Answers when the caller's team has a place, so that nobody's reports keep others from the database. `counts`:
    /// whether it counts against the key's limits.
    private func inLine(
        _ request: ServerRequest,
        counts: Bool = true,
        _ body: () async throws(Problem) -> ServerResponse
    ) async throws(Problem) -> ServerResponse {
        let team = try await authenticator.account(for: request).teamID
        guard counts else { return try await reportGate.run(team: team, body) }
        return try await counted(request) { () async throws(Problem) in
            try await reportGate.run(team: team, body)
        }
    }

    /// Counts against the key's limits, as everything does that costs us as much as a remix.
    private func counted(
        _ request: ServerRequest,
        _ body: () async throws(Problem) -> ServerResponse
    ) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.account(for: request)
        try keyLimits.enter(account)
        defer { keyLimits.leave(account) }
        return try await body()
    }

    private func only(_ methods: [String], _ request: ServerRequest) throws(Problem) {
        guard methods.contains(request.method) else { throw Self.notAllowed(methods) }
    }

    static func notAllowed(_ methods: [String]) -> Problem {
        Problem(.methodNotAllowed, "This path takes \(methods.joined(separator: ", ")).")
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

/// The body of an administrative request: small, JSON, unknown fields named.
func smallBody(_ request: ServerRequest, known: Set<String>) async throws(Problem) -> [String: JSONValue] {
    let members = try await BodyFields.members(of: request)
    let unknown = members.keys.filter { !known.contains($0) }.sorted()
    guard unknown.isEmpty else {
        let list = known.sorted().joined(separator: ", ")
        throw .invalid(
            unknown.map { RequestFault(String($0.unicodeScalars.prefix(64)), "is not known; there are \(list)") }
        )
    }
    return members
}

/// The same as a value of its own type.
func smallBody<Value: Decodable>(
    _ type: Value.Type,
    _ request: ServerRequest,
    known: Set<String>
) async throws(Problem) -> Value {
    let members = try await smallBody(request, known: known)
    do {
        return try JSON.decode(type, from: JSONText.bytes(of: JSONValue.object(members)), isOurOwn: true)
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
