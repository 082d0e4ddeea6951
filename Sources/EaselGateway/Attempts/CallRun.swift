import EaselBase
import EaselCore
import EaselImaging
import EaselProviders
import Foundation

/// One call on its way, from its first attempt to its end: does what the `AttemptMachine` says.
final class CallRun: Sendable {
    /// What stays the same for the whole call.
    final class Context: Sendable {
        let callID: UUID
        let account: Account
        let request: RemixRequest
        let plan: Plan
        let receivedAt: Timestamp
        let began: SteadyInstant

        init(
            callID: UUID,
            account: Account,
            request: RemixRequest,
            plan: Plan,
            receivedAt: Timestamp,
            began: SteadyInstant
        ) {
            self.callID = callID
            self.account = account
            self.request = request
            self.plan = plan
            self.receivedAt = receivedAt
            self.began = began
        }
    }

    /// What the call used from outside.
    final class Tools: Sendable {
        let ledger: any Ledger
        let providers: [String: any Provider]
        let origins: [String: String]
        let gates: [String: ProviderGate]
        let health: ProviderHealth
        let runner: AttemptRunner
        let delivery: ImageDelivery
        let metrics: GatewayMetrics
        let liveness: Liveness
        let time: TimeSource
        let log: Log

        init(
            ledger: any Ledger,
            providers: [String: any Provider],
            origins: [String: String],
            gates: [String: ProviderGate],
            health: ProviderHealth,
            runner: AttemptRunner,
            delivery: ImageDelivery,
            metrics: GatewayMetrics,
            liveness: Liveness = Liveness(),
            time: TimeSource,
            log: Log
        ) {
            self.ledger = ledger
            self.providers = providers
            self.origins = origins
            self.gates = gates
            self.health = health
            self.runner = runner
            self.delivery = delivery
            self.metrics = metrics
            self.liveness = liveness
            self.time = time
            self.log = log
        }
    }

    /// One request of a round, from its row to its result.
    final class Leg: Sendable {
        let start: AttemptStart
        let result: ProviderResult
        let pictures: [ImageDelivery.Delivered]
        let endedAt: Timestamp

        init(start: AttemptStart, result: ProviderResult, pictures: [ImageDelivery.Delivered] = [], endedAt: Timestamp)
        {
            self.start = start
            self.result = result
            self.pictures = pictures
            self.endedAt = endedAt
        }

        var delivered: Int { pictures.count { !$0.isWithheld } }
        var withheld: Int { pictures.count(where: \.isWithheld) }

        var machineResult: AttemptMachine.RequestResult {
            AttemptMachine.RequestResult(delivered: delivered, withheld: withheld, failure: result.failure)
        }
    }

    /// How far the call has come. Only its own task touches it.
    private final class Progress {
        var machine: AttemptMachine
        /// Rows that are written and not sent yet.
        var ready: [AttemptStart]?
        var legs: [Leg] = []
        /// How many of the legs' ends are written.
        var written = 0
        /// What the call holds back in its budgets; nil when its bound is not known.
        var held: Money?
        /// The budget that did not take another attempt.
        var refusal: BudgetRefusal?
        /// The legs of the round that is concluded next.
        var round: Range<Int> = 0..<0

        init(machine: AttemptMachine, ready: [AttemptStart], held: Money?) {
            self.machine = machine
            self.ready = ready
            self.held = held
        }

        /// The number of the next picture.
        var nextPicture: Int { legs.reduce(1) { $0 + $1.pictures.count } }
    }

    /// How the call ended, with all that is written down of it.
    final class Ending: Sendable {
        let verdict: AttemptMachine.Verdict
        let legs: [Leg]
        let ends: [AttemptEnd]
        let settlement: Settlement
        /// What became of the parameters at the provider that delivered.
        let translation: [TranslationEntry]
        /// What the caller is told when there is no picture to show.
        let problem: Problem?

        init(
            verdict: AttemptMachine.Verdict,
            legs: [Leg],
            ends: [AttemptEnd],
            settlement: Settlement,
            translation: [TranslationEntry],
            problem: Problem?
        ) {
            self.verdict = verdict
            self.legs = legs
            self.ends = ends
            self.settlement = settlement
            self.translation = translation
            self.problem = problem
        }
    }

