package import EaselBase

/// The writes of shadows, apart from calls, budgets and usage. Every one is idempotent (L1).
package protocol ShadowLedger: Sendable {
    /// Writes a shadow and holds its bound back in the day's budget of its policy, in one transaction (M2, M3). False: the budget does not take it, and nothing is written. Nothing may be sent unless it returns true.
    ///
    /// After an error it may stand there all the same; ending it does no harm.
    func startShadow(_ start: ShadowStart) async throws(LedgerError) -> Bool

    /// Keeps the provider's own id of a task, which recovery needs.
    func noteShadowTask(_ start: ShadowStart, providerTaskID: String) async throws(LedgerError)

    /// Writes a shadow's end and posts its cost, in one transaction. What is known of a cost is not overwritten by less;
    /// the end of one that never began is nothing.
    func endShadow(_ end: ShadowEnd) async throws(LedgerError)

    /// Shadows whose cost is not known and that nobody works on: those with an end, those whose lease is over at
    /// `moment`, and those of gateways that were silent since `silentSince` (nil: no gateway is judged). Oldest first.
    func openShadows(
        silentSince: Timestamp?,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> [OpenShadow]
}

/// The part of the ledger that holds shadows, with what they say.
package protocol ShadowBook: ShadowLedger {
    /// The comparison of shadows with the first requests of their calls.
    func shadowReport(_ query: ShadowQuery) async throws(LedgerError) -> ShadowReport
}
