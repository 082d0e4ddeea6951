import EaselBase
import Testing

@testable import EaselCore

@Suite("Usage spans")
struct UsageSpanTests {
    private func span(_ from: String, _ to: String, _ groups: [UsageQuery.Dimension] = [], zone: String = "UTC") throws
        -> UsageSpan
    {
        let query = UsageQuery(
            from: try #require(Timestamp(from)),
            to: try #require(Timestamp(to)),
            timezone: zone,
            groupBy: groups,
            teamID: nil
        )
        return UsageSpan(query, now: try #require(Timestamp("2026-11-20T12:00:30Z")))
    }

    private func text(_ stretch: UsageSpan.Stretch) -> String {
        stretch.isEmpty ? "-" : "\(stretch.from.text(fractionDigits: 0))/\(stretch.to.text(fractionDigits: 0))"
    }

    @Test func `days in the middle, hours and minutes at the edges, the log for parts of minutes`() throws {
        let span = try span("2026-11-01T10:58:30Z", "2026-11-04T02:01:10Z")
        #expect(text(span.days) == "2026-11-02T00:00:00Z/2026-11-04T00:00:00Z")
        #expect(text(span.hours) == "2026-11-01T11:00:00Z/2026-11-04T02:00:00Z")
        #expect(text(span.minutes) == "2026-11-01T10:59:00Z/2026-11-04T02:01:00Z")
        #expect(
            span.edges.map(text) == [
                "2026-11-01T10:58:30Z/2026-11-01T10:59:00Z", "2026-11-04T02:01:00Z/2026-11-04T02:01:10Z",
            ]
        )
    }

    @Test func `months in the middle of days, also over a year's end`() throws {
        let span = try span("2025-11-30T22:30:00Z", "2026-03-02T01:00:00Z")
        #expect(text(span.months) == "2025-12-01T00:00:00Z/2026-03-01T00:00:00Z")
        #expect(text(span.days) == "2025-12-01T00:00:00Z/2026-03-02T00:00:00Z")
        #expect(text(span.hours) == "2025-11-30T23:00:00Z/2026-03-02T01:00:00Z")
        let byDay = try self.span("2025-11-30T22:30:00Z", "2026-03-02T01:00:00Z", [.day])
        #expect(byDay.months.isEmpty && !byDay.days.isEmpty)
    }

    @Test func `what holds no whole window of a level lies within the finer one`() throws {
        let span = try span("2026-11-04T10:00:00Z", "2026-11-04T14:00:00Z")
        #expect(span.days.isEmpty && span.days.from == span.hours.from && span.months.from == span.days.from)
        let short = try self.span("2026-11-04T10:10:00Z", "2026-11-04T10:20:00Z")
        #expect(short.hours.isEmpty && short.hours.from == short.minutes.from)
    }

    @Test(arguments: ["1969-12-31T23:59:59Z", "2024-02-29T12:00:00Z", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"])
    func `a month is that of the calendar`(_ text: String) throws {
        let moment = try #require(Timestamp(text))
        let start = UsageLevel.month.floor(moment)
        #expect(
            start == LocalTime.utc.startOfMonth(moment)
                && UsageLevel.month.end(start) == LocalTime.utc.nextMonth(moment)
        )
        #expect(
            UsageLevel.month.ceiling(start) == start && UsageLevel.month.floor(UsageLevel.month.end(start)) != start
        )
    }

    @Test func `an end in the future is the end of its minute`() throws {
        let span = try span("2026-11-20T12:00:00Z", "2026-11-20T12:00:30Z")
        #expect(text(span.minutes) == "2026-11-20T12:00:00Z/2026-11-20T12:01:00Z" && span.edges.isEmpty)
        #expect(span.hours.isEmpty && span.days.isEmpty)
    }

    @Test func `within one minute there is only the log`() throws {
        let span = try span("2026-11-01T10:58:10Z", "2026-11-01T10:58:40Z")
        #expect(span.minutes.isEmpty && span.hours.isEmpty && span.days.isEmpty)
        #expect(span.edges.map(text) == ["2026-11-01T10:58:10Z/2026-11-01T10:58:40Z"])
    }

    @Test(arguments: [
        ("UTC", UsageQuery.Dimension.day, true, true), ("UTC", .hour, true, false),
        ("Europe/Berlin", .day, true, false), ("Europe/Berlin", .hour, true, false),
        ("Asia/Kolkata", .day, false, false), ("Asia/Kolkata", .team, true, true),
        // Half an hour of daylight saving.
        ("Australia/Lord_Howe", .day, false, false),
    ])
    func `windows never lie in two days or hours of the zone`(
        zone: String,
        group: UsageQuery.Dimension,
        usesHours: Bool,
        usesDays: Bool
    ) throws {
        let span = try span("2026-03-01T00:00:00Z", "2026-11-01T00:00:00Z", [group], zone: zone)
        #expect(span.hours.isEmpty == !usesHours && span.days.isEmpty == !usesDays)
        #expect(!span.minutes.isEmpty && span.edges.isEmpty)
    }
}
