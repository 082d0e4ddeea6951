import EaselBase
import EaselCore
import Testing
import TestTools

@Suite("Planner (R1, R5)")
struct PlannerTests {
    private let dropsSeed = [
        TranslationEntry(.prompt, "positivePrompt", .mapped), TranslationEntry(.seed, nil, .dropped),
    ]
    private let approximatesStrength = [TranslationEntry(.strength, "image_weight", .approximated, "rounded")]

    private func plan(
        _ ordering: Policy.Ordering,
        _ offers: [ProviderOffer],
        request: RemixRequest = Samples.request(),
        draw: UInt64 = 0,
        change: (inout Policy) -> Void = { _ in }
    ) -> Plan {
        var policy = Policy(name: "test", ordering: ordering, attempts: max(3, offers.count))
        change(&policy)
        return Planner.plan(request: request, policy: policy, offers: offers, draw: draw)
    }

    private func names(_ plan: Plan) -> [String] { plan.candidates.map(\.provider) }

    // MARK: What the log keeps

    @Test func `parts of a millisecond make no difference, for the log does not keep them (R1)`() {
        let odd = Duration.microseconds(2_000_400)
        var slow = Samples.offer("slow", latency: odd)
        slow.expectedWait = odd
        slow.fastestFinish = odd
        let plan = plan(.latency, [slow, Samples.offer("other", latency: .seconds(5))]) { policy in
            policy.floor.latency = .seconds(2)
            policy.deadline = .seconds(2)
        }
        #expect(names(plan) == ["slow", "other"] && plan.dropped.isEmpty)
        #expect(plan.candidates[0].reason == "usually takes 2000 ms")
    }

    // MARK: Order

    @Test func `an order is taken as it is written`() {
        let offers = [Samples.offer("a"), Samples.offer("b"), Samples.offer("c")]
        let plan = plan(.order(["c", "a"]), offers)
        #expect(names(plan) == ["c", "a"])
        #expect(plan.candidates[0].reason == "number 1 of the policy's order")
        #expect(plan.dropped.isEmpty, "a provider that the policy does not name is no candidate")
    }

    @Test func `a name without an offer is passed over`() {
        #expect(names(plan(.order(["ghost", "a"]), [Samples.offer("a")])) == ["a"])
        #expect(names(plan(.order(["a"]), [])).isEmpty)
    }

    @Test func `by cost: the cheapest first, ties as offered, unpriced last`() {
        let offers = [
            Samples.offer("unknown", price: nil), Samples.offer("dear", price: Samples.cents(9)),
            Samples.offer("first", price: Samples.cents(3)), Samples.offer("second", price: Samples.cents(3)),
            Samples.offer("free", price: .zero),
        ]
        let plan = plan(.cost, offers)
        #expect(names(plan) == ["free", "first", "second", "dear", "unknown"])
        #expect(plan.candidates[3].reason == "costs $0.09 an image")
        #expect(plan.candidates[4].reason == "has no price")
        #expect(plan.candidates[4].bound == nil)
    }

    @Test func `by latency: the fastest first, ties as offered, unmeasured last`() {
        let offers = [
            Samples.offer("new"), Samples.offer("slow", latency: .seconds(30)),
            Samples.offer("one", latency: .seconds(5)),
            Samples.offer("two", latency: .seconds(5)), Samples.offer("fast", latency: .milliseconds(900)),
        ]
        let plan = plan(.latency, offers)
        #expect(names(plan) == ["fast", "one", "two", "slow", "new"])
        #expect(plan.candidates[0].reason == "usually takes 900 ms")
        #expect(plan.candidates[4].reason == "not measured yet")
    }

    // MARK: Weights

    @Test func `over all draws each provider is chosen exactly as often as its weight says`() {
        let offers = ["c", "a", "b", "never"].map { Samples.offer($0) }
        var chosen: [String: Int] = [:]
        for step in UInt64(0)..<1000 {
            let weights = ["a": 70, "b": 25, "c": 5, "never": 0]
            let plan = plan(.weights(weights), offers, draw: step * (UInt64.max / 1000 + 1))
            chosen[plan.candidates[0].provider, default: 0] += 1
            #expect(Set(names(plan)) == ["a", "b", "c"], "the others stand by")
        }
        #expect(chosen == ["a": 700, "b": 250, "c": 50])
    }

