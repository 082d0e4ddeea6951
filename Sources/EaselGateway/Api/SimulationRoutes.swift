import EaselBase
import EaselCalls
import EaselCore
import EaselReporting
import EaselServer
import EaselTransport
import Foundation

/// Replays the log against a policy that somebody thinks of: `POST /v1/route/simulate`.
final class SimulationRoutes: Sendable {
    /// How far back a simulation looks by default.
    static let usualSince = "30d"
    /// The name that faults of a text are reported under.
    static let file = "policy"

    static let routes: [ApiRoute] = [
        ApiRoute(
            "POST",
            "/v1/route/simulate",
            .ownTeam,
            "Replays the log against a policy",
            load: .counted,
            body: .object([
                .required(
                    "policy",
                    .either([.text, .map(of: .any)]),
                    "A policy as an object, or YAML text with one or several."
                ),
                .optional(
                    "since",
                    .text,
                    "The start, as in reports; `\(usualSince)` by default."
                ),
                .optional("until", .text, "The end; `now` by default."),
                .optional("team", .text, "The name of a team; a member may only name its own."),
                .optional(
                    "limit",
                    .integer(1...SimulationQuery.mostCalls),
                    "How many calls to replay, newest first."
                ),
            ]),
            example: ["policy": ["order": ["ideogram", "runware"]], "since": "7d"],
            gives: [.json(Shapes.simulation, "What would have happened to the calls.")],
            fails: [.forbidden],
            note: "Nothing is sent. One runs at a time."
        ) { api, visit throws(Problem) in try await api.simulations.run(visit) }
    ]

    private let ledger: any SimulationLog & People
    private let policies: PolicyBook
    private let reading: any PolicyReading
    /// One at a time: a simulation reads and computes much, and calls go first.
    private let gate = ReportGate(ReportQueue.Limits(atOnce: 1, perTeam: 1, waiting: 2), what: "simulation")

    /// `policies` are those of the configuration, which a policy of its own may name.
    init(ledger: any SimulationLog & People, policies: PolicyBook, reading: any PolicyReading) {
        self.ledger = ledger
        self.policies = policies
        self.reading = reading
    }

    private func run(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        try await gate.run(team: visit.who.known.teamID) { () async throws(Problem) in try await answer(visit) }
    }

    private func answer(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        // A policy of many pages takes a while to read, and its reader must not have the others wait.
        let wanted = try await ThreadPoolExecutor.shared.run { () throws(Problem) in
            try self.wish(visit.body, visit.members["policy"], now: visit.now)
        }
        let named = try await visit.who.team(named: wanted.team, in: ledger, reads: "figures")
        let known = visit.who.known
        let own = TeamRecord(id: known.teamID, name: known.team, createdAt: visit.now)
        let team = visit.who.teamID == nil ? named : own
        let report: SimulationReport
        do throws(LedgerError) {
            report = try await simulate(wanted, team: team)
        } catch {
            throw Problem(error)
        }
        return try json(report)
    }

    // MARK: - The wish

    private struct Wish: Sendable {
        var book: PolicyBook
        var forAll: RoutingPolicy?
        var since: Timestamp
        var until: Timestamp
        var team: String?
        var limit: Int
    }

    private func wish(_ body: BodyFields, _ policy: JSONValue?, now: Timestamp) throws(Problem) -> Wish {
        var body = body
        let moments = moments(&body, now: now)
        let team = body.text("team")
        let limit = body.integer("limit", in: 1...SimulationQuery.mostCalls) ?? SimulationQuery.usualCalls
        let book = book(policy, &body)
        guard body.faults.isEmpty, let book, let moments else { throw .invalid(body.faults) }
        // A policy by itself is for every call, and finds those that it names among the configured ones.
        let single = book.policies.count == 1 ? book[nil] : nil
        let known = single.map { single in
            PolicyBook(
                policies: policies.policies.merging([book.defaultName: single]) { $1 },
                defaultName: book.defaultName
            )
        }
        return Wish(
            book: known ?? book,
            forAll: single,
            since: moments.since,
            until: moments.until,
            team: team,
            limit: limit
        )
    }

    private func book(_ value: JSONValue?, _ body: inout BodyFields) -> PolicyBook? {
        let result: Result<PolicyBook, PolicyFaults>
        switch value {
        case nil, .null?:
            body.fault("policy", "is required: a policy as an object, or as YAML text")
            return nil
        case .string(let text)?: result = reading.document(text, file: Self.file)
        case .object?:
            result = reading.inline(value ?? .null).map { policy in
                PolicyBook(policies: [policy.name: policy], defaultName: policy.name)
            }
        case let other?:
            body.fault("policy", "must be an object, or YAML text, not \(other.kindName)")
            return nil
        }
        switch result {
        case .success(let book): return book
        case .failure(let error):
            body.add(error.faults)
            return nil
        }
    }

    /// With the words of reports: `30d`, `month`, a date, a time.
    private func moments(_ body: inout BodyFields, now: Timestamp) -> (since: Timestamp, until: Timestamp)? {
        let since = body.text("since") ?? Self.usualSince
        let until = body.text("until") ?? "now"
        do throws(UsageQueryError) {
            let query = try UsageQueryParser(now: now).parse([("from", since), ("to", until)]).query
            return (query.from, query.to)
        } catch {
            let names = ["from": "since", "to": "until"]
            body.add(
                error.faults.map {
                    RequestFault(
                        names[$0.parameter] ?? $0.parameter,
                        $0.message.replacing("before to (", with: "before until (")
                    )
                }
            )
            return nil
        }
    }

    // MARK: - The simulation

    private func simulate(_ wish: Wish, team: TeamRecord?) async throws(LedgerError) -> SimulationReport {
        let query = SimulationQuery(teamID: team?.id, since: wish.since, until: wish.until, limit: wish.limit)
        let sample = try await ledger.simulationSample(query)
        let records = sample.total > 0 ? try await ledger.providerRecords(sample) : []
        var simulation = Simulation(book: wish.book, forAll: wish.forAll, records: records)
        var cursor: SimulationSample.Cursor?
        var left = min(sample.total, query.limit)
        while left > 0 {
            let limit = min(left, SimulationQuery.longestPage)
            let page = try await ledger.simulationCalls(sample, after: cursor, limit: limit)
            guard let last = page.last else { break }
            cursor = SimulationSample.Cursor(last)
            left -= page.count
            // Off the loops: planning a page of calls takes as long as hundreds of requests.
            let before = simulation
            simulation = await ThreadPoolExecutor.shared.run {
                var after = before
                for call in page { after.add(call) }
                return after
            }
        }
        return simulation.report(
            SimulationReport.Window(since: wish.since, until: wish.until, team: team?.name, calls: sample.total)
        )
    }
}
