package import EaselBase
package import Foundation

/// A call as it is admitted: written with its first attempts before anything is sent (M3, M4, M5).
package final class Admission: Sendable, CallKeyed {
    package let key: CallKey
    package let keyID: UUID
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
    /// The other parameters, without images.
    package let parameters: JSONValue
    /// The plan with its reasons and what it was computed from: a `PlanRecord`.
    package let plan: JSONDocument
    /// What the first candidate makes of the parameters, which is what happens unless another one delivers (R5).
    package let translation: [TranslationEntry]
    package let attempts: [AttemptStart]
    /// The version of the spending terms that the plan was made with.
    package let termsVersion: Int64
    /// The budgets that the call counts against, in the order in which their rows are locked.
    package let budgets: [AppliedBudget]
    /// Whether a call without a known bound passes hard budgets.
    package let allowsUnpriced: Bool
    package let idempotency: IdempotencyKey?
    /// When the call should be over: a reservation that outlives this is looked into.
    package let leaseEndsAt: Timestamp

    package init(
        key: CallKey,
        keyID: UUID,
        gatewayID: UUID,
        project: String?,
        tags: [String: String],
        policy: String,
        model: RemixModel,
        imagesRequested: Int,
        bound: Money?,
        prompt: String?,
        parameters: JSONValue,
        plan: JSONDocument,
        translation: [TranslationEntry] = [],
        attempts: [AttemptStart],
        termsVersion: Int64,
        budgets: [AppliedBudget] = [],
        allowsUnpriced: Bool = false,
        idempotency: IdempotencyKey? = nil,
        leaseEndsAt: Timestamp
    ) {
        self.key = key
        self.keyID = keyID
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
        self.termsVersion = termsVersion
        self.budgets = budgets
        self.allowsUnpriced = allowsUnpriced
        self.idempotency = idempotency
        self.leaseEndsAt = leaseEndsAt
    }
}

/// A call as it is read back, with everything that belongs to it.
package struct CallDetail: Sendable, CallKeyed, MaybeCharged {
    package struct Attempt: Sendable, MaybeCharged {
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
        package let charge: Cost.Recorded
        package let totalMs: Int?
        package let duplicateRisk: Bool
        /// How long its phases took, as far as they were measured.
        package let phases: PhaseTimings

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
            charge: Cost.Recorded,
            totalMs: Int?,
            duplicateRisk: Bool,
            phases: PhaseTimings
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
            self.charge = charge
            self.totalMs = totalMs
            self.duplicateRisk = duplicateRisk
            self.phases = phases
        }
    }

    package let key: CallKey
    package let team: String
    package let keyID: UUID
    package let project: String?
    package let tags: [String: String]
    package let policy: String
    package let model: RemixModel
    package let provider: String?
    package let status: CallStatus
    package let errorCode: String?
    package let imagesRequested: Int
    package let imagesDelivered: Int
    package let charge: Cost.Recorded
    package let estimated: Money?
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
    /// The request's parameters without images; nil in lists.
    package let parameters: JSONValue?
    /// What the caller was told of a failure.
    package let errorDetail: String?
    /// The answer as JSON, where it was kept whole.
    package let answer: String?
    /// The same request at a second provider; nil in lists.
    package var shadow: ShadowSummary?

    package init(
        key: CallKey,
        team: String,
        keyID: UUID,
        project: String?,
        tags: [String: String],
        policy: String,
        model: RemixModel,
        provider: String?,
        status: CallStatus,
        errorCode: String?,
        imagesRequested: Int,
        imagesDelivered: Int,
        charge: Cost.Recorded,
        estimated: Money?,
        latencyMs: Int?,
        attemptCount: Int,
        failover: Bool,
        attempts: [Attempt],
        images: [ImageRecord],
        translation: [TranslationEntry],
        prompt: String?,
        plan: JSONValue?,
        parameters: JSONValue? = nil,
        errorDetail: String? = nil,
        answer: String? = nil
    ) {
        self.key = key
        self.team = team
        self.keyID = keyID
        self.project = project
        self.tags = tags
        self.policy = policy
        self.model = model
        self.provider = provider
        self.status = status
        self.errorCode = errorCode
        self.imagesRequested = imagesRequested
        self.imagesDelivered = imagesDelivered
        self.charge = charge
        self.estimated = estimated
        self.latencyMs = latencyMs
        self.attemptCount = attemptCount
        self.failover = failover
        self.attempts = attempts
        self.images = images
        self.translation = translation
        self.prompt = prompt
        self.plan = plan
        self.parameters = parameters
        self.errorDetail = errorDetail
        self.answer = answer
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
