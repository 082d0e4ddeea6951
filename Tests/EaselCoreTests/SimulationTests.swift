import EaselBase
import EaselCore
import Foundation
import Testing

/// What a simulation counts and projects, by examples worked out by hand.
struct SimulationTests {
    private let window = SimulationReport.Window(since: Samples.now, until: Samples.now, team: nil, calls: 0)

    private func record(
        _ provider: String,
        _ counts: [Int],
        delivered: Double,
        other: Double,
        asked: Int = 100,
        returned: Int = 100,
        model: RemixModel = .ideogram4
    ) -> ProviderRecord {
        ProviderRecord(
            provider: provider,
            model: model,
            renderingSpeed: nil,
            succeeded: counts[0],
            refused: counts[1],
            failed: counts[2],
            unknown: counts[3],
            imagesAsked: asked,
            imagesReturned: returned,
            billed: .zero,
            billedImages: 0,
            deliveredMs: .init(mean: delivered, p50: delivered, p95: delivered),
            otherMs: .init(mean: other, p50: other, p95: other)
        )
    }

    /// `a` succeeds 6 times of 10, 9 images of 10 come, it refuses 2 and fails 2; `b` succeeds 5 times of 10, fails and
    /// is not known the others.
    private var records: [ProviderRecord] {
        [
            record("a", [60, 20, 20, 0], delivered: 1000, other: 500, returned: 90),
            record("b", [50, 0, 25, 25], delivered: 2000, other: 100),
        ]
    }

    /// A call for two images that `b` delivered for $0.12 in 3 s.
    private func call(
        _ policy: Policy = Policy(name: "ran", ordering: .order(["b"])),
        losses: [TranslationEntry] = [],
        budgetLeft: Double? = nil,
        model: RemixModel = .ideogram4
    ) -> LoggedCall {
        let inputs = PlanInputs(
            request: PlanInputs.Request(count: 2),
            policy: policy,
            path: [policy.name],
            offers: [
                Samples.offer("a", price: Samples.cents(10), entries: losses),
                Samples.offer("b", price: Samples.cents(5)), Samples.offer("c", price: Samples.cents(20)),
                Samples.offer("d", price: nil),
            ],
            draw: 7,
            callDraw: 9,
            budgetLeftPercent: budgetLeft
        )
        return LoggedCall(
            callID: UUIDv7.mint(at: Samples.now),
            team: "design",
            keyID: UUID(),
            project: nil,
            tags: [:],
            policy: policy.name,
            model: model,
            parameters: [:],
            receivedAt: Samples.now,
            inputs: inputs,
            candidates: Planner.plan(inputs).candidates.map(\.provider),
            outcome: LoggedCall.Outcome(
                status: .succeeded,
                provider: "b",
                imagesRequested: 2,
                imagesDelivered: 2,
                cost: Samples.cents(12),
                latencyMs: 3000,
                attempts: 1,
                failover: false,
                losses: []
            )
        )
    }

    private func report(
        _ policy: Policy,
        _ calls: [LoggedCall],
        records: [ProviderRecord]? = nil
    ) -> SimulationReport {
        let book = PolicyBook(policies: [policy.name: policy], defaultName: policy.name)
        var simulation = Simulation(book: book, records: records ?? self.records)
        for call in calls { simulation.add(call) }
        return simulation.report(window)
    }

    @Test func `what happened is counted as it happened`() {
        var lost = call()
        lost.outcome.status = .refused
        lost.outcome.imagesDelivered = 0
        lost.outcome.cost = nil
        lost.outcome.losses = ["seed", "strength"]
        lost.outcome.latencyMs = 1000
        lost.outcome.failover = true
        lost.outcome.attempts = 2
        let figures = report(Policy(name: "ran", ordering: .order(["b"])), [call(), call(), lost]).log
        #expect(figures.calls == 3 && figures.cost == Samples.cents(24) && figures.unpriced == 1)
        #expect(figures.images == 4 && figures.costPerImage == Samples.cents(6))
        #expect(figures.succeeded == 2 && figures.refused == 1 && figures.failed == 0)
        #expect(figures.latencyMs == 2333.333)
        #expect(figures.attempts == 4 && figures.failovers == 1)
        #expect(figures.lossy == 1 && figures.losses == ["seed": 1, "strength": 1])
        #expect(figures.firstChoices == ["b": 3])
    }

