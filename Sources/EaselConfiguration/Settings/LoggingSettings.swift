package import EaselBase

/// What is written about calls.
package struct LoggingSettings: Sendable, Hashable {
    /// What the call log keeps of prompts.
    package enum Prompts: String, Sendable, Hashable, CaseIterable {
        case full, hash, none
    }

    /// What the call log keeps of prompts.
    package var prompts = Prompts.full
    /// The least urgent lines that appear on standard error.
    package var level = LogLevel.info

    package init() {}
}

extension LoggingSettings {
    mutating func read(_ section: SectionReader) {
        section.read("prompts", into: &prompts) { $0.choice() }
        section.read("level", into: &level) { $0.choice() }
    }
}
