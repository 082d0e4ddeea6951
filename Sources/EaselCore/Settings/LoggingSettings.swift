package import EaselBase

/// What is written about calls.
package struct LoggingSettings: Sendable, Hashable, SettingSection {
    /// What the call log keeps of prompts.
    package enum Prompts: String, Sendable, Hashable, CaseIterable {
        case full, hash, none
    }

    /// What the call log keeps of prompts.
    package var prompts = Prompts.full
    /// The least urgent lines that appear on standard error.
    package var level = LogLevel.info

    package init() {}

    package static var settings: [Setting<Self>] {
        [
            Setting("prompts", \.prompts, .choice(), "what the call log keeps of prompts"),
            Setting("level", \.level, .choice(), "the least urgent lines that appear"),
        ]
    }
}
