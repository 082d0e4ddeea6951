/// Counts of durations by logarithmic bucket. Histograms of parts add up to the histogram of the whole (L3).
///
/// Each power of two is cut into 64 buckets of equal width, so that a number below 128 has a bucket of its own and every
/// other is at most 0.8% away from the middle of its bucket. The unit is whatever was counted: milliseconds for calls,
/// microseconds for the phases of attempts.
package struct LatencyHistogram: Sendable, Hashable {
    /// The highest bucket: numbers of more than 40 bits are counted in it.
    package static let lastBucket = 2303

    /// Ascending, without zeros.
    private var counts: [(bucket: Int, count: Int64)] = []

    package init() {}

    package static func == (left: Self, right: Self) -> Bool {
        left.counts.elementsEqual(right.counts) { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) {
        for entry in counts {
            hasher.combine(entry.bucket)
            hasher.combine(entry.count)
        }
    }

    /// How many durations are counted.
    package var count: Int64 { counts.reduce(0) { $0 + $1.count } }
    package var isEmpty: Bool { counts.isEmpty }

    /// Counts a duration; below zero counts as zero.
    package mutating func add(_ duration: Int) { add(bucket: Self.bucket(of: duration), count: 1) }

    package mutating func add(_ other: LatencyHistogram) {
        if counts.isEmpty { return counts = other.counts }
        var merged: [(bucket: Int, count: Int64)] = []
        merged.reserveCapacity(counts.count + other.counts.count)
        var own = counts[...]
        var rest = other.counts[...]
        while let left = own.first, let right = rest.first {
            if left.bucket == right.bucket {
                merged.append((left.bucket, left.count + right.count))
                own.removeFirst()
                rest.removeFirst()
            } else if left.bucket < right.bucket {
                merged.append(left)
                own.removeFirst()
            } else {
                merged.append(right)
                rest.removeFirst()
            }
        }
        counts = merged + own + rest
    }

    /// The least duration that at least this share (0 to 1) of all reach at most, to 0.8%. Nil when none is counted.
    package func quantile(_ share: Double) -> Int? { quantiles([share])[0] }

    /// The same for several shares, which ascend, in one go.
    package func quantiles(_ shares: [Double]) -> [Int?] {
        let total = count
        guard total > 0 else { return shares.map { _ in nil } }
        var found: [Int?] = []
        var seen: Int64 = 0
        var index = -1
        for share in shares {
            let rank = min(max(Int64((share * Double(total)).rounded(.up)), 1), total)
            while seen < rank {
                index += 1
                seen += counts[index].count
            }
            found.append(Self.middle(of: counts[index].bucket))
        }
        return found
    }

    // MARK: - Buckets

    package static func bucket(of duration: Int) -> Int {
        guard duration >= 128 else { return max(0, duration) }
        let shift = Int.bitWidth - 1 - duration.leadingZeroBitCount - 6
        return min(shift * 64 + (duration >> shift), lastBucket)
    }

    /// The whole number in the middle of a bucket.
    package static func middle(of bucket: Int) -> Int {
        guard bucket >= 128 else { return bucket }
        let shift = bucket / 64 - 1
        return ((bucket - shift * 64) << shift) + (1 << shift) / 2
    }

    private mutating func add(bucket: Int, count: Int64) {
        // Mostly ascending: what is read was written in order.
        if counts.last.map({ $0.bucket < bucket }) ?? true { return counts.append((bucket, count)) }
        var low = 0
        var high = counts.count
        while low < high {
            let middle = (low + high) / 2
            if counts[middle].bucket < bucket { low = middle + 1 } else { high = middle }
        }
        if low < counts.count, counts[low].bucket == bucket {
            counts[low].count += count
        } else {
            counts.insert((bucket, count), at: low)
        }
    }
}

extension LatencyHistogram {
    /// Six bytes a bucket: its number in two, its count in four, the highest byte first. Two such texts after each other
    /// are the histogram of both. Bytes that are left over are ignored.
    package init(bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            guard !readAscending(bytes) else { return }
            counts = Self.dense { sum in
                var start = 0
                while start + 6 <= bytes.count {
                    let entry = Self.entry(bytes, start)
                    sum[entry.bucket] += entry.count
                    start += 6
                }
            }
        }
    }

    /// The histogram of everything that any of these counts.
    package static func sum(_ histograms: [LatencyHistogram]) -> LatencyHistogram {
        var sum = LatencyHistogram()
        sum.counts = dense { sum in
            for histogram in histograms {
                for entry in histogram.counts { sum[entry.bucket] += entry.count }
            }
        }
        return sum
    }

    /// What `fill` counts in a place for each bucket: a report reads millions of entries.
    private static func dense(
        _ fill: (UnsafeMutableBufferPointer<Int64>) -> Void
    ) -> [(bucket: Int, count: Int64)] {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: lastBucket + 1) { sum in
            sum.initialize(repeating: 0)
            fill(sum)
            var used = 0
            for bucket in 0...lastBucket where sum[bucket] > 0 { used += 1 }
            var counts: [(bucket: Int, count: Int64)] = []
            // Kept with the report: no room is reserved for buckets that count nothing.
            counts.reserveCapacity(used)
            for bucket in 0...lastBucket where sum[bucket] > 0 { counts.append((bucket, sum[bucket])) }
            return counts
        }
    }

    private static func entry(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> (bucket: Int, count: Int64) {
        let bucket = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt16.self))
        let count = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: start + 2, as: UInt32.self))
        return (min(Int(bucket), lastBucket), Int64(count))
    }

    /// Reads what was written in one piece, as most is; false, with nothing read, when buckets stand in another order.
    private mutating func readAscending(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var last = -1
        var start = 0
        while start + 6 <= bytes.count {
            let bucket = Self.entry(bytes, start).bucket
            guard bucket > last else { return false }
            last = bucket
            start += 6
        }
        counts.reserveCapacity(bytes.count / 6)
        start = 0
        while start + 6 <= bytes.count {
            let entry = Self.entry(bytes, start)
            if entry.count > 0 { counts.append(entry) }
            start += 6
        }
        return true
    }

    /// What `init(bytes:)` reads.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for entry in counts {
            // A count beyond four bytes is written in parts, which add up.
            var left = entry.count
            while left > 0 {
                let part = UInt32(min(left, Int64(UInt32.max)))
                bytes += [UInt8(entry.bucket >> 8), UInt8(entry.bucket & 0xFF)]
                bytes += [UInt8(part >> 24), UInt8(part >> 16 & 0xFF), UInt8(part >> 8 & 0xFF), UInt8(part & 0xFF)]
                left -= Int64(part)
            }
        }
        return bytes
    }
}
