/// How attempts are resolved whose end is not known (M7).
package struct RecoverySettings: Sendable, Hashable, SettingSection {
    /// After this time an attempt is posted at its upper bound with basis `unknown`.
    package var unknownAfter = Duration.seconds(24 * 3600)
    /// How often a provider is asked again for it.
    package var interval = Duration.seconds(30)

    package init() {}

    /// How long after its beginning an attempt is asked about: by then it is posted at its bound, and a day is left to do it.
    package var asksFor: Duration { Self.asksFor(unknownAfter) }

    package static func asksFor(_ unknownAfter: Duration) -> Duration { unknownAfter + .seconds(86_400) }

    package static var settings: [Setting<Self>] {
        [
            Setting(
                "unknown_after",
                \.unknownAfter,
                .duration(.seconds(60)...(.seconds(30 * 86_400))),
                "posted at their upper bound after this time"
            ),
            Setting(
                "interval",
                \.interval,
                .duration(.seconds(1)...(.seconds(3600))),
                "how often the log is searched for them"
            ),
        ]
    }
}
