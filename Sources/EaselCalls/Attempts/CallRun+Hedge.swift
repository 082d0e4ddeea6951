import EaselBase
import EaselCore
import EaselTransport

/// A hedge: when the first provider is late, the second is asked as well, and the first answer wins. Money is reserved
/// for both (M3) and both are paid; the loser runs to its end in the background and is posted then.
extension CallRun {
    /// One of two providers asked at the same time.
    final class Side: Sendable {
        /// Its position in the plan: 0 for the provider asked first, 1 for the other.
        let candidate: Int
        let starts: [AttemptStart]
        let permit: ProviderHealth.Permit

        init(candidate: Int, starts: [AttemptStart], permit: ProviderHealth.Permit) {
            self.candidate = candidate
            self.starts = starts
            self.permit = permit
        }

        var race: RaceSide { candidate == 0 ? .first : .second }
    }

    /// A side that had not ended when the call did.
    final class LateSide: Sendable {
        let side: Side
        let board: RaceBoard

        init(side: Side, board: RaceBoard) {
            self.side = side
            self.board = board
        }
    }

    /// Sends the first round, and a second provider's beside it if the first is late. Returns what comes next.
    func race(
        _ starts: [AttemptStart],
        _ hedge: Plan.Hedge,
        _ permit: ProviderHealth.Permit,
        _ progress: Progress
    ) async -> AttemptMachine.Action {
        let board = RaceBoard()
        let first = Side(candidate: 0, starts: starts, permit: permit)
        run(first, on: board, firstImage: 1)
        await board.wait(known: 0, atMost: hedge.after)
        guard board.ended.isEmpty, let second = await second(beside: first, hedge, progress) else {
            await board.wait(known: 0)
            return conclude(first, board.ended[0].legs, progress)
        }
        run(second, on: board, firstImage: 1 + context.request.count)
        let sides = [first, second]
        var known = 0
        while known < 2 {
            await board.wait(known: known)
            let ended = board.ended
            known = ended.count
            if let winner = ended.first(where: { isDecisive($0.legs) }) {
                board.decide()
                return settle(sides, winner: winner.side, ended, board, progress)
            }
        }
        // Neither has everything: the call continues from the one that has more, or from the second if they are equal.
        let ended = board.ended.sorted { $0.side < $1.side }
        let delivered = ended.map { $0.legs.reduce(0) { $0 + $1.delivered } }
        board.decide()
        return settle(sides, winner: delivered[0] > delivered[1] ? 0 : 1, ended, board, progress)
    }

    /// Not a child task: a losing side outlives the answer.
    private func run(_ side: Side, on board: RaceBoard, firstImage: Int) {
        let provider = context.plan.candidates[side.candidate].provider
        let work: @Sendable () async -> Void = {
            let legs = await self.send(side.starts, to: provider, side.permit, firstImage: firstImage, race: board)
            board.report(side.candidate, legs)
        }
        if let loop = EventLoop.current {
            Task(executorPreference: loop) { await work() }
        } else {
            Task { await work() }
        }
    }

    /// Whether the call can end with it: everything is there, or a provider refused and the policy says that this is
    /// final (R2).
    private func isDecisive(_ legs: [CallLeg]) -> Bool {
        if legs.reduce(0, { $0 + $1.delivered + $1.withheld }) >= context.request.count { return true }
        return context.plan.onRefusal == .stop && legs.contains { $0.result.failure?.kind == .refused }
    }

    private func conclude(_ side: Side, _ legs: [CallLeg], _ progress: Progress) -> AttemptMachine.Action {
        progress.permit = side.permit
        progress.round = progress.legs.count..<progress.legs.count + legs.count
        progress.legs += legs
        return progress.machine.roundEnded(legs.map(\.machineResult), elapsed: elapsed)
    }

    private func settle(
        _ sides: [Side],
        winner: Int,
        _ ended: [(side: Int, legs: [CallLeg])],
        _ board: RaceBoard,
        _ progress: Progress
    ) -> AttemptMachine.Action {
        tools.metrics.countHedge(won: winner == 1)
        var results: [AttemptMachine.RequestResult]?
        for side in sides {
            let hasLost = side.candidate != winner
            guard let legs = ended.first(where: { $0.side == side.candidate })?.legs else {
                progress.legs += side.starts.map { CallLeg(stillRunning: $0.racing(side.race), now: tools.time.now) }
                progress.late.append(LateSide(side: side, board: board))
                continue
            }
            if hasLost {
                results = legs.map(\.machineResult)
                learn(from: legs, side.permit)
                tools.health.release(side.permit)
            } else {
                progress.round = progress.legs.count..<progress.legs.count + legs.count
                progress.permit = side.permit
            }
            progress.legs += legs.map { $0.racing(side.race, hasLost: hasLost) }
        }
        progress.machine.hedged(lost: 1 - winner, results, goingOnWith: winner)
        let round = progress.legs[progress.round].map(\.machineResult)
        return progress.machine.roundEnded(round, elapsed: elapsed)
    }

