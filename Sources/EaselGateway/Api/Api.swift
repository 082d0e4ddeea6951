import EaselCore

typealias ApiRoute = Route<Api>

/// What stands behind Easel's own routes: what their handlers work with.
struct Api: Sendable {
    let remixes: RemixRoutes
    let calls: CallRoutes
    let budgets: BudgetRoutes
    let prices: PriceRoutes
    let people: PeopleRoutes
    let reports: ReportRoutes
    let figures: FigureRoutes
    let redactions: RedactionRoutes
    let reconciliations: ReconciliationRoutes
    let simulations: SimulationRoutes
    /// Nil where nobody keeps alerts.
    let alerts: AlertRoutes?
    let status: StatusRoutes
    let page: PageRoutes
    let sessions: SessionRoutes
    let events: EventRoutes
    let overview: OverviewRoutes
    let audit: AuditRoutes

    func kept() throws(Problem) -> AlertRoutes {
        guard let alerts else { throw Problem(.notFound, "This gateway keeps no alerts.") }
        return alerts
    }
}
