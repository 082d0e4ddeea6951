/// Every route of Easel's own interface, in the order in which people read it. From it come dispatch, errors for other
/// paths and methods, the labels of metrics, `/openapi.json` and the reference in docs/http.md.
package enum RouteTable {
    static let routes: [ApiRoute] =
        RemixRoutes.routes + CallRoutes.routes + RedactionRoutes.routes + SimulationRoutes.routes
        + ReportRoutes.routes + FigureRoutes.routes + OverviewRoutes.routes + BudgetRoutes.routes + PriceRoutes.routes
        + PeopleRoutes.routes
        + AuditRoutes.routes + AlertRoutes.routes + ReconciliationRoutes.routes + EventRoutes.routes
        + SessionRoutes.routes + PageRoutes.routes
        + StatusRoutes.routes

    static let rows = routes.map(\.row)
    static let router = Router(routes)

    /// The table as OpenAPI 3.1. `version`: of the program.
    package static func openAPI(version: String) -> [UInt8] {
        OpenAPI(rows: rows, problem: Shapes.problem, remix: Shapes.remixRequest, version: version).json()
    }

    /// The table as the reference in docs/http.md.
    package static func reference() -> String {
        RouteReference(rows: rows, remix: Shapes.remixRequest).text()
    }
}