    @Test func `draws like the low bits of random ids give the shares`() {
        let seed: UInt64 = 0x0E5E_9001
        var random = SeededRandom(seed: seed)
        let offers = [Samples.offer("a"), Samples.offer("b")]
        let first = (0..<4000).count { _ in
            plan(.weights(["a": 80, "b": 20]), offers, draw: random.next()).candidates[0].provider == "a"
        }
        // 3200 expected with a deviation of 25: eight of them either way.
        #expect((3000...3400).contains(first), "seed \(seed)")
    }

    @Test func `the rest follow by weight, ties by name`() {
        let offers = ["d", "c", "b", "a"].map { Samples.offer($0) }
        let weights = ["a": 1, "b": 5, "c": 1, "d": 1]
        // The draw is a place on a line of eight: the first is a, the next five are b.
        let eighth = UInt64.max / 8 + 1
        #expect(names(plan(.weights(weights), offers, draw: 0)) == ["a", "b", "c", "d"])
        #expect(names(plan(.weights(weights), offers, draw: eighth)) == ["b", "a", "c", "d"])
        #expect(names(plan(.weights(weights), offers, draw: 7 * eighth)) == ["d", "b", "a", "c"])
    }

    @Test func `weights of a missing provider go to those that are there`() {
        let offers = [Samples.offer("a"), Samples.offer("b")]
        for draw in (UInt64(0)..<20).map({ $0 << 59 }) {
            let plan = plan(.weights(["a": 1, "b": 1, "ghost": 100]), offers, draw: draw)
            #expect(Set(names(plan)) == ["a", "b"])
        }
        #expect(names(plan(.weights(["ghost": 1]), offers)).isEmpty)
        #expect(names(plan(.weights([:]), offers)).isEmpty)
        #expect(names(plan(.weights(["a": 0, "b": 0]), offers)).isEmpty)
        #expect(names(plan(.weights(["a": 1, "b": 3]), offers, draw: .max)).count == 2)
    }

    // MARK: Drops

    @Test func `a provider that cannot serve the request is dropped with its reason`() {
        let offers = [Samples.offer("a", impossible: "has no 1.0"), Samples.offer("b")]
        let plan = plan(.order(["a", "b"]), offers)
        #expect(names(plan) == ["b"])
        #expect(plan.dropped.map(\.provider) == ["a"])
        #expect(plan.dropped[0].cause == .impossible && plan.dropped[0].reason == "has no 1.0")
    }

    @Test func `a lossy candidate ranks lower and says what it loses`() {
        let offers = [Samples.offer("a", entries: dropsSeed), Samples.offer("b")]
        let plan = plan(.order(["a", "b"]), offers)
        #expect(names(plan) == ["b", "a"])
        #expect(plan.candidates[1].reason == "number 1 of the policy's order; ranked lower because it drops seed")
    }

    @Test func `lossy candidates among themselves keep the order, and nobody is called lower`() {
        let offers = ["a", "b"].map { Samples.offer($0, entries: dropsSeed) }
        let plan = plan(.order(["b", "a"]), offers)
        #expect(names(plan) == ["b", "a"])
        #expect(plan.candidates[0].reason == "number 1 of the policy's order")
    }

    @Test func `an approximation does not rank lower`() {
        let offers = [Samples.offer("a", entries: approximatesStrength), Samples.offer("b")]
        #expect(names(plan(.order(["a", "b"]), offers)) == ["a", "b"])
    }

    @Test func `a strict request takes neither a drop nor an approximation`() {
        var request = Samples.request()
        request.strict = true
        let offers = [
            Samples.offer("a", entries: approximatesStrength), Samples.offer("b", entries: dropsSeed),
            Samples.offer("c"),
        ]
        let plan = plan(.order(["a", "b", "c"]), offers, request: request)
        #expect(names(plan) == ["c"])
        #expect(plan.dropped.map(\.cause) == [.lossy, .lossy])
        #expect(plan.dropped.map(\.reason) == ["strength would be approximated", "seed would be dropped"])
    }

