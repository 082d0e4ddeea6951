package import EaselBase
package import Foundation

/// A shadow as it is written before its first byte leaves: the request of a call, sent once to a second provider for
/// comparison. It belongs to no budget of a team; its policy's daily budget holds its bound back (M3).
package struct ShadowStart: Sendable, Hashable, CallKeyed {
    /// Version 7; minted from `startedAt` (L1).
    package let shadowID: UUID
    package let key: CallKey
    /// Whole milliseconds. The shadow counts for the budget of this day, UTC.
    package let startedAt: Timestamp
    /// The policy whose shadow it is.
    package let policy: String
    package let model: RemixModel
    package let speed: RenderingSpeed
    /// Whether the caller asked for copyright detection, which decides what a missing image means.
    package let copyrightDetection: Bool
    package let provider: String
    package let providerModel: String
    /// Our name of the task at the provider, version 4.
    package let taskID: UUID
    /// The provider's own name of the task, where it is known before it is sent.
    package let providerTaskID: String?
    package let imagesAsked: Int
    /// The price of one image that was in force (M8). A shadow without one is not sent.
    package let pricePerImage: Money
    /// What all shadows of the policy may cost in a day, UTC.
    package let dailyBudget: Money
    package let gatewayID: UUID
    /// After this its gateway, alive or not, is not expected to write its end any more.
    package let leaseEndsAt: Timestamp

    package init(
        shadowID: UUID,
        key: CallKey,
        startedAt: Timestamp,
        policy: String,
        model: RemixModel,
        speed: RenderingSpeed,
        copyrightDetection: Bool,
        provider: String,
        providerModel: String,
        taskID: UUID,
        providerTaskID: String?,
        imagesAsked: Int,
        pricePerImage: Money,
        dailyBudget: Money,
        gatewayID: UUID,
        leaseEndsAt: Timestamp
    ) {
        self.shadowID = shadowID
        self.key = key
        self.startedAt = startedAt
        self.policy = policy
        self.model = model
        self.speed = speed
        self.copyrightDetection = copyrightDetection
        self.provider = provider
        self.providerModel = providerModel
        self.taskID = taskID
        self.providerTaskID = providerTaskID
        self.imagesAsked = imagesAsked
        self.pricePerImage = pricePerImage
        self.dailyBudget = dailyBudget
        self.gatewayID = gatewayID
        self.leaseEndsAt = leaseEndsAt
    }

    /// What it can cost at most: the reservation.
    package var bound: Money { pricePerImage * imagesAsked }

    /// The first moment of the day, UTC, whose budget it counts for.
    package var windowStart: Timestamp {
        let day: Int64 = 86_400_000_000
        let intoDay = (startedAt.microseconds % day + day) % day
        return Timestamp(microseconds: startedAt.microseconds - intoDay)
    }

    /// The same as an attempt, for what follows and accounts attempts.
    package var attempt: AttemptStart {
        AttemptStart(
            attemptID: shadowID,
            callID: callID,
            teamID: teamID,
            ordinal: 1,
            provider: provider,
            providerModel: providerModel,
            taskID: taskID,
            providerTaskID: providerTaskID,
            startedAt: startedAt,
            imagesAsked: imagesAsked,
            bound: bound,
            pricePerImage: pricePerImage,
            duplicateRisk: false
        )
    }
}

/// What the images of one answer tell, counted: a shadow's images are not kept.
package struct ImageFlags: Sendable, Hashable {
    /// Images that the provider keeps back.
    package var withheld = 0
    package var nsfw = 0
    package var nsfwChecked = 0
    package var copyrightChecked = 0
    package var copyrightFlagged = 0
    package var copyrightUndetermined = 0

    package init() {}

    package init(_ images: some Sequence<ProviderImage>) {
        for image in images {
            if image.isWithheld { withheld += 1 }
            if image.nsfw != nil { nsfwChecked += 1 }
            if image.nsfw == true { nsfw += 1 }
            if image.copyright != .notRequested { copyrightChecked += 1 }
            if image.copyright == .flagged { copyrightFlagged += 1 }
            if image.copyright == .undetermined { copyrightUndetermined += 1 }
        }
    }
}

/// How a shadow ended.
package struct ShadowEnd: Sendable, Hashable {
    /// The error code of a shadow that was not sent because its start could not be confirmed. It is no comparison.
    package static let neverSent = "ledger_away"

    package let start: ShadowStart
    /// Of `start.attempt`. Without a cost the bound stays held back (M7).
    package let end: AttemptEnd
    package let flags: ImageFlags

    package init(start: ShadowStart, end: AttemptEnd, flags: ImageFlags) {
        self.start = start
        self.end = end
        self.flags = flags
    }
}

/// A shadow whose cost is not known: cut off, or sent without an answer.
package struct OpenShadow: Sendable, Hashable {
    package let start: ShadowStart
    /// `pending` when its end was never written.
    package let outcome: AttemptOutcome
    /// The provider's own name of the task, when it was noted.
    package let providerTaskID: String?

    package init(start: ShadowStart, outcome: AttemptOutcome, providerTaskID: String?) {
        self.start = start
        self.outcome = outcome
        self.providerTaskID = providerTaskID
    }
}

/// What the record of a call tells of its shadow.
package struct ShadowSummary: Sendable, Hashable, MaybeCharged {
    package let shadowID: UUID
    package let provider: String
    package let startedAt: Timestamp
    package let outcome: AttemptOutcome
    package let reason: String?
    package let errorCode: String?
    package let imagesAsked: Int
    package let imagesReturned: Int
    package let charge: Cost.Recorded
    package let totalMs: Int?

    package init(
        shadowID: UUID,
        provider: String,
        startedAt: Timestamp,
        outcome: AttemptOutcome,
        reason: String?,
        errorCode: String?,
        imagesAsked: Int,
        imagesReturned: Int,
        charge: Cost.Recorded,
        totalMs: Int?
    ) {
        self.shadowID = shadowID
        self.provider = provider
        self.startedAt = startedAt
        self.outcome = outcome
        self.reason = reason
        self.errorCode = errorCode
        self.imagesAsked = imagesAsked
        self.imagesReturned = imagesReturned
        self.charge = charge
        self.totalMs = totalMs
    }
}
