package import Foundation

/// Which call a value was measured at: from a bucket of a histogram people find one that was as slow.
package struct Exemplar: Sendable, Equatable {
    package let callID: UUID
    /// Only of a trace that is kept.
    package let traceID: TraceID?
    /// Seconds.
    package let value: Double
    package let at: Timestamp

    package init(callID: UUID, traceID: TraceID?, value: Double, at: Timestamp) {
        self.callID = callID
        self.traceID = traceID
        self.value = value
        self.at = at
    }
}

/// Counts of durations by upper bounds: what a classic histogram of Prometheus is made of.
package struct Histogram: Sendable, Equatable {
    /// Upper bounds in seconds, rising, and how they are compared and written.
    package struct Bounds: Sendable, Equatable {
        package let seconds: [Double]
        package let microseconds: [Int64]

        package init(milliseconds: [Int64]) {
            seconds = milliseconds.map { Double($0) / 1000 }
            microseconds = milliseconds.map { $0 * 1000 }
        }

        /// 5 ms to 10 minutes: from an answer out of memory to a provider that takes as long as it may.
        package static let usual = Bounds(
            milliseconds: [
                5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000,
            ]
        )
    }

    package let bounds: Bounds
    /// How many stay within each bound and not within the one before; the last are those beyond all.
    package private(set) var buckets: [Int]
    package private(set) var sumMicroseconds: Int64 = 0
    /// The newest of each bucket.
    package private(set) var exemplars: [Exemplar?] = []

    package init(_ bounds: Bounds = .usual) {
        self.bounds = bounds
        buckets = [Int](repeating: 0, count: bounds.seconds.count + 1)
    }

    /// Of counts that were made elsewhere: `buckets` one for each bound, `count` of all.
    package init(_ bounds: Bounds, buckets: [Int], count: Int, sum: Duration) {
        self.init(bounds)
        for (index, count) in buckets.prefix(bounds.seconds.count).enumerated() { self.buckets[index] = count }
        self.buckets[bounds.seconds.count] = max(0, count - buckets.reduce(0, +))
        sumMicroseconds = sum.microseconds
    }

    package var count: Int { buckets.reduce(0, &+) }

    /// Counts one; `exemplar` is asked for only then. Negative durations, after a clock was set, count as none.
    package mutating func note(_ duration: Duration, exemplar: (callID: UUID, traceID: TraceID?, at: Timestamp)? = nil)
    {
        let microseconds = max(0, duration.microseconds)
        let index = bounds.microseconds.firstIndex { microseconds <= $0 } ?? bounds.microseconds.count
        buckets[index] &+= 1
        sumMicroseconds = sumMicroseconds.addingReportingOverflow(microseconds).partialValue
        guard let exemplar else { return }
        if exemplars.isEmpty { exemplars = [Exemplar?](repeating: nil, count: buckets.count) }
        exemplars[index] = Exemplar(
            callID: exemplar.callID,
            traceID: exemplar.traceID,
            value: Double(microseconds) / 1_000_000,
            at: exemplar.at
        )
    }

    /// Both together; they have the same bounds.
    package mutating func add(_ other: Histogram) {
        for (index, count) in other.buckets.enumerated() where index < buckets.count { buckets[index] &+= count }
        sumMicroseconds = sumMicroseconds.addingReportingOverflow(other.sumMicroseconds).partialValue
        guard !other.exemplars.isEmpty else { return }
        if exemplars.isEmpty { exemplars = [Exemplar?](repeating: nil, count: buckets.count) }
        for (index, exemplar) in other.exemplars.enumerated() where index < exemplars.count {
            guard let exemplar else { continue }
            if exemplars[index].map({ $0.at < exemplar.at }) ?? true { exemplars[index] = exemplar }
        }
    }
}
