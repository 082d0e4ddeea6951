import EaselCore

extension Configuration {
    /// The section of policies, which docs/routing.md describes.
    static var routingSettings: Setting<Configuration> {
        Setting(
            "routing",
            lines: { root in
                ["routing:", "    default: \(root.policies.defaultName)", "    policies:"]
                    + root.policies.policies.values.sorted { $0.name < $1.name }
                    .map { "        \(SettingText.quoted($0.name)): \(PolicyText.flow($0))" }
            },
            example: { _ in [ExampleLine(text: routingExample, standsApart: true)] },
            rows: { _ in
                let about = "how providers are chosen: [routing.md](routing.md)"
                let standard = "a policy `failover` with the providers as listed"
                return [
                    SettingRow(path: "routing", values: "policies", standard: standard, about: about, restarts: false)
                ]
            }
        )
    }

    private static let routingExample = """
        routing:                           # without it: a policy `failover` with the providers as listed above
          default: failover
          policies:                        # each has one of order, weights, prefer and when; docs/routing.md has more
            failover: { order: [runware, ideogram] }
            cheapest: { prefer: cost, floor: { success: 90% } }        # cost | latency | success | in_flight
            fastest:  { prefer: latency, explore: 2% }
            split:    { weights: { runware: 80, ideogram: 20 } }
            sticky:   { weights: { runware: 1, ideogram: 1 }, sticky: team }   # team | key | image | tag:NAME
            careful:  { order: [runware, ideogram], canary: { provider: ideogram, share: 5% } }
            quick:    { prefer: latency, hedge: { after: p95, budget: 5% } }   # may pay twice, within the budgets
            compare:  { order: [runware], shadow: { provider: ideogram, sample: 1%, budget: "$5/day" } }
            brand-safe:
              order: [ideogram, runware]
              require: [copyright_detection]       # parameters that a candidate must honour
              on_refusal: stop                     # stop | next: after a refusal on content grounds
              on_unchecked: refuse                 # refuse | proceed: a safety check that cannot be made
              on_unknown: recover                  # recover | recover_then_next: the latter may pay twice
              attempts: 3                          # how often providers may be asked for one call
              max_cost_usd: "0.20"
              deadline: 90s
            by-case:                               # the first case that matches
              when:
                - { match: { model: ideogram-4.0, count: "> 4" }, order: [runware] }
                - { match: { budget_left_percent: "< 20" }, use: cheapest }
                - { match: { time: "22:00-06:00", timezone: Europe/Berlin }, use: cheapest }
              otherwise: failover
        """
}
