package import EaselBase

/// What a usage report is asked for.
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

/// The figures of one row, and of the totals.
package struct UsageFigures: Sendable, Hashable {
    package var calls = 0
    package var succeeded = 0
    package var partial = 0
    package var refused = 0
    package var failed = 0
    package var images = 0
    /// Known costs, estimates included.
    package var cost = Money.zero
    /// The part of `cost` that no provider confirmed.
    package var estimated = Money.zero
    /// The part of `cost` that the provider's own replies said: whatever is not estimated.
    package var provider: Money { cost - estimated }
    /// The part of `cost` whose attempts a comparison with the provider's figures confirmed.
    package var reconciled = Money.zero
    package var failovers = 0
    package var failoverCost = Money.zero
    /// Calls for which a second provider was asked while the first was late.
    package var hedges = 0
    /// What the attempts cost that lost such a race; a part of `failoverCost`.
    package var hedgeCost = Money.zero
    package var nsfwImages = 0
    package var copyrightChecked = 0
    package var copyrightFlagged = 0
    package var copyrightUndetermined = 0
    /// Pictures that came back, those that a provider withheld included.
    package var pictures = 0
    package var withheld = 0
    /// Pictures that were checked and found to be safe; those that are neither this nor `nsfwImages` were not checked.
    package var nsfwClear = 0
    /// Attempts without a cost because there is no price.
    package var unpricedAttempts = 0
    /// Attempts that were sent and whose end is not known (M7).
    package var unknownAttempts = 0
    /// Milliseconds that calls took; empty in a report that was read back from its JSON.
    package var latency = LatencyHistogram()
    /// Whole milliseconds; nil without a finished call.
    package var p50Ms: Int?
    package var p90Ms: Int?
    package var p99Ms: Int?

    package init() {}

    /// The sum of all; percentiles come from the histograms (L3), and are nil where there is none.
    package static func sum(_ parts: [UsageFigures]) -> UsageFigures {
        var sum = UsageFigures()
        for part in parts {
            sum.addCounts(part)
            sum.latency.add(part.latency)
        }
        sum.readPercentiles()
        return sum
    }

    /// The same, and sets the percentiles of each part as well, in one go through the histograms.
    package static func sumReadingPercentiles(of parts: inout [UsageFigures]) -> UsageFigures {
        let (each, latency) = LatencyHistogram.quantiles(Self.shares, of: parts.map(\.latency))
        var sum = UsageFigures()
        for index in parts.indices {
            parts[index].setPercentiles(each[index])
            sum.addCounts(parts[index])
        }
        sum.latency = latency
        sum.readPercentiles()
        return sum
    }

    /// Everything but latencies.
    private mutating func addCounts(_ other: UsageFigures) {
        calls += other.calls
        succeeded += other.succeeded
        partial += other.partial
        refused += other.refused
        failed += other.failed
        images += other.images
        cost += other.cost
        estimated += other.estimated
        reconciled += other.reconciled
        failovers += other.failovers
        failoverCost += other.failoverCost
        hedges += other.hedges
        hedgeCost += other.hedgeCost
        nsfwImages += other.nsfwImages
        copyrightChecked += other.copyrightChecked
        copyrightFlagged += other.copyrightFlagged
        copyrightUndetermined += other.copyrightUndetermined
        pictures += other.pictures
        withheld += other.withheld
        nsfwClear += other.nsfwClear
        unpricedAttempts += other.unpricedAttempts
        unknownAttempts += other.unknownAttempts
    }

    /// Sets the percentiles from the histogram.
    package mutating func readPercentiles() {
        setPercentiles(latency.quantiles(Self.shares))
    }

    private static let shares = [0.5, 0.9, 0.99]

    private mutating func setPercentiles(_ percentiles: [Int?]) {
        p50Ms = percentiles[0]
        p90Ms = percentiles[1]
        p99Ms = percentiles[2]
    }
}

/// A usage report: the rows, their totals, and how good the data is.
package struct UsageReport: Sendable, Hashable {
    package struct Row: Sendable, Hashable {
        /// One value for each dimension, in order; nil where a call has none.
        package var group: [String?]
        package var figures: UsageFigures

        package init(group: [String?], figures: UsageFigures) {
            self.group = group
            self.figures = figures
        }
    }

    package struct DataQuality: Sendable, Hashable {
        /// Attempts whose cost nobody can tell because there is no price.
        package var unpricedAttempts = 0
        /// Attempts that were sent and whose end is not known (M7).
        package var unknownAttempts = 0
        /// Settlements that wait in a local journal for the database.
        package var journalPending = 0
        /// Seconds by which the figures are behind the log.
        package var rollupLagS = 0
        /// Minutes, hours, days and months of a team that cannot be summed up and are left out.
        package var unsummedWindows = 0
        /// Writes that the database refused, or that cannot be read in the journal, and that a person has to look at.
        package var journalSetAside = 0

        package init() {}
    }

    package var query: UsageQuery
    package var rows: [Row]
    package var totals: UsageFigures
    package var dataQuality: DataQuality

    package init(query: UsageQuery, rows: [Row], totals: UsageFigures, dataQuality: DataQuality) {
        self.query = query
        self.rows = rows
        self.totals = totals
        self.dataQuality = dataQuality
    }
}
