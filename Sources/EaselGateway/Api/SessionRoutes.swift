import EaselBase
import EaselCore
import EaselServer
import EaselTransport

/// Signing in at the built-in page: a key is exchanged for a cookie that scripts cannot read.
struct SessionRoutes: Sendable {
    static let routes: [ApiRoute] = [
        ApiRoute(
            "POST",
            "/v1/session",
            .open,
            "Signs in at the page",
            body: .object([.required("key", .text, "A key of a team, or the operator's.")]),
            example: ["key": "esl_0000000000000000000000000000000000000000000000000000000000000000"],
            gives: [.json(Shapes.session, "Who is signed in.", headers: [cookie])],
            fails: [.unauthenticated, .forbidden],
            note: """
                The cookie counts wherever a key does, for 12 hours or until the key ends. For a method that changes something it \
                counts only when the request comes from the page itself (`Sec-Fetch-Site: same-origin`, or an `Origin` that is the \
                `Host`). A key in `Authorization` goes before it.
                """
        ) { api, visit throws(Problem) in try await api.sessions.open(visit) },
        ApiRoute(
            "GET",
            "/v1/session",
            .key,
            "Who is asking",
            gives: [.json(Shapes.session, "Whose key or session it is.")]
        ) { api, visit throws(Problem) in try await api.sessions.show(visit) },
        ApiRoute(
            "DELETE",
            "/v1/session",
            .open,
            "Signs out",
            gives: [.nothing("The session is over, if there was one.", headers: [cookie])],
            fails: [.forbidden]
        ) { api, visit throws(Problem) in try await api.sessions.close(visit) },
    ]

    private static let cookie = HeaderRule.always(
        "Set-Cookie",
        .text,
        "`\(SessionCookie.name)`: HttpOnly, SameSite=Strict."
    )

    let authenticator: Authenticator
    let linkBase: LinkBase

    private func open(_ visit: Visit<Nobody>) async throws(Problem) -> ServerResponse {
        let request = visit.request
        if RequestOrigin.isForeign(request.fields, publicURL: linkBase.publicURL) {
            throw Problem(.forbidden, "Sign in on the page itself: this request comes from another one.")
        }
        var body = visit.body
        let key = body.text("key", required: true)
        guard body.faults.isEmpty, let key else { throw .invalid(body.faults) }
        let (token, standing) = try await authenticator.open(key: key.trimmingSpaces())
        request.clientIsKnown()
        return .json(Self.text(standing), fields: cookie(token, request))
    }

    private func show(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        .json(Self.text(try await authenticator.standing(of: visit.request)), fields: Self.unkept)
    }

    private func close(_ visit: Visit<Nobody>) async throws(Problem) -> ServerResponse {
        try await authenticator.close(for: visit.request)
        return .empty(fields: cookie(nil, visit.request))
    }

    private static let unkept = HTTPFields([("Cache-Control", "no-store")])

    private func cookie(_ token: String?, _ request: ServerRequest) -> HTTPFields {
        // Believed from anybody: saying so falsely only makes the liar's own cookie stricter.
        let forwarded = request.fields.values(of: "X-Forwarded-Proto").last?.trimmingSpaces().lowercased()
        let isSecure = linkBase.text(of: request).hasPrefix("https://") || forwarded == "https"
        return HTTPFields(
            Self.unkept.pairs.map { ($0.name, $0.value) } + [SessionCookie.field(token, isSecure: isSecure)]
        )
    }

    private static func text(_ standing: Authenticator.Standing) -> [UInt8] {
        var text = JSONText()
        text.object { text in
            text.member("team", standing.account.team)
            text.member("role", standing.account.role.rawValue)
            text.member("key_id", standing.account.keyID.text)
            text.member("expires_at", standing.until?.description)
        }
        return text.bytes
    }
}
