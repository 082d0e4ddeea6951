package import EaselBase
package import Foundation

/// How a call stands, for the column `status`.
package enum CallStatus: String, Sendable, Hashable, Codable, CaseIterable {
    case inProgress = "in_progress"
    case succeeded, partial, refused, failed
}

/// A call as it is admitted: written with its first attempts before anything is sent (M3, M4, M5).
package final class Admission: Sendable {
    /// Version 7; minted from `receivedAt`.
    package let callID: UUID
    package let teamID: Int64
    package let keyID: UUID
    /// Whole milliseconds, so that the id tells it exactly (L1).
    package let receivedAt: Timestamp
    package let gatewayID: UUID
    package let project: String?
    package let tags: [String: String]
    package let policy: String
    package let model: RemixModel
    package let imagesRequested: Int
    /// Upper bound of the plan: the dearest candidate times the count; nil when a candidate is unpriced.
    package let bound: Money?
    /// The prompt as the configuration lets it be kept: whole, as a hash, or not at all.
    package let prompt: String?
    /// The other parameters, without pictures.
    package let parameters: JSONValue
    /// The plan with its reasons.
    package let plan: JSONValue
    /// What the first candidate makes of the parameters, which is what happens unless another one delivers (R5).
    package let translation: [TranslationEntry]
    package let attempts: [AttemptStart]

    package init(
        callID: UUID,
        teamID: Int64,
        keyID: UUID,
        receivedAt: Timestamp,
        gatewayID: UUID,
        project: String?,
        tags: [String: String],
        policy: String,
        model: RemixModel,
        imagesRequested: Int,
        bound: Money?,
        prompt: String?,
        parameters: JSONValue,
        plan: JSONValue,
        translation: [TranslationEntry] = [],
        attempts: [AttemptStart]
    ) {
        self.callID = callID
        self.teamID = teamID
        self.keyID = keyID
        self.receivedAt = receivedAt
        self.gatewayID = gatewayID
        self.project = project
        self.tags = tags
        self.policy = policy
        self.model = model
        self.imagesRequested = imagesRequested
        self.bound = bound
        self.prompt = prompt
        self.parameters = parameters
        self.plan = plan
        self.translation = translation
        self.attempts = attempts
    }
}

/// A call's end: written in one transaction with its attempts' outcomes and its pictures (M5).
package final class Settlement: Sendable {
    package let callID: UUID
    package let teamID: Int64
    package let receivedAt: Timestamp
    package let settledAt: Timestamp
    package let status: CallStatus
    /// Why it failed, as the caller was told; nil on success.
    package let errorCode: String?
    /// Who delivered; nil when nobody did.
    package let provider: String?
    package let imagesDelivered: Int
    /// Sum of the attempts (M6); nil as soon as one is not known.
    package let cost: Money?
    /// The part of the cost that no provider confirmed; nil when the cost is.
    package let estimated: Money?
    package let costBasis: CostBasis
    package let latency: Duration
    /// Whether another provider than the first had to be asked.
    package let failover: Bool
    /// What attempts cost that did not deliver.
    package let failoverCost: Money?
    package let attempts: [AttemptEnd]
    package let images: [ImageRecord]
    /// Nil: as it was written with the admission.
    package let translation: [TranslationEntry]?
    package let clientGone: Bool
    /// All attempts of the call, also those whose ends are on record already and not in `attempts`.
    package let attemptCount: Int
    /// Whether pictures of an earlier settlement of the call make room for these.
    package let replacesImages: Bool

    package init(
        callID: UUID,
        teamID: Int64,
        receivedAt: Timestamp,
        settledAt: Timestamp,
        status: CallStatus,
        errorCode: String?,
        provider: String?,
        imagesDelivered: Int,
        cost: Money?,
        estimated: Money?,
        costBasis: CostBasis,
        latency: Duration,
        failover: Bool,
        failoverCost: Money?,
        attempts: [AttemptEnd],
        images: [ImageRecord],
        translation: [TranslationEntry]?,
        clientGone: Bool,
        attemptCount: Int? = nil,
        replacesImages: Bool = true
    ) {
        self.callID = callID
        self.teamID = teamID
        self.receivedAt = receivedAt
        self.settledAt = settledAt
        self.status = status
        self.errorCode = errorCode
        self.provider = provider
        self.imagesDelivered = imagesDelivered
        self.cost = cost
        self.estimated = estimated
        self.costBasis = costBasis
        self.latency = latency
        self.failover = failover
        self.failoverCost = failoverCost
        self.attempts = attempts
        self.images = images
        self.translation = translation
        self.clientGone = clientGone
        self.attemptCount = attemptCount ?? attempts.count
        self.replacesImages = replacesImages
    }
}

