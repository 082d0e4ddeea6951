package import EaselBase

/// The figures of one row of attempts, and of the totals.
package struct AttemptFigures: SummedFigures {
    package typealias Field = AttemptField

    package static let histograms = AttemptPhase.allCases.map(\.name)

    package var sums = [Int64](repeating: 0, count: AttemptField.legend.count)
    private var phases = [LatencyHistogram](repeating: LatencyHistogram(), count: AttemptPhase.allCases.count)

    package init() {}

    /// Microseconds of sent attempts.
    package subscript(phase: AttemptPhase) -> LatencyHistogram {
        get { phases[phase.rawValue] }
        _modify { yield &phases[phase.rawValue] }
    }

    package subscript(histogram index: Int) -> LatencyHistogram {
        get { phases[index] }
        _modify { yield &phases[index] }
    }

    package mutating func add(_ other: AttemptFigures) {
        sums.add(other.sums)
        for index in phases.indices { phases[index].add(other.phases[index]) }
    }
}

// MARK: - What follows from them

extension AttemptFigures {
    /// Attempts that delivered at least a part, of those that were sent.
    package var successRate: Ratio { Ratio(delivered, of: self[.sent]) }
    package var delivered: Int { self[.succeeded] + self[.partial] }
    /// The cost for each image that came back; nil without one.
    package var costPerImage: Money? {
        let images = Int64(self[.images])
        return images > 0 ? Money(nanodollars: self[money: .cost].nanodollars / images) : nil
    }
}

extension FigureColumn<AttemptFigures> {
    package static var successRate: Self {
        let definition = "Attempts that delivered at least a part, as a share of those that were sent."
        return Self(Report.Column("success_rate", "Success", .share, definition)) { .share($0.successRate.value) }
    }

    package static func costPerImage(importance: Int) -> Self {
        let definition = "Cost per image that came back."
        return Self(Report.Column("usd_per_image", "USD/image", .money, importance: importance, definition)) {
            .money($0.costPerImage)
        }
    }

    /// A percentile of a phase.
    package static func time(
        _ phase: AttemptPhase,
        _ share: Double,
        _ key: String,
        _ title: String,
        importance: Int = 0,
        _ definition: String
    ) -> Self {
        Self(Report.Column(key, title, .milliseconds, importance: importance, definition)) {
            .milliseconds($0[phase].quantile(share).map { Double($0) / 1000 })
        }
    }
}

/// What the log says of attempts: figures by group and their totals. Reports are made of it.
package struct AttemptReport: Sendable, Hashable {
    package struct Row: Sendable, Hashable {
        /// One value for each dimension, in order; an attempt that ended without a fault has no error.
        package var group: [String?]
        package var figures: AttemptFigures

        package init(group: [String?], figures: AttemptFigures) {
            self.group = group
            self.figures = figures
        }
    }

    /// Its dimensions are those of `UsageQuery.Dimension.ofAttempts`.
    package var query: UsageQuery
    package var rows: [Row]
    package var totals: AttemptFigures

    package init(query: UsageQuery, rows: [Row], totals: AttemptFigures) {
        self.query = query
        self.rows = rows
        self.totals = totals
    }
}
