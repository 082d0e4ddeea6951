import EaselBase
import EaselCalls
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Gives the answer of an earlier call again to a caller who sends the same request with the same `Idempotency-Key`.
final class IdempotencyDesk: Sendable {
    let ledger: any CallLog
    let replies: ReplyBuilder
    let time: TimeSource

    init(ledger: any CallLog, replies: ReplyBuilder, time: TimeSource) {
        self.ledger = ledger
        self.replies = replies
        self.time = time
    }

    /// The key of a request; nil when it has none.
    static func key(of request: ServerRequest, _ draft: RemixDraft) async throws(Problem) -> IdempotencyKey? {
        let values = request.fields.values(of: "Idempotency-Key")
        guard let text = values.first else { return nil }
        let isSound =
            values.count == 1 && (1...IdempotencyKey.longest).contains(text.utf8.count)
            && text.utf8.allSatisfy { (33...126).contains($0) }
        guard isSound else {
            let mend =
                "must be given once, with 1 to \(IdempotencyKey.longest) printable ASCII characters without spaces"
            throw .invalid([RequestFault("Idempotency-Key", mend)])
        }
        // An image of megabytes is hashed where nobody waits for the loop.
        let fingerprint =
            draft.weight <= ImageIntake.inlineLimit
            ? RemixFingerprint.of(draft) : await ThreadPoolExecutor.shared.run { RemixFingerprint.of(draft) }
        return IdempotencyKey(text: text, fingerprint: fingerprint)
    }

    /// Looks for an earlier call before images are fetched by URL, for the URL may be gone by now. Otherwise the
    /// admission finds it, without a look-up of its own.
    func earlier(_ key: IdempotencyKey, _ draft: RemixDraft, _ account: Account) async throws(Problem)
        -> IdempotentCall?
    {
        guard draft.namesURLs else { return nil }
        do {
            return try await ledger.idempotentCall(teamID: account.teamID, key: key.text, at: time.now)
        } catch {
            throw Problem(error)
        }
    }

    /// The stored answer, or the problem that there was; 409 while the call runs, or when the key stands for another
    /// request.
    func answer(
        _ call: IdempotentCall,
        to key: IdempotencyKey,
        account: Account,
        respondAsync: Bool,
        linkBase: String
    ) async throws(Problem) -> ServerResponse {
        guard call.fingerprint == key.fingerprint else {
            throw Problem(
                .idempotencyConflict,
                "The Idempotency-Key was used for another request within the last 24 hours; use a new key.",
                callID: call.callID.text
            )
        }
        if respondAsync { return try accepted(call.callID, isRepeat: true) }
        let detail: CallDetail?
        do {
            detail = try await ledger.call(call.callID, teamID: account.teamID)
        } catch {
            throw Problem(error)
        }
        guard let detail, detail.status != .inProgress else {
            throw Problem(
                .inProgress,
                "The request with this Idempotency-Key is still in progress.",
                callID: call.callID.text,
                retryAfter: .seconds(1)
            )
        }
        if let answer = detail.answer {
            return .json(Array(answer.utf8), fields: Self.fields(detail))
        }
        guard let reply = await replies.answerAgain(detail, linkBase: linkBase) else { throw Problem(detail) }
        return .json(JSONText.bytes(of: reply), fields: Self.fields(detail))
    }

    private static func fields(_ call: CallDetail) -> HTTPFields {
        var fields = HTTPFields([("X-Easel-Call-Id", call.callID.text), ("Idempotent-Replayed", "true")])
        if let provider = call.provider { fields.add("X-Easel-Provider", provider) }
        if let cost = call.cost { fields.add("X-Easel-Cost-Usd", cost.usd) }
        return fields
    }
}

/// The answer to `Prefer: respond-async`.
func accepted(_ id: UUID, isRepeat: Bool = false) throws(Problem) -> ServerResponse {
    var fields = HTTPFields([
        ("Location", "/v1/calls/\(id.text)"), ("X-Easel-Call-Id", id.text), ("Preference-Applied", "respond-async"),
    ])
    if isRepeat { fields.add("Idempotent-Replayed", "true") }
    return try json(["id": id.text, "status": CallStatus.inProgress.rawValue], status: 202, fields: fields)
}
