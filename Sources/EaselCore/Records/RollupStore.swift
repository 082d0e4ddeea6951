package import EaselBase
package import Foundation

/// The right to be the one reporting daemon, until it ends or goes to another (L4).
package struct Lease: Sendable, Hashable {
    /// What it is for.
    package let name: String
    package let holder: UUID
    /// Rises with every holder: what one with a lower epoch still has on its way is refused.
    package let epoch: Int64

    package init(name: String, holder: UUID, epoch: Int64) {
        self.name = name
        self.holder = holder
        self.epoch = epoch
    }
}

/// What one pass of the rollups did.
package struct RollupPass: Sendable, Hashable {
    /// Minutes, hours and days of a team that were made again.
    package var minutes = 0
    package var hours = 0
    package var days = 0
    package var months = 0
    /// Writes to the log that it took in.
    package var changes = 0
    /// How long ago the oldest of these was made.
    package var lag = Duration.zero
    /// Whether there is more to do at once.
    package var hasMore = false
    /// Windows that could not be summed up: they are left out until their next turn, and shown as long.
    package var faults: [Fault] = []

    /// A window that cannot be summed up.
    package struct Fault: Sendable, Hashable {
        package let teamID: Int64
        package let level: UsageLevel
        package let start: Timestamp
        /// Safe for operators: the database's code and the names of its tables.
        package let reason: String

        package init(teamID: Int64, level: UsageLevel, start: Timestamp, reason: String) {
            self.teamID = teamID
            self.level = level
            self.start = start
            self.reason = reason
        }
    }

    package init() {}
}

/// Who may do what only one may do at a time.
package protocol LeaseStore: Sendable {
    /// Takes the lease or keeps it; nil while another holds it.
    func acquireLease(_ name: String, holder: UUID, for length: Duration) async throws(LedgerError) -> Lease?
    /// Lets another take the lease at once.
    func releaseLease(_ lease: Lease) async throws(LedgerError)
}

/// The sums of the log by minute, hour, day and month, which reports are made from.
package protocol RollupStore: LeaseStore {
    /// Makes at most so many of the windows again that were written to, the newest first, and keeps the lease for that
    /// long from now. Nil, and nothing is changed, when the lease is another's by now.
    func rollUp(_ lease: Lease, for length: Duration, atMost windows: Int) async throws(LedgerError) -> RollupPass?
    /// Makes at most so many months again that are over and wait for it. A month may take long, so that it is
    /// apart from what must not wait: reports read its days until then. Nil when the lease is another's by now.
    func sumUpMonths(_ lease: Lease, for length: Duration, atMost months: Int) async throws(LedgerError) -> RollupPass?
    /// Drops what is older than it is to be kept; the names of what went.
    func drop(_ retention: Retention) async throws(LedgerError) -> [String]
}
