import EaselBase
import EaselCore
import EaselTransport
import Foundation

/// `POST /v1/remix` from the validated request to the answer: plan, admission, attempts, settlement.
final class RemixService: Sendable {
    let settings: GatewaySettings
    let policies: PolicyDesk
    let desk: OfferDesk
    let terms: TermsShelf
    let tools: CallRun.Tools
    let registry: CallRegistry
    let replies: ReplyBuilder

    init(
        settings: GatewaySettings,
        policies: PolicyDesk,
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
    /// How often a call is planned anew because a provider stopped taking requests since the plan.
    static let claimTries = 4

    /// The plan for a request and what it is made from, with nothing written or sent.
    func plan(
        _ request: RemixRequest,
        policy: RoutingPolicy,
        account: Account,
        terms: SpendingTerms,
        callID: UUID,
        now: Timestamp
    ) async throws(Problem) -> PlanRecord {
        let choice = try await policies.choice(policy, request, account: account, at: now)
        let callDraw = StickyDraw.ofCall(callID)
        // A picture of megabytes is hashed where nobody waits for the loop, and only for a policy that asks.
        let picture = request.image.bytes
        let hash =
            choice.policy.sticky == .image
            ? await ThreadPoolExecutor.work(on: picture.count) { Crypto.sha256(picture) } : nil
        let inputs = PlanInputs(
            request: PlanInputs.Request(request),
            policy: choice.policy,
            path: choice.path,
            offers: desk.offers(for: request, team: account.teamID, prices: terms.prices, at: now),
            draw: StickyDraw.draw(
                choice.policy.sticky,
                team: account.team,
                keyID: account.keyID,
                tags: request.tags,
                imageSHA256: hash,
                callDraw: callDraw
            ),
            callDraw: callDraw,
            requiresPrice: self.terms.requiresPrice(terms, account: account, project: request.project(of: account)),
            budgetLeftPercent: choice.budgetLeftPercent
        )
        return PlanRecord(inputs: inputs, plan: Planner.plan(inputs))
    }

    /// Everything about one request that its answer depends on.
    final class Order: Sendable {
        let request: RemixRequest
        let policy: RoutingPolicy
        let account: Account
        let idempotency: IdempotencyKey?
        let began: SteadyInstant
        let respondAsync: Bool
        let linkBase: String
        let weight: HeldBytes.Share?

        init(
            request: RemixRequest,
            policy: RoutingPolicy,
            account: Account,
            idempotency: IdempotencyKey?,
            began: SteadyInstant,
            respondAsync: Bool,
            linkBase: String,
            weight: HeldBytes.Share? = nil
        ) {
            self.weight = weight
            self.request = request
            self.policy = policy
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
                first = try await firstRound(of: order)
            } catch {
                // An answer that is stored needs no provider.
                if let call = try await earlier(order) { return .repeated(call) }
                // What stands in the way of every provider may be a price or a budget that has changed since.
                guard error.code == .budgetExceeded, turn == 0, try await termsHaveChanged() else { throw error }
                continue
            }
            guard registry.begin() else {
                tools.health.release(first.permit)
                throw Problem(.unavailable, "The gateway is shutting down; nothing was spent.", retryAfter: .seconds(5))
            }
            let verdict: AdmissionVerdict
            do {
                verdict = try await tools.ledger.admit(first.admission)
                if verdict == .stale { try await terms.refresh(from: tools.ledger) }
            } catch {
                registry.end()
                tools.health.release(first.permit)
                throw refusal(of: first, error)
            }
            if verdict == .admitted { return .first(first) }
            registry.end()
            tools.health.release(first.permit)
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
        tools.log.error(
            "an admission was refused",
            ["call_id": first.context.callID.text, "error": sentence(for: error)]
        )
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
        /// Leave to send the first round; given back when nothing is sent.
        let permit: ProviderHealth.Permit

        init(
            context: CallRun.Context,
            machine: AttemptMachine,
            action: AttemptMachine.Action,
            starts: [AttemptStart],
            admission: Admission,
            permit: ProviderHealth.Permit
        ) {
            self.context = context
            self.machine = machine
            self.action = action
            self.starts = starts
            self.admission = admission
            self.permit = permit
        }
    }

    private func firstRound(of order: Order) async throws(Problem) -> FirstRound {
        let receivedAt = Timestamp(microseconds: tools.time.now.millisecondsSince1970 * 1000)
        let callID = UUIDv7.mint(at: receivedAt)
        let terms = terms.terms
        let (record, permit) = try await permittedPlan(order, terms, callID: callID, now: receivedAt)
        let plan = record.plan
        let context = CallRun.Context(
            callID: callID,
            account: order.account,
            request: order.request,
            plan: plan,
            receivedAt: receivedAt,
            began: order.began,
            weight: order.weight
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
            admission: admission(context, record, starts, terms, order.idempotency),
            permit: permit
        )
    }

    /// A plan and the leave to ask its first candidate. Somebody else may have taken a provider's one probe since the
    /// plan was made: then it is made again.
    private func permittedPlan(
        _ order: Order,
        _ terms: SpendingTerms,
        callID: UUID,
        now: Timestamp
    ) async throws(Problem) -> (PlanRecord, ProviderHealth.Permit) {
        for _ in 0..<Self.claimTries {
            let record = try await plan(
                order.request,
                policy: order.policy,
                account: order.account,
                terms: terms,
                callID: callID,
                now: now
            )
            let model = order.request.model
            guard let first = record.plan.candidates.first else { throw Self.refusal(of: record.plan, for: model) }
            if let permit = tools.health.claim(first.provider, model) { return (record, permit) }
        }
        throw Problem(
            .unavailable,
            "The providers are being tried after a failure; nothing was spent.",
            retryAfter: .seconds(1)
        )
    }

    /// Not a child of the handler's task: a client that leaves must not cut a paid request off (M4).
    private func launch(
        _ run: CallRun,
        _ first: FirstRound,
        _ order: Order,
        on loop: EventLoop
    ) -> Task<CallRun.Ending, Never> {
        let mayBeAskedAgain = order.idempotency != nil
        if first.context.plan.hedge != nil { tools.hedges.note(first.context.plan.policy) }
        defer { tools.shadows?.consider(first.context) }
        return Task(executorPreference: loop) { [tools, registry, replies] in
            let ending = await run.run(
                machine: first.machine,
                first: first.action,
                first: first.starts,
                permit: first.permit
            )
            var settlement = ending.settlement
            // Where a picture is not kept, the answer itself is, for a caller who may ask for it again.
            if mayBeAskedAgain, !replies.keeps(settlement.images) {
                settlement = await replies.withAnswer(ending, context: first.context, linkBase: order.linkBase)
            }
            await Self.settle(settlement, tools: tools)
            if !ending.late.isEmpty {
                registry.goOn()
                Task(executorPreference: loop) {
                    await run.finish(ending.late, of: ending.settlement)
                    registry.end()
                }
            }
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
            tools.log.error("settlement failed", ["call_id": settlement.callID.text, "error": sentence(for: error)])
        }
    }

    /// After its deadline a call has this long to be settled before its reservation is looked into.
    static let leaseSlack = Duration.seconds(600)

    private func admission(
        _ context: CallRun.Context,
        _ record: PlanRecord,
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
            plan: JSONDocument(record),
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
    static func refusal(of plan: Plan, for model: RemixModel) -> Problem {
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
        // Capacity of ours, not a fault of theirs: the queue says when it is worth another try.
        let full = reasons(.overloaded)
        if !full.isEmpty {
            return Problem(
                .rateLimited,
                "No provider could answer before the deadline, for the requests that wait already; nothing was spent. "
                    + list(full),
                retryAfter: full.compactMap(\.retryAfter).min() ?? .seconds(1)
            )
        }
        let slow = reasons(.tooSlow)
        if !slow.isEmpty {
            return Problem(
                .deadlineExceeded,
                "No provider is fast enough for the deadline; nothing was spent. \(list(slow))"
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
        let incapable = reasons(.incapable)
        if !incapable.isEmpty {
            return .invalid([
                RequestFault(.policy, "leaves no provider for \(model.rawValue). \(list(incapable))")
            ])
        }
        let lossy = reasons(.lossy)
        if !lossy.isEmpty {
            return .invalid([RequestFault("strict", "no provider can honour every parameter. \(list(lossy))")])
        }
        let unchecked = reasons(.unchecked)
        if !unchecked.isEmpty {
            return .invalid([
                RequestFault(
                    .safetyCheck,
                    "no provider can make the check for \(model.rawValue). \(list(unchecked)). Leave it out, or say "
                        + "`strict: false` or `on_unchecked: proceed` in the policy to go without it"
                )
            ])
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
