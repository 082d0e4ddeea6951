import EaselBase
import EaselCore
import EaselImaging
import EaselProviders
import EaselTracing
import Foundation

/// One running call, from its first attempt to its end: does what the `AttemptMachine` decides.
final class CallRun: Sendable {
    let context: CallContext
    let tools: CallTools
    private let clientGone = Locked(false)
    /// Set when a provider refused on content grounds: requests still waiting at the gate are not sent (R2).
    let refused = Locked(false)

    init(context: CallContext, tools: CallTools) {
        self.context = context
        self.tools = tools
    }

    var isClientGone: Bool { clientGone.withLock(\.self) }

    /// The client left. Requests under way are finished, so that the figures are true; nothing new is sent.
    func clientLeft() {
        clientGone.withLock { $0 = true }
    }

    // MARK: - The loop

    /// Runs the call to its end, starting from the first round that was recorded with it.
    ///
    /// The loop and its steps are separate functions, and what they share is an object: whatever this frame holds,
    /// every waiting call holds.
    func run(_ first: FirstRound) async -> CallEnding {
        let progress = Progress(first)
        defer { giveBack(progress) }
        var action = first.action
        while true {
            noteClient(progress)
            switch action {
            case .send(let index, let counts, let duplicateRisk):
                guard fits(context.plan.candidates[index], counts, after: progress.legs) else {
                    return ending(cutShort(progress), progress, .none)
                }
                // Before its rows are written: if the breaker is open, the provider is not asked (R3).
                guard takesPermit(progress, index) else {
                    action = progress.machine.notAsked(retryAfter: pause(index), elapsed: elapsed)
                    continue
                }
                guard let rows = await rows(progress, index, counts, duplicateRisk) else {
                    let stop: CallStop = progress.refusal.map { .budget($0) } ?? .ledger
                    return ending(cutShort(progress), progress, stop)
                }
                if let hedge = context.plan.hedge, progress.legs.isEmpty, let permit = progress.permit {
                    action = await race(rows, hedge, permit, progress)
                    noteClient(progress)
                    if case .recover = action { continue }
                    giveBack(progress)
                    continue
                }
                await sendRound(rows, to: context.plan.candidates[index].provider, progress)
                noteClient(progress)
                action = progress.machine.roundEnded(
                    progress.legs[progress.round].map(\.machineResult),
                    elapsed: elapsed
                )
                if case .recover = action { continue }
                giveBack(progress)
            case .recover(let requests):
                let told = await recoverRound(requests, progress)
                noteClient(progress)
                action = progress.machine.recovered(told, elapsed: elapsed)
                giveBack(progress)
            case .wait(let duration):
                await wait(duration)
                noteClient(progress)
                action = progress.machine.waited(elapsed: elapsed)
            case .finish(let verdict):
                return ending(verdict, progress, .none)
            }
        }
    }

    /// Whether the candidate may be asked now. If its breaker is half-open, the call holds its probe from here on.
    private func takesPermit(_ progress: Progress, _ index: Int) -> Bool {
        if progress.permit == nil {
            progress.permit = tools.health.claim(context.plan.candidates[index].provider, context.request.model)
        }
        return progress.permit != nil
    }

    /// If a probe produced no result, the next call may use it.
    private func giveBack(_ progress: Progress) {
        if let permit = progress.permit { tools.health.release(permit) }
        progress.permit = nil
    }

    /// When a candidate that may not be asked now may be worth trying again.
    private func pause(_ index: Int) -> Duration {
        let provider = context.plan.candidates[index].provider
        let standing = tools.health.standing(of: provider, model: context.request.model)
        return max(standing.unavailability?.retryAfter ?? .zero, .milliseconds(100))
    }

    /// Whether another round stays below the call's own ceiling, whatever earlier attempts turn out to cost.
    private func fits(_ candidate: Plan.Candidate, _ counts: [Int], after legs: [CallLeg]) -> Bool {
        guard let ceiling = context.plan.ceiling, !legs.isEmpty else { return true }
        guard let price = candidate.pricePerImage else { return false }
        let spent = legs.map { end(of: $0).cost ?? $0.start.bound ?? .zero }.reduce(.zero, +)
        return spent + price * counts.reduce(0, +) <= ceiling
    }

    private func cutShort(_ progress: Progress) -> AttemptMachine.Verdict {
        let outcome = SettlementBuilder.outcome(context, legs: progress.legs, ends: progress.legs.map(end(of:)))
        return AttemptMachine.Verdict(status: outcome.status, cause: .providersFailed, retryAfter: nil)
    }

