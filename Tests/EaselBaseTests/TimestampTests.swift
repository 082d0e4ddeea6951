import EaselBase
import Foundation
import Testing
import TestTools

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01", 0), ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00z", 0), ("1970-01-01 00:00:00Z", 0),
            ("1970-01-01T00:00:00.000001Z", 1), ("1970-01-01T00:00:00.5Z", 500_000),
            ("1970-01-01T00:00:00.123456789012345678901234567890Z", 123_456),
            ("1970-01-01T00:00:00+00:00", 0), ("1970-01-01T00:00:00-00:00", 0),
            ("1970-01-01T05:30:00+05:30", 0), ("1969-12-31T16:00:00-08:00", 0),
            ("1970-01-02T00:00:00+23:59", 60_000_000),
            ("1969-12-31T23:59:59.999999Z", -1), ("1969-12-31", -86_400_000_000),
            ("2000-02-29T12:00:00Z", 951_825_600_000_000), ("2026-11-21T09:30:00.125Z", 1_795_253_400_125_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000), ("0001-01-01", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] as [(String, Int64)]
    )
    func `the forms of RFC 3339 are read`(text: String, microseconds: Int64) {
        #expect(Timestamp(text)?.microseconds == microseconds)
    }

    @Test(
        arguments: [
            "", "2026", "2026-11", "2026-11-2", "2026-1-21", "26-11-21", "2026/11/21", "2026-00-10", "2026-13-01",
            "2026-11-00", "2026-11-31", "2026-02-29", "1900-02-29", "2100-02-29", "2026-11-21T", "2026-11-21T09:30",
            "2026-11-21T09:30Z", "2026-11-21T09:30:00", "2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z",
            "2026-11-21T09:30:61Z", "2026-11-21T09:30:00.Z", "2026-11-21T09:30:00,5Z", "2026-11-21T09:30:00.5",
            "2026-11-21T09:30:00+0100", "2026-11-21T09:30:00+01", "2026-11-21T09:30:00+24:00",
            "2026-11-21T09:30:00+01:60", "2026-11-21T09:30:00+01:00Z", "2026-11-21T09:30:00ZZ",
            "2026-11-21X09:30:00Z", "2026-11-21T09-30-00Z", "+026-11-21T09:30:00Z", "２026-11-21", "2026-11-21 ",
        ]
    )
    func `anything else is no time`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(
        arguments: [
            (0, "2026-11-21T09:30:00Z"), (1, "2026-11-21T09:30:00.1Z"), (2, "2026-11-21T09:30:00.12Z"),
            (3, "2026-11-21T09:30:00.125Z"), (6, "2026-11-21T09:30:00.125999Z"),
        ]
    )
    func `decimals are cut, never rounded up into the next moment`(digits: Int, text: String) {
        #expect(Timestamp(microseconds: 1_795_253_400_125_999).text(fractionDigits: digits) == text)
    }

    @Test func `a moment before 1970 counts its decimals forwards`() {
        #expect(Timestamp(microseconds: -1).text(fractionDigits: 6) == "1969-12-31T23:59:59.999999Z")
        #expect(Timestamp(microseconds: -86_400_000_000).description == "1969-12-31T00:00:00.000Z")
        #expect(Timestamp(microseconds: -1).secondsSince1970 == -1)
        #expect(Timestamp(microseconds: 1_999_999).secondsSince1970 == 1)
    }

    @Test func `random moments are written and read as Foundation does`() throws {
        let seed: UInt64 = 0x0E5E_2001
        var random = SeededRandom(seed: seed)
        let formatter = ISO8601DateFormatter()
        // From 1600, when every calendar of the formatter is the Gregorian one, to 9999.
        for _ in 0..<2000 {
            let seconds = Int64.random(in: -11_676_096_000...253_402_300_799, using: &random)
            let moment = Timestamp(microseconds: seconds * 1_000_000)
            let theirs = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(moment.text(fractionDigits: 0) == theirs, "seed \(seed)")
            #expect(formatter.date(from: moment.text(fractionDigits: 0)) == moment.date, "seed \(seed): \(moment)")
        }
    }

    @Test func `random offsets are taken as Foundation writes them`() {
        let seed: UInt64 = 0x0E5E_2002
        var random = SeededRandom(seed: seed)
        let formatter = ISO8601DateFormatter()
        for _ in 0..<200 {
            let minutes = Int.random(in: -14 * 60...14 * 60, using: &random)
            formatter.timeZone = TimeZone(secondsFromGMT: minutes * 60)
            let seconds = Int64.random(in: -2_000_000_000...4_000_000_000, using: &random)
            let text = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(Timestamp(text)?.microseconds == seconds * 1_000_000, "seed \(seed): \(text)")
        }
    }

    @Test func `microseconds survive text and JSON`() throws {
        let seed: UInt64 = 0x0E5E_2003
        var random = SeededRandom(seed: seed)
        // The years 1700 to 2240.
        for _ in 0..<5000 {
            let moment = Timestamp(
                microseconds: Int64.random(in: -8_520_336_000_000_000...8_520_336_000_000_000, using: &random)
            )
            let text = moment.text(fractionDigits: 6)
            if Timestamp(text) != moment { Issue.record("seed \(seed): \(moment.microseconds) became \(text)") }
        }
        let whole = Timestamp(microseconds: 1_795_253_400_125_000)
        #expect(try JSON.decode([Timestamp].self, from: try JSON.encode([whole])) == [whole])
        #expect(throws: DecodingError.self) { try JSON.decode([Timestamp].self, from: Array(#"["yesterday"]"#.utf8)) }
    }

    @Test func `the last microsecond of a far year is written as itself`() throws {
        let moment = try #require(Timestamp("9999-12-31T23:59:59.999999Z"))
        #expect(moment.text(fractionDigits: 6) == "9999-12-31T23:59:59.999999Z")
        #expect(moment.secondsSince1970 == 253_402_300_799)
    }

    @Test func `texts of equal length sort as their moments do`() {
        let seed: UInt64 = 0x0E5E_2004
        var random = SeededRandom(seed: seed)
        let moments = (0..<500).map { _ in
            Timestamp(microseconds: Int64.random(in: -4_000_000_000_000...4_000_000_000_000_000, using: &random))
        }
        let byText = moments.sorted { $0.text(fractionDigits: 6) < $1.text(fractionDigits: 6) }
        #expect(byText == moments.sorted(), "seed \(seed)")
    }

    @Test func `arithmetic with durations is exact to the microsecond`() {
        let moment = Timestamp(microseconds: 1_795_253_400_125_000)
        #expect((moment + .milliseconds(1500)).microseconds == 1_795_253_401_625_000)
        #expect((moment - .microseconds(1)).microseconds == 1_795_253_400_124_999)
        #expect((moment + .seconds(90)).since(moment) == .seconds(90))
        #expect(moment.since(moment + .seconds(90)) == .seconds(-90))
    }
}

