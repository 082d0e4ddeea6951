package import EaselBase
package import Foundation

/// A call that has ended, as those who watch learn of it.
package struct EndedCall: Sendable, Hashable {
    package var callID: UUID
    package var teamID: Int64
    package var team: String
    package var receivedAt: Timestamp
    /// When it ended, by the clock of its gateway; later where its cost was found out afterwards.
    package var settledAt: Timestamp
    package var status: CallStatus
    package var model: RemixModel
    /// Who delivered, or was asked last.
    package var provider: String?
    package var cost: Money?
    package var images: Int
    package var latencyMs: Int?
    package var failover: Bool
    /// Whether an image of it was found unsafe.
    package var hasNSFW: Bool
    /// The same of copyright.
    package var hasCopyright: Bool

    package init(
        callID: UUID,
        teamID: Int64,
        team: String,
        receivedAt: Timestamp,
        settledAt: Timestamp,
        status: CallStatus,
        model: RemixModel,
        provider: String?,
        cost: Money?,
        images: Int,
        latencyMs: Int?,
        failover: Bool,
        hasNSFW: Bool,
        hasCopyright: Bool
    ) {
        self.callID = callID
        self.teamID = teamID
        self.team = team
        self.receivedAt = receivedAt
        self.settledAt = settledAt
        self.status = status
        self.model = model
        self.provider = provider
        self.cost = cost
        self.images = images
        self.latencyMs = latencyMs
        self.failover = failover
        self.hasNSFW = hasNSFW
        self.hasCopyright = hasCopyright
    }
}

/// The end of the log, for those who follow it.
package protocol EventTail: Sendable {
    /// Calls that ended at `since` or later, whoever's gateway they were, the earliest end first; at most `limit`, without
    /// those of `known`.
    func endedCalls(since: Timestamp, without known: [UUID], limit: Int) async throws(LedgerError) -> [EndedCall]
}
