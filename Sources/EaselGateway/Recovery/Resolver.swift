import EaselBase
import EaselCore
import EaselImaging
import Foundation

/// Finds calls that a gateway left behind and asks the providers what became of their attempts (M7): what is recovered is
/// posted and kept, what cannot be known is `unknown`, and nothing is absent or $0.
final class Resolver: Sendable {
    static let batch = 100
    /// Calls that are looked into at the same time.
    static let atOnce = 8
    static let unknownBatch = 2000
    static let askTimeout = Duration.seconds(10)
    /// A gateway that has not given a sign of life for this long is taken for dead.
    static let silence = Duration.seconds(30)

    let ledger: any Ledger
    let providers: [String: any Provider]
    let origins: [String: String]
    let delivery: ImageDelivery
    let unknownAfter: Duration
    let belief: CostBelief
    let time: TimeSource
    let log: Log
    private let schedule = AskingSchedule()

    init(
        ledger: any Ledger,
        providers: [String: any Provider],
        origins: [String: String],
        delivery: ImageDelivery,
        unknownAfter: Duration,
        belief: CostBelief = .standard,
        time: TimeSource,
        log: Log
    ) {
        self.ledger = ledger
        self.providers = providers
        self.origins = origins
        self.delivery = delivery
        self.unknownAfter = unknownAfter
        self.belief = belief
        self.time = time
        self.log = log
    }

    /// Settles what gateways left behind. Returns how many calls were settled.
    /// `gatewayIDs` are gateways known to be gone, such as those before a restart in the same data directory.
    @discardableResult
    func sweepOrphans(of gatewayIDs: [UUID]) async throws(LedgerError) -> Int {
        var settled = 0
        while !Task.isCancelled {
            let orphans = try await ledger.orphans(
                of: gatewayIDs,
                silentSince: time.now - Self.silence,
                limit: Self.batch
            )
            try await settle(orphans)
            settled += orphans.count
            if orphans.count < Self.batch { break }
        }
        if settled > 0 { log.info("calls left behind were settled", ["calls": String(settled)]) }
        return settled
    }

    /// Asks once more about attempts of settled calls whose end is unknown.
    func sweepUnknown() async throws(LedgerError) {
        let now = SteadyInstant.now
        // Older ones are posted at their bound by then.
        let since = time.now - unknownAfter - .seconds(86_400)
        let calls = try await ledger.unknownAttempts(since: since, limit: Self.unknownBatch)
        try await settle(calls.filter { schedule.isDue($0.callID, now: now) })
    }

