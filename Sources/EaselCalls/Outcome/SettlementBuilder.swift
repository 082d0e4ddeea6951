import EaselBase
import EaselCore
import EaselImaging
import Foundation

/// Turns a call's end into what is written in one transaction (M5): pure, from values to a value.
enum SettlementBuilder {
    static func settlement(
        _ context: CallContext,
        translation: [TranslationEntry],
        verdict: AttemptMachine.Verdict,
        outcome: CallOutcome,
        legs: [CallLeg],
        ends: [AttemptEnd],
        settledAt: Timestamp,
        latency: Duration,
        clientGone: Bool,
        stop: CallStop,
        errorDetail: String?
    ) -> Settlement {
        let images = records(context, legs: legs, ends: ends, createdAt: settledAt)
        let planned = context.plan.candidates.first?.translation.entries ?? []
        let code: String? =
            switch stop {
            case .none: outcome.status == .succeeded ? nil : verdict.cause.errorCode
            case .ledger: CallFailure.Code.unavailable.rawValue
            case .budget: CallFailure.Code.budgetExceeded.rawValue
            }
        return Settlement(
            key: context.key,
            settledAt: settledAt,
            status: outcome.status,
            errorCode: code,
            provider: outcome.provider,
            imagesDelivered: outcome.delivered,
            charge: outcome.figures.charge,
            estimated: outcome.figures.estimated,
            latency: latency,
            failover: outcome.failover,
            failoverCost: outcome.figures.failoverCost,
            attempts: ends,
            images: images,
            // For nearly every call, what the admission wrote stays.
            translation: translation == planned ? nil : translation,
            clientGone: clientGone,
            // After such a long silence recovery may have settled the call, with its own images.
            replacesImages: settledAt.since(context.receivedAt) > Liveness.silence,
            errorDetail: errorDetail
        )
    }

    /// The call's outcome over all its requests.
    static func outcome(_ context: CallContext, legs: [CallLeg], ends: [AttemptEnd]) -> CallOutcome {
        CallOutcome(
            requested: context.request.count,
            parts: zip(legs, ends).map { leg, end in
                CallOutcome.Part(end, delivered: leg.delivered, withheld: leg.withheld)
            }
        )
    }

    /// The report of the provider that delivered, or of the first one asked.
    static func translation(
        _ context: CallContext,
        _ outcome: CallOutcome,
        legs: [CallLeg]
    ) -> [TranslationEntry] {
        let provider = outcome.provider ?? legs.first?.start.provider
        let candidate = context.plan.candidates.first { $0.provider == provider } ?? context.plan.candidates.first
        return (candidate?.translation.entries ?? []) + legs.flatMap { $0.images.compactMap(\.note) }
    }

    private static func records(
        _ context: CallContext,
        legs: [CallLeg],
        ends: [AttemptEnd],
        createdAt: Timestamp
    ) -> [ImageRecord] {
        records(
            zip(ends, legs).map { ($0, $1.images) },
            of: context.key,
            createdAt: createdAt
        )
    }

    /// The images of a call, numbered from 1 over all its attempts.
    static func records(
        _ groups: [(end: AttemptEnd, images: [ImageDelivery.Delivered])],
        of key: CallKey,
        createdAt: Timestamp
    ) -> [ImageRecord] {
        // Whole milliseconds, so that the id contains the exact time (L1).
        let createdAt = Timestamp(microseconds: createdAt.millisecondsSince1970 * 1000)
        var records: [ImageRecord] = []
        for (end, images) in groups {
            for delivered in images {
                records.append(
                    ImageRecord(
                        imageID: UUIDv7.mint(at: createdAt),
                        callID: key.callID,
                        attemptID: end.start.attemptID,
                        teamID: key.teamID,
                        ordinal: records.count + 1,
                        createdAt: createdAt,
                        seed: delivered.image.seed,
                        nsfw: delivered.image.nsfw,
                        copyright: delivered.image.copyright,
                        withheld: delivered.isWithheld,
                        size: delivered.info?.size,
                        format: delivered.info?.format,
                        bytes: delivered.bytes?.count,
                        sha256: delivered.sha256,
                        providerImageID: delivered.image.providerImageID,
                        artifact: delivered.artifact,
                        cost: share(of: end, delivered: delivered, count: images.count)
                    )
                )
            }
        }
        return records
    }

    private static func share(of end: AttemptEnd, delivered: ImageDelivery.Delivered, count: Int) -> Money? {
        if end.costBasis == .provider, let own = delivered.image.cost { return own }
        return end.cost.map { Money(nanodollars: $0.nanodollars / Int64(max(1, count))) }
    }
}

extension AttemptMachine.Verdict.Cause {
    /// The code that callers and rows see; nil if the end needs no explanation.
    var errorCode: String? {
        switch self {
        case .complete: nil
        case .refused, .providersFailed, .unavailable, .deadlineExceeded, .clientGone: rawValue
        }
    }
}
