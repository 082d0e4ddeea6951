package import EaselBase

/// What a report of usage or of attempts is asked for.
package struct UsageQuery: Sendable, Hashable {
    /// How rows are grouped; several nest in the order given.
    package enum Dimension: Sendable, Hashable {
        case team, provider, model, project, key, day, hour
        /// How an attempt failed.
        case error
        case tag(String)

        /// What attempts can be grouped by. Their provider is the one that was asked.
        package static let ofAttempts: Set<UsageQuery.Dimension> = [.team, .provider, .model, .day, .hour, .error]

        /// `team`, `day`, `tag:NAME` ...; nil for anything else.
        package init?(_ text: String) {
            switch text {
            case "team": self = .team
            case "provider": self = .provider
            case "model": self = .model
            case "project": self = .project
            case "key": self = .key
            case "day": self = .day
            case "hour": self = .hour
            case "error": self = .error
            default:
                guard text.hasPrefix("tag:"), text.count > 4, text.count <= 68 else { return nil }
                self = .tag(String(text.dropFirst(4)))
            }
        }

        /// The name in JSON and as a column's heading.
        package var name: String {
            switch self {
            case .team: "team"
            case .provider: "provider"
            case .model: "model"
            case .project: "project"
            case .key: "key"
            case .day: "day"
            case .hour: "hour"
            case .error: "error"
            case .tag(let tag): "tag:\(tag)"
            }
        }
    }

    package var from: Timestamp
    package var to: Timestamp
    /// An IANA name; days and hours are those of this zone.
    package var timezone: String
    package var groupBy: [Dimension]
    /// Nil: every team.
    package var teamID: Int64?

    package init(from: Timestamp, to: Timestamp, timezone: String, groupBy: [Dimension], teamID: Int64?) {
        self.from = from
        self.to = to
        self.timezone = timezone
        self.groupBy = groupBy
        self.teamID = teamID
    }
}

// MARK: - How groups are shown

extension UsageQuery.Dimension {
    /// Whether its values say nothing when they are cut down: a day, an hour, an id.
    package var isWhole: Bool {
        switch self {
        case .day, .hour, .key: true
        default: false
        }
    }

    /// The column that names the group of a row.
    package var column: Report.Column { Report.Column(name, title, .name, definition) }

    /// `Team`, `Day`, `tag:campaign`.
    private var title: String {
        if case .tag = self { name } else { name.prefix(1).uppercased() + name.dropFirst() }
    }

    private var definition: String {
        switch self {
        case .team: "The team whose key was used."
        case .provider:
            "The provider that delivered, or was asked last; for attempts and costs, the one that was asked."
        case .model: "The model that was requested."
        case .project: "The project of the request or of its key."
        case .key: "The key that was used."
        case .day: "The day on which the call was received, in the report's time zone."
        case .hour: "The hour in which the call was received, by its start in UTC."
        case .error: "How the attempt failed; none if it did not."
        case .tag(let name): "The value of the request's tag \(name)."
        }
    }
}
