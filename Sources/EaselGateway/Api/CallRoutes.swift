import EaselBase
import EaselCalls
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Calls read back, one or many, and the images that were kept of them.
final class CallRoutes: Sendable {
    static let routes: [ApiRoute] = [
        ApiRoute(
            "GET",
            "/v1/calls",
            .ownTeam,
            "Calls, newest first",
            load: .report,
            query: .only([
                team, provider, status, nsfw, copyright, since, until, limit, cursor, idempotencyKey,
            ]),
            gives: [.json(.listing("calls", of: Shapes.callHead, pages: true), "A page of calls.")],
            fails: [.forbidden],
            note:
                "With `idempotency_key`: the one call of the caller's team that used it; other parameters are ignored."
        ) { api, visit throws(Problem) in try await api.calls.list(visit) },
        ApiRoute(
            "GET",
            "/v1/calls/{id}",
            .ownTeam,
            "One call with its attempts, images and translation",
            gives: [.json(Shapes.call, "The call.")]
        ) { api, visit throws(Problem) in try await api.calls.show(visit) },
        ApiRoute(
            "GET",
            "/v1/artifacts/{day}/{file}",
            .link,
            "A kept image",
            query: .only([expiry, signature]),
            gives: [
                .bytes(
                    "image/*",
                    "The image.",
                    headers: [
                        .always("Cache-Control", .text, "It may be cached for an hour."),
                        .always("X-Content-Type-Options", .choice(["nosniff"]), "The type is what the header says."),
                    ]
                )
            ],
            note: "Answers contain links to it; the signature in a link is the permission."
        ) { api, visit throws(Problem) in try await api.calls.artifact(visit) },
    ]

    private static let team = QueryParameter.text("team", "The name of a team; a member may only name its own.")
    private static let provider = QueryParameter.text("provider", "The name of the provider that delivered.")
    private static let status = QueryParameter<CallStatus?>.choice("status", "How the call ended.")
    private static let nsfw = QueryParameter.flag("nsfw", "Whether an image was flagged as not safe for work.")
    private static let copyright = QueryParameter<CopyrightVerdict?>.choice(
        "copyright",
        "The verdict on one of its images."
    )
    private static let since = QueryParameter.moment("since", "Only calls from this time on.")
    private static let until = QueryParameter.moment("until", "Only calls before this time.")
    private static let limit = QueryParameter.integer("limit", 1...500, usual: 50, "Calls on a page.")
    private static let cursor = QueryParameter.id(
        "cursor",
        "`next_cursor` of the previous page.",
        mend: "is not a cursor of this list"
    )
    private static let idempotencyKey = QueryParameter.text("idempotency_key", "The `Idempotency-Key` of a request.")
    private static let expiry = QueryParameter.text("exp", "When the link ends.")
    private static let signature = QueryParameter.text("sig", "The signature of the link.")

    let linkBase: LinkBase
    let ledger: any CallLog & People
    let replies: ReplyBuilder
    let store: ArtifactStore?

    init(linkBase: LinkBase, ledger: any CallLog & People, replies: ReplyBuilder, store: ArtifactStore?) {
        self.linkBase = linkBase
        self.ledger = ledger
        self.replies = replies
        self.store = store
    }

    private func show(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        // A call of another team is not told apart from one that does not exist.
        let missing = "There is no such call."
        let id = try visit.id(orMissing: missing)
        let found = try await Problem.of { () async throws(LedgerError) in
            try await ledger.call(id, teamID: visit.who.teamID)
        }
        guard let found else { throw Problem(.notFound, missing) }
        return .json(JSONText.bytes(of: replies.reply(found, linkBase: linkBase.text(of: visit.request))))
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

    private func list(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        let base = linkBase.text(of: visit.request)
        if let key = visit[Self.idempotencyKey] {
            // Of the asker's own team, as keys are. Whoever lost the connection finds the call again by it.
            let call = try await call(ofKey: key, visit)
            let calls = call.map { [replies.reply($0, linkBase: base, hasParts: false)] } ?? []
            return .json(JSONText.bytes(of: List(calls: calls, nextCursor: nil)))
        }
        let query = try await query(visit)
        let found = try await Problem.of { () async throws(LedgerError) in try await ledger.calls(query) }
        let next = found.count == query.limit ? found.last?.callID.text : nil
        let list = List(calls: found.map { replies.reply($0, linkBase: base, hasParts: false) }, nextCursor: next)
        return .json(JSONText.bytes(of: list))
    }

    private func call(ofKey key: String, _ visit: Visit<Member>) async throws(Problem) -> CallDetail? {
        let teamID = visit.who.known.teamID
        return try await Problem.of { () async throws(LedgerError) in
            guard let found = try await ledger.idempotentCall(teamID: teamID, key: key, at: visit.now) else {
                return nil
            }
            return try await ledger.call(found.callID, teamID: teamID)
        }
    }

    private func query(_ visit: Visit<Member>) async throws(Problem) -> CallQuery {
        let teamID = try await visit.who.teamID(named: visit[Self.team], in: ledger, reads: "calls")
        var query = CallQuery(teamID: teamID)
        query.provider = visit[Self.provider]
        query.status = visit[Self.status]
        query.nsfw = visit[Self.nsfw]
        query.copyright = visit[Self.copyright]
        query.since = visit[Self.since]
        query.until = visit[Self.until]
        query.limit = visit[Self.limit]
        query.cursor = visit[Self.cursor]
        return query
    }

    /// A kept image, by a link that carries its permission.
    private func artifact(_ visit: Visit<Nobody>) async throws(Problem) -> ServerResponse {
        let path = visit.names.joined(separator: "/")
        guard let store,
            store.permits(
                path,
                expiry: visit[Self.expiry] ?? "",
                signature: visit[Self.signature] ?? "",
                now: visit.now
            )
        else { throw Problem(.forbidden, "The link has expired or was not issued by this gateway.") }
        guard let bytes = await ThreadPoolExecutor.shared.run({ store.read(path) }) else {
            throw Problem(.notFound, "The image is no longer kept.")
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
