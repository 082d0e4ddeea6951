import EaselBase
import EaselCore
import EaselReporting
import EaselServer
import EaselTransport

/// The reports beside usage: each is made of the same figures, asked for in the same way.
final class FigureRoutes: Sendable {
    static let routes: [ApiRoute] =
        // Usage has a form of its own (`ReportRoutes`).
        ReportDesk.Subject.allCases.filter { $0 != .usage }.map { subject in
            let form = UsageQueryParser.Form(groups: subject.usualGroups, hasDetails: !subject.isOfAttempts)
            return ApiRoute.report(subject.rawValue, summary(of: subject), form) { api, wish throws(Problem) in
                try await api.figures.show(subject, wish)
            }
        } + [
            .report("budgets", "How fast budgets are used up") { api, wish throws(Problem) in
                FigureRoutes.answer(try await api.figures.budgets(wish))
            },
            .report(
                "diff",
                "Two periods compared",
                .init(groups: [.team], parameters: ["before_from", "before_to"]),
                own: [beforeFrom, beforeTo]
            ) { api, wish throws(Problem) in FigureRoutes.answer(try await api.figures.diff(wish)) },
            .report(
                "top",
                "The teams, keys, projects or tags with the most",
                .init(groups: [.team], parameters: ["sort", "limit"]),
                own: [sort, limit]
            ) { api, wish throws(Problem) in FigureRoutes.answer(try await api.figures.top(wish)) },
        ]

    /// Rows that a report of the highest shows when nothing else is said, and at most.
    private static let topRows = 10
    private static let mostTopRows = 1000
    private static let sort = QueryParameter<TopMeasure?>.choice("sort", "What to sort by; `cost` by default.")
    private static let limit = QueryParameter.integer("limit", 1...mostTopRows, usual: topRows, "Rows.")
    private static let beforeFrom = QueryParameter.text(
        "before_from",
        "The start of the earlier period; by default it is as long as the other one and ends where that begins."
    )
    private static let beforeTo = QueryParameter.text("before_to", "The end of the earlier period.")

    private static func summary(of subject: ReportDesk.Subject) -> String {
        switch subject {
        case .usage: "Cost, latency, NSFW and copyright figures"
        case .latency: "How long calls take"
        case .safety: "NSFW and copyright verdicts"
        case .failover: "How attempts fail, and what that costs"
        case .providers: "Providers by their attempts"
        }
    }

    private let log: any FigureLog
    private let budgets: any BudgetLedger

    init(log: any FigureLog, budgets: any BudgetLedger) {
        self.log = log
        self.budgets = budgets
    }

    private static func answer(_ report: Report) -> ServerResponse { .json(JSONText.bytes(of: report)) }

    private func show(_ subject: ReportDesk.Subject, _ wish: ReportWish) async throws(Problem) -> ServerResponse {
        Self.answer(
            try await Problem.of { () async throws(LedgerError) in
                try await ReportDesk(log: log).report(subject, wish.query, now: wish.now)
            }
        )
    }

    // MARK: - Each report

    private func top(_ wish: ReportWish) async throws(Problem) -> Report {
        let own = wish.own
        var faults: [RequestFault] = []
        for rule in [Self.sort, Self.limit] as [any QueryRule] {
            guard let text = own[rule.name], let fault = rule.fault(in: text, now: wish.now) else { continue }
            faults.append(RequestFault(rule.name, fault))
        }
        guard faults.isEmpty else { throw .invalid(faults) }
        let measure = own["sort"].flatMap { TopMeasure(rawValue: $0) } ?? .cost
        let limit = own["limit"].flatMap { Int($0) } ?? Self.topRows
        return ReportBuilder.top(try await usage(wish.query), by: measure, limit: limit)
    }

    private func diff(_ wish: ReportWish) async throws(Problem) -> Report {
        let (query, own) = (wish.query, wish.own)
        guard !query.groupBy.contains(.day), !query.groupBy.contains(.hour) else {
            throw .invalid([RequestFault("group_by", "cannot include day or hour: no day is in both periods")])
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
                let parsed = try UsageQueryParser(now: wish.now).parse(parameters)
                earlier.from = parsed.query.from
                earlier.to = parsed.query.to
            } catch {
                throw .invalid(error.faults.map { RequestFault("before_\($0.parameter)", $0.message) })
            }
        }
        return ReportBuilder.diff(try await usage(query), before: try await usage(earlier))
    }

    private func budgets(_ wish: ReportWish) async throws(Problem) -> Report {
        let (query, now) = (wish.query, wish.now)
        let standings = try await Problem.of { () async throws(LedgerError) in
            try await budgets.budgets(teamID: query.teamID, at: now)
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

    private func usage(_ query: UsageQuery) async throws(Problem) -> UsageReport {
        try await Problem.of { () async throws(LedgerError) in try await log.usage(query) }
    }
}
