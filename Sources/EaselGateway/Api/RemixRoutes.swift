import EaselBase
import EaselCalls
import EaselCore
import EaselServer
import EaselTracing
import EaselTransport
import Foundation

/// `POST /v1/remix` and `POST /v1/route/explain`: from a body to a call, and from its end to the answer.
final class RemixRoutes: Sendable {
    /// The hot path: thousands of calls wait on it.
    static let path = "/v1/remix"
    static let access = Access<Member>.key
    /// With the smallest of images.
    private static let example: JSONValue = [
        "model": "ideogram-4.0", "prompt": "the same scene as a woodcut print", "count": 1,
        "image": .string(
            "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAT0lEQVR42u3PQQkAAAgEsEtnHOOY1wi+hcEKLNXzWgQE"
                + "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQELgtZVKEt0Nh3IwAAAABJRU5ErkJggg=="
        ),
        "output": ["type": "url", "format": "png"], "tags": ["campaign": "spring"],
    ]
    private static let replyHeaders: [HeaderRule] = [
        .always("X-Easel-Call-Id", .id, "The call's id."),
        .sometimes("X-Easel-Provider", .text, "The provider that delivered."),
        .sometimes("X-Easel-Cost-Usd", .money, "What the call cost."),
        .sometimes("Idempotent-Replayed", .choice(["true"]), "This is the answer of an earlier request."),
        .sometimes("traceparent", .text, "The call's place in its trace, where it is in one (W3C Trace Context)."),
    ]
    static let remix = ApiRoute(
        "POST",
        path,
        access,
        "Remixes an image",
        load: .counted,
        body: .remix,
        example: example,
        headers: [
            .sometimes(
                "Idempotency-Key",
                .text(matching: "^[!-~]{1,\(IdempotencyKey.longest)}$"),
                "The same key with the same body gives the first answer again, for 24 hours."
            ),
            .sometimes("Prefer", .text, "`respond-async`: the answer is 202 at once, and the call can be read later."),
        ],
        gives: [
            .json(Shapes.remix, "The images.", headers: replyHeaders),
            .json(
                Shapes.accepted,
                "With `Prefer: respond-async`: the call is under way.",
                status: 202,
                headers: [
                    .always("Location", .text, "Where to read the call."),
                    .always("Preference-Applied", .choice(["respond-async"]), "The preference that was applied."),
                ] + replyHeaders.prefix(1)
            ),
        ],
        fails: [
            .forbidden, .budgetExceeded, .inProgress, .idempotencyConflict, .refused, .providersFailed,
            .deadlineExceeded,
        ]
    ) { api, visit throws(Problem) in try await api.remixes.remix(visit) }

    static let routes: [ApiRoute] = [
        remix,
        ApiRoute(
            "POST",
            "/v1/route/explain",
            .key,
            "The plan for a remix, with its reasons",
            load: .counted,
            body: .remix,
            example: RemixRoutes.example,
            gives: [.json(Shapes.explanation, "The plan.")],
            fails: [.forbidden, .budgetExceeded, .refused, .providersFailed, .deadlineExceeded],
            note: "Nothing is sent to a provider. The request is read and its images are fetched as for a remix."
        ) { api, visit throws(Problem) in try await api.remixes.explain(visit) },
    ]

    private let linkBase: LinkBase
    private let body: RemixBody
    private let held: HeldBytes
    private let completion: RequestCompletion
    private let service: CallService
    private let idempotency: IdempotencyDesk
    private let replies: ReplyBuilder

    init(
        linkBase: LinkBase,
        body: RemixBody,
        held: HeldBytes,
        completion: RequestCompletion,
        service: CallService,
        idempotency: IdempotencyDesk,
        replies: ReplyBuilder
    ) {
        self.linkBase = linkBase
        self.body = body
        self.held = held
        self.completion = completion
        self.service = service
        self.idempotency = idempotency
        self.replies = replies
    }

    /// A checked request, and what its answer needs. An object: what the frame of a waiting call holds, thousands hold.
    private final class Checked: Sendable {
        let order: CallOrder
        let linkBase: String
        let transcript: CallService.Transcript?

        init(order: CallOrder, linkBase: String, transcript: CallService.Transcript?) {
            self.order = order
            self.linkBase = linkBase
            self.transcript = transcript
        }
    }

    private enum Taken {
        case new(Checked)
        case repeated(ServerResponse)
    }

    // Its frame is there as long as the call: what it needs on the way has frames of its own.
    func remix(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        let weight = try weight(of: visit.request, visit.who.known)
        switch try await order(visit, weight) {
        case .repeated(let response): return response
        case .new(let checked):
            let answer: CallService.Answer
            do {
                answer = try await service.submit(checked.order, transcript: checked.transcript, on: visit.request.loop)
            } catch {
                throw Problem(error)
            }
            return try await response(to: answer, checked)
        }
    }

