package import EaselBase
package import EaselCore

/// Every fault of a report's parameters at once.
package struct UsageQueryError: Error, Sendable, Hashable {
    /// Parameters and sentences; never empty.
    package let faults: [RequestFault]

    package init(faults: [RequestFault]) {
        self.faults = faults
    }
}

/// Reads the parameters of a usage report: `from`, `to`, `group_by`, `team`, `timezone`.
///
/// A day or a month that is named in `to` is included as a whole; every other moment in `to` is the first one that is
/// not. Without parameters: from the beginning of the month until now, in UTC, by team.
package struct UsageQueryParser: Sendable {
    /// What was asked for. The team is still a name, as only the ledger knows its id.
    package struct Parsed: Sendable, Hashable {
        /// Its `teamID` is nil.
        package var query: UsageQuery
        /// Nil: every team that the caller may see.
        package var team: String?
        /// Values of the parameters that only this report has.
        package var own: [String: String] = [:]
    }

    /// What differs from report to report.
    package struct Form: Sendable {
        /// How rows are grouped when nothing else is said.
        package var groups: [UsageQuery.Dimension]
        /// Whether rows can be grouped by project, key and tags: attempts cannot.
        package var hasDetails: Bool
        /// Parameters beside those that every report has.
        package var parameters: [String]

        package init(
            groups: [UsageQuery.Dimension] = UsageQueryParser.defaultGroups,
            hasDetails: Bool = true,
            parameters: [String] = []
        ) {
            self.groups = groups
            self.hasDetails = hasDetails
            self.parameters = parameters
        }
    }

    /// The parameters that it knows.
    package static let parameters = ["from", "to", "group_by", "team", "timezone"]
    /// How rows are grouped when nothing else is said.
    package static let defaultGroups: [UsageQuery.Dimension] = [.team]
    /// Rows grow with each one.
    package static let mostGroups = 5
    /// Days that a report by hour may span: about 9,600 hours for each group.
    package static let mostDaysByHour = 400
    /// Days that any report may span.
    package static let mostDays = 3660

    private let now: Timestamp
    private let form: Form

    package init(now: Timestamp, form: Form = Form()) {
        self.now = now
        self.form = form
    }

    /// - Parameter parameters: names with values, as in a query string; a name may appear once.
    package func parse(_ parameters: [(name: String, value: String)]) throws(UsageQueryError) -> Parsed {
        var faults: [RequestFault] = []
        let values = known(parameters, &faults)
        let zoneName = values["timezone"] ?? "UTC"
        let zone = LocalTime(zoneName)
        if zone == nil {
            faults.append(RequestFault("timezone", "is not a time zone; write UTC or a name such as Europe/Berlin"))
        }
        let groups = values["group_by"].map { dimensions($0, &faults) } ?? form.groups
        let moments = Moments(now: now, zone: zone)
        let from = moment("from", values["from"] ?? "month", moments.from, &faults)
        let to = moment("to", values["to"] ?? "now", moments.to, &faults)
        if values["team"]?.isEmpty == true { faults.append(RequestFault("team", "is empty; name a team")) }
        if let from, let to { checkSpan(from, to, groups, &faults) }
        guard faults.isEmpty, let from, let to else { throw UsageQueryError(faults: faults) }
        let query = UsageQuery(from: from, to: to, timezone: zoneName, groupBy: groups, teamID: nil)
        return Parsed(query: query, team: values["team"], own: values.filter { form.parameters.contains($0.key) })
    }

    private func known(_ parameters: [(name: String, value: String)], _ faults: inout [RequestFault]) -> [String:
        String]
    {
        var values: [String: String] = [:]
        for (name, value) in parameters {
            let names = Self.parameters + form.parameters
            if !names.contains(name) {
                let list = names.joined(separator: ", ")
                let shown = String(name.unicodeScalars.prefix(64))
                faults.append(RequestFault(shown, "is not a parameter of this report; known are \(list)"))
            } else if values.updateValue(value, forKey: name) != nil {
                faults.append(RequestFault(name, "is given twice; give it once"))
            }
        }
        return values
    }

    private func dimensions(_ text: String, _ faults: inout [RequestFault]) -> [UsageQuery.Dimension] {
        var groups: [UsageQuery.Dimension] = []
        // An empty list is one row over everything.
        let names = text.split(separator: ",", omittingEmptySubsequences: false)
        if names.count > Self.mostGroups, !text.isEmpty {
            faults.append(RequestFault("group_by", "has more than \(Self.mostGroups) groups; leave some out"))
        }
        for name in names.prefix(Self.mostGroups + 1) where !text.isEmpty {
            let known = UsageQuery.Dimension(String(name).nfc).flatMap { isAllowed($0) ? $0 : nil }
            guard let dimension = known else {
                let mend =
                    form.hasDetails
                    ? "use team, provider, model, project, key, day, hour or tag:NAME"
                    : "use team, provider, model, day or hour"
                faults.append(RequestFault("group_by", "knows no group \"\(name.prefix(64))\"; \(mend)"))
                continue
            }
            if groups.contains(dimension) {
                faults.append(RequestFault("group_by", "names \(dimension.name) twice; name it once"))
            }
            groups.append(dimension)
        }
        return groups
    }

    private func isAllowed(_ dimension: UsageQuery.Dimension) -> Bool {
        dimension != .error && (form.hasDetails || UsageQuery.Dimension.ofAttempts.contains(dimension))
    }

    private func moment(
        _ name: String,
        _ text: String,
        _ read: (String) -> Timestamp?,
        _ faults: inout [RequestFault]
    ) -> Timestamp? {
        if let moment = read(text) { return moment }
        let mend =
            "write a time such as 2026-11-01T00:00:00Z (a + in a URL as %2B), a date such as 2026-11-01, "
            + "7d or 24h for that long ago, today or month"
        faults.append(RequestFault(name, "is not a time that is understood; \(mend)"))
        return nil
    }

    private func checkSpan(
        _ from: Timestamp,
        _ to: Timestamp,
        _ groups: [UsageQuery.Dimension],
        _ faults: inout [RequestFault]
    ) {
        guard from < to else {
            faults.append(RequestFault("from", "is not before to (\(from) and \(to)); swap them or move one"))
            return
        }
        let most = groups.contains(.hour) ? Self.mostDaysByHour : Self.mostDays
        // A day more, for a year's end that falls into another offset from UTC.
        if to.since(from) > .seconds((most + 1) * 86_400) {
            let mend = groups.contains(.hour) ? "group by day or choose a shorter time" : "choose a shorter time"
            faults.append(RequestFault("from", "is more than \(most) days before to; \(mend)"))
        }
    }
}

