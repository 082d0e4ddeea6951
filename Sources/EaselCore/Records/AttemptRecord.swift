package import EaselBase
package import Foundation

/// How an attempt ended, in one word, for the column `outcome`.
package enum AttemptOutcome: String, Sendable, Hashable, Codable, CaseIterable {
    /// On its way, or cut off and not yet looked into.
    case pending
    /// Every image that was asked for came.
    case succeeded
    /// Some of the images came.
    case partial
    /// Refused on content grounds, or every image withheld.
    case refused
    case failed
    /// Sent, and its end is not known (M7).
    case unknown
}

/// What part an attempt has in a race of two providers (a hedge).
package enum RaceSide: String, Sendable, Hashable, Codable, CaseIterable {
    /// Of the provider that was asked first and was late.
    case first
    /// Of the one that was asked beside it.
    case second
}

/// An attempt as it is written before its first byte leaves (M4).
package struct AttemptStart: Sendable, Hashable {
    /// Version 7; minted from `startedAt`.
    package let attemptID: UUID
    package let callID: UUID
    package let teamID: Int64
    /// Counts the call's attempts from 1.
    package let ordinal: Int
    package let provider: String
    package let providerModel: String
    /// Our name of the task at the provider, version 4.
    package let taskID: UUID
    /// The provider's own name of the task, where it is known before it is sent.
    package let providerTaskID: String?
    /// Whole milliseconds, so that the id tells it exactly (L1).
    package let startedAt: Timestamp
    package let imagesAsked: Int
    /// What it can cost at most; nil when unpriced.
    package let bound: Money?
    /// The price of one image that was in force (M8); nil when unpriced.
    package let pricePerImage: Money?
    /// Whether an earlier attempt of the call may have been charged for the same images (R4).
    package let duplicateRisk: Bool
    /// Its side of a race, written when the second provider is asked; nil where there was none.
    package let race: RaceSide?

    package init(
        attemptID: UUID,
        callID: UUID,
        teamID: Int64,
        ordinal: Int,
        provider: String,
        providerModel: String,
        taskID: UUID,
        providerTaskID: String? = nil,
        startedAt: Timestamp,
        imagesAsked: Int,
        bound: Money?,
        pricePerImage: Money?,
        duplicateRisk: Bool,
        race: RaceSide? = nil
    ) {
        self.attemptID = attemptID
        self.callID = callID
        self.teamID = teamID
        self.ordinal = ordinal
        self.provider = provider
        self.providerModel = providerModel
        self.taskID = taskID
        self.providerTaskID = providerTaskID
        self.startedAt = startedAt
        self.imagesAsked = imagesAsked
        self.bound = bound
        self.pricePerImage = pricePerImage
        self.duplicateRisk = duplicateRisk
        self.race = race
    }

    /// The same attempt on a side of a race, or on none.
    package func racing(_ race: RaceSide?) -> AttemptStart {
        AttemptStart(
            attemptID: attemptID,
            callID: callID,
            teamID: teamID,
            ordinal: ordinal,
            provider: provider,
            providerModel: providerModel,
            taskID: taskID,
            providerTaskID: providerTaskID,
            startedAt: startedAt,
            imagesAsked: imagesAsked,
            bound: bound,
            pricePerImage: pricePerImage,
            duplicateRisk: duplicateRisk,
            race: race
        )
    }
}

/// The end of an attempt, as it is written with its call.
package struct AttemptEnd: Sendable, Hashable, Charged {
    /// The error code of an attempt that nobody could tell about in time: it counts at its bound, where there is one, and
    /// holds nothing back any more (M7).
    package static let postedAtBound = "posted_at_bound"
    /// The error code of an attempt that had not ended when its call did, because another provider had answered.
    package static let hedgeLost = "hedge_lost"
    /// The reason and the error code of an attempt that its gateway did not live to see the end of.
    package static let interrupted = "interrupted"

    package let start: AttemptStart
    package let outcome: AttemptOutcome
    /// A short token: what kind of end (`ok`, `rate_limited`, `timeout`, ...).
    package let reason: String
    /// The provider's error code, or our own.
    package let errorCode: String?
    package let httpStatus: Int?
    package let sent: Bool
    package let charge: Cost
    package let timings: PhaseTimings
    package let endedAt: Timestamp
    package let imagesReturned: Int
    package let providerTaskID: String?
    package let providerRequestID: String?
    package let extra: [String: JSONValue]

    package init(
        start: AttemptStart,
        outcome: AttemptOutcome,
        reason: String,
        errorCode: String?,
        httpStatus: Int?,
        sent: Bool,
        charge: Cost,
        timings: PhaseTimings,
        endedAt: Timestamp,
        imagesReturned: Int,
        providerTaskID: String?,
        providerRequestID: String?,
        extra: [String: JSONValue]
    ) {
        self.start = start
        self.outcome = outcome
        self.reason = reason
        self.errorCode = errorCode
        self.httpStatus = httpStatus
        self.sent = sent
        self.charge = charge
        self.timings = timings
        self.endedAt = endedAt
        self.imagesReturned = imagesReturned
        self.providerTaskID = providerTaskID
        self.providerRequestID = providerRequestID
        self.extra = extra
    }
}

/// One output image of a call.
package struct ImageRecord: Sendable, Hashable {
    /// Version 7; minted from `createdAt`.
    package let imageID: UUID
    package let callID: UUID
    package let attemptID: UUID
    package let teamID: Int64
    /// Counts the call's images from 1.
    package let ordinal: Int
    package let createdAt: Timestamp
    package let seed: Int?
    package let nsfw: Bool?
    package let copyright: CopyrightVerdict
    package let withheld: Bool
    package let size: PixelSize?
    package let format: ImageFormat?
    package let bytes: Int?
    package let sha256: [UInt8]?
    package let providerImageID: String?
    /// Where the artifact store keeps it, relative to its root; nil when it is not kept.
    package let artifact: String?
    /// This image's share of the cost.
    package let cost: Money?

    package init(
        imageID: UUID,
        callID: UUID,
        attemptID: UUID,
        teamID: Int64,
        ordinal: Int,
        createdAt: Timestamp,
        seed: Int?,
        nsfw: Bool?,
        copyright: CopyrightVerdict,
        withheld: Bool,
        size: PixelSize?,
        format: ImageFormat?,
        bytes: Int?,
        sha256: [UInt8]?,
        providerImageID: String?,
        artifact: String?,
        cost: Money?
    ) {
        self.imageID = imageID
        self.callID = callID
        self.attemptID = attemptID
        self.teamID = teamID
        self.ordinal = ordinal
        self.createdAt = createdAt
        self.seed = seed
        self.nsfw = nsfw
        self.copyright = copyright
        self.withheld = withheld
        self.size = size
        self.format = format
        self.bytes = bytes
        self.sha256 = sha256
        self.providerImageID = providerImageID
        self.artifact = artifact
        self.cost = cost
    }
}
