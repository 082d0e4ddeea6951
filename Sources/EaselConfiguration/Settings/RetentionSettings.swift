import EaselBase
package import EaselCore

/// How long the log and what is summed up of it are kept.
package struct RetentionSettings: Sendable, Hashable {
    package var policy = Retention()

    package init() {}
}

extension RetentionSettings {
    mutating func read(_ section: SectionReader) {
        let range: ClosedRange<Duration> = .seconds(86_400)...(.seconds(36_500 * 86_400))
        section.read("log", into: &policy.log) { $0.duration(in: range) }
        section.read("prompts", into: &policy.prompts) { $0.duration(in: range) }
        section.read("rollups", into: &policy.rollups) { $0.duration(in: range) }
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
