package import EaselBase
package import Foundation

/// How long what is written is kept: a month goes when all of it is older. The month that is running never goes. Nil: for
/// ever.
package struct Retention: Sendable, Hashable {
    /// Calls with their attempts, images and shadows, and the sums by minute. Dropped by whole months of UTC.
    package var log: Duration?
    /// Prompts, parameters and plans. Dropped by whole months of UTC; never kept longer than the log.
    package var prompts: Duration?
    /// Sums by hour, day and month. At least as long as the log; dropped by whole months of UTC.
    package var rollups: Duration?

    package init(log: Duration? = nil, prompts: Duration? = nil, rollups: Duration? = nil) {
        self.log = log
        self.prompts = prompts
        self.rollups = rollups
    }

    package var isForEver: Bool { log == nil && prompts == nil && rollups == nil }
}

/// Whose prompts are to be taken out of the log. At least one of the first four is given; all that are given must hold.
package struct Redaction: Sendable, Hashable {
    package var callID: UUID?
    package var keyID: UUID?
    package var teamID: Int64?
    /// The name and value of a tag.
    package var tag: Tag?
    /// Only calls that were received before.
    package var before: Timestamp?

    package struct Tag: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package init() {}
}
