import EaselBase
import EaselCore

/// What a door hands over: a checked request, and everything else that its answer depends on.
final class CallOrder: Sendable {
    let request: RemixRequest
    let policy: RoutingPolicy
    let account: Account
    let idempotency: IdempotencyKey?
    /// When the request arrived; the deadline counts from here.
    let began: SteadyInstant
    /// Whether the caller is answered as soon as the call is on record, and asks for its end later.
    let respondAsync: Bool
    /// What the request holds of the budget of bytes; nil where nobody counts them.
    let weight: HeldBytes.Share?

    init(
        request: RemixRequest,
        policy: RoutingPolicy,
        account: Account,
        idempotency: IdempotencyKey? = nil,
        began: SteadyInstant,
        respondAsync: Bool = false,
        weight: HeldBytes.Share? = nil
    ) {
        self.weight = weight
        self.request = request
        self.policy = policy
        self.account = account
        self.idempotency = idempotency
        self.began = began
        self.respondAsync = respondAsync
    }
}
