import EaselBase
import EaselCore
import EaselImaging
import Foundation

/// Finds unfinished calls of gateways that are gone and asks the providers about their attempts (M7): what is recovered
/// is posted and kept, what cannot be known is `unknown`, and nothing is absent or $0.
///
/// A call is settled once, when its end is known or can never be known: a reported end is not taken back. Until then it
/// stays in progress, and its attempts are asked about at the pace of such tasks.
final class Resolver: Sendable {
    static let batch = 100
    /// Calls that are worked on at the same time.
    static let atOnce = 8
    static let unknownBatch = 2000
    static let askTimeout = Duration.seconds(10)

    /// Where the end of a call is written.
    let ledger: any CallLedger
    /// Where calls without an end are found.
    let recovery: any RecoveryLedger
    /// Observes the pauses that providers ask for.
    let questions: QuestionPace
    let time: TimeSource
    let log: Log
    /// Told of what becomes known of costs.
    private let metrics: CallMetrics?
    private let manner: Locked<Manner>
    private let schedule = AskingSchedule()
    private let leftBehind = LeftBehind()

    /// What follows from the configuration. A question under way ends with the one it began with.
    struct Manner: Sendable {
        let providers: [String: any Provider]
        let origins: [String: String]
        let delivery: ImageDelivery
        let unknownAfter: Duration
        let belief: CostBelief
    }

    var providers: [String: any Provider] { manner.withLock(\.providers) }
    var origins: [String: String] { manner.withLock(\.origins) }
    var delivery: ImageDelivery { manner.withLock(\.delivery) }
    var unknownAfter: Duration { manner.withLock(\.unknownAfter) }
    var belief: CostBelief { manner.withLock(\.belief) }

    /// Changes the configuration.
    func adopt(_ new: Manner) { manner.withLock { $0 = new } }

    init(
        ledger: any CallLedger,
        recovery: any RecoveryLedger,
        providers: [String: any Provider],
        origins: [String: String],
        delivery: ImageDelivery,
        unknownAfter: Duration,
        questions: QuestionPace = QuestionPace(),
        belief: CostBelief = .standard,
        metrics: CallMetrics? = nil,
        time: TimeSource,
        log: Log
    ) {
        self.ledger = ledger
        self.recovery = recovery
        self.metrics = metrics
        manner = Locked(
            Manner(
                providers: providers,
                origins: origins,
                delivery: delivery,
                unknownAfter: unknownAfter,
                belief: belief
            )
        )
        self.questions = questions
        self.time = time
        self.log = log
    }

    /// Whether the end of every call has been found out.
    var isDone: Bool { leftBehind.isEmpty }

    // MARK: - Which calls

    /// Settles unfinished calls of other gateways whose end can be known now. Returns how many calls were settled.
    /// `gatewayIDs` are gateways known to be gone, such as those before a restart in the same data directory;
    /// `judgesOthers` is whether silent ones are considered dead as well.
    @discardableResult
    func sweepOrphans(of gatewayIDs: [UUID], judgesOthers: Bool = true) async throws(LedgerError) -> Int {
        var settled = 0
        var last: OrphanedCall?
        var listed: Set<UUID> = []
        while !Task.isCancelled {
            let orphans = try await recovery.orphans(
                of: gatewayIDs,
                silentSince: judgesOthers ? time.now - Liveness.silence : nil,
                after: last,
                limit: Self.batch
            )
            listed.formUnion(orphans.map(\.callID))
            settled += try await settle(orphans)
            last = orphans.last
            if orphans.count < Self.batch { break }
        }
        if judgesOthers { leftBehind.forget(allBut: listed) }
        if settled > 0 { log.info("calls left behind were settled", ["calls": String(settled)]) }
        return settled
    }

    /// Asks again about unfinished calls whose turn it is.
    func sweepLeftBehind() async throws(LedgerError) {
        try await settle(leftBehind.due(now: .now))
    }

