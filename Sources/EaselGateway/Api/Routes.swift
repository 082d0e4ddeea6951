import EaselBase
import EaselCore
import EaselServer
import EaselTracing
import EaselTransport

/// Answers requests: finds the row, has it run, and tells whoever counts. Every answer passes through here, so an error has
/// one shape.
final class Routes: Sendable {
    private let api: Api
    private let door: Doorkeeper
    private let counts: RequestCounts
    private let tracer: Tracer
    private let log: Log

    init(_ api: Api, door: Doorkeeper, counts: RequestCounts, tracer: Tracer, log: Log) {
        self.tracer = tracer
        self.api = api
        self.door = door
        self.counts = counts
        self.log = log
    }

    func respond(to request: ServerRequest) async -> ServerResponse {
        counts.begin()
        guard request.path == RemixRoutes.path, request.method == "POST" else { return await dispatch(request) }
        // The hot path goes first: thousands of calls wait on it, and each waiting frame costs memory.
        let trace = trace(of: request)
        do throws(Problem) {
            let visit = try await remix(request, trace)
            try door.limits.enter(visit.who.known)
            defer { door.limits.leave(visit.who.known) }
            return ended(request, RemixRoutes.remix.row, try await api.remixes.remix(visit), trace)
        } catch {
            return ended(request, RemixRoutes.remix.row, answer(to: request, error), trace, error)
        }
    }

    // Out of the frame that waits for the answer. What it asks is what the row says.
    @inline(never)
    private func trace(of request: ServerRequest) -> CallTrace? {
        tracer.begin(
            traceparent: request.fields.values(of: "traceparent"),
            tracestate: request.fields.values(of: "tracestate"),
            at: request.receivedAt
        )
    }

    @inline(never)
    private func remix(_ request: ServerRequest, _ trace: CallTrace?) async throws(Problem) -> Visit<Member> {
        defer { trace?.add("authentication", from: request.receivedAt) }
        let who = try await RemixRoutes.access.prove(door, request)
        let row = RemixRoutes.remix.row
        let now = door.time.now
        try row.check(request, now: now)
        return Visit(who: who, request: request, row: row, names: [], members: [:], now: now, trace: trace)
    }

    @inline(never)
    private func dispatch(_ request: ServerRequest) async -> ServerResponse {
        switch RouteTable.router.find(request.method, request.path) {
        case .route(let route, let names):
            do throws(Problem) {
                return ended(request, route.row, try await route.run(door, api, request, names))
            } catch {
                return ended(request, route.row, answer(to: request, error))
            }
        case .otherMethods(let methods, let path):
            var problem = Problem(.methodNotAllowed, "This path takes \(methods.joined(separator: ", ")).")
            problem.allow = methods
            return ended(request, route: path.description, method: "other", problem.response)
        case .nothing:
            let problem = Problem(.notFound, "There is nothing at this path.")
            return ended(request, route: RequestCounts.nowhere, method: "other", problem.response)
        }
    }

    private func answer(to request: ServerRequest, _ problem: Problem) -> ServerResponse {
        if problem.code == .internalError {
            log.error("internal error", ["path": String(request.path.prefix(200)), "detail": problem.detail])
        }
        return problem.response
    }

    private func ended(_ request: ServerRequest, _ row: RouteRow, _ response: ServerResponse) -> ServerResponse {
        ended(request, route: row.path.description, method: row.method, response)
    }

    /// The end of a call's request: its trace says so, and the caller is told which one it is.
    @inline(never)
    private func ended(
        _ request: ServerRequest,
        _ row: RouteRow,
        _ response: ServerResponse,
        _ trace: CallTrace?,
        _ problem: Problem? = nil
    ) -> ServerResponse {
        guard let trace else { return ended(request, row, response) }
        let route = row.path.description
        var attributes = [
            Span.Attribute("http.request.method", row.method), Span.Attribute("http.route", route),
            Span.Attribute("url.path", route), Span.Attribute("url.scheme", "http"),
            Span.Attribute("http.response.status_code", response.status),
        ]
        if let problem { attributes.append(Span.Attribute("error.type", problem.code.rawValue)) }
        if let id = problem?.callID ?? response.fields["X-Easel-Call-Id"] {
            attributes.append(Span.Attribute("easel.call.id", id))
        }
        trace.end(
            "\(row.method) \(route)",
            from: request.receivedAt,
            attributes,
            // A fault of the caller's is no fault of the server's (OpenTelemetry, "Semantic conventions for HTTP spans").
            error: response.status >= 500 ? problem?.code.rawValue ?? String(response.status) : nil
        )
        var answer = response
        answer.fields["traceparent"] = trace.context.traceparent
        return ended(request, route: route, method: row.method, answer, traceID: trace.context.traceID.text)
    }

    private func ended(
        _ request: ServerRequest,
        route: String,
        method: String,
        _ response: ServerResponse,
        traceID: String? = nil
    ) -> ServerResponse {
        let took = SteadyInstant.now.since(request.receivedAt)
        counts.count(route: route, method: method, status: response.status, took: took)
        if log.minimum <= .debug {
            (traceID.map { log.with("trace_id", $0) } ?? log).debug(
                "request",
                [
                    "method": String(request.method.prefix(32)), "route": route, "status": String(response.status),
                    "took_ms": String(took.milliseconds),
                ]
            )
        }
        return response
    }
}
