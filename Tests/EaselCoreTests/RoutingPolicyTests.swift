import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

@Suite("Policies by case, canary, floors")
struct RoutingPolicyTests {
    private static let key = UUID()

    private func facts(_ change: (inout RoutingFacts) -> Void = { _ in }) -> RoutingFacts {
        var facts = RoutingFacts(
            team: "design",
            keyID: Self.key,
            project: "web",
            tags: ["campaign": "spring"],
            model: .ideogram4,
            count: 2,
            parameters: [
                "seed": 7, "rendering_speed": "quality", "strength": .number(0.4), "copyright_detection": true,
                "safety_check": false, "output": ["type": "url", "format": "webp"],
            ],
            // A Wednesday, 23:30 UTC.
            now: Timestamp("2026-11-25T23:30:00Z")!,
            budgetLeftPercent: 19.5
        )
        change(&facts)
        return facts
    }

    private func match(_ change: (inout PolicyMatch) -> Void) -> PolicyMatch {
        var match = PolicyMatch()
        change(&match)
        return match
    }

    @Test func `every condition holds and fails for its own reason`() {
        let cases: [((inout PolicyMatch) -> Void, Bool)] = [
            ({ $0.teams = ["design", "ops"] }, true), ({ $0.teams = ["ops"] }, false),
            ({ $0.keys = [Self.key] }, true), ({ $0.keys = [UUID()] }, false),
            ({ $0.projects = ["web"] }, true), ({ $0.projects = ["app"] }, false),
            ({ $0.tags = ["campaign": ["spring", "fall"]] }, true), ({ $0.tags = ["campaign": ["fall"]] }, false),
            ({ $0.tags = ["campaign": []] }, true), ({ $0.tags = ["other": []] }, false),
            ({ $0.models = [.ideogram4] }, true), ({ $0.models = [.ideogram3] }, false),
            ({ $0.count = .init(.more, 1) }, true), ({ $0.count = .init(.more, 2) }, false),
            ({ $0.count = .init(.equal, 2) }, true), ({ $0.count = .init(.atMost, 1) }, false),
            ({ $0.parameters = ["seed": .given] }, true), ({ $0.parameters = ["style_code": .given] }, false),
            ({ $0.parameters = ["safety_check": .given] }, false),
            ({ $0.parameters = ["safety_check": .oneOf(["false"])] }, true),
            ({ $0.parameters = ["copyright_detection": .oneOf(["true"])] }, true),
            ({ $0.parameters = ["rendering_speed": .oneOf(["turbo", "quality"])] }, true),
            ({ $0.parameters = ["strength": .number(.init(.less, 0.5))] }, true),
            ({ $0.parameters = ["strength": .number(.init(.more, 0.5))] }, false),
            ({ $0.parameters = ["output_format": .oneOf(["webp"])] }, true),
            ({ $0.budgetLeftPercent = .init(.less, 20) }, true), ({ $0.budgetLeftPercent = .init(.less, 19) }, false),
            ({ $0.time = .init("22:00-06:00") }, true), ({ $0.time = .init("06:00-22:00") }, false),
            ({ $0.days = [.wed] }, true), ({ $0.days = [.thu] }, false),
            // In Berlin it is half past midnight on Thursday.
            (
                {
                    $0.days = [.thu]; $0.timezone = "Europe/Berlin"
                }, true
            ),
            (
                {
                    $0.time = .init("00:30-00:31"); $0.timezone = "Europe/Berlin"
                }, true
            ),
            (
                {
                    $0.teams = ["design"]; $0.models = [.ideogram1]
                }, false
            ),
        ]
        for (index, (change, expected)) in cases.enumerated() {
            #expect(match(change).holds(for: facts()) == expected, "case \(index)")
        }
        #expect(match { $0.timezone = "Asia/Tokyo" }.isEmpty && !match { $0.teams = ["a"] }.isEmpty)
        // What is not known does not match.
        #expect(!match { $0.budgetLeftPercent = .init(.less, 200) }.holds(for: facts { $0.budgetLeftPercent = nil }))
    }

    @Test(
        arguments: [
            ("> 4", "> 4"), (">=4", ">= 4"), ("< 20", "< 20"), ("<= 0.5", "<= 0.5"), ("= 3", "3"), ("3", "3"),
            ("4 >", nil), (">", nil), ("", nil), ("> nan", nil), ("> 1e3", nil), ("> 0x10", nil), ("=> 4", nil),
        ] as [(String, String?)]
    )
    func `a comparison is read`(_ text: String, _ expected: String?) {
        #expect(PolicyMatch.NumberTest(text)?.text == expected)
    }

