/// What a report lacks, and how far it is behind.
package struct DataQuality: Sendable, Hashable {
    /// Attempts whose cost nobody can tell because there is no price.
    package var unpricedAttempts = 0
    /// Attempts that were sent and whose end is not known (M7).
    package var unknownAttempts = 0
    /// Settlements that wait in a local journal for the database.
    package var journalPending = 0
    /// Seconds by which the figures are behind the log.
    package var rollupLagS = 0
    /// Writes that the database refused, or that cannot be read in the journal, and that a person has to look at.
    package var journalSetAside = 0
    /// Minutes, hours, days and months of a team that cannot be summed up and are left out.
    package var unsummedWindows = 0

    package init() {}

    /// All of it by the names of the interface.
    package static var members: [(name: String, path: WritableKeyPath<DataQuality, Int>)] {
        [
            ("unpriced_attempts", \.unpricedAttempts), ("unknown_attempts", \.unknownAttempts),
            ("journal_pending", \.journalPending), ("rollup_lag_s", \.rollupLagS),
            ("journal_set_aside", \.journalSetAside), ("unsummed_windows", \.unsummedWindows),
        ]
    }
}
