import EaselBase
import EaselCore

/// Makes the reports of weeks and months that are over.
struct ScheduledReports: Sendable {
    /// Columns of a mail or a message.
    private static let width = 100

    let ledger: any FigureLog & People

    /// What tells one report of a schedule from the next: the period's end.
    func key(_ schedule: ReportSchedule, now: Timestamp) -> String? {
        schedule.period(at: now).map { "report \(schedule.name) \($0.to)" }
    }

    /// The report whose time has come last.
    func event(_ schedule: ReportSchedule, now: Timestamp) async throws(LedgerError) -> AlertEvent {
        let period = schedule.period(at: now) ?? (now, now)
        var query = UsageQuery(
            from: period.from,
            to: period.to,
            timezone: schedule.timezone,
            groupBy: schedule.groupBy,
            teamID: nil
        )
        if let team = schedule.team {
            guard let found = try await ledger.team(named: team) else {
                return made(schedule, period, now, "There is no team \(team) yet.", nil)
            }
            query.teamID = found.id
        }
        let style = TextStyle(width: Self.width)
        do throws(LedgerError) {
            let subject = ReportDesk.Subject(rawValue: schedule.report) ?? .usage
            let report = try await ReportDesk(log: ledger).report(subject, query, now: now)
            return made(schedule, period, now, ReportText(report, style: style).table(), JSONDocument(report))
        } catch {
            // Told once, rather than tried for a month.
            guard case .rejected(let why) = error else { throw error }
            return made(schedule, period, now, "The report cannot be made: \(why).", nil)
        }
    }

    private func made(
        _ schedule: ReportSchedule,
        _ period: (from: Timestamp, to: Timestamp),
        _ now: Timestamp,
        _ text: String,
        _ report: JSONDocument?
    ) -> AlertEvent {
        let zone = LocalTime(schedule.timezone) ?? .utc
        let last = zone.dateText(period.to - .seconds(1))
        let title = "\(schedule.name): \(schedule.report) from \(zone.dateText(period.from)) to \(last)"
        var data = JSONText()
        data.object { data in
            data.member("schedule", schedule.name)
            data.member("every", schedule.every.rawValue)
            data.member("name", schedule.report)
            data.member("from", period.from.description)
            data.member("to", period.to.description)
            data.member("timezone", schedule.timezone)
            data.key("report")
            if let report { report.write(to: &data) } else { data.null() }
        }
        return AlertEvent(
            id: UUIDv7.mint(at: now),
            type: AlertEvent.reportType,
            at: now,
            rule: schedule.name,
            subject: schedule.report,
            severity: .info,
            title: title,
            text: text,
            data: JSONDocument(raw: data.bytes),
            onceKey: key(schedule, now: now)
        )
    }
}