    @Test func `another order is projected down the list`() {
        let report = report(Policy(name: "new", ordering: .order(["a", "b"])), Array(repeating: call(), count: 10))
        let figures = report.simulated
        // For one call: a is asked, and b in the 2 of 10 cases in which a fails.
        // Images 2 x 0.6 x 0.9 + 0.2 x 2 x 0.5; cost 1.08 x $0.10 + 0.2 x $0.05.
        #expect(figures.images == 12.8)
        #expect(figures.cost == Money(nanodollars: 1_180_000_000))
        // 0.6 x 1 s + 0.4 x 0.5 s, and 0.2 times 0.5 x 2 s + 0.5 x 0.1 s.
        #expect(figures.latencyMs == 1010)
        #expect(figures.succeeded == 7 && figures.refused == 2 && figures.failed == 1 && figures.unknown == 0)
        #expect(figures.attempts == 12 && figures.failovers == 2)
        #expect(report.choices.sameFirst == 0 && report.choices.samePlan == 0)
        #expect(report.simulated.firstChoices == ["a": 10] && report.log.firstChoices == ["b": 10])
    }

    @Test func `a refusal and an unknown end go on only where the policy says so`() {
        let calls = Array(repeating: call(), count: 10)
        let next = report(Policy(name: "new", ordering: .order(["a", "b"]), onRefusal: .next), calls).simulated
        #expect(next.succeeded == 8 && next.refused == 1 && next.failed == 1)
        #expect(next.images == 14.8 && next.cost == Money(nanodollars: 1_280_000_000) && next.latencyMs == 1220)
        let back = Policy(name: "new", ordering: .order(["b", "a"]), onUnknown: .recover)
        // b: 5 succeed, 2.5 fail and go on to a, 2.5 end as not known. a: 1.5 succeed, 0.5 refused, 0.5 fail.
        let ended = report(back, calls).simulated
        #expect(ended.succeeded == 6.5 && ended.refused == 0.5 && ended.failed == 3)
        let once = report(Policy(name: "new", ordering: .order(["a", "b"]), attempts: 1), calls).simulated
        #expect(once.succeeded == 6 && once.refused == 2 && once.failed == 2 && once.failovers == 0)
    }

    @Test func `of a provider that was never asked only the bound is known`() {
        let figures = report(Policy(name: "new", ordering: .order(["c"])), [call(), call()]).simulated
        #expect(figures.unknown == 2 && figures.succeeded == 0 && figures.latencyMs == nil)
        #expect(figures.cost == Samples.cents(80) && figures.images == 4)
        let unpriced = report(Policy(name: "new", ordering: .order(["d"])), [call()]).simulated
        #expect(unpriced.unpriced == 1 && unpriced.cost == .zero)
        // Behind another one it is reached in part.
        let behind = report(Policy(name: "new", ordering: .order(["a", "c"])), [call()]).simulated
        #expect(behind.unknown == 0.2 && behind.succeeded == 0.6 && behind.refused == 0.2)
        #expect(behind.cost == Money(nanodollars: 188_000_000))
    }

    @Test func `a record of few attempts gives way to a wider one`() {
        let few = record("a", [0, 0, 19, 0], delivered: 1, other: 1, model: .ideogram3)
        let policy = Policy(name: "new", ordering: .order(["a"]), attempts: 1)
        let wide = report(policy, [call(model: .ideogram3)], records: records + [few]).simulated
        #expect(wide.succeeded == 0.504, "60 of 119 attempts with any model")
        let enough = record("a", [0, 0, 20, 0], delivered: 1, other: 1, model: .ideogram3)
        let narrow = report(policy, [call(model: .ideogram3)], records: records + [enough]).simulated
        #expect(narrow.succeeded == 0 && narrow.failed == 1)
    }

    @Test func `the same order with other terms is projected`() {
        var failed = call()
        failed.outcome.status = .failed
        var policy = Policy(name: "ran", ordering: .order(["b"]))
        policy.attempts = 5
        let report = report(policy, [call(), failed])
        #expect(report.choices.sameOrder == 2 && report.choices.samePlan == 0)
        // Both of them, or the other terms would get the good call for nothing.
        #expect(report.simulated.succeeded == 1 && report.simulated.failed == 1)
    }