    /// The reservation the call needs with these rows, if it is more than the current one: an attempt that cost
    /// something, or may have, plus another one for the same images can exceed the plan's bound.
    private func hold(_ progress: Progress, with rows: [AttemptStart]) -> Hold? {
        guard let held = progress.held else { return nil }
        let parts = progress.legs.map { end(of: $0).cost ?? $0.start.bound } + rows.map(\.bound)
        guard let needed = Money.sum(parts), needed > held else { return nil }
        let images = progress.legs.map { end(of: $0).cost == nil ? $0.start.imagesAsked : $0.delivered }
        return Hold(amount: needed, images: (images + rows.map(\.imagesAsked)).reduce(0, +))
    }

    /// The rows of a round, recorded before they are sent; nil if the ledger did not accept them (L2) or a budget had
    /// no room (M2).
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
        let rows = context.starts(
            candidate: context.plan.candidates[index],
            counts: counts,
            firstOrdinal: progress.legs.count + progress.strays.count + 1,
            duplicateRisk: duplicateRisk,
            now: tools.time.now
        )
        let hold = hold(progress, with: rows)
        // Other gateways consider one that is cut off dead and take its calls over: no further spending from here.
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
            // They may have been written anyway, and must not stay without an end.
            let result = AttemptRunner.notSent("ledger_away", "The ledger could not be reached.")
            progress.legs += rows.map { CallLeg(start: $0, result: result, endedAt: tools.time.now) }
            return nil
        }
    }

    private func sendRound(_ rows: [AttemptStart], to provider: String, _ progress: Progress) async {
        guard let permit = progress.permit else { preconditionFailure("a round is sent without permission") }
        let answers = await send(rows, to: provider, permit, firstImage: progress.nextImage)
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
            guard let permit = progress.permit else { preconditionFailure("a round is recovered without permission") }
            if let recovered = await recover(progress.legs[position], permit, firstImage: progress.nextImage) {
                progress.legs[position] = recovered
                told[request] = recovered.machineResult
            }
        }
        return told
    }

    /// Before every decision, so that nothing is sent for a client that has left.
    private func noteClient(_ progress: Progress) {
        if clientGone.withLock(\.self) { progress.machine.clientLeft() }
    }

    var elapsed: Duration { SteadyInstant.now.since(context.began) }

    private func wait(_ duration: Duration) async {
        let until = SteadyInstant.now + duration
        // In slices, so that a client that has left is noticed.
        while !clientGone.withLock(\.self) {
            let left = until.since(.now)
            guard left > .zero else { return }
            try? await Task.sleep(for: min(left, .milliseconds(250)))
        }
    }

    func end(of leg: CallLeg) -> AttemptEnd {
        Accounting.end(
            of: leg.start,
            leg.result,
            delivered: leg.made,
            endedAt: leg.endedAt,
            belief: tools.belief
        )
    }

    // MARK: - The end

    private func ending(_ verdict: AttemptMachine.Verdict, _ progress: Progress, _ stop: CallStop) -> CallEnding {
        let legs = progress.legs + progress.strays
        let ends = legs.map(end(of:))
        let outcome = SettlementBuilder.outcome(context, legs: legs, ends: ends)
        for end in ends where end.errorCode != AttemptEnd.hedgeLost {
            if end.errorCode.map(HealthSignal.ownCodes.contains) != true {
                tools.health.note(end.outcome, of: end.start.provider, at: end.endedAt)
            }
            tools.metrics.count(end, context.request.model)
            if let claim = end.extra[CostBelief.claimMark]?.stringValue {
                context.log(tools.log).error(
                    "a provider reports an implausible cost; the attempt counts at its bound",
                    [
                        "call_id": context.callID.text, "provider": end.start.provider, "claimed_usd": claim,
                        "bound_usd": end.start.bound?.usd ?? "unknown",
                    ]
                )
            }
        }
        count(outcome, ends)
        var failure: CallFailure?
        if !legs.contains(where: { !$0.images.isEmpty }) {
            failure = CallFailure(verdict, legs: legs, stop: stop, at: tools.time.now)
            failure?.callID = context.callID
            failure?.attempts = ends
        }
        let translation = SettlementBuilder.translation(context, outcome, legs: legs)
        let settlement = SettlementBuilder.settlement(
            context,
            translation: translation,
            verdict: verdict,
            outcome: outcome,
            legs: legs,
            ends: ends,
            settledAt: tools.time.now,
            latency: elapsed,
            clientGone: clientGone.withLock(\.self),
            stop: stop,
            errorDetail: failure?.sentence
        )
        return CallEnding(
            context: context,
            verdict: verdict,
            legs: legs,
            ends: ends,
            settlement: settlement,
            translation: translation,
            failure: failure,
            late: progress.late
        )
    }
}