    /// Several at a time: each waits for a provider, and thousands may be left behind. Throws what the first that failed
    /// threw, after all were tried.
    private func settle(_ calls: [OrphanedCall]) async throws(LedgerError) {
        let failure = await withTaskGroup(of: LedgerError?.self) { group in
            var failure: LedgerError?
            for (index, call) in calls.enumerated() {
                if index >= Self.atOnce, let ended = await group.next() { failure = failure ?? ended }
                group.addTask {
                    do throws(LedgerError) {
                        try await self.settle(call)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            for await ended in group { failure = failure ?? ended }
            return failure
        }
        if let failure { throw failure }
    }

    private func settle(_ orphan: OrphanedCall) async throws(LedgerError) {
        var resolved: [Resolved] = []
        var ordinal = 1
        for attempt in orphan.attempts where isOpen(attempt, of: orphan) {
            guard let found = await resolve(attempt, orphan, firstPicture: ordinal) else { continue }
            ordinal += found.pictures.count
            resolved.append(found)
        }
        let known = Dictionary(
            orphan.attempts.map { ($0.start.attemptID, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let news = resolved.filter { found in
            let before = known[found.end.start.attemptID]
            return found.end.outcome != before?.outcome || found.end.cost != before?.cost
                || found.end.errorCode == AttemptEnd.postedAtBound
        }
        let isDelivered = news.contains { !$0.pictures.isEmpty }
        switch orphan.status {
        case .inProgress:
            try await ledger.settle(settlement(orphan, resolved))
        case .failed where isDelivered:
            // Nobody had delivered anything: the call has its pictures after all, for whoever asks again.
            try await ledger.settle(settlement(orphan, resolved))
        default:
            // The caller has an answer that stands; the money is put right.
            guard !news.isEmpty else { return }
            try await ledger.resolve(
                LateResolution(
                    callID: orphan.callID,
                    teamID: orphan.teamID,
                    receivedAt: orphan.receivedAt,
                    resolvedAt: time.now,
                    ends: news.map(\.end)
                )
            )
        }
    }

    /// Attempts whose end is not known, and those of a call in progress that delivered: their pictures were not written
    /// yet when the gateway stopped, and the provider may still have them.
    private func isOpen(_ attempt: OrphanedAttempt, of orphan: OrphanedCall) -> Bool {
        switch attempt.outcome {
        case .pending, .unknown: true
        case .succeeded: orphan.status == .inProgress
        case .partial: orphan.status == .inProgress || attempt.brokeOff
        case .refused, .failed: false
        }
    }

    private struct Resolved {
        let end: AttemptEnd
        let pictures: [ImageDelivery.Delivered]
    }

    private func figures(_ orphan: OrphanedCall, _ resolved: [Resolved]) -> Accounting.CallFigures {
        let ids = Set(resolved.map(\.end.start.attemptID))
        let earlier = orphan.attempts.filter { !ids.contains($0.start.attemptID) }
        return Accounting.figures(
            of: earlier.map { ($0.cost, $0.costBasis ?? .unknown, $0.outcome == .succeeded || $0.outcome == .partial) }
                + resolved.map { ($0.end.cost, $0.end.costBasis, !$0.pictures.isEmpty) }
        )
    }

    /// Asks for one attempt. What nobody can tell stays unknown, and past its time is posted at its bound.
    private func resolve(
        _ attempt: OrphanedAttempt,
        _ orphan: OrphanedCall,
        firstPicture: Int
    ) async -> Resolved? {
        let start = attempt.start
        if let provider = providers[start.provider] {
            let task = RecoverableTask(
                taskID: start.taskID,
                providerTaskID: attempt.providerTaskID,
                model: orphan.model,
                count: start.imagesAsked,
                copyrightDetection: orphan.copyrightDetection
            )
            if case .ended(let result) = await provider.recover(task, timeout: Self.askTimeout) {
                if attempt.brokeOff, orphan.status != .inProgress { return costOnly(attempt, result) }
                var delivered: [ImageDelivery.Delivered] = []
                // Never more than the call asked for: two attempts for the same pictures may both have made them.
                let room = max(0, orphan.imagesRequested + 1 - firstPicture)
                for image in result.images.prefix(min(start.imagesAsked, room)) {
                    let picture = await delivery.deliver(
                        image,
                        attemptID: start.attemptID,
                        callID: orphan.callID,
                        ordinal: firstPicture + delivered.count,
                        output: OutputOptions(format: Self.keptFormat(image)),
                        trustedOrigin: origins[start.provider],
                        timeout: Self.askTimeout
                    )
                    if let picture { delivered.append(picture) }
                }
                let end = Accounting.end(
                    of: start,
                    result,
                    delivered: delivered.count { !$0.isWithheld },
                    endedAt: time.now,
                    belief: belief
                )
                return Resolved(end: end, pictures: delivered)
            }
        }
        // What it cost is on record; only its pictures are lost.
        guard attempt.outcome == .pending || attempt.outcome == .unknown else { return nil }
        let isLate = time.now.since(start.startedAt) > unknownAfter
        let end = AttemptEnd(
            start: start,
            outcome: .unknown,
            reason: "interrupted",
            errorCode: isLate ? AttemptEnd.postedAtBound : "interrupted",
            httpStatus: nil,
            sent: true,
            cost: isLate ? start.bound : attempt.cost,
            costBasis: .unknown,
            timings: PhaseTimings(),
            endedAt: time.now,
            imagesReturned: 0,
            providerTaskID: attempt.providerTaskID,
            providerRequestID: nil,
            extra: [:]
        )
        return Resolved(end: end, pictures: [])
    }

    /// The caller has the pictures that came, and their files stay as they are; what the whole cost is put right.
    private func costOnly(_ attempt: OrphanedAttempt, _ result: ProviderResult) -> Resolved? {
        guard let cost = result.cost else { return nil }
        let end = AttemptEnd(
            start: attempt.start,
            outcome: .partial,
            reason: "broke_off",
            errorCode: nil,
            httpStatus: result.httpStatus,
            sent: true,
            cost: cost,
            costBasis: .provider,
            timings: result.timings,
            endedAt: time.now,
            imagesReturned: result.images.count,
            providerTaskID: attempt.providerTaskID,
            providerRequestID: result.providerRequestID,
            extra: result.extra
        )
        return Resolved(end: end, pictures: [])
    }

    /// Nobody waits for a particular format any more: a picture is kept as it is.
    private static func keptFormat(_ image: ProviderImage) -> ImageFormat {
        guard case .link(let url) = image.content else { return .jpg }
        let path = url.prefix { $0 != "?" }.lowercased()
        return path.hasSuffix(".png") ? .png : path.hasSuffix(".webp") ? .webp : .jpg
    }

    private func settlement(_ orphan: OrphanedCall, _ resolved: [Resolved]) -> Settlement {
        let now = Timestamp(microseconds: time.now.millisecondsSince1970 * 1000)
        let figures = figures(orphan, resolved)
        let images = SettlementBuilder.records(
            resolved.map { ($0.end, $0.pictures) },
            callID: orphan.callID,
            teamID: orphan.teamID,
            createdAt: now
        )
        let delivered = images.count { !$0.withheld }
        let status: CallStatus =
            if delivered >= orphan.imagesRequested {
                .succeeded
            } else if delivered > 0 {
                .partial
            } else {
                !images.isEmpty || resolved.contains { $0.end.outcome == .refused } ? .refused : .failed
            }
        let first = orphan.attempts.first?.start.provider
        return Settlement(
            callID: orphan.callID,
            teamID: orphan.teamID,
            receivedAt: orphan.receivedAt,
            settledAt: now,
            status: status,
            errorCode: status == .succeeded ? nil : "interrupted",
            provider: resolved.last { !$0.pictures.isEmpty }?.end.start.provider,
            imagesDelivered: delivered,
            cost: figures.cost,
            estimated: figures.estimated,
            costBasis: figures.basis,
            latency: now.since(orphan.receivedAt),
            failover: orphan.attempts.contains { $0.start.provider != first },
            failoverCost: figures.failoverCost,
            attempts: resolved.map(\.end),
            images: images,
            translation: nil,
            clientGone: true,
            attemptCount: orphan.attempts.count,
            replacesImages: true,
            recovered: true,
            errorDetail: status == .failed || status == .refused
                ? "The gateway stopped while the call was under way; no picture could be recovered." : nil
        )
    }
}