    @Test func `calls without candidates are turned away by cause`() {
        var dear = Policy(name: "new", ordering: .order(["a", "b"]))
        dear.maxCost = Samples.cents(1)
        #expect(report(dear, [call()]).turnedAway == ["too_dear": 1])
        let ghost = report(Policy(name: "new", ordering: .order(["ghost"])), [call(), call()])
        #expect(ghost.turnedAway == ["no_provider": 2])
        #expect(ghost.simulated.turnedAway == 2 && ghost.simulated.calls == 2 && ghost.simulated.succeeded == 0)
        #expect(ghost.simulated.cost == .zero && ghost.log.cost == Samples.cents(24))
    }

    @Test func `lost parameters are those of the first candidate`() {
        let losses = [TranslationEntry(.seed, nil, .dropped), TranslationEntry(.strength, nil, .approximated)]
        let report = report(Policy(name: "new", ordering: .order(["a"])), [call(losses: losses), call()])
        #expect(report.simulated.lossy == 1 && report.simulated.losses == ["seed": 1, "strength": 1])
        #expect(report.log.lossy == 0)
    }

    @Test func `calls that cannot be replayed are counted and left out`() {
        var old = call()
        old.inputs = nil
        let policy = Policy(name: "ran", ordering: .order(["b"]))
        let without = report(policy, [old, call()])
        #expect(without.coverage.read == 2 && without.coverage.withoutInputs == 1 && without.log.calls == 1)

        var match = PolicyMatch()
        match.budgetLeftPercent = PolicyMatch.NumberTest(.less, 20)
        var team = PolicyMatch()
        team.teams = ["shop"]
        let cases = CasePolicy(
            name: "ran",
            cases: [
                .init(match: team, target: .inline(.plain(policy))),
                .init(match: match, target: .inline(.plain(Policy(name: "cheap", ordering: .cost)))),
            ],
            otherwise: .inline(.plain(policy))
        )
        var simulation = Simulation(
            book: PolicyBook(policies: ["ran": .cases(cases)], defaultName: "ran"),
            records: records
        )
        var shop = call()
        shop.team = "shop"
        for call in [call(), shop, call(budgetLeft: 50), call(budgetLeft: 5)] { simulation.add(call) }
        let asked = simulation.report(window)
        #expect(asked.coverage.withoutBudgets == 1, "the team's case decides before the budget's")
        #expect(asked.coverage.replayed == 3 && asked.choices.samePlan == 2)
    }

    @Test func `draws are the gateway's, and an image's cannot be made again`() {
        let weights = Policy.Ordering.weights(["a": 1, "b": 1])
        var sticky = Policy(name: "new", ordering: weights)
        sticky.sticky = .team
        let calls = (0..<40).map { _ in call() }
        let byTeam = report(sticky, calls).simulated.firstChoices
        let draw = StickyDraw.draw(.team, team: "design", keyID: UUID(), tags: [:], imageSHA256: nil, callDraw: 0)
        #expect(byTeam == [draw < UInt64.max / 2 ? "a" : "b": 40])
        sticky.sticky = .image
        let byImage = report(sticky, calls)
        #expect(byImage.notes.count == 1 && byImage.notes[0].hasPrefix("40 calls: the policy is sticky by image"))
        // Where the policy that ran was sticky by image, its draws are on record.
        #expect(report(sticky, [call(sticky)]).notes.isEmpty)
    }

    @Test func `a policy for all calls finds those that it names`() {
        let cheap = Policy(name: "cheap", ordering: .cost)
        let always = CasePolicy(name: "mine", cases: [], otherwise: .named("cheap"))
        let book = PolicyBook(
            policies: ["cheap": .plain(cheap), "ran": .plain(Policy(name: "ran", ordering: .order(["a"])))],
            defaultName: "cheap"
        )
        var simulation = Simulation(book: book, forAll: .cases(always), records: records)
        simulation.add(call())
        #expect(simulation.report(window).simulated.firstChoices == ["b": 1])
    }

    @Test func `the report reads back from its JSON`() throws {
        let report = report(Policy(name: "new", ordering: .order(["a", "c"])), [call(), call()])
        #expect(try JSON.decode(SimulationReport.self, from: JSON.encode(report)) == report)
    }
}
