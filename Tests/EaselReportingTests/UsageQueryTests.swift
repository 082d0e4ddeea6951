import EaselBase
import EaselCore
import EaselReporting
import Testing

struct UsageQueryTests {
    /// A Saturday; in New York it is still the 20th.
    private static let now = "2026-11-21T03:30:45.5Z"

    private func parse(_ parameters: (String, String)...) throws -> UsageQueryParser.Parsed {
        let parser = UsageQueryParser(now: try #require(Timestamp(Self.now)))
        return try parser.parse(parameters.map { (name: $0.0, value: $0.1) })
    }

    private func faults(_ parameters: (String, String)...) -> [String] {
        do throws(UsageQueryError) {
            guard let now = Timestamp(Self.now) else { return [] }
            _ = try UsageQueryParser(now: now).parse(parameters.map { (name: $0.0, value: $0.1) })
            return []
        } catch {
            return error.faults.map { "\($0.parameter) \($0.message)" }
        }
    }

    @Test
    func `without parameters it is the month until now by team`() throws {
        let parsed = try parse()
        #expect(parsed.query.from == Timestamp("2026-11-01") && parsed.query.to == Timestamp(Self.now))
        #expect(parsed.query.groupBy == [.team] && parsed.query.timezone == "UTC" && parsed.team == nil)
    }

    struct Case: CustomTestStringConvertible {
        let from: String
        let to: String
        let zone: String
        let wanted: [String]
        var testDescription: String { "\(from) to \(to) in \(zone)" }

        init(_ from: String, _ to: String, _ zone: String, _ wantedFrom: String, _ wantedTo: String) {
            self.from = from
            self.to = to
            self.zone = zone
            wanted = [wantedFrom, wantedTo]
        }
    }

    static let spans = [
        Case("2026-11-01", "2026-11-20", "UTC", "2026-11-01T00:00:00Z", "2026-11-21T00:00:00Z"),
        Case("2026-11-20", "2026-11-20", "Europe/Berlin", "2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z"),
        Case("2026-10-25", "2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        Case(
            "2026-11-01T00:00:00+01:00",
            "2026-11-02T00:00:00Z",
            "UTC",
            "2026-10-31T23:00:00Z",
            "2026-11-02T00:00:00Z"
        ),
        Case("7d", "now", "UTC", "2026-11-14T03:30:00Z", now),
        Case("24h", "1h", "UTC", "2026-11-20T03:30:00Z", "2026-11-21T02:30:00Z"),
        Case("today", "now", "UTC", "2026-11-21T00:00:00Z", now),
        Case("today", "today", "America/New_York", "2026-11-20T05:00:00Z", "2026-11-21T05:00:00Z"),
        Case("month", "month", "America/New_York", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"),
        // Clocks went forward at midnight: the day began at 01:00.
        Case("2018-11-04", "2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
    ]

    @Test(arguments: spans)
    func `times are those of the zone`(_ row: Case) throws {
        let query = try parse(("from", row.from), ("to", row.to), ("timezone", row.zone)).query
        #expect([query.from, query.to] == row.wanted.map { Timestamp($0) })
        #expect(query.timezone == row.zone)
    }

    @Test
    func `groups nest in the order given`() throws {
        let parsed = try parse(("group_by", "team,tag:campaign,day"), ("team", "design"))
        #expect(parsed.query.groupBy == [.team, .tag("campaign"), .day] && parsed.team == "design")
        #expect(try parse(("group_by", "")).query.groupBy.isEmpty)
    }

    @Test
    func `every fault is told at once`() {
        let found = faults(
            ("from", "yesterdayish"),
            ("to", "2026-02-30"),
            ("group_by", "team,colour,team"),
            ("timezone", "GMT+3"),
            ("team", ""),
            ("limit", "5")
        )
        #expect(
            found.map { $0.prefix(while: { $0 != ";" }) } == [
                "limit is not a parameter of this report",
                "timezone is not a time zone",
                "group_by knows no group \"colour\"",
                "group_by names team twice",
                "from is not a time that is understood",
                "to is not a time that is understood",
                "team is empty",
            ]
        )
    }

    @Test
    func `a span that is reversed or too long is a fault`() {
        #expect(
            faults(("from", "2026-11-02T00:00:00Z"), ("to", "2026-11-01T00:00:00Z")) == [
                "from is not before to (2026-11-02T00:00:00.000Z and 2026-11-01T00:00:00.000Z); swap them or move one"
            ]
        )
        #expect(faults(("from", "400d"), ("group_by", "hour")).isEmpty)
        #expect(
            faults(("from", "402d"), ("group_by", "hour")) == [
                "from is more than 400 days before to; group by day or choose a shorter time"
            ]
        )
        #expect(faults(("from", "402d"), ("group_by", "day")).isEmpty)
        #expect(faults(("from", "3700d")) == ["from is more than 3660 days before to; choose a shorter time"])
        #expect(faults(("from", "7d"), ("from", "8d")) == ["from is given twice; give it once"])
        #expect(faults(("group_by", "team,provider,model,project,key,day")).count == 1)
    }

    @Test(arguments: ["", "Nowhere/Land", "../../etc/passwd", "/etc/passwd", "EST", "UTC+1", "Europe/Berlin "])
    func `a zone that is none is refused`(_ name: String) {
        #expect(LocalTime(name) == nil)
    }
}
