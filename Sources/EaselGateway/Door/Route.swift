import EaselBase
import EaselCore
import EaselServer
import EaselTransport

/// One row of the table of routes without its handler: all that can be told of it.
final class RouteRow: Sendable {
    let method: String
    let path: RoutePath
    let access: AccessRule
    let load: Load
    let query: QueryRules
    let body: RouteBody
    /// A body, as people write it.
    let example: JSONValue?
    /// Fields of the head that mean something here, beside the key.
    let headers: [HeaderRule]
    /// How it answers when nothing is wrong.
    let gives: [RouteAnswer]
    /// Codes of errors beside those that follow from the rest.
    let fails: [Problem.Code]
    /// What it does, in a few words.
    let summary: String
    /// More about it, in sentences; empty where the summary says all.
    let note: String

    init(
        method: String,
        path: RoutePath,
        access: AccessRule,
        load: Load,
        query: QueryRules,
        body: RouteBody,
        example: JSONValue?,
        headers: [HeaderRule],
        gives: [RouteAnswer],
        fails: [Problem.Code],
        summary: String,
        note: String
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.load = load
        self.query = query
        self.body = body
        self.example = example
        self.headers = headers
        self.gives = gives
        self.fails = fails
        self.summary = summary
        self.note = note
    }
}

/// What a route takes in its body.
enum RouteBody: Sendable {
    case none
    /// A JSON object, read before the handler is called; a member that is not among these is a fault.
    case object([Field])
    /// A remix request, which its handler reads: it may be large, and a form.
    case remix

    var names: [String] {
        if case .object(let fields) = self { fields.map(\.name) } else { [] }
    }
}

/// A row of the table of routes. `Desk` is what handlers work with, so that the table stands without a running gateway.
struct Route<Desk: Sendable>: Sendable {
    let row: RouteRow
    /// Asks who is there, reads what is sent and answers.
    let run: @Sendable (Doorkeeper, Desk, ServerRequest, [String]) async throws(Problem) -> ServerResponse

    /// There is no row without a rule of access, and its handler takes what that rule proves.
    init<Who>(
        _ method: String,
        _ path: String,
        _ access: Access<Who>,
        _ summary: String,
        load: Load = .light,
        query: QueryRules = .none,
        body: RouteBody = .none,
        example: JSONValue? = nil,
        headers: [HeaderRule] = [],
        gives: [RouteAnswer],
        fails: [Problem.Code] = [],
        note: String = "",
        _ answer: @escaping @Sendable (Desk, Visit<Who>) async throws(Problem) -> ServerResponse
    ) {
        let row = RouteRow(
            method: method,
            path: RoutePath(path),
            access: access.rule,
            load: load,
            query: query,
            body: body,
            example: example,
            headers: headers,
            gives: gives,
            fails: fails,
            summary: summary,
            note: note
        )
        self.row = row
        run = { door, desk, request, names throws(Problem) in
            let account = try await row.access.account(door, request)
            return try await door.carry(
                row.load,
                for: account,
                reading: { () async throws(Problem) in
                    // Whoever may not come in has asked all the same: that counts too.
                    let who = try access.admit(account)
                    let now = door.time.now
                    try row.check(request, now: now)
                    return Visit(
                        who: who,
                        request: request,
                        row: row,
                        names: names,
                        members: try await row.members(of: request),
                        now: now
                    )
                },
                { visit throws(Problem) in try await answer(desk, visit) }
            )
        }
    }
}

extension RouteRow {
    /// Parameters of a URL; no route knows more than a dozen (S4).
    private static let mostParameters = 64

    /// Throws what is wrong with the URL's parameters.
    func check(_ request: ServerRequest, now: Timestamp) throws(Problem) {
        guard request.query.count <= Self.mostParameters else {
            throw .invalid([RequestFault("query", "has more than \(Self.mostParameters) parameters")])
        }
        let faults = query.faults(in: request.query, now: now)
        guard faults.isEmpty else { throw .invalid(faults) }
    }

    fileprivate func members(of request: ServerRequest) async throws(Problem) -> [String: JSONValue] {
        guard case .object = body else { return [:] }
        // From those who have shown nothing yet little is taken (S4).
        return try await BodyFields.members(of: request, limit: access.asksForKey ? 1 << 20 : 8 << 10)
    }
}
