import EaselBase
import EaselCore

/// Times the planner: ten candidates, of which some drop a parameter, limp or are away, under each way to order them.
/// Prints one JSON object: microseconds for one plan, and for one plan with the writing of its record.
@main
enum PlannerBenchmark {
    static func main() {
        let names = (0..<10).map { "provider-\($0)" }
        let offers = names.enumerated().map { index, name in offer(name, index) }
        let weights = Dictionary(uniqueKeysWithValues: names.map { ($0, 10) })
        let orderings: [(String, Policy.Ordering)] = [
            ("order", .order(names)), ("weights", .weights(weights)), ("cost", .cost), ("latency", .latency),
            ("success", .success),
        ]
        var parts: [String] = []
        for (label, ordering) in orderings {
            var policy = Policy(name: label, ordering: ordering, attempts: 10)
            policy.floor.latency = .seconds(20)
            let inputs = PlanInputs(
                request: PlanInputs.Request(count: 2, maxCost: Money(usd: "1")),
                policy: policy,
                path: [label],
                offers: offers,
                draw: 0
            )
            let plan = measure { draw in
                var inputs = inputs
                inputs.draw = draw
                return Planner.plan(inputs).candidates.count
            }
            let record = measure { draw in
                var inputs = inputs
                inputs.draw = draw
                return JSONText.bytes(of: PlanRecord(inputs: inputs, plan: Planner.plan(inputs))).count
            }
            parts.append("\"\(label)\": {\"plan_us\": \(plan), \"plan_and_record_us\": \(record)}")
        }
        print("{\(parts.joined(separator: ", "))}")
    }

    private static func offer(_ name: String, _ index: Int) -> ProviderOffer {
        var entries = [TranslationEntry(.prompt, "prompt", .mapped), TranslationEntry(.image, "image", .mapped)]
        if index % 4 == 3 { entries.append(TranslationEntry(.seed, nil, .dropped)) }
        return ProviderOffer(
            provider: name,
            kind: index.isMultiple(of: 2) ? .runware : .ideogram,
            translation: ProviderTranslation(providerModel: "model", entries: entries, imagesPerRequest: 8),
            capabilities: .every,
            pricePerImage: Money(nanodollars: Int64(30_000_000 + index * 7_000_000 % 40_000_000)),
            expectedLatency: .milliseconds(900 + index * 731 % 4000),
            slowLatency: .seconds(9),
            success: Share(millionths: 1_000_000 - index * 37_000),
            loadPercent: index * 13,
            expectedWait: .zero,
            fastestFinish: .milliseconds(700),
            demoted: index == 7 ? "slow" : nil,
            unavailable: index == 9 ? .init(reason: "asked for a pause", retryAfter: .seconds(3)) : nil
        )
    }

    /// Microseconds for one turn, the best of five rounds, with one decimal.
    private static func measure(_ body: (UInt64) -> Int) -> Double {
        let turns = 2000
        var best = Double.infinity
        var sum = 0
        for round in 0..<5 {
            let began = SteadyInstant.now
            for turn in 0..<turns { sum &+= body(Mixing.mix(UInt64(round * turns + turn))) }
            best = min(best, SteadyInstant.now.since(began).secondsAsDouble * 1_000_000 / Double(turns))
        }
        // What was computed is used, so that it cannot be left out.
        precondition(sum > 0)
        return (best * 10).rounded() / 10
    }
}
