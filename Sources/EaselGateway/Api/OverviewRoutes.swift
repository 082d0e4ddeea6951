import EaselBase
import EaselCore
import EaselReporting
import EaselServer
import EaselTransport

/// What the first view of the page shows, in one answer.
struct OverviewRoutes: Sendable {
    static let routes: [ApiRoute] = [
        ApiRoute(
            "GET",
            "/v1/overview",
            .ownTeam,
            "Spend, calls, budgets, providers and alerts of a period at a glance",
            load: .countedReport,
            query: .together(ReportRoutes.parameters(form).filter { $0.name != "group_by" }) { query, now in
                if query.contains(where: { $0.name == "group_by" }) {
                    return [RequestFault("group_by", "is not a parameter here: the groups are given")]
                }
                do throws(UsageQueryError) {
                    _ = try UsageQueryParser(now: now, form: form).parse(query)
                    return []
                } catch {
                    return error.faults
                }
            },
            gives: [.json(Shapes.overview, "The overview.")],
            fails: [.forbidden],
            note: "The period before is as long, and ends where this one begins. Alerts are for admins."
        ) { api, visit throws(Problem) in try await api.overview.show(visit, api) }
    ]

    private static let form = UsageQueryParser.Form(groups: [.day])

    let log: any FigureLog
    let budgets: any BudgetLedger
    let people: any People

    private typealias Asked<Value: Sendable> = Result<Value, LedgerError>

    private struct Parts {
        let current: UsageReport
        let byTeamDay: UsageReport
        let previous: UsageReport
        let budgets: [BudgetStanding]
    }

    private func show(_ visit: Visit<Member>, _ api: Api) async throws(Problem) -> ServerResponse {
        let parsed: UsageQueryParser.Parsed
        do throws(UsageQueryError) {
            parsed = try UsageQueryParser(now: visit.now, form: Self.form).parse(visit.request.query)
        } catch {
            throw .invalid(error.faults)
        }
        let teamID = try await visit.who.teamID(named: parsed.team, in: people, reads: "figures")
        let asked = parsed.query
        func wish(from: Timestamp, to: Timestamp, _ groups: [UsageQuery.Dimension]) -> UsageQuery {
            UsageQuery(from: from, to: to, timezone: asked.timezone, groupBy: groups, teamID: teamID)
        }
        let query = wish(from: asked.from, to: asked.to, [.day])
        let byTeam = wish(from: asked.from, to: asked.to, [.team, .day])
        let before = wish(from: asked.from - asked.to.since(asked.from), to: asked.from, [])
        // Side by side: each waits for the database most of its time.
        async let days = usage(query)
        async let teams = usage(byTeam)
        async let past = usage(before)
        async let held = standings(of: teamID, at: visit.now)
        let providers = try await api.status.reports(at: visit.now)
        let alerts: [AlertNews] =
            if visit.who.known.role == .admin, let kept = api.alerts { try await kept.firing(at: visit.now) } else {
                []
            }
        let parts: Parts
        do throws(LedgerError) {
            parts = Parts(
                current: try await days.get(),
                byTeamDay: try await teams.get(),
                previous: try await past.get(),
                budgets: try await held.get()
            )
        } catch {
            throw Problem(error)
        }
        let figures = OverviewFigures(byDay: parts.current, byTeamDay: parts.byTeamDay)
        let listed: [UInt8]
        do {
            listed = try JSON.encode(providers, sorted: true)
        } catch {
            throw Problem(.internalError, "The answer could not be written.")
        }
        var text = JSONText()
        text.object { text in
            text.member("from", query.from.description)
            text.member("to", query.to.description)
            text.member("timezone", query.timezone)
            text.key("previous")
            text.object { text in
                text.member("from", before.from.description)
                text.member("to", before.to.description)
            }
            text.key("totals")
            UsageReport.write(parts.current.totals, to: &text)
            text.key("previous_totals")
            UsageReport.write(parts.previous.totals, to: &text)
            text.member("by_day", figures.days)
            text.member("by_team_day", figures.teamDays)
            text.member("budgets", parts.budgets.map { BudgetFigures($0, at: visit.now) })
            text.key("providers")
            text.raw(listed)
            text.key("alerts")
            text.array(alerts) { text, news in AlertText.write(news.state, mutedUntil: news.mutedUntil, to: &text) }
            text.key("data_quality")
            text.object { text in
                for (name, path) in DataQuality.members { text.member(name, parts.current.dataQuality[keyPath: path]) }
            }
        }
        return .json(text.bytes)
    }

    private func usage(_ query: UsageQuery) async -> Asked<UsageReport> {
        do throws(LedgerError) { return .success(try await log.usage(query)) } catch { return .failure(error) }
    }

    private func standings(of teamID: Int64?, at moment: Timestamp) async -> Asked<[BudgetStanding]> {
        do throws(LedgerError) {
            return .success(try await budgets.budgets(teamID: teamID, at: moment))
        } catch {
            return .failure(error)
        }
    }
}
