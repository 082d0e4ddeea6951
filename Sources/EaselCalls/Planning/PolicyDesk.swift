import EaselBase
import EaselCore

/// Finds the policy for a request: by name, inline, or by the cases of one.
final class PolicyDesk: Sendable {
    let book: PolicyBook
    let reading: any PolicyReading
    let budgets: BudgetGauge

    init(book: PolicyBook, reading: any PolicyReading, budgets: BudgetGauge) {
        self.book = book
        self.reading = reading
        self.budgets = budgets
    }

    /// The policy that a request asks for; nil, with a fault added, if there is no such policy.
    ///
    /// - Throws: `forbidden` if the key may not send its own policy.
    func policy(
        of draft: RemixDraft,
        account: Account,
        faults: inout [RequestFault]
    ) throws(CallFailure) -> RoutingPolicy? {
        if let inline = draft.inlinePolicy {
            guard account.inlinePolicies || account.role == .admin else {
                throw CallFailure(
                    .forbidden,
                    "This key may not send a policy of its own; name a configured one, or ask for a key with "
                        + "inline_policies."
                )
            }
            switch reading.inline(inline) {
            case .success(let policy): return policy
            case .failure(let error):
                faults += error.faults
                return nil
            }
        }
        if let policy = book[draft.policy] { return policy }
        let known = book.policies.keys.sorted().joined(separator: ", ")
        faults.append(RequestFault(.policy, "is not configured; there are \(known)"))
        return nil
    }

    /// The chosen policy, with what the choice depended on.
    struct Choice {
        var policy: Policy
        var path: [String]
        var budgetLeftPercent: Double?
    }

    /// The policy that applies to the call.
    ///
    /// - Throws: `invalidRequest` when no case matches, `unavailable` when a case asks for budgets and they cannot be read.
    func choice(
        _ policy: RoutingPolicy,
        _ request: RemixRequest,
        account: Account,
        at now: Timestamp
    ) async throws(CallFailure) -> Choice {
        if case .plain(let plain) = policy { return Choice(policy: plain, path: [plain.name]) }
        let project = request.project(of: account)
        var left: Double?
        if book.asksForBudgets(policy) {
            do {
                left = try await budgets.leftPercent(account: account, project: project, at: now)
            } catch {
                throw CallFailure(error)
            }
        }
        let chosen = book.choose(policy) {
            RoutingFacts(
                team: account.team,
                keyID: account.keyID,
                project: project,
                tags: request.tags,
                model: request.model,
                count: request.count,
                // Prompts are not compared, but whether there is a negative prompt is.
                parameters: request.parameters(prompts: .hash).objectValue ?? [:],
                now: now,
                budgetLeftPercent: left
            )
        }
        guard let chosen else {
            let mend = "has no case for this request and no otherwise; use another policy"
            throw .invalid([RequestFault(.policy, mend)])
        }
        return Choice(policy: chosen.policy, path: chosen.path, budgetLeftPercent: left)
    }
}
