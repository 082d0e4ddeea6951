import EaselBase
import EaselCore
import EaselTransport
import Foundation

/// `POST /v1/remix` from the validated request to the answer: plan, admission, attempts, settlement.
final class RemixService: Sendable {
    let settings: GatewaySettings
    let policies: PolicyBook
    let desk: OfferDesk
    let tools: CallRun.Tools
    let registry: CallRegistry
    let replies: ReplyBuilder

    init(
        settings: GatewaySettings,
        policies: PolicyBook,
        desk: OfferDesk,
        tools: CallRun.Tools,
        registry: CallRegistry,
        replies: ReplyBuilder
    ) {
        self.settings = settings
        self.policies = policies
        self.desk = desk
        self.tools = tools
        self.registry = registry
        self.replies = replies
    }

    /// What the front door got for a request.
    enum Answer: Sendable {
        case done(RemixReply)
        /// The call runs on; the caller asks for it later.
        case accepted(UUID)
    }

    /// The plan for a request, with nothing written or sent.
    func plan(_ request: RemixRequest, callID: UUID, now: Timestamp) throws(Problem) -> Plan {
        guard let policy = policies[request.policy] else {
            let known = policies.policies.keys.sorted().joined(separator: ", ")
            throw .invalid([RequestFault(.policy, "is not configured; there are \(known)")])
        }
        // The last eight bytes of a version 7 UUID are random: uniform over calls, and known from the log.
        let draw = withUnsafeBytes(of: callID.uuid) { $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self) }
        return Planner.plan(
            request: request,
            policy: policy,
            offers: desk.offers(for: request, at: now),
            draw: draw >> 2
        )
    }

    func remix(
        _ request: RemixRequest,
        account: Account,
        began: SteadyInstant,
        respondAsync: Bool,
        on loop: EventLoop,
        linkBase: String
    ) async throws(Problem) -> Answer {
        let first = try firstRound(of: request, account: account, began: began)
        guard registry.begin() else {
            throw Problem(.unavailable, "The gateway is shutting down; nothing was spent.", retryAfter: .seconds(5))
        }
        do throws(LedgerError) {
            try await tools.ledger.admit(admission(first.context, first.starts))
        } catch {
            registry.end()
            throw Problem(error)
        }
        let run = CallRun(context: first.context, tools: tools)
        let task = launch(run, first, on: loop)
        if respondAsync { return .accepted(first.context.callID) }
        let ending = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            run.clientLeft()
        }
        return .done(try await replies.answer(ending, context: first.context, linkBase: linkBase))
    }

    /// A call that is planned and has the rows of its first round, and of which nothing is written yet.
    private final class FirstRound: Sendable {
        let context: CallRun.Context
        let machine: AttemptMachine
        let action: AttemptMachine.Action
        let starts: [AttemptStart]

        init(
            context: CallRun.Context,
            machine: AttemptMachine,
            action: AttemptMachine.Action,
            starts: [AttemptStart]
        ) {
            self.context = context
            self.machine = machine
            self.action = action
            self.starts = starts
        }
    }

    private func firstRound(
        of request: RemixRequest,
        account: Account,
        began: SteadyInstant
    ) throws(Problem) -> FirstRound {
        let receivedAt = Timestamp(microseconds: tools.time.now.millisecondsSince1970 * 1000)
        let callID = UUIDv7.mint(at: receivedAt)
        let plan = try plan(request, callID: callID, now: receivedAt)
        guard !plan.candidates.isEmpty else { throw Self.refusal(of: plan) }
        let context = CallRun.Context(
            callID: callID,
            account: account,
            request: request,
            plan: plan,
            receivedAt: receivedAt,
            began: began
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
        return FirstRound(context: context, machine: machine, action: action, starts: starts)
    }

    /// Not a child of the handler's task: a client that leaves must not cut a paid request off (M4).
    private func launch(_ run: CallRun, _ first: FirstRound, on loop: EventLoop) -> Task<CallRun.Ending, Never> {
        Task(executorPreference: loop) { [tools, registry] in
            let ending = await run.run(machine: first.machine, first: first.action, first: first.starts)
            await Self.settle(ending.settlement, tools: tools)
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

    private func admission(_ context: CallRun.Context, _ starts: [AttemptStart]) -> Admission {
        let request = context.request
        return Admission(
            callID: context.callID,
            teamID: context.account.teamID,
            keyID: context.account.keyID,
            receivedAt: context.receivedAt,
            gatewayID: settings.gatewayID,
            project: request.project ?? context.account.project,
            tags: request.tags,
            policy: context.plan.policy,
            model: request.model,
            imagesRequested: request.count,
            bound: context.plan.bound,
            prompt: settings.prompts.keep(request.prompt),
            parameters: request.parameters(prompts: settings.prompts),
            plan: context.plan.json,
            translation: context.plan.candidates.first?.translation.entries ?? [],
            attempts: starts
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

/// What the call log keeps of prompts.
package enum PromptLogging: String, Sendable, Hashable, CaseIterable {
    case full, hash, none

    func keep(_ prompt: String) -> String? {
        switch self {
        case .full: prompt
        case .hash: "sha256:" + Hex.encode(Crypto.sha256(Array(prompt.utf8)))
        case .none: nil
        }
    }
}

extension RemixRequest {
    /// The parameters as they are stored with the call: no pictures, and prompts as the configuration allows.
    func parameters(prompts: PromptLogging) -> JSONValue {
        func picture(_ image: SourceImage) -> JSONValue {
            .object([
                "format": .string(image.format.rawValue), "width": .number(.init(image.size.width)),
                "height": .number(.init(image.size.height)), "bytes": .number(.init(image.bytes.count)),
            ])
        }
        var members: [String: JSONValue] = [
            "image": picture(image),
            "output": .object([
                "type": .string(output.type.rawValue), "format": .string(output.format.rawValue),
                "quality": output.quality.map { .number(.init($0)) } ?? .null,
            ]),
            "copyright_detection": .bool(copyrightDetection),
            "safety_check": .bool(safetyCheck),
        ]
        func put(_ parameter: RemixParameter, _ value: JSONValue?) {
            if let value { members[parameter.rawValue] = value }
        }
        put(.strength, strength.map { .number(.init($0)) })
        put(.width, size.map { .number(.init($0.width)) })
        put(.height, size.map { .number(.init($0.height)) })
        put(.renderingSpeed, renderingSpeed.map { .string($0.rawValue) })
        put(.negativePrompt, negativePrompt.flatMap(prompts.keep).map { .string($0) })
        put(.magicPrompt, magicPrompt.map { .string($0.rawValue) })
        put(.styleType, styleType.map { .string($0.rawValue) })
        put(.stylePreset, stylePreset.map { .string($0) })
        put(.styleCode, styleCode.map { .string($0) })
        put(.styleReferenceImages, styleReferenceImages.isEmpty ? nil : .array(styleReferenceImages.map(picture)))
        put(
            .characterReferenceImages,
            characterReferenceImages.isEmpty ? nil : .array(characterReferenceImages.map(picture))
        )
        put(.seed, seed.map { .number(.init($0)) })
        put(.strict, strict ? true : nil)
        return .object(members)
    }
}
