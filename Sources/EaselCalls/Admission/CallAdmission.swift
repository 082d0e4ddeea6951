import EaselBase
import EaselCore
import EaselTracing
import Foundation

/// Plans a call and records it with its reservation and its first attempts, before anything is sent (M3, M4).
final class CallAdmission: Sendable {
    /// How often a call is planned again because prices or budgets changed in between.
    static let planningTries = 5

    /// What the log keeps of every call.
    struct Manner: Sendable {
        /// This process among all gateways.
        let gatewayID: UUID
        let prompts: LoggingSettings.Prompts
    }

    enum Verdict: Sendable {
        /// On record, and registered as running.
        case admitted(FirstRound)
        /// The idempotency key already belongs to this call.
        case repeated(IdempotentCall)
    }

    let planner: CallPlanner
    let registry: CallRegistry
    let manner: Manner
    private let books: CallBooks
    private let tools: CallTools

    init(planner: CallPlanner, registry: CallRegistry, books: CallBooks, tools: CallTools, manner: Manner) {
        self.planner = planner
        self.registry = registry
        self.books = books
        self.tools = tools
        self.manner = manner
    }

    /// Plans and records the call, again while the terms keep changing.
    func admit(_ order: CallOrder) async throws(CallFailure) -> Verdict {
        for turn in 0..<Self.planningTries {
            let planned: Planned
            let began = SteadyInstant.now
            do {
                planned = try await plan(order)
                order.trace?.add("planning", from: began)
            } catch {
                order.trace?.add("planning", from: began, error: error.code.rawValue)
                // A stored answer needs no provider.
                if let call = try await earlier(order) { return .repeated(call) }
                // The obstacle to every provider may be a price or a budget that has changed since.
                guard error.code == .budgetExceeded, turn == 0, try await termsHaveChanged() else { throw error }
                continue
            }
            if let verdict = try await write(planned) { return verdict }
        }
        throw CallFailure(
            .unavailable,
            "Prices and budgets keep changing; nothing was spent.",
            retryAfter: .seconds(1)
        )
    }

    // MARK: - The plan

    /// A call that is not recorded yet.
    private final class Planned: Sendable {
        let first: FirstRound
        let admission: Admission

        init(first: FirstRound, admission: Admission) {
            self.first = first
            self.admission = admission
        }
    }

    private func plan(_ order: CallOrder) async throws(CallFailure) -> Planned {
        let receivedAt = Timestamp(microseconds: tools.time.now.millisecondsSince1970 * 1000)
        let callID = UUIDv7.mint(at: receivedAt)
        let terms = planner.terms.terms
        let (record, permit) = try await planner.permittedPlan(order, terms, callID: callID, now: receivedAt)
        let context = CallContext(
            key: CallKey(teamID: order.account.teamID, receivedAt: receivedAt, callID: callID),
            account: order.account,
            request: order.request,
            plan: record.plan,
            began: order.began,
            weight: order.weight,
            trace: order.trace
        )
        let first = FirstRound(context, permit)
        return Planned(first: first, admission: admission(first, record, terms, order.idempotency))
    }

    /// Whether prices, budgets or teams have changed since this gateway read them.
    private func termsHaveChanged() async throws(CallFailure) -> Bool {
        let before = planner.terms.terms.version
        do {
            try await planner.terms.refresh(from: books.terms)
        } catch {
            throw CallFailure(error)
        }
        return planner.terms.terms.version != before
    }

    private func earlier(_ order: CallOrder) async throws(CallFailure) -> IdempotentCall? {
        guard let key = order.idempotency else { return nil }
        do {
            return try await books.keyed.idempotentCall(
                teamID: order.account.teamID,
                key: key.text,
                at: tools.time.now
            )
        } catch {
            throw CallFailure(error)
        }
    }

    // MARK: - The record

    /// Nil: the terms have changed since the plan, and have been read again.
    private func write(_ planned: Planned) async throws(CallFailure) -> Verdict? {
        let first = planned.first
        guard registry.begin() else {
            tools.health.release(first.permit)
            throw CallFailure(
                .unavailable,
                "The gateway is shutting down; nothing was spent.",
                retryAfter: .seconds(5)
            )
        }
        let verdict: AdmissionVerdict
        let began = SteadyInstant.now
        do {
            verdict = try await tools.ledger.admit(planned.admission)
            first.context.trace?.add(
                "admission",
                from: began,
                [Span.Attribute("easel.admission.verdict", verdict.word)]
            )
            if verdict == .stale { try await planner.terms.refresh(from: books.terms) }
        } catch {
            first.context.trace?.add("admission", from: began, error: "ledger_unavailable")
            giveUp(first)
            throw failure(of: first, error)
        }
        if verdict == .admitted { return .admitted(first) }
        giveUp(first)
        switch verdict {
        case .repeated(let call): return .repeated(call)
        case .refused(let refusal):
            tools.metrics.countRefusal(by: refusal.standing.budget.scope.kind)
            throw CallFailure(refusal, at: first.context.receivedAt)
        case .admitted, .stale: return nil
        }
    }

    private func giveUp(_ first: FirstRound) {
        registry.end()
        tools.health.release(first.permit)
    }

    private func failure(of first: FirstRound, _ error: LedgerError) -> CallFailure {
        if case .unavailable = error { return CallFailure(error) }
        first.context.log(tools.log).error(
            "an admission was rejected",
            ["call_id": first.context.callID.text, "error": sentence(for: error)]
        )
        return CallFailure(
            .unavailable,
            "The ledger did not accept the call; nothing was spent.",
            retryAfter: .seconds(2)
        )
    }

    private func admission(
        _ first: FirstRound,
        _ record: PlanRecord,
        _ terms: SpendingTerms,
        _ idempotency: IdempotencyKey?
    ) -> Admission {
        let context = first.context
        let request = context.request
        let account = context.account
        let project = request.project(of: account)
        return Admission(
            key: context.key,
            keyID: account.keyID,
            gatewayID: manner.gatewayID,
            project: project,
            tags: request.tags,
            policy: context.plan.policy,
            model: request.model,
            imagesRequested: request.count,
            bound: context.plan.bound,
            prompt: manner.prompts.keep(request.prompt),
            parameters: request.parameters(prompts: manner.prompts),
            plan: JSONDocument(record),
            translation: context.plan.candidates.first?.translation.entries ?? [],
            attempts: first.starts,
            termsVersion: terms.version,
            budgets: planner.terms.applied(terms, account: account, project: project, at: context.receivedAt),
            allowsUnpriced: terms.unpricedTeams.contains(account.teamID),
            idempotency: idempotency,
            leaseEndsAt: context.receivedAt + context.plan.deadline + Liveness.leaseSlack
        )
    }
}

extension AdmissionVerdict {
    /// For traces.
    fileprivate var word: String {
        switch self {
        case .admitted: "admitted"
        case .repeated: "repeated"
        case .refused: "refused"
        case .stale: "stale"
        }
    }
}