    @Test(arguments: [
        "22:00", "22:00-", "24:01-06:00", "22:60-06:00", "6:00-07:00", "06:00-06:00", "a-b", "24:00-06:00",
    ])
    func `a part of the day that is none is refused`(_ text: String) {
        #expect(PolicyMatch.TimeOfDay(text) == nil)
    }

    @Test func `midnight belongs to a night over midnight, and the end does not`() throws {
        let night = try #require(PolicyMatch.TimeOfDay("22:00-06:00"))
        #expect([1320, 0, 359].allSatisfy(night.contains) && ![360, 1319, 720].contains(where: night.contains))
        let whole = try #require(PolicyMatch.TimeOfDay("00:00-24:00"))
        #expect((0..<1440).allSatisfy(whole.contains) && whole.text == "00:00-24:00")
    }

    @Test func `the first case that matches decides, over names and inline policies`() throws {
        let cheap = Policy(name: "cheap", ordering: .cost)
        let inline = Policy(name: "by-case.when[1]", ordering: .order(["runware"]))
        let choice = CasePolicy(
            name: "by-case",
            cases: [
                .init(match: match { $0.teams = ["ops"] }, target: .named("cheap")),
                .init(match: match { $0.count = .init(.more, 4) }, target: .inline(.plain(inline))),
                .init(match: match { $0.teams = ["design"] }, target: .named("nested")),
            ],
            otherwise: .named("cheap")
        )
        let nested = CasePolicy(
            name: "nested",
            cases: [.init(match: match { $0.budgetLeftPercent = .init(.less, 50) }, target: .named("cheap"))],
            otherwise: nil
        )
        let book = PolicyBook(
            policies: ["by-case": .cases(choice), "nested": .cases(nested), "cheap": .plain(cheap)],
            defaultName: "by-case"
        )
        let policy = try #require(book[nil])
        #expect(book.choose(policy) { facts() }?.path == ["by-case", "when[2]", "nested", "when[0]", "cheap"])
        #expect(book.choose(policy) { facts { $0.count = 9 } }?.policy == inline)
        #expect(book.choose(policy) { facts { $0.team = "other" } }?.path == ["by-case", "otherwise", "cheap"])
        #expect(book.choose(policy) { facts { $0.budgetLeftPercent = 60 } } == nil, "no case, no otherwise")
        #expect(book.asksForBudgets(policy) && !book.asksForBudgets(.plain(cheap)))
    }

    @Test func `a canary goes first for its share of the calls, and the order holds for the others`() {
        let seed: UInt64 = 0x0E5E_CA01
        var random = SeededRandom(seed: seed)
        var policy = Policy(name: "careful", ordering: .order(["a", "b"]))
        policy.canary = Policy.Canary(provider: "c", share: Share("5%")!)
        let offers = ["a", "b", "c"].map { Samples.offer($0) }
        let plans = (0..<20_000).map { _ in
            Planner.plan(request: Samples.request(), policy: policy, offers: offers, draw: random.next())
        }
        let canaries = plans.filter { $0.candidates[0].provider == "c" }
        #expect((800...1200).contains(canaries.count), "seed \(seed)")
        #expect(canaries.allSatisfy { $0.candidates.map(\.provider) == ["c", "a", "b"] })
        #expect(plans.count { $0.candidates.map(\.provider) == ["a", "b"] } == 20_000 - canaries.count)
    }

    @Test func `sticky draws are the same for the same team and move little when weights change`() {
        var moved = 0
        for team in 0..<2000 {
            let draw = StickyDraw.draw(
                .team,
                team: "team-\(team)",
                keyID: UUID(),
                tags: [:],
                imageSHA256: nil,
                callDraw: UInt64.random(in: 0...(.max))
            )
            let firsts = [["a": 50, "b": 50], ["a": 60, "b": 40]].map { weights in
                Planner.plan(
                    request: Samples.request(),
                    policy: Policy(name: "sticky", ordering: .weights(weights)),
                    offers: ["a", "b"].map { Samples.offer($0) },
                    draw: draw
                )
                .candidates[0].provider
            }
            if firsts[0] != firsts[1] { moved += 1 }
        }
        // A tenth moves, 200 with a deviation of 13.
        #expect((120...280).contains(moved))
        let draws = [Policy.Sticky.key, .tag("x"), .image, nil].map { sticky in
            StickyDraw.draw(
                sticky,
                team: "a",
                keyID: Self.key,
                tags: ["x": "1"],
                imageSHA256: [1, 2],
                callDraw: 5
            )
        }
        #expect(Set(draws).count == 4 && draws[3] == 5)
        let untagged = StickyDraw.draw(.tag("y"), team: "a", keyID: Self.key, tags: [:], imageSHA256: nil, callDraw: 5)
        #expect(untagged == 5)
    }

