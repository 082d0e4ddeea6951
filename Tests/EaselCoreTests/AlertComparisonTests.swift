import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

/// What is told of a change, and how often: once for each.
struct AlertComparisonTests {
    private static let start = Timestamp(microseconds: 1_790_000_000_000_000)

    private static func finding(_ level: Int, subject: String = "all", instance: String = "", value: String = "")
        -> AlertFinding
    {
        AlertFinding(
            subject: subject,
            instance: instance,
            level: level,
            value: value,
            summary: "level \(level) \(value)"
        )
    }

    /// Feeds findings one after the other, ten seconds apart, and gives what was told.
    private func told(_ rule: AlertRule, _ findings: [[AlertFinding]]) -> [String] {
        var states: [String: AlertState] = [:]
        var told: [String] = []
        for (index, findings) in findings.enumerated() {
            let result = AlertComparison.compare(
                rule,
                before: states,
                findings: findings,
                now: Self.start + .seconds(10 * index)
            )
            for state in result.states { states[state.finding.subject] = state }
            told += result.changes.map { "\($0.kind.rawValue) \($0.previousLevel)-\($0.state.finding.level)" }
        }
        return told
    }

    @Test func `each change of a state is told once`() {
        let rule = AlertRule("budgets", .budget, to: ["ops"])
        let levels = [0, 0, 80, 80, 80, 100, 100, 80, 0, 0, 80]
        #expect(
            told(rule, levels.map { [Self.finding($0)] }) == [
                "alert.fired 0-80", "alert.changed 80-100", "alert.changed 100-80", "alert.resolved 80-0",
                "alert.fired 0-80",
            ]
        )
    }

    @Test func `a subject that was not looked at is within bounds`() {
        let rule = AlertRule("budgets", .budget, to: ["ops"])
        let steps = [
            [Self.finding(80, subject: "a"), Self.finding(80, subject: "b")], [Self.finding(80, subject: "b")], [],
        ]
        #expect(
            told(rule, steps) == ["alert.fired 0-80", "alert.fired 0-80", "alert.resolved 80-0", "alert.resolved 80-0"]
        )
    }

    @Test func `a new window fires anew at the same level, and ends without a spell of calm`() {
        var rule = AlertRule("budgets", .budget, to: ["ops"])
        rule.resolveAfter = .seconds(600)
        let steps = [
            Self.finding(80, instance: "may"), Self.finding(80, instance: "june"), Self.finding(0, instance: "july"),
        ]
        #expect(told(rule, steps.map { [$0] }) == ["alert.fired 0-80", "alert.fired 80-80", "alert.resolved 80-0"])
    }

    @Test func `what hovers about its bound is one alert`() {
        var rule = AlertRule("errors", .errorRate, to: ["ops"])
        rule.resolveAfter = .seconds(30)
        // Calm for 20 s only, twice; then for 30 s.
        let levels = [1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0]
        #expect(told(rule, levels.map { [Self.finding($0)] }) == ["alert.fired 0-1", "alert.resolved 1-0"])
    }

    @Test func `what is not known changes nothing`() {
        let rule = AlertRule("down", .budget, to: ["ops"])
        var unknown = Self.finding(0)
        unknown.isUncertain = true
        #expect(
            told(rule, [[unknown], [Self.finding(1)], [unknown], [Self.finding(1)], [Self.finding(0)]]) == [
                "alert.fired 0-1", "alert.resolved 1-0",
            ]
        )
    }

    @Test func `a figure that moves is written and not told`() {
        let rule = AlertRule("budgets", .budget, to: ["ops"])
        let first = AlertComparison.compare(
            rule,
            before: [:],
            findings: [Self.finding(80, value: "81%")],
            now: Self.start
        )
        let states = ["all": first.states[0]]
        let same = AlertComparison.compare(
            rule,
            before: states,
            findings: [Self.finding(80, value: "81%")],
            now: Self.start + .seconds(5)
        )
        #expect(same.states.isEmpty && same.changes.isEmpty)
        let moved = AlertComparison.compare(
            rule,
            before: states,
            findings: [Self.finding(80, value: "85%")],
            now: Self.start + .seconds(5)
        )
        #expect(moved.changes.isEmpty && moved.states.map(\.finding.value) == ["85%"])
        #expect(moved.states.first?.since == Self.start)
    }

    /// Over any walk of levels, what is told is exactly the walk without its repeats.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `told is the walk of levels without repeats`(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var rule = AlertRule("budgets", .budget, to: ["ops"])
        rule.resolveAfter = .zero
        let levels = (0..<200).map { _ in [0, 0, 50, 80, 100].randomElement(using: &random) ?? 0 }
        var expected: [String] = []
        var last = 0
        for level in levels where level != last {
            let kind = last == 0 ? "alert.fired" : level == 0 ? "alert.resolved" : "alert.changed"
            expected.append("\(kind) \(last)-\(level)")
            last = level
        }
        #expect(told(rule, levels.map { [Self.finding($0)] }) == expected, "seed \(seed)")
    }

    @Test func `pauses grow, end, and honour what the receiver asks for`() {
        let pauses = (1...11).map { DeliverySchedule.pause(after: $0, retryAfter: nil, jitter: 0) }
        #expect(pauses.last == .some(nil), "the tenth pause is the last")
        let known = pauses.compactMap { $0 }
        #expect(known == known.sorted() && known.first == .seconds(5))
        #expect(DeliverySchedule.pause(after: 1, retryAfter: .seconds(300), jitter: 0) == .seconds(300))
        #expect(DeliverySchedule.pause(after: 1, retryAfter: .seconds(99_999_999), jitter: 0) == .seconds(86_400))
        #expect(DeliverySchedule.pause(after: 1, retryAfter: nil, jitter: 1) == .milliseconds(5500))
    }

    @Test func `a report's period is the last whole one whose hour has come`() throws {
        var schedule = ReportSchedule(
            name: "weekly",
            every: .weekly,
            report: "usage",
            groupBy: [.team],
            timezone: "Europe/Berlin",
            minute: 8 * 60,
            destinations: ["ops"]
        )
        func period(_ text: String) throws -> String {
            let moment = try #require(Timestamp(text))
            let found = try #require(schedule.period(at: moment))
            return "\(found.from.text(fractionDigits: 0)) \(found.to.text(fractionDigits: 0))"
        }
        // Monday 2026-11-23 begins at 23:00 UTC the day before; eight o'clock is 07:00 UTC.
        #expect(try period("2026-11-23T07:00:00Z") == "2026-11-15T23:00:00Z 2026-11-22T23:00:00Z")
        #expect(try period("2026-11-23T06:59:59Z") == "2026-11-08T23:00:00Z 2026-11-15T23:00:00Z")
        // The week in which clocks go back has an hour more.
        #expect(try period("2026-10-28T12:00:00Z") == "2026-10-18T22:00:00Z 2026-10-25T23:00:00Z")
        schedule.every = .monthly
        #expect(try period("2026-11-26T12:00:00Z") == "2026-09-30T22:00:00Z 2026-10-31T23:00:00Z")
        #expect(try period("2026-11-01T06:00:00Z") == "2026-08-31T22:00:00Z 2026-09-30T22:00:00Z")
    }
}