/// What the words for times mean.
private struct Moments {
    let now: Timestamp
    /// Nil when the time zone is a fault of its own; then no other fault is made up out of it.
    let zone: LocalTime?

    func from(_ text: String) -> Timestamp? { read(text)?.start }

    func to(_ text: String) -> Timestamp? { read(text)?.end }

    private func read(_ text: String) -> (start: Timestamp, end: Timestamp)? {
        let zone = zone ?? LocalTime("UTC")
        guard let zone else { return nil }
        switch text {
        case "now": return (now, now)
        case "today": return (zone.startOfDay(now), zone.nextDay(now))
        case "month": return (zone.startOfMonth(now), zone.nextMonth(now))
        default: break
        }
        if let duration = DurationText.parse(text), duration > .zero, duration <= .seconds(100_000 * 86_400) {
            // Rollups have whole minutes; half a minute at the edge would be no figure of theirs.
            let moment = now - duration
            let start = Timestamp(microseconds: moment.microseconds - moment.microseconds % 60_000_000)
            return (start, start)
        }
        guard let moment = Timestamp(text), moment.microseconds >= 0 else { return nil }
        guard text.utf8.count == 10 else { return (moment, moment) }
        let (year, month, day) = CivilDate.fromDays(Int(moment.secondsSince1970 / 86_400))
        return zone.startOfDay(year: year, month: month, day: day).map { ($0, zone.nextDay($0)) }
    }
}
