import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

/// A random book and random calls under it, as a gateway makes their plans.
private struct SimulationWorld {
    static let providers = ["a", "b", "c", "d"]
    static let teams = ["design", "shop", "news"]
    let book: PolicyBook

    init(using random: inout SeededRandom) {
        var policies: [String: RoutingPolicy] = [:]
        for index in 0..<3 {
            policies["plain-\(index)"] = .plain(Self.policy("plain-\(index)", using: &random))
        }
        for index in 0..<2 {
            var cases: [CasePolicy.Case] = []
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let target: CasePolicy.Target =
                    Bool.random(using: &random)
                    ? .named("plain-\(Int.random(in: 0...2, using: &random))")
                    : .inline(.plain(Self.policy("inline", using: &random)))
                cases.append(CasePolicy.Case(match: Self.match(using: &random), target: target))
            }
            let name = "cases-\(index)"
            let otherwise: CasePolicy.Target? = Bool.random(using: &random) ? .named("plain-0") : nil
            policies[name] = .cases(CasePolicy(name: name, cases: cases, otherwise: otherwise))
        }
        book = PolicyBook(policies: policies, defaultName: "plain-0")
    }

    private static func policy(_ name: String, using random: inout SeededRandom) -> Policy {
        func one(in chances: Int) -> Bool { Int.random(in: 1...chances, using: &random) == 1 }
        let orderings: [Policy.Ordering] = [
            .order(providers.shuffled(using: &random)),
            .weights(Dictionary(uniqueKeysWithValues: providers.map { ($0, Int.random(in: 0...5, using: &random)) })),
            .cost, .latency, .success, .inFlight,
        ]
        var policy = Policy(
            name: name,
            ordering: orderings.randomElement(using: &random) ?? .cost,
            onRefusal: one(in: 2) ? .next : .stop,
            onUnknown: one(in: 2) ? .recover : .recoverThenNext,
            attempts: Int.random(in: 1...4, using: &random)
        )
        let sticky: [Policy.Sticky?] = [nil, nil, .team, .key, .image, .tag("campaign")]
        policy.sticky = sticky.randomElement(using: &random) ?? nil
        if one(in: 3) { policy.canary = Policy.Canary(provider: "c", share: Share(millionths: 300_000)) }
        if one(in: 4) { policy.explore = Share(millionths: 200_000) }
        if one(in: 4) { policy.floor.success = Share(millionths: 900_000) }
        if one(in: 4) { policy.maxCost = Samples.cents(Int64.random(in: 10...90, using: &random)) }
        if one(in: 4) { policy.deadline = .seconds(Int64.random(in: 5...90, using: &random)) }
        if one(in: 4) { policy.hedge = Policy.Hedge(after: .p95, budget: Share(millionths: 50_000)) }
        return policy
    }

    private static func match(using random: inout SeededRandom) -> PolicyMatch {
        var match = PolicyMatch()
        switch Int.random(in: 0...5, using: &random) {
        case 0: match.teams = [teams.randomElement(using: &random) ?? ""]
        case 1: match.count = PolicyMatch.NumberTest(.more, Double(Int.random(in: 1...6, using: &random)))
        case 2: match.tags = ["campaign": []]
        case 3: match.parameters = ["rendering_speed": .oneOf(["turbo"])]
        case 4: match.time = PolicyMatch.TimeOfDay(from: 22 * 60, until: 9 * 60)
        default: match.budgetLeftPercent = PolicyMatch.NumberTest(.less, 20.5)
        }
        return match
    }

    /// A call as the log gives it back; nil when it was refused before it got there.
    func call(using random: inout SeededRandom) throws -> LoggedCall? {
        func one(in chances: Int) -> Bool { Int.random(in: 1...chances, using: &random) == 1 }
        let seconds = Int64.random(in: 0...86_400, using: &random)
        let moment = Samples.now + .seconds(seconds)
        let id = UUIDv7.mint(at: moment, using: &random)
        let keyID = UUIDv7.mint(at: Samples.now, using: &random)
        let team = Self.teams.randomElement(using: &random) ?? ""
        let tags = one(in: 2) ? ["campaign": "c\(Int.random(in: 1...9, using: &random))"] : [:]
        let count = Int.random(in: 1...8, using: &random)
        let parameters: [String: JSONValue] = one(in: 2) ? ["rendering_speed": "turbo"] : ["seed": 5]
        guard let name = book.policies.keys.sorted().randomElement(using: &random), let policy = book[name] else {
            return nil
        }
        let left = book.asksForBudgets(policy) ? Double(Int.random(in: 0...1_000_000, using: &random)) / 10_000 : nil
        let facts = RoutingFacts(
            team: team,
            keyID: keyID,
            project: nil,
            tags: tags,
            model: .ideogram4,
            count: count,
            parameters: parameters,
            now: moment,
            budgetLeftPercent: left
        )
        guard let choice = book.choose(policy, facts: { facts }) else { return nil }
        let callDraw = StickyDraw.ofCall(id)
        let inputs = PlanInputs(
            request: PlanInputs.Request(count: count, strict: one(in: 6)),
            policy: choice.policy,
            path: choice.path,
            offers: Self.providers.filter { _ in !one(in: 6) }.map { Self.offer($0, using: &random) },
            draw: StickyDraw.draw(
                choice.policy.sticky,
                team: team,
                keyID: keyID,
                tags: tags,
                imageSHA256: (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) },
                callDraw: callDraw
            ),
            callDraw: callDraw,
            requiresPrice: one(in: 5),
            budgetLeftPercent: left
        )
        let plan = Planner.plan(inputs)
        guard !plan.candidates.isEmpty else { return nil }
        let record = JSONText.bytes(of: PlanRecord(inputs: inputs, plan: plan))
        let stored = try JSON.decode(Stored.self, from: record)
        return LoggedCall(
            callID: id,
            team: team,
            keyID: keyID,
            project: nil,
            tags: tags,
            policy: plan.policy,
            model: .ideogram4,
            parameters: parameters,
            receivedAt: moment,
            inputs: stored.inputs,
            candidates: stored.candidates.map(\.provider),
            outcome: LoggedCall.Outcome(
                status: [.succeeded, .partial, .refused, .failed].randomElement(using: &random) ?? .failed,
                provider: plan.candidates.last?.provider,
                imagesRequested: count,
                imagesDelivered: Int.random(in: 0...count, using: &random),
                cost: one(in: 8) ? nil : Money(nanodollars: Int64.random(in: 0...900_000_001, using: &random)),
                latencyMs: one(in: 8) ? nil : Int.random(in: 300...40_000, using: &random),
                attempts: Int.random(in: 1...4, using: &random),
                failover: one(in: 3),
                losses: one(in: 3) ? ["seed"] : []
            )
        )
    }

    /// What a simulation reads of a stored plan.
    private struct Stored: Decodable {
        struct Candidate: Decodable { let provider: String }

        let inputs: PlanInputs
        let candidates: [Candidate]
    }

    private static func offer(_ name: String, using random: inout SeededRandom) -> ProviderOffer {
        func one(in chances: Int) -> Bool { Int.random(in: 1...chances, using: &random) == 1 }
        var offer = Samples.offer(
            name,
            price: one(in: 6) ? nil : Samples.cents(Int64.random(in: 1...12, using: &random)),
            latency: one(in: 5) ? nil : .milliseconds(Int64.random(in: 500...30_000, using: &random)),
            entries: one(in: 3) ? [TranslationEntry(.seed, nil, one(in: 2) ? .dropped : .approximated)] : [],
            impossible: one(in: 9) ? "cannot" : nil,
            unavailable: one(in: 9) ? .init(reason: "away", retryAfter: .seconds(3)) : nil
        )
        offer.slowLatency = one(in: 3) ? .milliseconds(40_000) : nil
        offer.success = one(in: 4) ? nil : Share(millionths: Int.random(in: 800_000...1_000_000, using: &random))
        offer.loadPercent = Int.random(in: 0...150, using: &random)
        offer.queueFull = one(in: 12)
        offer.demoted = one(in: 8) ? "it fails often" : nil
        offer.isProbe = one(in: 9)
        return offer
    }
}

