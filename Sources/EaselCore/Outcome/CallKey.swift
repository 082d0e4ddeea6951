package import EaselBase
package import Foundation

/// What finds a call: its team, when it was received, and its id, in the order of the tables' keys.
package struct CallKey: Sendable, Hashable {
    package let teamID: Int64
    /// Whole milliseconds, so that the id tells it exactly (L1).
    package let receivedAt: Timestamp
    /// Version 7; minted from `receivedAt`.
    package let callID: UUID

    package init(teamID: Int64, receivedAt: Timestamp, callID: UUID) {
        self.teamID = teamID
        self.receivedAt = receivedAt
        self.callID = callID
    }
}

/// A record of one call.
package protocol CallKeyed {
    var key: CallKey { get }
}

extension CallKeyed {
    package var teamID: Int64 { key.teamID }
    package var receivedAt: Timestamp { key.receivedAt }
    package var callID: UUID { key.callID }
}