    @Test func `what limps or lies below the floor comes last, and drops count most`() {
        var policy = Policy(name: "cheap", ordering: .cost)
        policy.floor = Policy.Floor(success: Share("95%"), latency: .seconds(10))
        var offers = ["a", "b", "c", "d", "e"].enumerated()
            .map { Samples.offer($1, price: Samples.cents(Int64($0 + 1))) }
        offers[0].success = Share("90%")
        offers[1].demoted = "it is slow"
        offers[2].translation.entries = [TranslationEntry(.seed, nil, .dropped)]
        offers[3].expectedLatency = .seconds(11)
        let plan = Planner.plan(
            request: Samples.request(),
            policy: {
                var five = policy; five.attempts = 5; return five
            }(),
            offers: offers,
            draw: 0
        )
        #expect(plan.candidates.map(\.provider) == ["e", "a", "d", "b", "c"])
        #expect(plan.candidates[1].reason.hasSuffix("only 90% of its attempts succeeded, less than 95%"))
        #expect(plan.candidates[3].reason.hasSuffix("ranked lower because it is slow"))
    }

    @Test func `what cannot finish in time is left out, and so is what the attempts do not reach`() {
        var offers = ["a", "b", "c", "d", "e"].map { Samples.offer($0) }
        (offers[0].expectedWait, offers[0].fastestFinish) = (.seconds(8), .seconds(13))
        offers[1].fastestFinish = .seconds(12)
        offers[2].queueFull = true
        var request = Samples.request()
        request.deadline = .seconds(10)
        let policy = Policy(name: "p", ordering: .order(["a", "b", "c", "d", "e"]), attempts: 1)
        let plan = Planner.plan(request: request, policy: policy, offers: offers, draw: 0)
        #expect(plan.candidates.map(\.provider) == ["d"])
        #expect(plan.dropped.map(\.cause) == [.overloaded, .tooSlow, .overloaded, .attempts])
        #expect(plan.dropped[0].retryAfter == .seconds(3))
        request.deadline = .seconds(13)
        #expect(Planner.plan(request: request, policy: policy, offers: offers, draw: 0).candidates[0].provider == "a")
    }

    @Test func `a hedge and a shadow stand in the plan, or why they do not`() {
        var policy = Policy(name: "p", ordering: .order(["a", "b"]))
        policy.hedge = Policy.Hedge(after: .p95, budget: Share("5%")!)
        policy.shadow = Policy.Shadow(provider: "b", sample: .all, dailyBudget: Samples.cents(500))
        var offers = ["a", "b"].map { Samples.offer($0) }
        func plan() -> Plan {
            Planner.plan(request: Samples.request(count: 2), policy: policy, offers: offers, draw: 1)
        }
        #expect(plan().hedge == nil && plan().notes[0].hasPrefix("no hedge: it is not known yet"))
        offers[0].slowLatency = .milliseconds(900)
        #expect(plan().hedge == Plan.Hedge(after: .milliseconds(900), budget: Share("5%")!))
        #expect(plan().shadow?.provider == "b" && plan().shadow?.bound == Samples.cents(12))
        offers[1].pricePerImage = nil
        #expect(
            plan().shadow == nil && plan().notes == ["no shadow: b: it has no price, so its budget could not be kept"]
        )
        policy.attempts = 1
        #expect(plan().hedge == nil && plan().notes[0] == "no hedge: there is no second provider to ask")
        offers[1].pricePerImage = Samples.cents(1)
        policy.shadow?.sample = Share(millionths: 1)
        #expect(plan().notes.last == "no shadow: the call is not in the sample of 0.0001%")
    }
}

@Suite("Shares")
struct ShareTests {
    @Test(
        arguments: [
            ("5%", 50_000), ("0.25%", 2500), ("100%", 1_000_000), ("0%", 0), ("0.0001%", 1), ("012%", 120_000),
            ("100.0001%", nil), ("5", nil), ("%", nil), ("5.%", nil), (".5%", nil), ("-1%", nil), ("1.00001%", nil),
        ] as [(String, Int?)]
    )
    func `a share is read`(_ text: String, _ millionths: Int?) {
        #expect(Share(text)?.millionths == millionths)
    }

    @Test func `a share is written as it is read`() {
        for millionths in [0, 1, 10, 2500, 50_000, 123_456, 999_999, 1_000_000] {
            #expect(Share(Share(millionths: millionths).text) == Share(millionths: millionths))
        }
        #expect(Share(millionths: 2500).text == "0.25%" && Share(millionths: 50_000).text == "5%")
    }
}
