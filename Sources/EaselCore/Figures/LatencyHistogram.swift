/// Counts of durations by logarithmic bucket. Histograms of parts add up to the histogram of the whole (L3).
///
/// Each power of two is cut into 64 buckets of equal width, so that a number below 128 has a bucket of its own and every
/// other is at most 0.8% away from the middle of its bucket. The unit is whatever was counted: milliseconds for calls,
/// microseconds for the phases of attempts.
package struct LatencyHistogram: Sendable {
    /// The highest bucket: numbers of more than 40 bits are counted in it.
    package static let lastBucket = 2303

    /// Entries as the rollups store them, in any order, several for one bucket allowed: adding is putting one after the
    /// other, and whoever asks for a figure sums them up. A report reads millions of entries and asks for few figures.
    private var entries: [UInt8] = []
    /// Bytes that may stand here before they are summed up.
    private var room = Self.leastRoom

    private static let leastRoom = 1024 * HistogramEntry.size

    package init() {}

    /// How many durations are counted.
    package var count: Int64 {
        var sum: Int64 = 0
        HistogramEntry.each(of: entries) { sum += $0.count }
        return sum
    }
    package var isEmpty: Bool { count == 0 }

    /// Counts a duration; below zero counts as zero.
    package mutating func add(_ duration: Int) {
        HistogramEntry(bucket: Self.bucket(of: duration), count: 1).write(to: &entries)
        makeRoom()
    }

    package mutating func add(_ other: LatencyHistogram) {
        entries += other.entries
        makeRoom()
    }

    /// The least duration that at least this share (0 to 1) of all reach at most, to 0.8%. Nil when none is counted.
    package func quantile(_ share: Double) -> Int? { quantiles([share])[0] }

    /// The same for several shares, which ascend.
    package func quantiles(_ shares: [Double]) -> [Int?] {
        Self.withSums { $0.quantiles(shares, $0.add(entries)) }
    }

    /// The same of each histogram, and the histogram of everything that any of them counts, in one go.
    package static func quantiles(
        _ shares: [Double],
        of histograms: [LatencyHistogram]
    ) -> (each: [[Int?]], sum: LatencyHistogram) {
        withSums { sums in
            withSums { one in
                let each = histograms.map { histogram in
                    let used = one.add(histogram.entries)
                    defer { one.clear(used) }
                    sums.add(one, used)
                    return one.quantiles(shares, used)
                }
                var sum = LatencyHistogram()
                sum.entries = sums.entries
                sum.room = max(leastRoom, 2 * sum.entries.count)
                return (each, sum)
            }
        }
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

    // MARK: - Summing up

    private mutating func makeRoom() {
        guard entries.count > room else { return }
        entries = bytes
        room = max(Self.leastRoom, 2 * entries.count)
    }

    private static func withSums<Result>(_ body: (BucketSums) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: lastBucket + 1) { counts in
            counts.initialize(repeating: 0)
            return body(BucketSums(counts: counts))
        }
    }
}

extension LatencyHistogram: Hashable {
    package static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }

    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension LatencyHistogram {
    /// Six bytes a bucket: its number in two, its count in four, the highest byte first. Two such texts after each other
    /// are the histogram of both. Bytes that are left over are ignored.
    package init(bytes: [UInt8]) {
        bytes.withUnsafeBytes { add(bytes: $0) }
    }

    /// Adds what `init(bytes:)` reads.
    package mutating func add(bytes: UnsafeRawBufferPointer) {
        entries += UnsafeRawBufferPointer(
            rebasing: bytes.prefix(bytes.count / HistogramEntry.size * HistogramEntry.size)
        )
        makeRoom()
    }

    /// What `init(bytes:)` reads: each bucket once, ascending.
    package var bytes: [UInt8] {
        Self.withSums { sums in
            _ = sums.add(entries)
            return sums.entries
        }
    }
}

/// A count for every bucket: where many entries are summed up.
private struct BucketSums {
    let counts: UnsafeMutableBufferPointer<Int64>

    /// Adds entries; the buckets that they lie in, from the first to the last.
    func add(_ entries: [UInt8]) -> Range<Int> {
        var first = counts.count
        var end = 0
        HistogramEntry.each(of: entries) { entry in
            counts[entry.bucket] += entry.count
            first = min(first, entry.bucket)
            end = max(end, entry.bucket + 1)
        }
        return min(first, end)..<end
    }

    func add(_ other: BucketSums, _ buckets: Range<Int>) {
        for bucket in buckets { counts[bucket] += other.counts[bucket] }
    }

    func clear(_ buckets: Range<Int>) {
        for bucket in buckets { counts[bucket] = 0 }
    }

    /// Everything that is counted lies in these buckets.
    func quantiles(_ shares: [Double], _ buckets: Range<Int>) -> [Int?] {
        let total = counts[buckets].reduce(0, +)
        guard total > 0 else { return shares.map { _ in nil } }
        var seen: Int64 = 0
        var bucket = buckets.lowerBound - 1
        return shares.map { share in
            let rank = min(max(Int64((share * Double(total)).rounded(.up)), 1), total)
            while seen < rank {
                bucket += 1
                seen += counts[bucket]
            }
            return LatencyHistogram.middle(of: bucket)
        }
    }

    /// Each bucket that counts something, ascending.
    var entries: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(HistogramEntry.size * counts.reduce(0) { $0 + ($1 > 0 ? 1 : 0) })
        for bucket in counts.indices where counts[bucket] > 0 {
            HistogramEntry(bucket: bucket, count: counts[bucket]).write(to: &bytes)
        }
        return bytes
    }
}

/// How often one bucket was counted.
private struct HistogramEntry {
    static let size = 6

    let bucket: Int
    let count: Int64

    /// A count beyond four bytes is written in parts, which add up.
    func write(to bytes: inout [UInt8]) {
        var left = count
        while left > 0 {
            let part = UInt32(min(left, Int64(UInt32.max)))
            bytes.append(UInt8(bucket >> 8))
            bytes.append(UInt8(bucket & 0xFF))
            bytes.append(UInt8(part >> 24))
            bytes.append(UInt8(part >> 16 & 0xFF))
            bytes.append(UInt8(part >> 8 & 0xFF))
            bytes.append(UInt8(part & 0xFF))
            left -= Int64(part)
        }
    }

    static func each(of bytes: [UInt8], _ body: (HistogramEntry) -> Void) {
        bytes.withUnsafeBytes { bytes in
            var start = 0
            while start + size <= bytes.count {
                let bucket = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt16.self))
                let count = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: start + 2, as: UInt32.self))
                body(HistogramEntry(bucket: min(Int(bucket), LatencyHistogram.lastBucket), count: Int64(count)))
                start += size
            }
        }
    }
}
