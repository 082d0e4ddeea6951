import EaselBase
import EaselCore
import EaselReporting
import EaselServer
import EaselTransport

/// What a report is asked for: the period, the groups and whose figures, all read by one reader.
struct ReportWish: Sendable {
    let query: UsageQuery
    /// Values of the parameters that only this report has.
    let own: [String: String]
    let now: Timestamp
}

extension Route where Desk == Api {
    /// A report at `/v1/reports/NAME`, in the form that it has.
    ///
    /// `own`: the parameters that only this report has.
    static func report(
        _ name: String,
        _ summary: String,
        _ form: UsageQueryParser.Form = UsageQueryParser.Form(),
        own: [any QueryRule] = [],
        shape: Schema = Shapes.report,
        note: String = "",
        _ answer: @escaping @Sendable (Api, ReportWish) async throws(Problem) -> ServerResponse
    ) -> Self {
        Route(
            "GET",
            "/v1/reports/\(name)",
            .ownTeam,
            summary,
            load: .countedReport,
            query: .together(ReportRoutes.parameters(form) + own) { query, now in
                do throws(UsageQueryError) {
                    _ = try UsageQueryParser(now: now, form: form).parse(query)
                    return []
                } catch {
                    return error.faults
                }
            },
            gives: [.json(shape, "The report.")],
            fails: [.forbidden],
            note: note
        ) { api, visit throws(Problem) in
            let parsed: UsageQueryParser.Parsed
            do throws(UsageQueryError) {
                parsed = try UsageQueryParser(now: visit.now, form: form).parse(visit.request.query)
            } catch {
                throw .invalid(error.faults)
            }
            var query = parsed.query
            query.teamID = try await visit.who.teamID(named: parsed.team, in: api.reports.shadows, reads: "figures")
            return try await answer(api, ReportWish(query: query, own: parsed.own, now: visit.now))
        }
    }
}

/// Usage, and a second provider beside the first.
final class ReportRoutes: Sendable {
    static let routes: [ApiRoute] = [
        .report("usage", "Cost, latency, NSFW and copyright figures", shape: Shapes.usage) {
            api,
            wish throws(Problem) in
            try await api.reports.usage(wish)
        },
        ApiRoute(
            "GET",
            "/v1/reports/shadow",
            .ownTeam,
            "A second provider compared with the first",
            load: .countedReport,
            query: .together([from, to, policy, team]) { query, now in
                do throws(UsageQueryError) {
                    _ = try ShadowQueryParser(now: now).parse(query)
                    return []
                } catch {
                    return error.faults
                }
            },
            gives: [.json(Shapes.shadowReport, "The comparison.")],
            fails: [.forbidden]
        ) { api, visit throws(Problem) in try await api.reports.shadow(visit) },
    ]

    private static let moments = "A time, a date, `7d` or `24h` for that long ago, `today`, `month` or `now`."
    private static let from = QueryParameter.text(
        "from",
        "The start; the beginning of the month by default. \(moments)"
    )
    private static let to = QueryParameter.text("to", "The end; a named day or month is included. \(moments)")
    private static let team = QueryParameter.text("team", "The name of a team; a member may only name its own.")
    private static let policy = QueryParameter.text("policy", "The name of a policy: only its shadows.")
    private static let timezone = QueryParameter.text(
        "timezone",
        "The time zone of days, such as `Europe/Berlin`; UTC by default."
    )

    static func parameters(_ form: UsageQueryParser.Form) -> [any QueryRule] {
        let groups =
            form.hasDetails
            ? "team, provider, model, project, key, day, hour or tag:NAME" : "team, provider, model, day or hour"
        let usual = form.groups.map(\.name).joined(separator: ",")
        let note =
            "At most \(UsageQueryParser.mostGroups) of \(groups), separated by commas; `\(usual)` by default."
        return [from, to, QueryParameter.text("group_by", note), team, timezone]
    }

    let log: any FigureLog
    let shadows: any ShadowBook & People

    init(log: any FigureLog, shadows: any ShadowBook & People) {
        self.log = log
        self.shadows = shadows
    }

    private func usage(_ wish: ReportWish) async throws(Problem) -> ServerResponse {
        let report = try await Problem.of { () async throws(LedgerError) in try await log.usage(wish.query) }
        return .json(JSONText.bytes(of: ReportBuilder.usage(report)))
    }

    private func shadow(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        let parsed: ShadowQueryParser.Parsed
        do throws(UsageQueryError) {
            parsed = try ShadowQueryParser(now: visit.now).parse(visit.request.query)
        } catch {
            throw .invalid(error.faults)
        }
        var query = parsed.query
        query.teamID = try await visit.who.teamID(named: parsed.team, in: shadows, reads: "figures")
        let wanted = query
        let report = try await Problem.of { () async throws(LedgerError) in try await shadows.shadowReport(wanted) }
        return .json(JSONText.bytes(of: ReportBuilder.shadow(report)))
    }
}
