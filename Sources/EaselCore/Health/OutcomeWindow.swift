package import EaselBase

/// Counts of results over the last span of time, in a ring of buckets: a moving share in constant memory.
package struct OutcomeWindow: Sendable, Hashable {
    /// Results, and how many of them were failures.
    package struct Counts: Sendable, Hashable {
        package var all = 0
        package var failed = 0

        package init(all: Int = 0, failed: Int = 0) {
            self.all = all
            self.failed = failed
        }

        package static func + (left: Counts, right: Counts) -> Counts {
            Counts(all: left.all + right.all, failed: left.failed + right.failed)
        }
    }

    private struct Bucket: Hashable {
        /// The number of its slice of time since the clock began; buckets of another round are empty.
        var slice: UInt64 = .max
        var counts = Counts()
    }

    private let width: UInt64
    private var buckets: [Bucket]

    /// `span` is divided into `buckets` slices; a result counts for at most the span and at least the span less one slice.
    package init(span: Duration, buckets: Int) {
        width = UInt64(max(1, span.nanoseconds / Int64(buckets)))
        self.buckets = Array(repeating: Bucket(), count: buckets)
    }

    package mutating func record(failed: Bool, at now: SteadyInstant) {
        let slice = now.nanoseconds / width
        let index = Int(slice % UInt64(buckets.count))
        if buckets[index].slice != slice { buckets[index] = Bucket(slice: slice) }
        buckets[index].counts.all += 1
        if failed { buckets[index].counts.failed += 1 }
    }

    package func counts(at now: SteadyInstant) -> Counts {
        let slice = now.nanoseconds / width
        let oldest = slice >= UInt64(buckets.count) ? slice - UInt64(buckets.count) + 1 : 0
        return buckets.reduce(Counts()) { sum, bucket in
            (oldest...slice).contains(bucket.slice) ? sum + bucket.counts : sum
        }
    }
}
