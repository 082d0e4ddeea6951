import EaselCore

extension Configuration {
    /// The section of policies, which docs/routing.md describes.
    static func routingSettings(_ profiles: [ProviderProfile]) -> Setting<Configuration> {
        Setting(
            "routing",
            lines: { root in
                ["routing:", "    default: \(root.policies.defaultName)", "    policies:"]
                    + root.policies.policies.values.sorted { $0.name < $1.name }
                    .map { "        \(SettingText.quoted($0.name)): \(PolicyText.flow($0))" }
            },
            example: { _ in routingExample(profiles.map(\.kind.rawValue)) },
            rows: { _ in
                let about = "how providers are chosen: [routing.md](routing.md)"
                let standard = "a policy `failover` with the providers as listed"
                return [
                    SettingRow(path: "routing", values: "policies", standard: standard, about: about, restarts: false)
                ]
            }
        )
    }

    /// Policies need two providers to choose from; the example above has one of each kind.
    private static func routingExample(_ names: [String]) -> [ExampleLine] {
        guard let first = names.first, names.count > 1 else { return [] }
        let second = names[1]
        let text = """
            routing:                           # without it: a policy `failover` with the providers as listed above
              default: failover
              policies:                        # each has one of order, weights, prefer and when; docs/routing.md has more
                failover: { order: [\(first), \(second)] }
                cheapest: { prefer: cost, floor: { success: 90% } }        # cost | latency | success | in_flight
                fastest:  { prefer: latency, explore: 2% }
                split:    { weights: { \(first): 80, \(second): 20 } }
                sticky:   { weights: { \(first): 1, \(second): 1 }, sticky: team }   # team | key | image | tag:NAME
                careful:  { order: [\(first), \(second)], canary: { provider: \(second), share: 5% } }
                quick:    { prefer: latency, hedge: { after: p95, budget: 5% } }   # may pay twice, within the budgets
                compare:  { order: [\(first)], shadow: { provider: \(second), sample: 1%, budget: "$5/day" } }
                brand-safe:
                  order: [\(second), \(first)]
                  require: [copyright_detection]       # parameters that a candidate must honour
                  on_refusal: stop                     # stop | next: after a refusal on content grounds
                  on_unchecked: refuse                 # refuse | proceed: a safety check that cannot be made
                  on_unknown: recover                  # recover | recover_then_next: the latter may pay twice
                  attempts: 3                          # how often providers may be asked for one call
                  max_cost_usd: "0.20"
                  deadline: 90s
                by-case:                               # the first case that matches
                  when:
                    - { match: { model: ideogram-4.0, count: "> 4" }, order: [\(first)] }
                    - { match: { budget_left_percent: "< 20" }, use: cheapest }
                    - { match: { time: "22:00-06:00", timezone: Europe/Berlin }, use: cheapest }
                  otherwise: failover
            """
        return [ExampleLine(text: text, standsApart: true)]
    }
}
