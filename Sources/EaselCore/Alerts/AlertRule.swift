package import EaselBase

/// What is watched, and where word of it goes. What a kind needs to be told stands here; its file beside `AlertKind` says
/// which of it the kind has.
package struct AlertRule: Sendable, Hashable {
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
        kind.watch.begin(&self)
    }

    /// The rules that hold where nothing else is said of their kind: one for each, named as it.
    package static func standard(to destinations: [String]) -> [AlertRule] {
        Kind.allCases.map { kind in
            var rule = AlertRule(kind.rawValue, kind, to: destinations)
            kind.watch.standardize(&rule)
            return rule
        }
    }

    /// What makes it fire, in a few words: `above 5.0% in 1h, by team`.
    package var condition: String {
        var text = kind.watch.condition(self)
        if let group { text += ", by \(group.name)" }
        if let team { text += ", team \(team)" }
        return text
    }
}

extension AlertRule.Kind {
    /// What a rule of this kind may say beside its name, its kind and who is told.
    package var settings: [Setting<AlertRule>] {
        let team = Setting<AlertRule>("team", \.team, .text, example: "design", "this team alone")
        let calm = Setting<AlertRule>(
            "resolve_after",
            \.resolveAfter,
            .duration(.zero...(.seconds(86_400))),
            "it is over when it has been over for so long"
        )
        return (watch.isOfTeam ? [team] : []) + watch.settings + [calm]
    }

    /// Every setting that a rule of any kind may have.
    package static let settingNames = Set(allCases.flatMap { $0.settings.map(\.key) })

    /// The lines of the table of kinds in docs/alerts.md.
    package static var reference: [String] {
        ["| `on` | fires when | settings (defaults) |", "|---|---|---|"]
            + allCases.map { kind in
                let usual = AlertRule(kind.rawValue, kind, to: [])
                let settings = kind.settings.flatMap { $0.rows(usual) }
                    .map { "`\($0.path)`\($0.standard.isEmpty ? "" : " (\($0.standard))")" }
                return "| `\(kind.rawValue)` | \(kind.watch.about) | \(settings.joined(separator: ", ")) |"
            }
    }
}
