package import EaselBase
package import EaselCore
package import EaselTracing

/// What a door passes in: a checked request, and everything else that its answer depends on.
package final class CallOrder: Sendable {
    package let request: RemixRequest
    package let policy: RoutingPolicy
    package let account: Account
    package let idempotency: IdempotencyKey?
    /// When the request arrived; the deadline counts from here.
    package let began: SteadyInstant
    /// Whether the caller is answered as soon as the call is recorded, and asks for its end later.
    package let respondAsync: Bool
    /// The share of the byte budget that the request holds; nil if bytes are not counted.
    let weight: HeldBytes.Share?
    /// Nil: the call is in no trace.
    package let trace: CallTrace?

    package init(
        request: RemixRequest,
        policy: RoutingPolicy,
        account: Account,
        idempotency: IdempotencyKey? = nil,
        began: SteadyInstant,
        respondAsync: Bool = false,
        weight: HeldBytes.Share? = nil,
        trace: CallTrace? = nil
    ) {
        self.trace = trace
        self.weight = weight
        self.request = request
        self.policy = policy
        self.account = account
        self.idempotency = idempotency
        self.began = began
        self.respondAsync = respondAsync
    }
}
