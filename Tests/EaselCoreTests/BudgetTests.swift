import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

@Suite struct BudgetTests {
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }
    private func zone(_ name: String) throws -> LocalTime { try #require(LocalTime(name)) }

    private func budget(
        _ limit: BudgetLimit = .money(Money(nanodollars: 1_000_000_000)),
        period: BudgetPeriod = .month,
        isHard: Bool = true,
        timezone: String = "UTC",
        raise: BudgetRaise? = nil
    ) -> Budget {
        Budget(
            id: UUID(),
            teamID: 1,
            scope: .team("design"),
            period: period,
            limit: limit,
            isHard: isHard,
            warnAt: [50, 80, 100],
            timezone: timezone,
            raise: raise
        )
    }

    @Test func `what a change does not name stays as it was`() throws {
        let raise = BudgetRaise(by: .money(.zero), from: Timestamp(microseconds: 0), until: Timestamp(microseconds: 9))
        let old = Budget(
            id: UUID(),
            teamID: 7,
            scope: .team("design"),
            period: .week,
            limit: .images(5),
            isHard: false,
            warnAt: [33],
            timezone: "Europe/Berlin",
            raise: raise
        )
        let scope = BudgetScope.team("design")
        func after(_ change: BudgetChange) -> Budget { change.applied(to: old) }
        #expect(after(BudgetChange(scope: scope)) == old)
        let higher = after(BudgetChange(scope: scope, limit: .images(9)))
        #expect(higher.limit == .images(9) && !higher.isHard && higher.warnAt == [33] && higher.period == .week)
        #expect(higher.timezone == "Europe/Berlin" && higher.raise == raise && higher.id == old.id)
        let hard = after(BudgetChange(scope: scope, isHard: true))
        #expect(hard.isHard && hard.limit == .images(5) && hard.warnAt == [33])
        #expect(after(BudgetChange(scope: scope, warnAt: [])).warnAt == [])
        #expect(after(BudgetChange(scope: scope, timezone: "UTC")).timezone == "UTC")
    }

    @Test func `a change means the one budget that it fits, and says so where it fits several or none`() throws {
        let month = budget()
        let day = budget(period: .day)
        let images = budget(.images(5), period: .day)
        let scope = BudgetScope.team("design")
        let money = BudgetLimit.money(Money(nanodollars: 5))
        func target(_ change: BudgetChange, _ all: [Budget]) -> BudgetChange.Target { change.target(among: all) }
        #expect(target(BudgetChange(scope: scope, limit: money), [day]) == .existing(day), "its period stays")
        #expect(target(BudgetChange(scope: scope, limit: .images(9)), [month, day, images]) == .existing(images))
        #expect(
            target(BudgetChange(scope: scope, period: .day, limit: money), [month, day, images]) == .existing(day)
        )
        #expect(target(BudgetChange(scope: scope, isHard: false), [month]) == .existing(month))
        for change in [
            BudgetChange(scope: scope, limit: money), BudgetChange(scope: scope, isHard: false),
            BudgetChange(scope: scope, period: .day, isHard: true),
        ] {
            guard case .unclear(let why) = target(change, [month, day, images]) else {
                Issue.record("\(change) means one of several")
                continue
            }
            #expect(why.contains("has several budgets") && why.contains("day"))
        }
        let new = BudgetChange(scope: scope, period: .month, limit: money)
        #expect(
            target(new, [day, images]) == .new(BudgetWish(scope: scope, period: .month, limit: money))
        )
        #expect(
            target(BudgetChange(scope: .org, limit: money), [month])
                == .new(BudgetWish(scope: .org, period: .month, limit: money))
        )
        guard case .unclear(let why) = target(BudgetChange(scope: .org, isHard: true), [month]) else {
            Issue.record("a budget was made without a limit")
            return
        }
        #expect(why.contains("needs a limit"))
    }

    @Test func `percents are rounded, and are 100 only for the whole`() {
        let cases: [(Int64, Int64, Int, String)] = [
            (0, 3, 0, "0.0%"), (2, 3, 67, "66.7%"), (13, 24, 54, "54.2%"), (1, 200, 1, "0.5%"),
            (9996, 10_000, 99, "99.9%"),
            (1, 2, 50, "50.0%"), (285, 1000, 29, "28.5%"), (999, 1000, 99, "99.9%"), (1, 1, 100, "100.0%"),
            (201, 200, 101, "100.5%"), (.max, 1, .max, ""), (1, .max, 0, "0.0%"), (.max - 1, .max, 99, "99.9%"),
        ]
        for (part, whole, rounded, text) in cases {
            #expect(Percent.whole(part, of: whole) == rounded, "\(part) of \(whole)")
            if !text.isEmpty { #expect(Percent.text(Int(part), of: Int(whole)) == text, "\(part) of \(whole)") }
        }
        #expect(Percent.whole(0, of: 0) == 100 && Percent.text(0, of: 0) == "-")
        var random = SeededRandom(seed: 0x9E37)
        for _ in 0..<5000 {
            let whole = Int64.random(in: 1...1_000_000, using: &random)
            let part = Int64.random(in: 0...whole, using: &random)
            let percent = Percent.whole(part, of: whole)
            #expect((percent == 100) == (part == whole), "\(part) of \(whole)")
            #expect(abs(Double(percent) - Double(part) / Double(whole) * 100) <= 1)
        }
    }

    @Test func `a level is reached at its percent exactly, whatever is shown of it`() {
        func standing(_ spent: Int64, of limit: Int64) -> BudgetStanding {
            BudgetStanding(
                budget: budget(.money(Money(nanodollars: limit))),
                window: .always,
                posted: Money(nanodollars: spent)
            )
        }
        let now = Timestamp(microseconds: 1)
        #expect(standing(7996, of: 10_000).percentSpent(at: now) == 80)
        #expect(!standing(7996, of: 10_000).hasReached(percent: 80, at: now))
        #expect(standing(8000, of: 10_000).hasReached(percent: 80, at: now))
        #expect(
            standing(9999, of: 10_000).level(at: now) == .warned
                && standing(10_000, of: 10_000).level(at: now) == .exceeded
        )
        #expect(standing(0, of: 0).level(at: now) == .exceeded)
        #expect(standing(.max, of: 1).percentSpent(at: now) == .max, "no amount is too much to be told")
    }

    @Test func `scopes are read and written the same`() throws {
        let id = UUID()
        for text in ["org", "team:design", "project:design/spring/2026", "key:\(id.uuidString.lowercased())"] {
            #expect(BudgetScope(text)?.text == text)
        }
        for text in ["", "team", "team:", "project:design", "project:/x", "project:design/", "key:7", "user:x", "orgs"]
        {
            #expect(BudgetScope(text) == nil, "\(text)")
        }
    }

    @Test func `months end where the calendar says`() throws {
        let cases = [
            ("2026-01-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
            ("2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
            ("2026-12-31T23:59:59.999Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ]
        for (moment, start, end) in cases {
            let window = BudgetPeriod.month.window(at: try time(moment), in: .utc)
            #expect(try window == BudgetWindow(start: time(start), end: time(end)), "\(moment)")
        }
    }

    /// 2026: Berlin goes forward on 29 March and back on 25 October, New York on 8 March and 1 November.
    @Test func `days on which clocks change have 23 or 25 hours`() throws {
        let cases: [(String, String, Int64)] = [
            ("Europe/Berlin", "2026-03-29T10:00:00Z", 23), ("Europe/Berlin", "2026-10-25T10:00:00Z", 25),
            ("Europe/Berlin", "2026-10-26T10:00:00Z", 24), ("America/New_York", "2026-03-08T15:00:00Z", 23),
            ("America/New_York", "2026-11-01T15:00:00Z", 25), ("America/New_York", "2026-11-02T15:00:00Z", 24),
        ]
        for (name, moment, hours) in cases {
            let window = BudgetPeriod.day.window(at: try time(moment), in: try zone(name))
            #expect(window.end.since(window.start) == .seconds(hours * 3600), "\(name) \(moment)")
            #expect(window.contains(try time(moment)))
        }
        let march = BudgetPeriod.month.window(at: try time("2026-03-31T21:59:59Z"), in: try zone("Europe/Berlin"))
        #expect(march == BudgetWindow(start: try time("2026-02-28T23:00:00Z"), end: try time("2026-03-31T22:00:00Z")))
        let november = BudgetPeriod.month.window(at: try time("2026-11-01T03:59:59Z"), in: try zone("America/New_York"))
        #expect(november.start == (try time("2026-10-01T04:00:00Z")), "it is still October there")
        #expect(november.end == (try time("2026-11-01T04:00:00Z")))
    }

    @Test func `weeks begin on Monday, also over a change of clocks and of years`() throws {
        let berlin = try zone("Europe/Berlin")
        let week = BudgetPeriod.week.window(at: try time("2026-10-25T12:00:00Z"), in: berlin)
        #expect(week == BudgetWindow(start: try time("2026-10-18T22:00:00Z"), end: try time("2026-10-25T23:00:00Z")))
        let newYear = BudgetPeriod.week.window(at: try time("2027-01-01T12:00:00Z"), in: .utc)
        #expect(newYear == BudgetWindow(start: try time("2026-12-28T00:00:00Z"), end: try time("2027-01-04T00:00:00Z")))
    }

    /// Windows of one budget cover time without a gap and without an overlap, in every zone.
    @Test func `windows follow each other without a gap`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("budget windows: seed \(seed)")
        var random = SeededRandom(seed: seed)
        for name in ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"] {
            let zone = try zone(name)
            for period in [BudgetPeriod.day, .week, .month] {
                var moment = Timestamp(
                    microseconds: Int64.random(in: 1_700_000_000...1_800_000_000, using: &random) * 1_000_000
                )
                for _ in 0..<40 {
                    let window = period.window(at: moment, in: zone)
                    #expect(window.contains(moment))
                    let next = period.window(at: window.end, in: zone)
                    #expect(next.start == window.end, "\(name) \(period) after \(window.end)")
                    let last = period.window(at: window.end - .microseconds(1), in: zone)
                    #expect(last == window, "\(name) \(period) at the end of \(window.start)")
                    moment = next.start + .microseconds(Int64.random(in: 0..<80_000_000_000, using: &random))
                }
            }
        }
        #expect(BudgetPeriod.total.window(at: try time("2026-11-25T00:00:00Z"), in: .utc) == .always)
    }

    @Test func `a raise holds from its beginning to its end`() throws {
        let from = try time("2026-11-10T00:00:00Z")
        let until = try time("2026-11-20T00:00:00Z")
        let raised = budget(raise: BudgetRaise(by: .money(Money(nanodollars: 500_000_000)), from: from, until: until))
        func limit(_ moment: Timestamp) -> BudgetLimit { raised.limit(at: moment) }
        #expect(limit(from - .microseconds(1)) == .money(Money(nanodollars: 1_000_000_000)))
        #expect(limit(from) == .money(Money(nanodollars: 1_500_000_000)))
        #expect(limit(until - .microseconds(1)) == .money(Money(nanodollars: 1_500_000_000)))
        #expect(limit(until) == .money(Money(nanodollars: 1_000_000_000)))
    }

    @Test func `what fits, what is left and how far it is used`() throws {
        let moment = try time("2026-11-16T00:00:00Z")
        func standing(_ budget: Budget, posted: Int64, reserved: Int64 = 0, images: Int = 0) -> BudgetStanding {
            BudgetStanding(
                budget: budget,
                window: budget.window(at: moment),
                posted: Money(nanodollars: posted),
                reserved: Money(nanodollars: reserved),
                postedImages: images
            )
        }
        let used = standing(budget(), posted: 800_000_000, reserved: 160_000_000)
        #expect(used.fits(Money(nanodollars: 40_000_000), images: 1, allowsUnpriced: false, at: moment))
        #expect(!used.fits(Money(nanodollars: 40_000_001), images: 1, allowsUnpriced: false, at: moment))
        #expect(!used.fits(nil, images: 1, allowsUnpriced: false, at: moment), "unpriced is not free (M1)")
        #expect(used.fits(nil, images: 1, allowsUnpriced: true, at: moment))
        #expect(used.remaining(at: moment) == .money(Money(nanodollars: 40_000_000)))
        #expect(used.level(at: moment) == .warned)
        #expect(used.forecast(at: moment) == Money(nanodollars: 1_600_000_000), "half the month is gone")
        let lowered = standing(budget(.money(Money(nanodollars: 500_000_000))), posted: 800_000_000)
        #expect(lowered.remaining(at: moment) == .money(.zero), "never below zero")
        #expect(lowered.level(at: moment) == .exceeded)
        let soft = standing(budget(isHard: false), posted: 2_000_000_000)
        #expect(soft.fits(Money(nanodollars: 1), images: 1, allowsUnpriced: false, at: moment))
        let images = standing(budget(.images(10)), posted: 0, images: 9)
        #expect(images.fits(nil, images: 1, allowsUnpriced: false, at: moment), "it counts images, not money")
        #expect(!images.fits(.zero, images: 2, allowsUnpriced: false, at: moment))
        #expect(standing(budget(.money(.zero)), posted: 0).level(at: moment) == .exceeded)
        #expect(standing(budget(period: .total), posted: 1).forecast(at: moment) == nil)
    }

    @Test func `terms find the budgets of a call, the organisation's first`() throws {
        let key = UUID()
        func make(_ teamID: Int64, _ scope: BudgetScope) -> Budget {
            Budget(
                id: UUID(),
                teamID: teamID,
                scope: scope,
                period: .month,
                limit: .images(1),
                isHard: true,
                warnAt: [],
                timezone: "UTC"
            )
        }
        let all = [
            make(1, .team("design")), make(1, .project(team: "design", name: "spring")), make(1, .key(key)),
            make(2, .team("games")), make(0, .org),
        ]
        let terms = SpendingTerms(version: 7, prices: PriceBook([]), budgets: all)
        let found = terms.budgets(teamID: 1, project: "spring", keyID: key).map(\.scope)
        #expect(found.first == .org && Set(found) == Set(all.filter { $0.teamID < 2 }.map(\.scope)))
        #expect(terms.budgets(teamID: 1, project: nil, keyID: UUID()).map(\.scope) == [.org, .team("design")])
        #expect(terms.budgets(teamID: 3, project: "spring", keyID: key).map(\.scope) == [.org])
        #expect(SpendingTerms.none.budgets(teamID: 1, project: nil, keyID: key) == [])
    }
}
