import EaselBase
import EaselCore
import EaselTransport
import Foundation

/// `POST /v1/remix` from the validated request to the answer: plan, admission, attempts, settlement.
final class RemixService: Sendable {
    let settings: GatewaySettings
    let policies: PolicyBook
    let desk: OfferDesk
    let terms: TermsShelf
    let tools: CallRun.Tools
    let registry: CallRegistry
    let replies: ReplyBuilder

    init(
        settings: GatewaySettings,
        policies: PolicyBook,
        desk: OfferDesk,
        terms: TermsShelf,
        tools: CallRun.Tools,
        registry: CallRegistry,
        replies: ReplyBuilder
    ) {
        self.settings = settings
        self.policies = policies
        self.desk = desk
        self.terms = terms
        self.tools = tools
        self.registry = registry
        self.replies = replies
    }

    /// What the front door got for a request.
    enum Answer: Sendable {
        case done(RemixReply)
        /// The call runs on; the caller asks for it later.
        case accepted(UUID)
        /// The idempotency key stands for this call already: its answer is given again.
        case repeated(IdempotentCall)
    }

    /// How often a call is planned anew because prices or budgets changed in between.
    static let planningTries = 5

    /// The plan for a request, with nothing written or sent.
    func plan(
        _ request: RemixRequest,
        account: Account,
        terms: SpendingTerms,
        callID: UUID,
        now: Timestamp
    ) throws(Problem) -> Plan {
        guard let policy = policies[request.policy] else {
            let known = policies.policies.keys.sorted().joined(separator: ", ")
            throw .invalid([RequestFault(.policy, "is not configured; there are \(known)")])
        }
        // The last eight bytes of a version 7 UUID are random: uniform over calls, and known from the log.
        let draw = withUnsafeBytes(of: callID.uuid) { $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self) }
        return Planner.plan(
            request: request,
            policy: policy,
            offers: desk.offers(for: request, prices: terms.prices, at: now),
            draw: draw >> 2,
            requiresPrice: self.terms.requiresPrice(terms, account: account, project: request.project(of: account))
        )
    }

    /// Everything about one request that its answer depends on.
    final class Order: Sendable {
        let request: RemixRequest
        let account: Account
        let idempotency: IdempotencyKey?
        let began: SteadyInstant
        let respondAsync: Bool
        let linkBase: String

        init(
            request: RemixRequest,
            account: Account,
            idempotency: IdempotencyKey?,
            began: SteadyInstant,
            respondAsync: Bool,
            linkBase: String
        ) {
            self.request = request
            self.account = account
            self.idempotency = idempotency
            self.began = began
            self.respondAsync = respondAsync
            self.linkBase = linkBase
        }
    }

    func remix(_ order: Order, on loop: EventLoop) async throws(Problem) -> Answer {
        let first: FirstRound
        switch try await admitted(order) {
        case .first(let round): first = round
        case .repeated(let call): return .repeated(call)
        }
        let run = CallRun(context: first.context, tools: tools)
        let task = launch(run, first, order, on: loop)
        if order.respondAsync { return .accepted(first.context.callID) }
        let ending = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            run.clientLeft()
        }
        return .done(try await replies.answer(ending, context: first.context, linkBase: order.linkBase))
    }

    private enum Admitted {
        case first(FirstRound)
        case repeated(IdempotentCall)
    }

    /// Plans the call and writes it down, anew as long as the terms change meanwhile. Registered as running when it
    /// returns a first round.
    private func admitted(_ order: Order) async throws(Problem) -> Admitted {
        for turn in 0..<Self.planningTries {
            let first: FirstRound
            do {
                first = try firstRound(of: order)
            } catch {
                // An answer that is stored needs no provider.
                if let call = try await earlier(order) { return .repeated(call) }
                // What stands in the way of every provider may be a price or a budget that has changed since.
                guard error.code == .budgetExceeded, turn == 0, try await termsHaveChanged() else { throw error }
                continue
            }
            guard registry.begin() else {
                throw Problem(.unavailable, "The gateway is shutting down; nothing was spent.", retryAfter: .seconds(5))
            }
            let verdict: AdmissionVerdict
            do {
                verdict = try await tools.ledger.admit(first.admission)
                if verdict == .stale { try await terms.refresh(from: tools.ledger) }
            } catch {
                registry.end()
                throw refusal(of: first, error)
            }
            if verdict == .admitted { return .first(first) }
            registry.end()
            switch verdict {
            case .repeated(let call): return .repeated(call)
            case .refused(let refusal):
                tools.metrics.countRefusal(by: refusal.standing.budget.scope.kind)
                throw Problem(refusal, at: first.context.receivedAt)
            case .admitted, .stale: break
            }
        }
        throw Problem(.unavailable, "Prices and budgets keep changing; nothing was spent.", retryAfter: .seconds(1))
    }

    /// Whatever is wrong with the ledger is not the request's fault, and nothing was spent.
    private func refusal(of first: FirstRound, _ error: LedgerError) -> Problem {
        if case .unavailable = error { return Problem(error) }
        tools.log.error("an admission was refused", ["call_id": first.context.callID.text, "error": "\(error)"])
        return Problem(.unavailable, "The ledger did not take the call; nothing was spent.", retryAfter: .seconds(2))
    }

    private func earlier(_ order: Order) async throws(Problem) -> IdempotentCall? {
        guard let key = order.idempotency else { return nil }
        do {
            return try await tools.ledger.idempotentCall(
                teamID: order.account.teamID,
                key: key.text,
                at: tools.time.now
            )
        } catch {
            throw Problem(error)
        }
    }

    private func termsHaveChanged() async throws(Problem) -> Bool {
        let before = terms.terms.version
        do {
            try await terms.refresh(from: tools.ledger)
        } catch {
            throw Problem(error)
        }
        return terms.terms.version != before
    }

    /// A call that is planned and has the rows of its first round, and of which nothing is written yet.
    private final class FirstRound: Sendable {
        let context: CallRun.Context
        let machine: AttemptMachine
        let action: AttemptMachine.Action
        let starts: [AttemptStart]
        let admission: Admission

        init(
            context: CallRun.Context,
            machine: AttemptMachine,
            action: AttemptMachine.Action,
            starts: [AttemptStart],
            admission: Admission
        ) {
            self.context = context
            self.machine = machine
            self.action = action
            self.starts = starts
            self.admission = admission
        }
    }

    private func firstRound(of order: Order) throws(Problem) -> FirstRound {
        let receivedAt = Timestamp(microseconds: tools.time.now.millisecondsSince1970 * 1000)
        let callID = UUIDv7.mint(at: receivedAt)
        let terms = terms.terms
        let plan = try plan(order.request, account: order.account, terms: terms, callID: callID, now: receivedAt)
        guard !plan.candidates.isEmpty else { throw Self.refusal(of: plan) }
        let context = CallRun.Context(
            callID: callID,
            account: order.account,
            request: order.request,
            plan: plan,
            receivedAt: receivedAt,
            began: order.began
        )
        var machine = AttemptMachine(plan: plan)
        let action = machine.start()
        guard case .send(let index, let counts, let risk) = action else {
            preconditionFailure("the machine starts by sending")
        }
        let starts = CallRun.starts(
            context,
            candidate: plan.candidates[index],
            counts: counts,
            firstOrdinal: 1,
            duplicateRisk: risk,
            now: receivedAt
        )
        return FirstRound(
            context: context,
            machine: machine,
            action: action,
            starts: starts,
            admission: admission(context, starts, terms, order.idempotency)
        )
    }

    /// Not a child of the handler's task: a client that leaves must not cut a paid request off (M4).
    private func launch(
        _ run: CallRun,
        _ first: FirstRound,
        _ order: Order,
        on loop: EventLoop
    ) -> Task<CallRun.Ending, Never> {
        // Where pictures are not kept, the answer itself is, for a caller who may ask for it again.
        let keepsAnswer = order.idempotency != nil && !replies.keepsPictures
        return Task(executorPreference: loop) { [tools, registry, replies] in
            let ending = await run.run(machine: first.machine, first: first.action, first: first.starts)
            var settlement = ending.settlement
            if keepsAnswer {
                settlement = await replies.withAnswer(ending, context: first.context, linkBase: order.linkBase)
            }
            await Self.settle(settlement, tools: tools)
            registry.end()
            return ending
        }
    }

    /// A settlement that the ledger cannot take now is journalled below the protocol; what fails even there is an error
    /// that people must see.
    private static func settle(_ settlement: Settlement, tools: CallRun.Tools) async {
        do throws(LedgerError) {
            try await tools.ledger.settle(settlement)
        } catch {
            tools.log.error("settlement failed", ["call_id": settlement.callID.text, "error": "\(error)"])
        }
    }

    /// After its deadline a call has this long to be settled before its reservation is looked into.
    static let leaseSlack = Duration.seconds(600)

    private func admission(
        _ context: CallRun.Context,
        _ starts: [AttemptStart],
        _ terms: SpendingTerms,
        _ idempotency: IdempotencyKey?
    ) -> Admission {
        let request = context.request
        let account = context.account
        let project = request.project(of: account)
        return Admission(
            callID: context.callID,
            teamID: account.teamID,
            keyID: account.keyID,
            receivedAt: context.receivedAt,
            gatewayID: settings.gatewayID,
            project: project,
            tags: request.tags,
            policy: context.plan.policy,
            model: request.model,
            imagesRequested: request.count,
            bound: context.plan.bound,
            prompt: settings.prompts.keep(request.prompt),
            parameters: request.parameters(prompts: settings.prompts),
            plan: context.plan.json,
            translation: context.plan.candidates.first?.translation.entries ?? [],
            attempts: starts,
            termsVersion: terms.version,
            budgets: self.terms.applied(terms, account: account, project: project, at: context.receivedAt),
            allowsUnpriced: terms.unpricedTeams.contains(account.teamID),
            idempotency: idempotency,
            leaseEndsAt: context.receivedAt + context.plan.deadline + Self.leaseSlack
        )
    }

    /// Why nobody can be asked at all.
    static func refusal(of plan: Plan) -> Problem {
        func reasons(_ cause: Plan.Dropped.Cause) -> [Plan.Dropped] { plan.dropped.filter { $0.cause == cause } }
        func list(_ dropped: [Plan.Dropped]) -> String {
            dropped.map { "\($0.provider): \($0.reason)" }.joined(separator: "; ")
        }
        let away = reasons(.unavailable)
        if !away.isEmpty {
            return Problem(
                .unavailable,
                "No provider can be asked now. \(list(away))",
                retryAfter: away.compactMap(\.retryAfter).min() ?? .seconds(5)
            )
        }
        let dear = reasons(.tooDear)
        if !dear.isEmpty {
            return Problem(.budgetExceeded, "The call's own limit, max_cost_usd, leaves no provider. \(list(dear))")
        }
        let unpriced = reasons(.unpriced)
        if !unpriced.isEmpty {
            return Problem(
                .budgetExceeded,
                "A hard budget applies, and no provider that has a price is left. \(list(unpriced)). Set a price, or allow "
                    + "unpriced calls for the team."
            )
        }
        let lossy = reasons(.lossy)
        if !lossy.isEmpty {
            return .invalid([RequestFault("strict", "no provider can honour every parameter. \(list(lossy))")])
        }
        let impossible = reasons(.impossible)
        if !impossible.isEmpty {
            return .invalid([
                RequestFault(.image, "no provider of the policy can take this request. \(list(impossible))")
            ])
        }
        return Problem(.unavailable, "The policy names no provider.", retryAfter: .seconds(60))
    }
}
