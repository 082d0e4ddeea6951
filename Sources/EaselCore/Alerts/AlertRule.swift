package import EaselBase

/// What is watched, and where word of it goes.
package struct AlertRule: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// A budget passed one of its thresholds.
        case budget
        /// A budget will not last to the end of its period if spending goes on like this.
        case budgetForecast = "budget_forecast"
        /// A gateway leaves a provider alone because it fails or does not accept the key.
        case providerDown = "provider_down"
        case creditExhausted = "credit_exhausted"
        /// Calls that failed, of all that ended.
        case errorRate = "error_rate"
        /// Pictures flagged as not safe for work, of those that were checked.
        case nsfwRate = "nsfw_rate"
        /// Pictures flagged for copyright, of those that were checked.
        case copyrightRate = "copyright_rate"
        /// A day costs more than the same weekday did.
        case costAnomaly = "cost_anomaly"
        /// Figures are missing or late.
        case dataGap = "data_gap"
        /// A provider charged more than its price (M2).
        case overcharge

        /// Whether it compares a share of something with a bound.
        package var isRate: Bool {
            switch self {
            case .errorRate, .nsfwRate, .copyrightRate: true
            default: false
            }
        }
    }

    package var name: String
    package var kind: Kind
    /// One team's figures only.
    package var team: String?
    /// Percents of a budget; empty: those that the budget itself names, and 100.
    package var thresholds: [Int] = []
    /// The bound of a rate, 0 to 1; of an anomaly how much dearer than usual a day may be, 1 for twice as dear.
    package var bound = 0.0
    /// How far back a rate looks.
    package var window = Duration.seconds(3600)
    /// A rate of fewer is not judged.
    package var minimum = 1
    /// An anomaly is at least so much dearer.
    package var minimumCost = Money.zero
    /// Each of these is judged for itself; nil: all together.
    package var group: UsageQuery.Dimension?
    /// The calendar of an anomaly's days.
    package var timezone = "UTC"
    /// It is over when it has been over for so long, so that what hovers about its bound is one alert.
    package var resolveAfter = Duration.zero
    /// Names of destinations.
    package var destinations: [String]

    /// A rule with the bounds of its kind.
    package init(_ name: String, _ kind: Kind, to destinations: [String]) {
        self.name = name
        self.kind = kind
        self.destinations = destinations
        switch kind {
        case .budget, .budgetForecast, .overcharge: break
        case .providerDown, .creditExhausted, .dataGap: resolveAfter = .seconds(60)
        case .errorRate:
            bound = 0.1
            window = .seconds(900)
            resolveAfter = .seconds(300)
        case .nsfwRate:
            bound = 0.1
            group = .team
            resolveAfter = .seconds(300)
        case .copyrightRate:
            bound = 0.05
            group = .team
            resolveAfter = .seconds(300)
        case .costAnomaly:
            bound = 1
            group = .team
            minimumCost = Money(nanodollars: 10 * Money.nanodollarsPerDollar)
        }
    }

    /// The rules that hold where nothing else is said of their kind: one for each, named as it.
    package static func standard(to destinations: [String]) -> [AlertRule] {
        Kind.allCases.map { kind in
            var rule = AlertRule(kind.rawValue, kind, to: destinations)
            // A rate of three calls says nothing; a rule that someone wrote sets its own minimum.
            if kind.isRate { rule.minimum = 20 }
            return rule
        }
    }

    /// What makes it fire, in a few words: `above 5.0% in 1h, by team`.
    package var condition: String {
        var text: String
        switch kind {
        case .budget:
            let percents = thresholds.map { "\($0)%" }.joined(separator: ", ")
            text = thresholds.isEmpty ? "at the budget's own thresholds" : "at \(percents)"
        case .budgetForecast: text = "above the limit at the period's end"
        case .providerDown: text = "down for a gateway"
        case .creditExhausted: text = "no credit at the provider"
        case .errorRate, .nsfwRate, .copyrightRate:
            text = "above \(Self.percent(bound)) in \(DurationText.format(window))"
            if minimum > 1 { text += ", of at least \(minimum)" }
        case .costAnomaly: text = "\(Self.percent(bound)) and \(minimumCost.dollars) above the usual for that weekday"
        case .dataGap: text = "figures missing or late"
        case .overcharge: text = "charged more than the price"
        }
        if let group { text += ", by \(group.name)" }
        if let team { text += ", team \(team)" }
        return text
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int(saturating: (share * 1000).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
    }
}