    private let context: Context
    private let tools: Tools
    private let clientGone = Locked(false)
    /// Set when a provider refused on content grounds: what still waits at the gate is not sent (R2).
    private let refused = Locked(false)

    init(context: Context, tools: Tools) {
        self.context = context
        self.tools = tools
    }

    /// The client left. What is under way is finished, so that the figures are true; nothing new is sent.
    func clientLeft() {
        clientGone.withLock { $0 = true }
    }

    // MARK: - Rows

    /// The rows of one round, to be written before anything is sent (M4).
    static func starts(
        _ context: Context,
        candidate: Plan.Candidate,
        counts: [Int],
        firstOrdinal: Int,
        duplicateRisk: Bool,
        now: Timestamp
    ) -> [AttemptStart] {
        let startedAt = Timestamp(microseconds: now.millisecondsSince1970 * 1000)
        return counts.enumerated().map { index, count in
            let taskID = UUID()
            return AttemptStart(
                attemptID: UUIDv7.mint(at: startedAt),
                callID: context.callID,
                teamID: context.account.teamID,
                ordinal: firstOrdinal + index,
                provider: candidate.provider,
                providerModel: candidate.translation.providerModel,
                taskID: taskID,
                providerTaskID: candidate.translation.takesTaskID ? taskID.text : nil,
                startedAt: startedAt,
                imagesAsked: count,
                bound: candidate.pricePerImage.map { $0 * count },
                pricePerImage: candidate.pricePerImage,
                duplicateRisk: duplicateRisk
            )
        }
    }

    // MARK: - The loop

    /// Runs the call to its end. `starts` are the rows of the first round, written with the call.
    ///
    /// The loop and its steps are functions of their own, and what they share is an object: what this frame holds, every
    /// waiting call holds.
    func run(
        machine: consuming AttemptMachine,
        first action: AttemptMachine.Action,
        first starts: [AttemptStart]
    ) async -> Ending {
        let progress = Progress(machine: machine, ready: starts, held: context.plan.bound)
        var action = action
        while true {
            noteClient(progress)
            switch action {
            case .send(let index, let counts, let duplicateRisk):
                guard fits(context.plan.candidates[index], counts, after: progress.legs) else {
                    return ending(cutShort(progress), progress, .none)
                }
                guard let rows = await rows(progress, index, counts, duplicateRisk) else {
                    let stop: Stop = progress.refusal.map { .budget($0) } ?? .ledger
                    return ending(cutShort(progress), progress, stop)
                }
                await sendRound(rows, to: context.plan.candidates[index].provider, progress)
                noteClient(progress)
                action = progress.machine.roundEnded(
                    progress.legs[progress.round].map(\.machineResult),
                    elapsed: elapsed
                )
            case .recover(let requests):
                let told = await recoverRound(requests, progress)
                noteClient(progress)
                action = progress.machine.recovered(told, elapsed: elapsed)
            case .wait(let duration):
                await wait(duration)
                noteClient(progress)
                action = progress.machine.waited(elapsed: elapsed)
            case .finish(let verdict):
                return ending(verdict, progress, .none)
            }
        }
    }

    /// What ended the call though its plan had not come to its end.
    enum Stop {
        case none
        /// The ledger was away and nothing further could be sent (L2).
        case ledger
        /// Another attempt would have come on top of one that may be charged, and a budget does not take both (M2).
        case budget(BudgetRefusal)
    }

    /// Whether another round stays below the call's own ceiling, whatever earlier attempts turn out to have cost.
    private func fits(_ candidate: Plan.Candidate, _ counts: [Int], after legs: [Leg]) -> Bool {
        guard let ceiling = context.plan.ceiling, !legs.isEmpty else { return true }
        guard let price = candidate.pricePerImage else { return false }
        let spent = legs.map { end(of: $0).cost ?? $0.start.bound ?? .zero }.reduce(.zero, +)
        return spent + price * counts.reduce(0, +) <= ceiling
    }

    private func cutShort(_ progress: Progress) -> AttemptMachine.Verdict {
        AttemptMachine.Verdict(
            status: progress.legs.contains { $0.delivered > 0 } ? .partial : .failed,
            cause: .providersFailed,
            retryAfter: nil
        )
    }