    /// Keeps doing so until cancelled.
    func follow() async {
        while !Task.isCancelled {
            do throws(LedgerError) {
                try await sweepLeftBehind()
            } catch {
                log.debug("a call that was left behind was not settled", ["error": sentence(for: error)])
            }
            let wait = leftBehind.wait(now: .now) ?? .seconds(1)
            try? await Task.sleep(for: min(max(wait, .milliseconds(100)), .seconds(1)))
        }
    }

    /// Asks once more about attempts of settled calls with an unknown outcome.
    func sweepUnknown() async throws(LedgerError) {
        let now = SteadyInstant.now
        let since = time.now - RecoverySettings.asksFor(unknownAfter)
        let calls = try await recovery.unknownAttempts(since: since, limit: Self.unknownBatch)
        try await settle(calls.filter { schedule.isDue($0.callID, now: now) })
    }

    /// Several at a time: each waits for a provider, and there may be thousands. Throws the first failure, after all
    /// were tried. Returns how many were settled.
    @discardableResult
    private func settle(_ calls: [OrphanedCall]) async throws(LedgerError) -> Int {
        let (settled, failure) = await withTaskGroup(of: Result<Bool, LedgerError>.self) { group in
            var settled = 0
            var failure: LedgerError?
            func note(_ result: Result<Bool, LedgerError>) {
                switch result {
                case .success(let isSettled): settled += isSettled ? 1 : 0
                case .failure(let error): failure = failure ?? error
                }
            }
            for (index, call) in calls.enumerated() {
                if index >= Self.atOnce, let ended = await group.next() { note(ended) }
                group.addTask {
                    do throws(LedgerError) {
                        return .success(try await self.settle(call))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for await ended in group { note(ended) }
            return (settled, failure)
        }
        if let failure { throw failure }
        return settled
    }

    /// Whether the call was settled now.
    private func settle(_ call: OrphanedCall) async throws(LedgerError) -> Bool {
        guard call.status == .inProgress else {
            try await resolve(call)
            return false
        }
        guard let found = leftBehind.claim(call, now: .now) else { return false }
        do throws(LedgerError) {
            return try await settle(leftBehind: call, found)
        } catch {
            leftBehind.keep(call, found, until: .now)
            throw error
        }
    }

    // MARK: - A call in progress

    private func settle(leftBehind call: OrphanedCall, _ known: [UUID: Resolved]) async throws(LedgerError) -> Bool {
        var found = known
        var open: [OrphanedAttempt] = []
        var asked = Duration.zero
        for attempt in call.attempts where isOpen(attempt, of: call) && found[attempt.start.attemptID] == nil {
            let first = 1 + found.values.reduce(0) { $0 + $1.images.count }
            switch await find(attempt, call, firstImage: first) {
            case .end(let resolved): found[attempt.start.attemptID] = resolved
            case .asRecorded: break
            case .open(let pause):
                open.append(attempt)
                asked = max(asked, pause)
            }
        }
        let delivered = found.values.reduce(0) { $0 + $1.delivered }
        if let oldest = open.map(\.start.startedAt).min(), delivered < call.imagesRequested {
            let pause = LeftBehind.pause(after: time.now.since(oldest), asked: asked)
            leftBehind.keep(call, found, until: .now + pause)
            return false
        }
        // Everything requested is there: the cost of the others is found out like any other unknown cost.
        for attempt in open {
            if case .end(let resolved) = interrupted(attempt) { found[attempt.start.attemptID] = resolved }
        }
        let settlement = settlement(call, found)
        try await ledger.settle(settlement)
        // Whoever left it behind had counted nothing of it.
        metrics?.countLater(settlement.cost ?? .zero, images: settlement.imagesDelivered, teamID: call.teamID)
        leftBehind.forget(call.callID)
        return true
    }

    // MARK: - A call whose end was told

    private func resolve(_ call: OrphanedCall) async throws(LedgerError) {
        var found: [UUID: Resolved] = [:]
        var ordinal = 1
        for attempt in call.attempts where isOpen(attempt, of: call) {
            var finding = await find(attempt, call, firstImage: ordinal)
            if case .open = finding { finding = interrupted(attempt) }
            guard case .end(let resolved) = finding else { continue }
            ordinal += resolved.images.count
            found[attempt.start.attemptID] = resolved
        }
        let news = call.attempts.compactMap { attempt -> Resolved? in
            guard let resolved = found[attempt.start.attemptID] else { return nil }
            let isNew =
                resolved.end.outcome != attempt.outcome || resolved.end.cost != attempt.cost
                || resolved.end.errorCode == AttemptEnd.postedAtBound
            return isNew ? resolved : nil
        }
        if call.status == .failed, news.contains(where: { !$0.images.isEmpty }) {
            // Nothing had been delivered: the call has its images after all, for a caller who asks again.
            let settlement = settlement(call, found)
            try await ledger.settle(settlement)
            let known = call.attempts.compactMap(\.cost).reduce(.zero, +)
            metrics?.countLater(
                (settlement.cost ?? .zero) - known,
                images: settlement.imagesDelivered,
                teamID: call.teamID
            )
            return
        }
        // The caller has a final answer; only the money is corrected.
        guard !news.isEmpty else { return }
        try await ledger.resolve(
            LateResolution(
                key: call.key,
                resolvedAt: time.now,
                ends: news.map(\.end)
            )
        )
        let before = Dictionary(
            call.attempts.map { ($0.start.attemptID, $0.cost ?? .zero) },
            uniquingKeysWith: { first, _ in first }
        )
        for end in news.map(\.end) {
            metrics?.countLater((end.cost ?? .zero) - (before[end.start.attemptID] ?? .zero), teamID: call.teamID)
        }
    }

    /// Attempts with an unknown outcome, and those of a call in progress that delivered: their images were not written
    /// yet when the gateway stopped, and the provider may still have them.
    private func isOpen(_ attempt: OrphanedAttempt, of orphan: OrphanedCall) -> Bool {
        switch attempt.outcome {
        case .pending, .unknown: true
        case .succeeded: orphan.status == .inProgress
        case .partial: orphan.status == .inProgress || attempt.brokeOff
        case .refused, .failed: false
        }
    }

    // MARK: - What is written

    private func settlement(_ orphan: OrphanedCall, _ found: [UUID: Resolved]) -> Settlement {
        let now = Timestamp(microseconds: time.now.millisecondsSince1970 * 1000)
        let resolved = orphan.attempts.compactMap { found[$0.start.attemptID] }
        let outcome = CallOutcome(
            requested: orphan.imagesRequested,
            parts: orphan.attempts.map { attempt in
                found[attempt.start.attemptID].map {
                    CallOutcome.Part($0.end, delivered: $0.delivered, withheld: $0.images.count - $0.delivered)
                } ?? CallOutcome.Part(attempt)
            }
        )
        let images = SettlementBuilder.records(
            resolved.map { ($0.end, $0.images) },
            of: orphan.key,
            createdAt: now
        )
        let isEmpty = outcome.status == .failed || outcome.status == .refused
        return Settlement(
            key: orphan.key,
            settledAt: now,
            status: outcome.status,
            errorCode: outcome.status == .succeeded ? nil : AttemptEnd.interrupted,
            provider: outcome.provider,
            imagesDelivered: outcome.delivered,
            charge: outcome.figures.charge,
            estimated: outcome.figures.estimated,
            latency: now.since(orphan.receivedAt),
            failover: outcome.failover,
            failoverCost: outcome.figures.failoverCost,
            attempts: resolved.map(\.end),
            images: images,
            translation: nil,
            clientGone: true,
            attemptCount: orphan.attempts.count,
            replacesImages: true,
            recovered: true,
            errorDetail: isEmpty
                ? "The gateway stopped while the call was under way; no image could be recovered." : nil
        )
    }
}
