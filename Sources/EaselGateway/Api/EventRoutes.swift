import EaselBase
import EaselCore
import EaselServer
import EaselTransport

/// Events as they happen, for those who watch.
struct EventRoutes: Sendable {
    static let routes: [ApiRoute] = [
        ApiRoute(
            "GET",
            "/v1/events",
            .ownTeam,
            "What happens, as it happens",
            query: .only([team, seconds, lastEventID]),
            headers: [.sometimes("Last-Event-ID", .text, "The last id that was received: goes on behind it.")],
            gives: [.bytes("text/event-stream", "Events until the client leaves.")],
            fails: [.forbidden],
            note: """
                Server-sent events: `call` when one has ended or its cost has changed, `budget` (as in `GET /v1/budgets`), \
                `provider`, and for admins `alert`. Calls of other gateways on the same database are among them. `reset`: what was \
                missed is not known any more, ask for everything again. A comment comes every 15 seconds. A client that reads too \
                slowly is cut off, and goes on where it was when it comes again.
                """
        ) { api, visit throws(Problem) in try await api.events.listen(visit) }
    ]

    private static let team = QueryParameter.text("team", "The name of a team; a member may only name its own.")
    private static let seconds = QueryParameter.integer(
        "seconds",
        0...longest,
        usual: 0,
        "Ends after so many; 0: when the client leaves."
    )
    private static let lastEventID = QueryParameter.text(
        "last_event_id",
        "The same as the header, for those who cannot set one."
    )
    private static let longest = 86_400

    let people: any People
    let authenticator: Authenticator
    let broadcast: EventBroadcast

    private func listen(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        let teamID = try await visit.who.teamID(named: visit[Self.team], in: people, reads: "events")
        guard !broadcast.isFull else {
            throw Problem(.unavailable, "Too many are listening already.", retryAfter: .seconds(10))
        }
        let seconds = visit[Self.seconds]
        let wish = EventBroadcast.Wish(
            scope: EventScope(teamID: teamID, isAdmin: visit.who.known.role == .admin),
            last: visit.request.fields["Last-Event-ID"] ?? visit[Self.lastEventID],
            credential: try await authenticator.standing(of: visit.request).credential,
            length: seconds > 0 ? .seconds(seconds) : nil
        )
        // Proxies that collect an answer before they pass it on are asked not to.
        let fields = HTTPFields([
            ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"),
        ])
        return ServerResponse(status: 200, fields: fields, body: .streamed(broadcast.answer(wish)))
    }
}