/// A call as it is read back, with everything that belongs to it.
package struct CallDetail: Sendable {
    package struct Attempt: Sendable {
        package let attemptID: UUID
        package let ordinal: Int
        package let provider: String
        package let providerModel: String
        package let taskID: String
        package let startedAt: Timestamp
        package let outcome: AttemptOutcome
        package let reason: String?
        package let errorCode: String?
        package let httpStatus: Int?
        package let sent: Bool?
        package let cost: Money?
        package let costBasis: CostBasis?
        package let totalMs: Int?
        package let duplicateRisk: Bool

        package init(
            attemptID: UUID,
            ordinal: Int,
            provider: String,
            providerModel: String,
            taskID: String,
            startedAt: Timestamp,
            outcome: AttemptOutcome,
            reason: String?,
            errorCode: String?,
            httpStatus: Int?,
            sent: Bool?,
            cost: Money?,
            costBasis: CostBasis?,
            totalMs: Int?,
            duplicateRisk: Bool
        ) {
            self.attemptID = attemptID
            self.ordinal = ordinal
            self.provider = provider
            self.providerModel = providerModel
            self.taskID = taskID
            self.startedAt = startedAt
            self.outcome = outcome
            self.reason = reason
            self.errorCode = errorCode
            self.httpStatus = httpStatus
            self.sent = sent
            self.cost = cost
            self.costBasis = costBasis
            self.totalMs = totalMs
            self.duplicateRisk = duplicateRisk
        }
    }

    package let callID: UUID
    package let teamID: Int64
    package let team: String
    package let keyID: UUID
    package let receivedAt: Timestamp
    package let project: String?
    package let tags: [String: String]
    package let policy: String
    package let model: RemixModel
    package let provider: String?
    package let status: CallStatus
    package let errorCode: String?
    package let imagesRequested: Int
    package let imagesDelivered: Int
    package let cost: Money?
    package let estimated: Money?
    package let costBasis: CostBasis?
    package let latencyMs: Int?
    package let attemptCount: Int
    package let failover: Bool
    /// Empty in lists.
    package let attempts: [Attempt]
    /// Empty in lists.
    package let images: [ImageRecord]
    package let translation: [TranslationEntry]
    package let prompt: String?
    package let plan: JSONValue?

    package init(
        callID: UUID,
        teamID: Int64,
        team: String,
        keyID: UUID,
        receivedAt: Timestamp,
        project: String?,
        tags: [String: String],
        policy: String,
        model: RemixModel,
        provider: String?,
        status: CallStatus,
        errorCode: String?,
        imagesRequested: Int,
        imagesDelivered: Int,
        cost: Money?,
        estimated: Money?,
        costBasis: CostBasis?,
        latencyMs: Int?,
        attemptCount: Int,
        failover: Bool,
        attempts: [Attempt],
        images: [ImageRecord],
        translation: [TranslationEntry],
        prompt: String?,
        plan: JSONValue?
    ) {
        self.callID = callID
        self.teamID = teamID
        self.team = team
        self.keyID = keyID
        self.receivedAt = receivedAt
        self.project = project
        self.tags = tags
        self.policy = policy
        self.model = model
        self.provider = provider
        self.status = status
        self.errorCode = errorCode
        self.imagesRequested = imagesRequested
        self.imagesDelivered = imagesDelivered
        self.cost = cost
        self.estimated = estimated
        self.costBasis = costBasis
        self.latencyMs = latencyMs
        self.attemptCount = attemptCount
        self.failover = failover
        self.attempts = attempts
        self.images = images
        self.translation = translation
        self.prompt = prompt
        self.plan = plan
    }
}

/// Which calls a list shows, newest first.
package struct CallQuery: Sendable, Hashable {
    /// Nil: every team's, for admins.
    package var teamID: Int64?
    package var provider: String?
    package var status: CallStatus?
    package var nsfw: Bool?
    package var copyright: CopyrightVerdict?
    package var since: Timestamp?
    package var until: Timestamp?
    /// 1 to 500.
    package var limit: Int
    /// Continue after this call.
    package var cursor: UUID?

    package init(teamID: Int64? = nil, limit: Int = 50) {
        self.teamID = teamID
        self.limit = limit
    }
}

/// A call that a gateway left behind when it stopped without settling it.
package struct OrphanedCall: Sendable {
    package let callID: UUID
    package let teamID: Int64
    package let receivedAt: Timestamp
    package let model: RemixModel
    package let imagesRequested: Int
    package let copyrightDetection: Bool
    /// How the call stands: in progress, or settled with an attempt whose end is unknown.
    package let status: CallStatus
    /// Every attempt of the call: those with an end, and the cut-off ones as `pending`.
    package let attempts: [OrphanedAttempt]

    package init(
        callID: UUID,
        teamID: Int64,
        receivedAt: Timestamp,
        model: RemixModel,
        imagesRequested: Int,
        copyrightDetection: Bool,
        status: CallStatus = .inProgress,
        attempts: [OrphanedAttempt]
    ) {
        self.callID = callID
        self.teamID = teamID
        self.receivedAt = receivedAt
        self.model = model
        self.imagesRequested = imagesRequested
        self.copyrightDetection = copyrightDetection
        self.status = status
        self.attempts = attempts
    }
}

/// One attempt of an orphaned call.
package struct OrphanedAttempt: Sendable {
    package let start: AttemptStart
    package let outcome: AttemptOutcome
    package let providerTaskID: String?
    package let cost: Money?
    package let costBasis: CostBasis?

    package init(
        start: AttemptStart,
        outcome: AttemptOutcome,
        providerTaskID: String?,
        cost: Money?,
        costBasis: CostBasis?
    ) {
        self.start = start
        self.outcome = outcome
        self.providerTaskID = providerTaskID
        self.cost = cost
        self.costBasis = costBasis
    }
}

/// What was found out about attempts of a call that is settled already. The ledger works out the call's figures and its
/// reservation anew from its attempts, in the same transaction; its status and pictures stay as the caller got them.
package struct LateResolution: Sendable {
    package let callID: UUID
    package let teamID: Int64
    package let receivedAt: Timestamp
    package let ends: [AttemptEnd]

    package init(callID: UUID, teamID: Int64, receivedAt: Timestamp, ends: [AttemptEnd]) {
        self.callID = callID
        self.teamID = teamID
        self.receivedAt = receivedAt
        self.ends = ends
    }
}