    /// Reads and checks the request. One with a key that stands for an earlier call is answered without fetching anything.
    @inline(never)
    private func order(_ visit: Visit<Member>, _ weight: HeldBytes.Share) async throws(Problem) -> Taken {
        let (request, account) = (visit.request, visit.who.known)
        let began = SteadyInstant.now
        defer { visit.trace?.add("intake", from: began) }
        let respondAsync = request.fields.values(of: "Prefer")
            .contains { $0.split(separator: ",").contains { $0.trimmingSpaces() == "respond-async" } }
        let (draft, faults) = try await body.draft(of: request)
        try hold(draft.weight, weight)
        let base = linkBase.text(of: request)
        let key = try await IdempotencyDesk.key(of: request, draft)
        if let key, let call = try await idempotency.earlier(key, draft, account) {
            return .repeated(
                try await idempotency.answer(
                    call,
                    to: key,
                    account: account,
                    respondAsync: respondAsync,
                    linkBase: base
                )
            )
        }
        let (remix, policy) = try await complete(draft, faults, account, weight)
        let order = CallOrder(
            request: remix,
            policy: policy,
            account: account,
            idempotency: key,
            began: request.receivedAt,
            respondAsync: respondAsync,
            weight: weight,
            trace: visit.trace
        )
        return .new(Checked(order: order, linkBase: base, transcript: transcript(order, base)))
    }

    /// Where an image is not kept, the answer itself is, for a caller who may ask for it again.
    private func transcript(_ order: CallOrder, _ linkBase: String) -> CallService.Transcript? {
        guard order.idempotency != nil else { return nil }
        return { [replies] ending in
            replies.keeps(ending.settlement.images) ? nil : await replies.text(ending, linkBase: linkBase)
        }
    }

    /// Before a byte of the body is read: so much of it as there may be is taken from the budget of bytes (S4).
    private func weight(of request: ServerRequest, _ account: Account) throws(Problem) -> HeldBytes.Share {
        let length = request.body.declaredLength ?? HeldBytes.unknownLength
        do {
            return try held.share(min(length, body.maxBodyBytes), team: account.teamID)
        } catch {
            throw Problem(error)
        }
    }

    private func hold(_ bytes: Int, _ weight: HeldBytes.Share) throws(Problem) {
        do { try weight.set(bytes) } catch { throw Problem(error) }
    }

    // Out of the frame that waits for the answer.
    @inline(never)
    private func response(to answer: CallService.Answer, _ checked: Checked) async throws(Problem) -> ServerResponse {
        let began = SteadyInstant.now
        defer { checked.order.trace?.add("reply", from: began) }
        switch answer {
        case .accepted(let id): return try accepted(id)
        case .repeated(let call): return try await again(call, checked)
        case .ended(let ending):
            let reply = try await replies.answer(ending, linkBase: checked.linkBase)
            var fields = HTTPFields([("X-Easel-Call-Id", reply.id)])
            if let provider = reply.provider { fields.add("X-Easel-Provider", provider) }
            if let cost = reply.cost { fields.add("X-Easel-Cost-Usd", cost.usd) }
            return .json(await ThreadPoolExecutor.work(on: reply.weight) { JSONText.bytes(of: reply) }, fields: fields)
        }
    }

    @inline(never)
    private func again(_ call: IdempotentCall, _ checked: Checked) async throws(Problem) -> ServerResponse {
        guard let key = checked.order.idempotency else {
            throw Problem(.internalError, "A request without a key cannot be a repeat.")
        }
        return try await idempotency.answer(
            call,
            to: key,
            account: checked.order.account,
            respondAsync: checked.order.respondAsync,
            linkBase: checked.linkBase
        )
    }

    private func complete(
        _ draft: RemixDraft,
        _ faults: [RequestFault],
        _ account: Account,
        _ weight: HeldBytes.Share
    ) async throws(Problem) -> (RemixRequest, RoutingPolicy) {
        do {
            return try await completion.complete(draft, known: faults, account: account, weight: weight)
        } catch {
            throw Problem(error)
        }
    }

    // MARK: - The plan alone

    private func explain(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        let (request, account) = (visit.request, visit.who.known)
        let weight = try weight(of: request, account)
        let (draft, faults) = try await body.draft(of: request)
        let (remix, policy) = try await complete(draft, faults, account, weight)
        let now = visit.now
        let record: PlanRecord
        do {
            record = try await service.planner.plan(
                remix,
                policy: policy,
                account: account,
                terms: service.planner.terms.terms,
                callID: UUIDv7.mint(at: now),
                now: now
            )
        } catch {
            throw Problem(error)
        }
        var text = JSONText()
        text.object { text in
            text.member("plan", record)
            text.key("translation")
            text.object { text in
                for candidate in record.plan.candidates {
                    text.member(candidate.provider, candidate.translation.entries)
                }
            }
        }
        return .json(text.bytes)
    }
}
