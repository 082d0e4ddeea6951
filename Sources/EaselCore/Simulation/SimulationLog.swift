package import EaselBase
package import Foundation

/// The part of the ledger that simulations read.
package protocol SimulationLog: Sendable {
    /// How many finished calls a window holds, and which of them are to be read.
    func simulationSample(_ query: SimulationQuery) async throws(LedgerError) -> SimulationSample

    /// The sample's calls in the order of `receivedAt` and id, those after `cursor`, at most `limit` (1 to
    /// `SimulationQuery.longestPage`).
    func simulationCalls(
        _ sample: SimulationSample,
        after cursor: SimulationSample.Cursor?,
        limit: Int
    ) async throws(LedgerError) -> [LoggedCall]

    /// How the attempts of the sample's calls went, by provider, model and rendering speed, in this order.
    func providerRecords(_ sample: SimulationSample) async throws(LedgerError) -> [ProviderRecord]
}

/// Which calls are simulated.
package struct SimulationQuery: Sendable, Hashable {
    /// Calls of one simulation, unless told otherwise, and at most (S4).
    package static let usualCalls = 50_000
    package static let mostCalls = 500_000
    package static let longestPage = 1_000

    /// Nil: every team's.
    package var teamID: Int64?
    package var since: Timestamp
    /// Not included.
    package var until: Timestamp
    /// 1 to `mostCalls`; a window that holds more is sampled.
    package var limit: Int

    package init(teamID: Int64?, since: Timestamp, until: Timestamp, limit: Int = SimulationQuery.usualCalls) {
        self.teamID = teamID
        self.since = since
        self.until = until
        self.limit = min(max(limit, 1), Self.mostCalls)
    }
}

/// The finished calls of a window, or a uniform sample of them.
package struct SimulationSample: Sendable, Hashable {
    /// The last call that was read.
    package struct Cursor: Sendable, Hashable {
        package var receivedAt: Timestamp
        package var callID: UUID

        package init(receivedAt: Timestamp, callID: UUID) {
            self.receivedAt = receivedAt
            self.callID = callID
        }

        package init(_ call: LoggedCall) {
            self.init(receivedAt: call.receivedAt, callID: call.callID)
        }
    }

    package var query: SimulationQuery
    /// Finished calls in the window.
    package var total: Int
    /// The sample is the calls whose id has a hash of at most this, a hash being from 0 to `Int64.max`. A hash, since the
    /// bits of the id are the call's draw as well: a sample by them would hold other shares of weights and canaries.
    /// Nil: every call.
    package var threshold: Int64?

    package init(query: SimulationQuery, total: Int, threshold: Int64?) {
        self.query = query
        self.total = total
        self.threshold = threshold
    }
}
