import EaselBase
package import EaselCore
import EaselTracing

/// What stays the same for a whole call.
package final class CallContext: Sendable, CallKeyed {
    package let key: CallKey
    package let account: Account
    package let request: RemixRequest
    package let plan: Plan
    let began: SteadyInstant
    /// The share of the byte budget that the call's images take, for as long as the call is held.
    let weight: HeldBytes.Share?
    /// Nil: the call is in no trace.
    let trace: CallTrace?

    init(
        key: CallKey,
        account: Account,
        request: RemixRequest,
        plan: Plan,
        began: SteadyInstant,
        weight: HeldBytes.Share? = nil,
        trace: CallTrace? = nil
    ) {
        self.trace = trace
        self.weight = weight
        self.key = key
        self.account = account
        self.request = request
        self.plan = plan
        self.began = began
    }

    /// The log with the trace's id on each line, where there is one.
    func log(_ log: Log) -> Log { trace?.log(log) ?? log }
}

/// What ended a call before its plan was exhausted.
enum CallStop {
    case none
    /// The ledger was down and nothing more could be sent (L2).
    case ledger
    /// Another attempt would have come on top of one that may be charged, and a budget had no room for both (M2).
    case budget(BudgetRefusal)
}
