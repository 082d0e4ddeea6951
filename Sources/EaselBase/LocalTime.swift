package import Foundation

/// Calendar arithmetic in a named time zone: where days and months begin.
package struct LocalTime: Sendable {
    /// The zone whose days these are.
    package let zone: TimeZone

    /// Nil unless `name` is `UTC` or an IANA name such as `Europe/Berlin`.
    ///
    /// Short forms are refused: `GMT+3` is east of Greenwich for some programs and west of it for PostgreSQL.
    package init?(_ name: String) {
        guard name.utf8.count <= 64, name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else {
            return nil
        }
        self.zone = zone
    }

    private var calendar: Calendar {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        return calendar
    }

    /// The first moment of the day that holds `moment`. Not always midnight: clocks can be put forward then.
    package func startOfDay(_ moment: Timestamp) -> Timestamp {
        Timestamp(wholeSeconds: calendar.startOfDay(for: moment.date))
    }

    /// The first moment of the month that holds `moment`.
    package func startOfMonth(_ moment: Timestamp) -> Timestamp {
        let start = calendar.dateInterval(of: .month, for: moment.date)?.start
        return start.map { Timestamp(wholeSeconds: $0) } ?? startOfDay(moment)
    }

    /// The first moment of the day after the one that holds `moment`.
    package func nextDay(_ moment: Timestamp) -> Timestamp {
        let end = calendar.dateInterval(of: .day, for: moment.date)?.end
        return end.map { Timestamp(wholeSeconds: $0) } ?? moment + .seconds(86_400)
    }

    /// The first moment of the month after the one that holds `moment`.
    package func nextMonth(_ moment: Timestamp) -> Timestamp {
        let end = calendar.dateInterval(of: .month, for: moment.date)?.end
        return end.map { Timestamp(wholeSeconds: $0) } ?? nextDay(moment)
    }

    /// The first moment of the week that holds `moment`; weeks begin on Monday (ISO 8601).
    package func startOfWeek(_ moment: Timestamp) -> Timestamp {
        isoWeek(moment).map { Timestamp(wholeSeconds: $0.start) } ?? startOfDay(moment)
    }

    /// The first moment of the week after the one that holds `moment`.
    package func nextWeek(_ moment: Timestamp) -> Timestamp {
        isoWeek(moment).map { Timestamp(wholeSeconds: $0.end) } ?? startOfWeek(moment) + .seconds(7 * 86_400)
    }

    private func isoWeek(_ moment: Timestamp) -> DateInterval? {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = zone
        return calendar.dateInterval(of: .weekOfYear, for: moment.date)
    }

    /// The first moment of a date.
    package func startOfDay(year: Int, month: Int, day: Int) -> Timestamp? {
        // Noon exists on every day; midnight does not.
        let noon = DateComponents(year: year, month: month, day: day, hour: 12)
        return calendar.date(from: noon).map { startOfDay(Timestamp(wholeSeconds: $0)) }
    }

    /// The day of the week, 0 for Monday to 6, and the minutes since midnight by the clock on the wall.
    package func dayAndMinute(_ moment: Timestamp) -> (day: Int, minute: Int) {
        let seconds = moment.millisecondsSince1970 / 1000 + Int64(zone.secondsFromGMT(for: moment.date))
        let day = Timestamp.floorDivided(seconds, 86_400)
        // 1970-01-01 was a Thursday.
        return (Int(((day + 3) % 7 + 7) % 7), Int(seconds - day * 86_400) / 60)
    }

    /// Seconds by which the zone's clock is past that of UTC, beyond whole hours.
    package func secondsPastHour(_ moment: Timestamp) -> Int {
        let rest = zone.secondsFromGMT(for: moment.date) % 3600
        return rest < 0 ? rest + 3600 : rest
    }

    /// `2026-11-21`: the date by the zone's calendar.
    package func dateText(_ moment: Timestamp) -> String {
        let offset = zone.secondsFromGMT(for: moment.date)
        return String((moment + .seconds(offset)).text(fractionDigits: 0).prefix(10))
    }

    /// Whether the zone's hours begin with those of UTC, at every moment from one to another.
    package func hasWholeHours(from: Timestamp, to: Timestamp) -> Bool {
        var moment = from.date
        while true {
            guard zone.secondsFromGMT(for: moment).isMultiple(of: 3600) else { return false }
            guard moment < to.date, let next = zone.nextDaylightSavingTimeTransition(after: moment), next > moment
            else {
                return true
            }
            moment = next
        }
    }

    /// `2026-11-21 09:30`, for people.
    package func text(_ moment: Timestamp) -> String {
        let offset = zone.secondsFromGMT(for: moment.date)
        let shifted = (moment + .seconds(offset)).text(fractionDigits: 0)
        return shifted.prefix(10) + " " + shifted.dropFirst(11).prefix(5)
    }

    /// The same in a zone by name; in UTC when there is no such zone.
    package static func text(_ moment: Timestamp, timezone: String) -> String {
        (LocalTime(timezone) ?? .utc).text(moment)
    }

    private init(zone: TimeZone) {
        self.zone = zone
    }

    /// Coordinated universal time.
    package static let utc = LocalTime(zone: .gmt)
}

extension Timestamp {
    /// Calendars answer in whole seconds, and `Double` holds those exactly.
    fileprivate init(wholeSeconds date: Date) {
        self.init(microseconds: Int64(date.timeIntervalSince1970.rounded()) * 1_000_000)
    }
}