@Suite("Calendar")
struct CivilDateTests {
    @Test(arguments: [(1900, 28), (1996, 29), (2000, 29), (2023, 28), (2024, 29), (2100, 28), (2400, 29)])
    func `leap years follow the rule of four, a hundred and four hundred`(year: Int, days: Int) {
        #expect(CivilDate.daysIn(month: 2, year: year) == days)
    }

    @Test func `days and dates walk together through two whole eras`() {
        var (year, month, day) = (1599, 12, 31)
        for number in CivilDate.toDays(year: 1599, month: 12, day: 31)...CivilDate.toDays(year: 2401, month: 1, day: 1)
        {
            let date = CivilDate.fromDays(number)
            guard date == (year, month, day), CivilDate.toDays(year: year, month: month, day: day) == number else {
                Issue.record("day \(number) is \(date), not \(year)-\(month)-\(day)")
                return
            }
            day += 1
            if day > CivilDate.daysIn(month: month, year: year) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(year == 2401)
    }
}

@Suite("Clocks")
struct ClockTests {
    @Test func `a fixed time source stands still`() {
        let moment = Timestamp(microseconds: 42)
        let source = TimeSource.fixed(moment)
        #expect(source.now == moment)
        #expect(source.now == moment)
    }

    @Test func `the system's time is Foundation's`() {
        let before = Date()
        let now = TimeSource.system.now
        let after = Date()
        #expect(now.date.timeIntervalSince(before) > -0.001)
        #expect(after.timeIntervalSince(now.date) > -0.001)
    }

    @Test func `the steady clock never steps back`() {
        var last = SteadyInstant.now
        for _ in 0..<1000 {
            let now = SteadyInstant.now
            #expect(now >= last)
            last = now
        }
    }

    @Test func `instants add durations and measure them back`() {
        let start = SteadyInstant(nanoseconds: 5_000_000_000)
        #expect((start + .milliseconds(1500)).nanoseconds == 6_500_000_000)
        #expect((start + .milliseconds(1500)).since(start) == .milliseconds(1500))
        #expect(start.since(start + .seconds(2)) == .seconds(-2))
        #expect((start + .seconds(-10)).nanoseconds == 0, "an instant cannot lie before the clock's beginning")
    }

    @Test func `durations are told in whole units`() {
        let duration = Duration.nanoseconds(1_234_567_891)
        #expect(duration.nanoseconds == 1_234_567_891)
        #expect(duration.microseconds == 1_234_567)
        #expect(duration.milliseconds == 1234)
        #expect(duration.secondsAsDouble == 1.234567891)
        #expect(Duration.milliseconds(-5).milliseconds == -5)
    }
}
