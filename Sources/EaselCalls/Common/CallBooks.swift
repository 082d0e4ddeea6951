package import EaselCore

/// The parts of the ledger that calls use.
package struct CallBooks: Sendable {
    package let calls: any CallLedger
    package let keyed: any KeyedCalls
    package let recovery: any RecoveryLedger
    package let terms: any TermsBook
    package let budgets: any BudgetStandings
    package let shadows: any ShadowLedger

    /// `calls`: what takes the writes on a call's way instead of the database itself, such as a journal before it.
    package init(
        _ database: some CallLedger & KeyedCalls & RecoveryLedger & TermsBook & BudgetStandings & ShadowLedger,
        calls: (any CallLedger)? = nil
    ) {
        self.calls = calls ?? database
        keyed = database
        recovery = database
        terms = database
        budgets = database
        shadows = database
    }
}
