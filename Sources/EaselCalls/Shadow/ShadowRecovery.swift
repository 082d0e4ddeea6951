import EaselBase
import EaselCore

/// Finds shadows whose cost is not known and asks their providers (M7): known costs are posted, and unknown ones are
/// finally posted at their bound.
final class ShadowRecovery: Sendable {
    static let batch = 500
    /// Providers asked at the same time.
    static let atOnce = 4

    private let ledger: any ShadowLedger
    private let providers: [String: any Provider]
    private let unknownAfter: Duration
    private let questions: QuestionPace
    private let belief: CostBelief
    private let time: TimeSource
    private let log: Log
    private let schedule = AskingSchedule()

    init(
        ledger: any ShadowLedger,
        providers: [String: any Provider],
        unknownAfter: Duration,
        questions: QuestionPace = QuestionPace(),
        belief: CostBelief = .standard,
        time: TimeSource,
        log: Log
    ) {
        self.ledger = ledger
        self.providers = providers
        self.unknownAfter = unknownAfter
        self.questions = questions
        self.belief = belief
        self.time = time
        self.log = log
    }

    /// Works on those whose turn it is. `judgesOthers`: whether silent gateways may be considered dead.
    func sweep(judgesOthers: Bool, at now: SteadyInstant = .now) async throws(LedgerError) {
        let open = try await ledger.openShadows(
            silentSince: judgesOthers ? time.now - Liveness.silence : nil,
            at: time.now,
            limit: Self.batch
        )
        let due = open.filter { isLate($0) || schedule.isDue($0.start.shadowID, now: now) }
        await withDiscardingTaskGroup { group in
            for lane in 0..<Self.atOnce {
                group.addTask {
                    for index in stride(from: lane, to: due.count, by: Self.atOnce) { await self.settle(due[index]) }
                }
            }
        }
    }

    private func settle(_ open: OpenShadow) async {
        guard let end = await end(of: open) else { return }
        do throws(LedgerError) {
            try await ledger.endShadow(end)
        } catch {
            log.debug(
                "a shadow's end was not written",
                ["shadow_id": open.start.shadowID.text, "error": sentence(for: error)]
            )
        }
    }

    private func isLate(_ open: OpenShadow) -> Bool { time.now.since(open.start.startedAt) > unknownAfter }

    /// Nil: there is nothing new to write.
    private func end(of open: OpenShadow) async -> ShadowEnd? {
        let start = open.start
        // An account that asked for a pause is asked at a later turn.
        if let provider = providers[start.provider], questions.wait(of: start.provider) == .zero {
            let task = RecoverableTask(
                taskID: start.taskID,
                providerTaskID: open.providerTaskID,
                model: start.model,
                count: start.imagesAsked,
                copyrightDetection: start.copyrightDetection
            )
            let told = await provider.recover(task, timeout: Resolver.askTimeout)
            questions.note(told.pause, of: start.provider)
            if let pause = told.pause { schedule.postpone(start.shadowID, by: pause.duration, now: .now) }
            if case .ended(let result) = told {
                let end = ShadowEnd(start, result, endedAt: time.now, belief)
                if end.end.cost != nil { return end }
            }
        }
        guard isLate(open) || open.outcome == .pending else { return nil }
        return ShadowEnd(start: start, end: unknown(open), flags: ImageFlags())
    }

    private func unknown(_ open: OpenShadow) -> AttemptEnd {
        let isLate = isLate(open)
        return AttemptEnd(
            start: open.start.attempt,
            outcome: .unknown,
            reason: "interrupted",
            errorCode: isLate ? AttemptEnd.postedAtBound : "interrupted",
            httpStatus: nil,
            sent: true,
            charge: Cost(isLate ? open.start.bound : nil, .unknown),
            timings: PhaseTimings(),
            endedAt: time.now,
            imagesReturned: 0,
            providerTaskID: open.providerTaskID,
            providerRequestID: nil,
            extra: [:]
        )
    }
}
