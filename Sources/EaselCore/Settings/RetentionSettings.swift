import EaselBase

/// How long the log and what is summed up of it are kept.
package struct RetentionSettings: Sendable, Hashable, SettingSection {
    package var policy = Retention()

    package init() {}

    package static var settings: [Setting<Self>] {
        let range = SettingForm.duration(.seconds(86_400)...DurationText.longestDays)
        let forever = "forever"
        return [
            Setting(
                "log",
                \.policy.log,
                range,
                example: "400d",
                "calls, attempts, images; dropped by whole months",
                absent: forever
            ),
            Setting(
                "prompts",
                \.policy.prompts,
                range,
                example: "30d",
                "prompts, parameters and plans",
                absent: forever
            ),
            Setting(
                "rollups",
                \.policy.rollups,
                range,
                example: "1100d",
                "sums by hour, day and month",
                absent: forever
            ),
        ]
    }

    package mutating func settle(_ section: some SectionSource) {
        if let log = policy.log, let prompts = policy.prompts, prompts > log {
            section.fault(
                "prompts",
                "is longer than `log`, and prompts go with their calls; make it shorter or leave it out"
            )
        }
        if let rollups = policy.rollups, rollups < policy.log ?? .seconds(Int64.max / 4) {
            section.fault("rollups", "is shorter than `log`; reports would miss what the log still has")
        }
    }
}
