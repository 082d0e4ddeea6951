import EaselBase
import EaselCalls
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// `POST /v1/remix` and `POST /v1/route/explain`: from a body to a call, and from its end to the answer.
final class RemixRoute: Sendable {
    private let authenticator: Authenticator
    private let keyLimits: KeyLimits
    private let linkBase: LinkBase
    private let body: RemixBody
    private let held: HeldBytes
    private let completion: RequestCompletion
    private let service: CallService
    private let idempotency: IdempotencyDesk
    private let replies: ReplyBuilder
    private let time: TimeSource

    init(
        authenticator: Authenticator,
        keyLimits: KeyLimits,
        linkBase: LinkBase,
        body: RemixBody,
        held: HeldBytes,
        completion: RequestCompletion,
        service: CallService,
        idempotency: IdempotencyDesk,
        replies: ReplyBuilder,
        time: TimeSource
    ) {
        self.authenticator = authenticator
        self.keyLimits = keyLimits
        self.linkBase = linkBase
        self.body = body
        self.held = held
        self.completion = completion
        self.service = service
        self.idempotency = idempotency
        self.replies = replies
        self.time = time
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

    func remix(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.account(for: request)
        try keyLimits.enter(account)
        defer { keyLimits.leave(account) }
        let weight = try weight(of: request, account)
        switch try await order(request, account, weight) {
        case .repeated(let response): return response
        case .new(let checked):
            let answer: CallService.Answer
            do {
                answer = try await service.submit(checked.order, transcript: checked.transcript, on: request.loop)
            } catch {
                throw Problem(error)
            }
            return try await response(to: answer, checked)
        }
    }

    /// Reads and checks the request. One with a key that stands for an earlier call is answered without fetching anything.
    @inline(never)
    private func order(
        _ request: ServerRequest,
        _ account: Account,
        _ weight: HeldBytes.Share
    ) async throws(Problem) -> Taken {
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
            weight: weight
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

    func explain(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.account(for: request)
        // It reads a request and fetches its images as a remix does.
        try keyLimits.enter(account)
        defer { keyLimits.leave(account) }
        let weight = try weight(of: request, account)
        let (draft, faults) = try await body.draft(of: request)
        let (remix, policy) = try await complete(draft, faults, account, weight)
        let now = time.now
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