    @Test func `what the policy requires may not be dropped`() {
        let offers = [
            Samples.offer("a", entries: dropsSeed), Samples.offer("b", entries: approximatesStrength),
            Samples.offer("c"),
        ]
        let seed = plan(.order(["a", "b", "c"]), offers) { $0.require = [.seed] }
        #expect(names(seed) == ["b", "c"])
        let other = plan(.order(["a", "b", "c"]), offers) { $0.require = [.copyrightDetection] }
        #expect(names(other) == ["b", "c", "a"])
    }

    @Test func `a safety check is made, or nobody is asked, unless policy or request say otherwise`() {
        let unchecked = [TranslationEntry(.safetyCheck, nil, .dropped, "not offered")]
        let offers = [Samples.offer("a", entries: unchecked), Samples.offer("b")]
        let usual = plan(.order(["a", "b"]), offers)
        #expect(names(usual) == ["b"] && usual.dropped.map(\.cause) == [.unchecked])
        #expect(plan(.order(["a"]), offers).candidates.isEmpty)
        let byPolicy = plan(.order(["a", "b"]), offers) { $0.onUnchecked = .proceed }
        #expect(names(byPolicy) == ["b", "a"], "it still ranks lower")
        var request = Samples.request()
        request.allowsUnchecked = true
        #expect(names(plan(.order(["a", "b"]), offers, request: request)) == ["b", "a"])
        // Another check, or another loss, is not meant.
        let other = [TranslationEntry(.copyrightDetection, nil, .dropped, "4.0 only")]
        #expect(names(plan(.order(["a"]), [Samples.offer("a", entries: other)])) == ["a"])
        let made = [TranslationEntry(.safetyCheck, "safety", .mapped)] + dropsSeed
        #expect(names(plan(.order(["a"]), [Samples.offer("a", entries: made)])) == ["a"])
    }

    @Test func `a cooldown drops with the time to wait`() {
        let away = ProviderOffer.Unavailability(reason: "asked for a pause", retryAfter: .seconds(7))
        let plan = plan(.order(["a", "b"]), [Samples.offer("a", unavailable: away), Samples.offer("b")])
        #expect(names(plan) == ["b"])
        #expect(plan.dropped[0].cause == .unavailable && plan.dropped[0].retryAfter == .seconds(7))
    }

    @Test func `what will never do is told before what will not do now`() {
        let away = ProviderOffer.Unavailability(reason: "cooldown", retryAfter: .seconds(7))
        var request = Samples.request()
        request.strict = true
        request.maxCost = Samples.cents(1)
        let plan = plan(
            .order(["a", "b", "c"]),
            [
                Samples.offer("a", entries: dropsSeed, impossible: "never", unavailable: away),
                Samples.offer("b", entries: dropsSeed, unavailable: away), Samples.offer("c", unavailable: away),
            ],
            request: request
        )
        #expect(plan.dropped.map(\.cause) == [.impossible, .lossy, .tooDear])
        #expect(plan.dropped.allSatisfy { $0.retryAfter == nil }, "waiting would not help")
    }

    // MARK: Money (M1, M3)

    @Test(
        arguments: [
            (nil, nil, ["a", "b", "unpriced"]), (24, nil, ["a", "b"]), (23, nil, ["a"]), (nil, 24, ["a", "b"]),
            (24, 12, ["a"]), (12, 24, ["a"]), (11, 100, []), (0, nil, []),
        ] as [(Int64?, Int64?, [String])]
    )
    func `nothing dearer than the lower of both limits`(request: Int64?, policy: Int64?, names expected: [String]) {
        let offers = [
            Samples.offer("a", price: Samples.cents(3)), Samples.offer("b", price: Samples.cents(6)),
            Samples.offer("unpriced", price: nil),
        ]
        var asked = Samples.request(count: 4)
        asked.maxCost = request.map { Samples.cents($0) }
        let plan = plan(.order(["a", "b", "unpriced"]), offers, request: asked) {
            $0.maxCost = policy.map { Samples.cents($0) }
        }
        #expect(names(plan) == expected)
        #expect(plan.dropped.allSatisfy { $0.cause == .tooDear })
    }

