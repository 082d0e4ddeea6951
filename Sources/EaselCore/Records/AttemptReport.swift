package import EaselBase

/// The figures of attempts: what providers were asked, whoever answered the call in the end.
package struct AttemptFigures: Sendable, Hashable {
    package var attempts = 0
    /// Of which left for the provider.
    package var sent = 0
    package var succeeded = 0
    package var partial = 0
    package var refused = 0
    package var failed = 0
    /// Sent, and their end is not known (M7).
    package var unknown = 0
    /// Pictures that came back.
    package var images = 0
    package var cost = Money.zero
    /// The part of `cost` that bought nothing: attempts that neither succeeded nor delivered a part.
    package var wasted = Money.zero
    /// Microseconds of sent attempts from the first thing done to the last byte.
    package var total = LatencyHistogram()
    package var firstByte = LatencyHistogram()
    package var tls = LatencyHistogram()
    package var connect = LatencyHistogram()
    package var dns = LatencyHistogram()

    package init() {}

    package mutating func add(_ other: AttemptFigures) {
        attempts += other.attempts
        sent += other.sent
        succeeded += other.succeeded
        partial += other.partial
        refused += other.refused
        failed += other.failed
        unknown += other.unknown
        images += other.images
        cost += other.cost
        wasted += other.wasted
        total.add(other.total)
        firstByte.add(other.firstByte)
        tls.add(other.tls)
        connect.add(other.connect)
        dns.add(other.dns)
    }
}

/// The figures of attempts by group.
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
