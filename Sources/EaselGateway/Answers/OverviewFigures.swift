import EaselBase
import EaselCore
import EaselReporting

/// Cost by day and team, for a chart: the teams that cost most, and all others as one.
struct OverviewFigures: Sendable, Hashable {
    /// More lines than these nobody tells apart.
    static let mostTeams = 5

    struct Day: Sendable, Hashable {
        let day: String
        let figures: UsageFigures
    }

    struct TeamDay: Sendable, Hashable {
        /// Nil: all teams but those that are named.
        let team: String?
        let day: String
        let cost: Money
    }

    /// Every day of the period, the first first, those without calls too.
    let days: [Day]
    /// The teams in the order of their cost, the highest first, then the others; days on which one cost something.
    let teamDays: [TeamDay]

    /// `byDay` and `byTeamDay`: usage of one period, grouped by `day`, and by `team` and `day`.
    init(byDay: UsageReport, byTeamDay: UsageReport) {
        let query = byDay.query
        let names = UsageSteps(from: query.from, to: query.to, timezone: query.timezone, dimension: .day).names
        let known = Dictionary(
            byDay.rows.compactMap { row in row.group.first.flatMap(\.self).map { ($0, row.figures) } },
            uniquingKeysWith: { first, _ in first }
        )
        days = names.map { Day(day: $0, figures: known[$0] ?? UsageFigures()) }
        var costs: [String: [String: Money]] = [:]
        for row in byTeamDay.rows where row.group.count == 2 {
            guard let team = row.group[0], let day = row.group[1] else { continue }
            costs[team, default: [:]][day, default: .zero] += row.figures.cost
        }
        let totals = costs.mapValues { $0.values.reduce(.zero, +) }
        let ranked = totals.filter { $0.value > .zero }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        var lines: [TeamDay] = []
        for team in ranked.prefix(Self.mostTeams) {
            lines += names.compactMap { day in costs[team]?[day].map { TeamDay(team: team, day: day, cost: $0) } }
        }
        let others = ranked.dropFirst(Self.mostTeams)
        lines += names.compactMap { day in
            let cost = others.reduce(Money.zero) { $0 + (costs[$1]?[day] ?? .zero) }
            return TeamDay(team: nil, day: day, cost: cost)
        }
        teamDays = lines.filter { $0.cost > .zero }
    }
}

extension OverviewFigures.Day: JSONWritable {
    func write(to text: inout JSONText) {
        text.object { text in
            text.member("day", day)
            text.member("cost_usd", figures.cost.usd)
            text.member("estimated_usd", figures.estimated.usd)
            text.member("calls", figures.calls)
            text.member("images", figures.images)
            text.member("succeeded", figures.succeeded)
            text.member("partial", figures.partial)
            text.member("refused", figures.refused)
            text.member("failed", figures.failed)
            text.member("failovers", figures.failovers)
            text.member("nsfw_images", figures.nsfwImages)
            text.member("copyright_flagged", figures[.copyrightFlagged])
            text.key("latency_ms")
            text.object { text in
                text.member("p50", figures.p50Ms)
                text.member("p90", figures.p90Ms)
                text.member("p99", figures.p99Ms)
            }
        }
    }
}

extension OverviewFigures.TeamDay: JSONWritable {
    func write(to text: inout JSONText) {
        text.object { text in
            text.member("team", team)
            text.member("day", day)
            text.member("cost_usd", cost.usd)
        }
    }
}