    // MARK: - The second side

    /// The second provider's rows, recorded and with money reserved; nil if it may not be asked.
    private func second(beside first: Side, _ hedge: Plan.Hedge, _ progress: Progress) async -> Side? {
        let policy = context.plan.policy
        let candidate = context.plan.candidates[1]
        guard !isClientGone, tools.liveness.isKnown, hasRoom(candidate.provider),
            fits(candidate, beside: first.starts), tools.hedges.take(policy, hedge.budget)
        else { return nil }
        guard let permit = tools.health.claim(candidate.provider, context.request.model) else {
            tools.hedges.putBack(policy)
            return nil
        }
        let starts = context.starts(
            candidate: candidate,
            counts: AttemptMachine.split(context.request.count, candidate.translation.imagesPerRequest),
            firstOrdinal: first.starts.count + 1,
            duplicateRisk: true,
            now: tools.time.now
        )
        .map { $0.racing(.second) }
        do throws(LedgerError) {
            let hold = hold(first.starts + starts, held: progress.held)
            if case .started = try await tools.ledger.startAttempts(starts, ended: [], hold: hold) {
                if let hold { progress.held = hold.amount }
                return Side(candidate: 1, starts: starts, permit: permit)
            }
        } catch {
            // They may have been written anyway, and must not stay without an end.
            let result = AttemptRunner.notSent("ledger_away", "The ledger could not be reached.")
            progress.strays += starts.map { CallLeg(start: $0.racing(nil), result: result, endedAt: tools.time.now) }
        }
        tools.health.release(permit)
        tools.hedges.putBack(policy)
        return nil
    }

    /// A hedge that had to wait for a slot would not help its caller, and would take the slot from another call.
    private func hasRoom(_ provider: String) -> Bool {
        tools.gates[provider]?.expectedWait(team: context.account.teamID, usual: nil) == .zero
    }

    private func fits(_ candidate: Plan.Candidate, beside first: [AttemptStart]) -> Bool {
        guard let ceiling = context.plan.ceiling else { return true }
        guard let bound = candidate.bound, let running = Money.sum(first.map(\.bound)) else { return false }
        return running + bound <= ceiling
    }

    /// The reservation the call needs for both sides, if it is more than the current one.
    private func hold(_ starts: [AttemptStart], held: Money?) -> Hold? {
        guard let held, let needed = Money.sum(starts.map(\.bound)), needed > held else { return nil }
        return Hold(amount: needed, images: starts.reduce(0) { $0 + $1.imagesAsked })
    }

    // MARK: - Afterwards

    /// Waits for sides that had not ended when the call did, and posts them.
    func finish(_ late: [LateSide], of settlement: Settlement) async {
        for entry in late {
            while entry.board.ended.count < 2 { await entry.board.wait(known: entry.board.ended.count) }
            let side = entry.side
            let legs = (entry.board.ended.first { $0.side == side.candidate }?.legs ?? [])
                .map { $0.racing(side.race, hasLost: true) }
            learn(from: legs, side.permit)
            tools.health.release(side.permit)
            let ends = legs.map(end(of:))
            for end in ends { tools.metrics.count(end, context.request.model) }
            let cost = ends.compactMap(\.cost).reduce(.zero, +)
            tools.metrics.countLater(cost, teamID: context.account.teamID)
            // If it is still unknown, recovery handles it like any other such attempt (M7).
            let known = ends.filter { $0.outcome != .unknown }
            if !known.isEmpty { await post(known, of: settlement) }
        }
    }

    /// If an answer is missing, the search for it shows the provider's health; but nobody searches for a loser's
    /// answer.
    private func learn(from legs: [CallLeg], _ permit: ProviderHealth.Permit) {
        let (model, speed) = (context.request.model, context.request.effectiveSpeed)
        for leg in legs where leg.result.failure?.wantsRecovery == true {
            let kind = ProviderHealth.Kind(provider: leg.start.provider, model: model, speed: speed)
            tools.health.record(kind, leg.result.failure, took: leg.result.timings.total, permit)
        }
    }

    /// How often posting is tried; after that recovery asks the provider.
    private static let postTries = 30

    private func post(_ ends: [AttemptEnd], of settlement: Settlement) async {
        let resolution = LateResolution(
            key: settlement.key,
            resolvedAt: tools.time.now,
            ends: ends
        )
        for _ in 0..<Self.postTries {
            do throws(LedgerError) {
                return try await tools.ledger.resolve(resolution)
            } catch {
                try? await Task.sleep(for: .seconds(1))
            }
        }
        context.log(tools.log).warning("a lost hedge was not posted", ["call_id": settlement.callID.text])
    }
}
