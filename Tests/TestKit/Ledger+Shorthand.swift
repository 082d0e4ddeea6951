package import EaselCore

/// Writes whose only good end is a yes, for tests that are about something else.
extension CallLedger {
    /// Admits a call; throws `.rejected` when it is not admitted.
    package func take(_ admission: Admission) async throws(LedgerError) {
        let verdict = try await admit(admission)
        if verdict != .admitted { throw .rejected("not admitted: \(verdict)") }
    }

    /// Starts attempts that need no more money than the call holds; throws `.rejected` when they are not written.
    package func startAttempts(_ starts: [AttemptStart], ended: [AttemptEnd]) async throws(LedgerError) {
        let verdict = try await startAttempts(starts, ended: ended, hold: nil)
        if verdict != .started { throw .rejected("not started: \(verdict)") }
    }
}