    @Test func `the bound is that of the dearest candidate, and unknown with an unpriced one`() {
        let offers = [Samples.offer("a", price: Samples.cents(3)), Samples.offer("b", price: Samples.cents(6))]
        let request = Samples.request(count: 5)
        let priced = plan(.order(["a", "b"]), offers, request: request)
        #expect(priced.candidates.map(\.bound) == [Samples.cents(15), Samples.cents(30)])
        #expect(priced.bound == Samples.cents(30))
        let unpriced = plan(.order(["a", "b", "c"]), offers + [Samples.offer("c", price: nil)], request: request)
        #expect(unpriced.bound == nil)
        #expect(plan(.order(["a"]), [Samples.offer("a", price: .zero)]).bound == .zero)
    }

    @Test func `a price that is too large to multiply gives the largest bound, and is not fatal`() async {
        await #expect(processExitsWith: .success) {
            let price = Money(usd: "999999999")
            let plan = Planner.plan(
                request: Samples.request(count: 20),
                policy: Policy(name: "test", ordering: .order(["a"])),
                offers: [Samples.offer("a", price: price)],
                draw: 0
            )
            #expect(plan.candidates.map(\.bound) == [Money(nanodollars: .max)])
            #expect(plan.bound == Money(nanodollars: .max))
        }
    }

    // MARK: What the policy says

    @Test(
        arguments: [
            (nil, nil, Planner.defaultDeadline), (.seconds(9), nil, .seconds(9)), (nil, .seconds(8), .seconds(8)),
            (.seconds(9), .seconds(8), .seconds(8)), (.seconds(7), .seconds(8), .seconds(7)),
            (.seconds(900), nil, .seconds(900)),
        ] as [(Duration?, Duration?, Duration)]
    )
    func `the deadline is the earlier one`(request: Duration?, policy: Duration?, deadline: Duration) {
        var asked = Samples.request()
        asked.deadline = request
        #expect(plan(.order(["a"]), [Samples.offer("a")], request: asked) { $0.deadline = policy }.deadline == deadline)
    }

    @Test func `the policy's rules go into the plan`() {
        let plan = plan(.order(["a"]), [Samples.offer("a")], request: Samples.request(count: 3)) { policy in
            (policy.name, policy.attempts, policy.onRefusal, policy.onUnknown) = ("brand-safe", 5, .next, .recover)
        }
        #expect(plan.policy == "brand-safe" && plan.attempts == 5 && plan.count == 3)
        #expect(plan.onRefusal == .next && plan.onUnknown == .recover)
    }

    @Test func `the stored plan says everything and never a float`() throws {
        let away = ProviderOffer.Unavailability(reason: "cooldown", retryAfter: .seconds(7))
        let plan = plan(.order(["a", "b"]), [Samples.offer("a"), Samples.offer("b", unavailable: away)])
        let expected: JSONValue = [
            "policy": "test", "attempts": 3, "deadline_ms": 300_000, "on_refusal": "stop",
            "on_unknown": "recover_then_next",
            "bound_usd": "0.06",
            "candidates": [
                [
                    "provider": "a", "provider_model": "model-of-a", "reason": "number 1 of the policy's order",
                    "bound_usd": "0.06",
                ]
            ],
            "dropped": [["provider": "b", "cause": "unavailable", "reason": "cooldown", "retry_after_ms": 7000]],
        ]
        #expect(JSONDocument(plan).value == expected)
        let unpriced = self.plan(.order(["a"]), [Samples.offer("a", price: nil)])
        #expect(JSONDocument(unpriced).value?["bound_usd"] == .null)
    }

    @Test func `a policy book gives the default one to who names none`() {
        let cheap = Policy(name: "cheap", ordering: .cost)
        let fast = Policy(name: "fast", ordering: .latency)
        let book = PolicyBook(policies: ["cheap": cheap, "fast": fast], defaultName: "fast")
        #expect(book[nil] == .plain(fast) && book["cheap"] == .plain(cheap) && book["none"] == nil)
    }
}
