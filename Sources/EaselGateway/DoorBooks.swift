package import EaselCore

/// The parts of the ledger that doors use, each as one handler or another takes it.
package struct DoorBooks: Sendable {
    package let people: any People & SessionBook
    package let calls: any CallLog & People
    package let figures: any FigureLog
    package let shadows: any ShadowBook & People
    package let prices: any PriceLedger & TermsBook & AuditBook
    package let audit: any AuditBook
    package let budgets: any BudgetLedger & TermsBook
    package let team: any People & TermsBook
    package let reconciliations: any ReconciliationBook
    package let simulations: any SimulationLog & People
    package let health: any LedgerHealth
    package let tail: any EventTail

    /// `figures`: what tells sums instead of the database itself, where more is known than it holds.
    package init(
        _ database: some CallLog & FigureLog & People & LedgerHealth & TermsBook & PriceLedger & BudgetLedger
            & ReconciliationBook & ShadowBook & SimulationLog & SessionBook
            & EventTail & AuditBook,
        figures: (any FigureLog)? = nil
    ) {
        self.figures = figures ?? database
        people = database
        calls = database
        shadows = database
        prices = database
        budgets = database
        team = database
        reconciliations = database
        simulations = database
        health = database
        tail = database
        audit = database
    }
}
