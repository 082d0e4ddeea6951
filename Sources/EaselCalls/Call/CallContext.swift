package import EaselBase
package import EaselCore
package import Foundation

/// What stays the same for a whole call.
package final class CallContext: Sendable {
    package let callID: UUID
    package let account: Account
    package let request: RemixRequest
    package let plan: Plan
    package let receivedAt: Timestamp
    let began: SteadyInstant
    /// What the call's images take of the budget of bytes, as long as anybody holds the call.
    let weight: HeldBytes.Share?

    init(
        callID: UUID,
        account: Account,
        request: RemixRequest,
        plan: Plan,
        receivedAt: Timestamp,
        began: SteadyInstant,
        weight: HeldBytes.Share? = nil
    ) {
        self.weight = weight
        self.callID = callID
        self.account = account
        self.request = request
        self.plan = plan
        self.receivedAt = receivedAt
        self.began = began
    }
}

/// What ended a call though its plan had not come to its end.
enum CallStop {
    case none
    /// The ledger was away and nothing further could be sent (L2).
    case ledger
    /// Another attempt would have come on top of one that may be charged, and a budget does not take both (M2).
    case budget(BudgetRefusal)
}
