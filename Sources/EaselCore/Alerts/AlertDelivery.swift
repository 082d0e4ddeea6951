package import EaselBase
package import Foundation

/// Something that people are told: a change of a state, a report, a test.
package struct AlertEvent: Sendable, Hashable {
    package static let testType = "alert.test"
    package static let reportType = "report.ready"

    /// Stays the same over all tries, so that who gets it twice can tell.
    package let id: UUID
    /// `alert.fired`, `alert.changed`, `alert.resolved`, `alert.test`, `report.ready`.
    package let type: String
    package let at: Timestamp
    /// The rule, or the schedule of a report.
    package let rule: String
    package let subject: String
    package let severity: AlertSeverity
    /// One line.
    package let title: String
    /// For people; of a report its table.
    package let text: String
    /// For programs.
    package let data: JSONDocument
    /// Nothing with the same one is recorded twice; nil where nothing could be.
    package var onceKey: String?
    /// Nobody is told.
    package var isMuted: Bool

    package init(
        id: UUID,
        type: String,
        at: Timestamp,
        rule: String,
        subject: String,
        severity: AlertSeverity,
        title: String,
        text: String,
        data: JSONDocument,
        onceKey: String? = nil,
        isMuted: Bool = false
    ) {
        self.id = id
        self.type = type
        self.at = at
        self.rule = rule
        self.subject = subject
        self.severity = severity
        self.title = title
        self.text = text
        self.data = data
        self.onceKey = onceKey
        self.isMuted = isMuted
    }
}

/// The telling of an event to one destination.
package struct AlertDelivery: Sendable, Hashable {
    package enum Status: String, Sendable, Hashable, Codable, CaseIterable {
        case pending, delivered
        /// Given up; kept, and may be sent again by hand.
        case dead
    }

    package let id: UUID
    package let event: AlertEvent
    package let destination: String
    /// The number of this try, from 1.
    package let attempt: Int

    package init(id: UUID, event: AlertEvent, destination: String, attempt: Int) {
        self.id = id
        self.event = event
        self.destination = destination
        self.attempt = attempt
    }
}

/// How a try ended.
package enum DeliveryOutcome: Sendable, Hashable {
    case delivered(status: Int?)
    /// `reason` is a sentence without secrets. Final: no try after this one would do better.
    case failed(reason: String, status: Int?, retryAfter: Duration?, isFinal: Bool)
}

/// When a delivery that failed is tried again.
package enum DeliverySchedule {
    /// After the first try, the second and so on: two days in all.
    package static let pauses: [Duration] = [
        .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1800), .seconds(3600), .seconds(3 * 3600),
        .seconds(6 * 3600), .seconds(12 * 3600), .seconds(24 * 3600),
    ]
    /// A destination may ask for a longer pause, up to this.
    private static let longest = Duration.seconds(24 * 3600)

    /// The pause after the try of that number (from 1); nil: it was the last one. Up to a tenth is added by `jitter`,
    /// 0 to 1, so that what failed together does not come back together.
    package static func pause(after attempt: Int, retryAfter: Duration?, jitter: Double) -> Duration? {
        guard attempt >= 1, attempt <= pauses.count else { return nil }
        let pause = max(pauses[attempt - 1], min(retryAfter ?? .zero, longest))
        return pause + .milliseconds(Int64(Double(pause.milliseconds) * 0.1 * min(max(jitter, 0), 1)))
    }
}

/// Nobody is told of a rule, or of one of its subjects, for a while.
package struct AlertMute: Sendable, Hashable {
    package let id: UUID
    package let rule: String
    /// Nil: every subject.
    package let subject: String?
    package let until: Timestamp
    package let createdAt: Timestamp

    package init(id: UUID, rule: String, subject: String?, until: Timestamp, createdAt: Timestamp) {
        self.id = id
        self.rule = rule
        self.subject = subject
        self.until = until
        self.createdAt = createdAt
    }

    package func covers(_ rule: String, _ subject: String, at now: Timestamp) -> Bool {
        now < until && rule == self.rule && (self.subject ?? subject) == subject
    }
}
