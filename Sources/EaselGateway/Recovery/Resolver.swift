import EaselBase
import EaselCore
import EaselImaging
import Foundation

/// Finds calls that a gateway left behind and asks the providers what became of their attempts (M7): what is recovered is
/// posted and kept, what cannot be known is `unknown`, and nothing is absent or $0.
struct Resolver: Sendable {
    static let batch = 100
    static let askTimeout = Duration.seconds(10)
    /// A gateway that has not given a sign of life for this long is taken for dead.
    static let silence = Duration.seconds(30)

    let ledger: any Ledger
    let providers: [String: any Provider]
    let origins: [String: String]
    let delivery: ImageDelivery
    let unknownAfter: Duration
    let time: TimeSource
    let log: Log

    /// Settles what gateways left behind. Returns how many calls were settled.
    /// `gatewayID` is a gateway known to be gone, such as the one before a restart in the same data directory.
    @discardableResult
    func sweepOrphans(of gatewayID: UUID?) async throws(LedgerError) -> Int {
        var settled = 0
        while !Task.isCancelled {
            let orphans = try await ledger.orphans(
                of: gatewayID,
                silentSince: time.now - Self.silence,
                limit: Self.batch
            )
            for orphan in orphans { try await settle(orphan) }
            settled += orphans.count
            if orphans.count < Self.batch { break }
        }
        if settled > 0 { log.info("calls left behind were settled", ["calls": String(settled)]) }
        return settled
    }

    /// Asks once more about attempts of settled calls whose end is unknown.
    func sweepUnknown() async throws(LedgerError) {
        // Older ones have been posted at their bound; the attempt's own row keeps saying `unknown`.
        for call in try await ledger.unknownAttempts(since: time.now - unknownAfter - .seconds(86_400), limit: Self.batch) {
            try await settle(call)
        }
    }

    private func settle(_ orphan: OrphanedCall) async throws(LedgerError) {
        var ends: [AttemptEnd] = []
        var pictures: [(AttemptEnd, [ImageDelivery.Delivered])] = []
        var ordinal = 1
        var changed = false
        for attempt in orphan.attempts {
            guard attempt.outcome == .pending || attempt.outcome == .unknown else { continue }
            let (end, delivered) = await resolve(attempt, orphan, firstPicture: ordinal)
            ordinal += delivered.count
            changed = changed || end.outcome != attempt.outcome || end.cost != attempt.cost
            ends.append(end)
            pictures.append((end, delivered))
        }
        let isOrphan = orphan.attempts.contains { $0.outcome == .pending } || ends.isEmpty
        guard changed || isOrphan else { return }
        try await ledger.settle(settlement(orphan, ends: ends, pictures: pictures))
    }

    /// Asks for one attempt. What nobody can tell stays unknown, and past its time is posted at its bound.
    private func resolve(
        _ attempt: OrphanedAttempt,
        _ orphan: OrphanedCall,
        firstPicture: Int
    ) async -> (AttemptEnd, [ImageDelivery.Delivered]) {
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
                var delivered: [ImageDelivery.Delivered] = []
                for image in result.images.prefix(start.imagesAsked) {
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
                    endedAt: time.now
                )
                return (end, delivered)
            }
        }
        let isLate = time.now.since(start.startedAt) > unknownAfter
        let end = AttemptEnd(
            start: start,
            outcome: .unknown,
            reason: "interrupted",
            errorCode: isLate ? "posted_at_bound" : "interrupted",
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
        return (end, [])
    }

    /// Nobody waits for a particular format any more: a picture is kept as it is.
    private static func keptFormat(_ image: ProviderImage) -> ImageFormat {
        guard case .link(let url) = image.content else { return .jpg }
        let path = url.prefix { $0 != "?" }.lowercased()
        return path.hasSuffix(".png") ? .png : path.hasSuffix(".webp") ? .webp : .jpg
    }

    private func settlement(
        _ orphan: OrphanedCall,
        ends: [AttemptEnd],
        pictures: [(AttemptEnd, [ImageDelivery.Delivered])]
    ) -> Settlement {
        let now = Timestamp(microseconds: time.now.millisecondsSince1970 * 1000)
        let resolved = Set(ends.map(\.start.attemptID))
        let earlier = orphan.attempts.filter { !resolved.contains($0.start.attemptID) }
        let delivered = pictures.flatMap(\.1).count { !$0.isWithheld }
        let withheld = pictures.flatMap(\.1).count(where: \.isWithheld)
        let figures = Accounting.figures(
            of: earlier.map { ($0.cost, $0.costBasis ?? .unknown, $0.outcome == .succeeded || $0.outcome == .partial) }
                + pictures.map { ($0.0.cost, $0.0.costBasis, !$0.1.isEmpty) }
        )
        var images: [ImageRecord] = []
        for (end, group) in pictures {
            for picture in group {
                images.append(
                    ImageRecord(
                        imageID: UUIDv7.mint(at: now),
                        callID: orphan.callID,
                        attemptID: end.start.attemptID,
                        teamID: orphan.teamID,
                        ordinal: images.count + 1,
                        createdAt: now,
                        seed: picture.image.seed,
                        nsfw: picture.image.nsfw,
                        copyright: picture.image.copyright,
                        withheld: picture.isWithheld,
                        size: picture.info?.size,
                        format: picture.info?.format,
                        bytes: picture.bytes?.count,
                        sha256: picture.sha256,
                        providerImageID: picture.image.providerImageID,
                        artifact: picture.artifact,
                        cost: end.cost.map { Money(nanodollars: $0.nanodollars / Int64(max(1, group.count))) }
                    )
                )
            }
        }
        let status: CallStatus =
            if delivered >= orphan.imagesRequested {
                .succeeded
            } else if delivered > 0 {
                .partial
            } else {
                withheld > 0 || ends.contains { $0.outcome == .refused } ? .refused : .failed
            }
        let last = ends.last?.start.provider ?? earlier.last?.start.provider
        return Settlement(
            callID: orphan.callID,
            teamID: orphan.teamID,
            receivedAt: orphan.receivedAt,
            settledAt: now,
            status: status,
            errorCode: status == .succeeded ? nil : "interrupted",
            provider: delivered + withheld > 0 ? pictures.last { !$0.1.isEmpty }?.0.start.provider : nil,
            imagesDelivered: delivered,
            cost: figures.cost,
            estimated: figures.estimated,
            costBasis: figures.basis,
            latency: now.since(orphan.receivedAt),
            failover: Set(orphan.attempts.map(\.start.provider)).count > 1 && last != orphan.attempts.first?.start.provider,
            failoverCost: figures.failoverCost,
            attempts: ends,
            images: images,
            translation: [],
            clientGone: true
        )
    }
}
