import EaselBase
import EaselCore
import EaselReporting
import EaselServer
import EaselTransport

/// The reports beside usage: each is made of the same figures, asked for in the same way.
final class FigureRoutes: Sendable {
    static let names = ["latency", "safety", "failover", "providers", "budgets", "diff", "top"]
    /// Rows that a report of the highest shows when nothing else is said, and at most.
    private static let topRows = 10
    private static let mostTopRows = 1000

    private let ledger: any Ledger
    private let reports: ReportRoutes
    private let time: TimeSource

    init(ledger: any Ledger, reports: ReportRoutes, time: TimeSource) {
        self.ledger = ledger
        self.reports = reports
        self.time = time
    }

    func show(_ request: ServerRequest, _ name: String) async throws(Problem) -> ServerResponse {
        let report: Report
        switch name {
        case "latency", "safety", "failover", "providers":
            guard let subject = ReportDesk.Subject(rawValue: name) else { throw Problem(.notFound, "No such report.") }
            let form = UsageQueryParser.Form(groups: subject.usualGroups, hasDetails: !subject.isOfAttempts)
            let (query, _) = try await read(request, form)
            report = try await Problem.of { () async throws(LedgerError) in
                try await ReportDesk(ledger: ledger).report(subject, query, now: time.now)
            }
        case "budgets": report = try await budgets(request)
        case "diff": report = try await diff(request)
        default: report = try await top(request)
        }
        return .json(JSONText.bytes(of: report))
    }

    // MARK: - Each report

    private func top(_ request: ServerRequest) async throws(Problem) -> Report {
        let (query, own) = try await read(request, .init(groups: [.team], parameters: ["sort", "limit"]))
        var faults: [RequestFault] = []
        let measure = own["sort"].map { TopMeasure(rawValue: $0) } ?? .cost
        if measure == nil {
            let names = TopMeasure.allCases.map(\.rawValue).joined(separator: ", ")
            faults.append(RequestFault("sort", "must be one of \(names)"))
        }
        let limit = own["limit"].map { Int($0) ?? 0 } ?? Self.topRows
        if !(1...Self.mostTopRows).contains(limit) {
            faults.append(RequestFault("limit", "must be a whole number from 1 to \(Self.mostTopRows)"))
        }
        guard faults.isEmpty, let measure else { throw .invalid(faults) }
        return ReportBuilder.top(try await usage(query), by: measure, limit: limit)
    }

    private func diff(_ request: ServerRequest) async throws(Problem) -> Report {
        let form = UsageQueryParser.Form(groups: [.team], parameters: ["before_from", "before_to"])
        let (query, own) = try await read(request, form)
        guard !query.groupBy.contains(.day), !query.groupBy.contains(.hour) else {
            throw .invalid([RequestFault("group_by", "cannot hold day or hour: no day is in both periods")])
        }
        var earlier = query
        if own.isEmpty {
            // The stretch of the same length that ends where the period begins.
            let length = query.to.since(query.from)
            earlier.to = query.from
            earlier.from = query.from - length
        } else {
            let names = [("from", own["before_from"]), ("to", own["before_to"] ?? query.from.description)]
            let parameters =
                names.compactMap { name, value in value.map { (name: name, value: $0) } }
                + [(name: "timezone", value: query.timezone)]
            do throws(UsageQueryError) {
                let parsed = try UsageQueryParser(now: time.now).parse(parameters)
                earlier.from = parsed.query.from
                earlier.to = parsed.query.to
            } catch {
                throw .invalid(error.faults.map { RequestFault("before_\($0.parameter)", $0.message) })
            }
        }
        return ReportBuilder.diff(try await usage(query), before: try await usage(earlier))
    }

    private func budgets(_ request: ServerRequest) async throws(Problem) -> Report {
        let (query, _) = try await read(request, .init())
        let now = time.now
        let standings = try await Problem.of { () async throws(LedgerError) in
            try await ledger.budgets(teamID: query.teamID, at: now)
        }
        var burns: [ReportBuilder.BudgetBurn] = []
        for standing in standings {
            burns.append(
                ReportBuilder.BudgetBurn(
                    standing: standing,
                    scope: standing.budget.scope.text,
                    days: try await days(of: standing, now: now)
                )
            )
        }
        return ReportBuilder.budgets(burns, query: query, now: now)
    }

    /// What the window cost on each of its days that are over.
    private func days(of standing: BudgetStanding, now: Timestamp) async throws(Problem) -> [Money] {
        let budget = standing.budget
        guard budget.period != .total, let zone = LocalTime(budget.timezone) else { return [] }
        let end = zone.startOfDay(now)
        guard standing.window.start < end else { return [] }
        var query = UsageQuery(
            from: standing.window.start,
            to: end,
            timezone: budget.timezone,
            groupBy: [.day],
            teamID: budget.teamID == 0 ? nil : budget.teamID
        )
        var wanted: String?
        switch budget.scope {
        case .org, .team: break
        case .project(_, let name):
            query.groupBy.append(.project)
            wanted = name
        case .key(let id):
            query.groupBy.append(.key)
            wanted = id.text
        }
        var costs: [String: Money] = [:]
        for row in try await usage(query).rows {
            guard let day = row.group.first ?? nil, wanted == nil || row.group.last == wanted else { continue }
            costs[day, default: .zero] += row.figures.cost
        }
        return UsageSteps(from: query.from, to: end, timezone: budget.timezone, dimension: .day).names
            .map { costs[$0] ?? .zero }
    }

    // MARK: - Parts

    private func read(
        _ request: ServerRequest,
        _ form: UsageQueryParser.Form
    ) async throws(Problem) -> (UsageQuery, own: [String: String]) {
        try await reports.query(request, form)
    }

    private func usage(_ query: UsageQuery) async throws(Problem) -> UsageReport {
        try await Problem.of { () async throws(LedgerError) in try await ledger.usage(query) }
    }
}