@Suite("Simulation, random cases (R1)")
struct SimulationPropertyTests {
    @Test func `the book that ran reproduces every stored choice and every figure`() throws {
        let cases = Effort.cases(250)
        var replayed = 0
        var different = 0
        for seed in UInt64(0x51A1_0000)..<0x51A1_0000 + UInt64(cases) {
            var random = SeededRandom(seed: seed)
            let world = SimulationWorld(using: &random)
            let calls = try (0..<40).compactMap { _ in try world.call(using: &random) }
            #expect(calls.allSatisfy { $0.inputs != nil }, "seed \(seed)")
            var simulation = Simulation(book: world.book, records: [])
            var other = Simulation(book: SimulationWorld(using: &random).book, records: [])
            for call in calls {
                simulation.add(call)
                other.add(call)
            }
            let window = SimulationReport.Window(since: Samples.now, until: Samples.now, team: nil, calls: calls.count)
            let report = simulation.report(window)
            let counts = [
                report.coverage.read, report.coverage.replayed, report.choices.sameFirst, report.choices.sameOrder,
                report.choices.samePlan,
            ]
            if counts != Array(repeating: calls.count, count: counts.count) || report.simulated != report.log
                || !report.turnedAway.isEmpty || !report.notes.isEmpty
            {
                Issue.record("seed \(seed): \(counts) of \(calls.count)\n\(report)")
                return
            }
            let known = calls.compactMap(\.outcome.cost)
            #expect(report.log.cost == known.reduce(.zero, +), "seed \(seed)")
            #expect(report.log.unpriced == calls.count - known.count, "seed \(seed)")
            #expect(report.log.images == Double(calls.reduce(0) { $0 + $1.outcome.imagesDelivered }), "seed \(seed)")
            replayed += calls.count
            let contrary = other.report(window)
            different += contrary.coverage.replayed - contrary.choices.sameOrder
        }
        // The proof is worth something only if there was much to get wrong.
        #expect(replayed > 16 * cases)
        #expect(different > 4 * cases)
    }
}