    /// What the call has to hold back with these rows, where that is more than it does: an attempt that cost something,
    /// or may have, and another one for the same pictures come to more than the plan's bound.
    private func hold(_ progress: Progress, with rows: [AttemptStart]) -> Hold? {
        guard let held = progress.held else { return nil }
        let parts = progress.legs.map { end(of: $0).cost ?? $0.start.bound } + rows.map(\.bound)
        guard let needed = Money.sum(parts), needed > held else { return nil }
        let pictures = progress.legs.map { end(of: $0).cost == nil ? $0.start.imagesAsked : $0.delivered }
        return Hold(amount: needed, images: (pictures + rows.map(\.imagesAsked)).reduce(0, +))
    }

    /// The rows of a round, on record before they are sent; nil when the ledger could not take them (L2), or a budget
    /// did not (M2).
    private func rows(
        _ progress: Progress,
        _ index: Int,
        _ counts: [Int],
        _ duplicateRisk: Bool
    ) async -> [AttemptStart]? {
        if let ready = progress.ready {
            progress.ready = nil
            return ready
        }
        let rows = Self.starts(
            context,
            candidate: context.plan.candidates[index],
            counts: counts,
            firstOrdinal: progress.legs.count + 1,
            duplicateRisk: duplicateRisk,
            now: tools.time.now
        )
        let hold = hold(progress, with: rows)
        // Others take a gateway that is cut off for dead, and its calls over: no further spending from here.
        guard tools.liveness.isKnown else { return nil }
        do throws(LedgerError) {
            let verdict = try await tools.ledger.startAttempts(
                rows,
                ended: progress.legs[progress.written...].map(end(of:)),
                hold: hold
            )
            progress.written = progress.legs.count
            switch verdict {
            case .started:
                if let hold { progress.held = hold.amount }
                return rows
            case .refused(let refusal):
                progress.refusal = refusal
                return nil
            }
        } catch {
            // They may have been written all the same, and must not stand there without an end.
            let result = AttemptRunner.notSent("ledger_away", "The ledger could not be reached.")
            progress.legs += rows.map { Leg(start: $0, result: result, endedAt: tools.time.now) }
            return nil
        }
    }

    private func sendRound(_ rows: [AttemptStart], to provider: String, _ progress: Progress) async {
        let answers = await send(rows, to: provider, firstPicture: progress.nextPicture)
        progress.round = progress.legs.count..<progress.legs.count + answers.count
        progress.legs += answers
    }

    private func recoverRound(
        _ requests: [Int],
        _ progress: Progress
    ) async -> [Int: AttemptMachine.RequestResult] {
        var told: [Int: AttemptMachine.RequestResult] = [:]
        for request in requests {
            let position = progress.round.lowerBound + request
            if let recovered = await recover(progress.legs[position], firstPicture: progress.nextPicture) {
                progress.legs[position] = recovered
                told[request] = recovered.machineResult
            }
        }
        return told
    }

    /// Before every decision, so that nothing is sent for a client that left meanwhile.
    private func noteClient(_ progress: Progress) {
        if clientGone.withLock(\.self) { progress.machine.clientLeft() }
    }

    private var elapsed: Duration { SteadyInstant.now.since(context.began) }

    private func wait(_ duration: Duration) async {
        let until = SteadyInstant.now + duration
        // In slices, so that nothing waits for a client that has left.
        while !clientGone.withLock(\.self) {
            let left = until.since(.now)
            guard left > .zero else { return }
            try? await Task.sleep(for: min(left, .milliseconds(250)))
        }
    }

