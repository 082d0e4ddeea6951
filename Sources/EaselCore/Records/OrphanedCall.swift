package import EaselBase

/// A call that a gateway left behind when it stopped without settling it.
package struct OrphanedCall: Sendable, CallKeyed {
    package let key: CallKey
    package let model: RemixModel
    package let imagesRequested: Int
    package let copyrightDetection: Bool
    /// How the call stands: in progress, or settled with an attempt whose end is unknown.
    package let status: CallStatus
    /// Every attempt of the call: those with an end, and the cut-off ones as `pending`.
    package let attempts: [OrphanedAttempt]

    package init(
        key: CallKey,
        model: RemixModel,
        imagesRequested: Int,
        copyrightDetection: Bool,
        status: CallStatus = .inProgress,
        attempts: [OrphanedAttempt]
    ) {
        self.key = key
        self.model = model
        self.imagesRequested = imagesRequested
        self.copyrightDetection = copyrightDetection
        self.status = status
        self.attempts = attempts
    }
}

/// One attempt of an orphaned call.
package struct OrphanedAttempt: Sendable, MaybeCharged {
    package let start: AttemptStart
    package let outcome: AttemptOutcome
    package let providerTaskID: String?
    package let charge: Cost.Recorded
    package let reason: String?
    package let errorCode: String?

    package init(
        start: AttemptStart,
        outcome: AttemptOutcome,
        providerTaskID: String?,
        charge: Cost.Recorded,
        reason: String? = nil,
        errorCode: String? = nil
    ) {
        self.start = start
        self.outcome = outcome
        self.providerTaskID = providerTaskID
        self.charge = charge
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
package struct LateResolution: Sendable, CallKeyed {
    package let key: CallKey
    package let resolvedAt: Timestamp
    package let ends: [AttemptEnd]

    package init(key: CallKey, resolvedAt: Timestamp, ends: [AttemptEnd]) {
        self.key = key
        self.resolvedAt = resolvedAt
        self.ends = ends
    }
}
