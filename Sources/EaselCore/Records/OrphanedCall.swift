package import EaselBase
package import Foundation

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
    package let reason: String?
    package let errorCode: String?

    package init(
        start: AttemptStart,
        outcome: AttemptOutcome,
        providerTaskID: String?,
        cost: Money?,
        costBasis: CostBasis?,
        reason: String? = nil,
        errorCode: String? = nil
    ) {
        self.start = start
        self.outcome = outcome
        self.providerTaskID = providerTaskID
        self.cost = cost
        self.costBasis = costBasis
        self.reason = reason
        self.errorCode = errorCode
    }

    /// Whether it delivered a part of what was asked for and broke off, so that its cost is only bounded. Images that a
    /// provider keeps back leave nothing to ask.
    package var brokeOff: Bool {
        outcome == .partial && costBasis == .unknown && reason != "ok" && reason != "withheld"
    }
}

/// What was found out about attempts of a call that is settled already. The ledger works out the call's figures and its
/// reservation anew from its attempts, in the same transaction; its status and images stay as the caller got them.
package struct LateResolution: Sendable {
    package let callID: UUID
    package let teamID: Int64
    package let receivedAt: Timestamp
    package let resolvedAt: Timestamp
    package let ends: [AttemptEnd]

    package init(callID: UUID, teamID: Int64, receivedAt: Timestamp, resolvedAt: Timestamp, ends: [AttemptEnd]) {
        self.callID = callID
        self.teamID = teamID
        self.receivedAt = receivedAt
        self.resolvedAt = resolvedAt
        self.ends = ends
    }
}