    private func send(_ rows: [AttemptStart], to provider: String, firstPicture: Int) async -> [Leg] {
        var firsts: [Int] = []
        var next = firstPicture
        for row in rows {
            firsts.append(next)
            next += row.imagesAsked
        }
        // One request needs no group.
        if rows.count == 1 { return [await exchange(rows[0], at: provider, firstPicture: firsts[0])] }
        return await withTaskGroup(of: (Int, Leg).self) { group in
            for (index, row) in rows.enumerated() {
                let first = firsts[index]
                group.addTask { (index, await self.exchange(row, at: provider, firstPicture: first)) }
            }
            var answers: [(Int, Leg)] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func task(_ row: AttemptStart, _ provider: any Provider) -> ProviderTask {
        ProviderTask(
            attemptID: row.attemptID,
            taskID: row.taskID,
            request: context.request,
            count: row.imagesAsked,
            timeout: max(.milliseconds(50), min(provider.timeout, context.plan.deadline - elapsed))
        )
    }

    private func exchange(_ row: AttemptStart, at name: String, firstPicture: Int) async -> Leg {
        guard let provider = tools.providers[name], let gate = tools.gates[name] else {
            preconditionFailure("the plan names a provider that is not configured")
        }
        let result = await tools.runner.run(task(row, provider), start: row, at: provider, gate: gate) {
            self.refused.withLock(\.self) && self.context.plan.onRefusal == .stop
        }
        if result.failure?.kind == .refused { refused.withLock { $0 = true } }
        return await leg(row, result, firstPicture: firstPicture)
    }

    private func recover(_ leg: Leg, firstPicture: Int) async -> Leg? {
        guard let provider = tools.providers[leg.start.provider] else { return nil }
        let left = context.plan.deadline - elapsed
        guard
            let result = await tools.runner.recover(
                task(leg.start, provider),
                start: leg.start,
                after: leg.result,
                at: provider,
                timeLeft: left
            )
        else { return nil }
        return await self.leg(leg.start, result, firstPicture: firstPicture)
    }

    /// A result with its pictures brought home. Withheld ones keep their place in the numbering.
    private func leg(_ row: AttemptStart, _ result: ProviderResult, firstPicture: Int) async -> Leg {
        if let failure = result.failure { tools.health.note(failure, of: row.provider) }
        let endedAt = tools.time.now
        var pictures: [ImageDelivery.Delivered] = []
        var isLost = false
        // Never more than asked: a provider that sends more is not made into more rows.
        for (index, image) in result.images.prefix(row.imagesAsked).enumerated() {
            let picture = await tools.delivery.deliver(
                image,
                attemptID: row.attemptID,
                callID: context.callID,
                ordinal: firstPicture + index,
                output: context.request.output,
                trustedOrigin: tools.origins[row.provider],
                timeout: max(.seconds(5), context.plan.deadline - elapsed)
            )
            if let picture { pictures.append(picture) } else { isLost = true }
        }
        guard isLost, result.failure == nil else {
            return Leg(start: row, result: result, pictures: pictures, endedAt: endedAt)
        }
        // Paid and not to be had: asking again may pay twice, so the policy decides (R4).
        var told = result
        told.failure = ProviderFailure(
            .resultLost,
            code: "result_lost",
            message: "The provider delivered, and the picture could not be downloaded or read."
        )
        return Leg(start: row, result: told, pictures: pictures, endedAt: endedAt)
    }

    private func end(of leg: Leg) -> AttemptEnd {
        Accounting.end(of: leg.start, leg.result, delivered: leg.delivered, endedAt: leg.endedAt)
    }

    // MARK: - The end

    private func ending(_ verdict: AttemptMachine.Verdict, _ progress: Progress, _ stop: Stop) -> Ending {
        let legs = progress.legs
        let ends = legs.map(end(of:))
        for end in ends {
            tools.health.note(end.outcome, of: end.start.provider, at: end.endedAt)
            tools.metrics.count(end)
        }
        tools.metrics.count(verdict.status, latency: elapsed)
        var problem: Problem?
        if !legs.contains(where: { !$0.pictures.isEmpty }) {
            problem = Problem(verdict, legs: legs, stop: stop, at: tools.time.now)
            problem?.callID = context.callID.text
            problem?.attempts = ends.map(RemixReply.Attempt.init)
        }
        let translation = SettlementBuilder.translation(context, legs: legs)
        let settlement = SettlementBuilder.settlement(
            context,
            translation: translation,
            verdict: verdict,
            legs: legs,
            ends: ends,
            settledAt: tools.time.now,
            latency: elapsed,
            clientGone: clientGone.withLock(\.self),
            stop: stop,
            errorDetail: problem?.detail
        )
        return Ending(
            verdict: verdict,
            legs: legs,
            ends: ends,
            settlement: settlement,
            translation: translation,
            problem: problem
        )
    }
}
