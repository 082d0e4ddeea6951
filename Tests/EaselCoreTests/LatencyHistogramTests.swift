import Foundation
import Testing
import TestTools

@testable import EaselCore

@Suite("Latency histograms")
struct LatencyHistogramTests {
    @Test func `every number is within 0.8 percent of the middle of its bucket, and buckets rise`() {
        var previous = -1
        for number in Array(0...5000) + (13...40).flatMap({ [(1 << $0) - 1, 1 << $0, (1 << $0) + 1] }) {
            let bucket = LatencyHistogram.bucket(of: number)
            #expect(bucket == previous || bucket > previous || number < 5000)
            previous = bucket
            let error = Double(abs(LatencyHistogram.middle(of: bucket) - number)) / Double(max(1, number))
            #expect(error <= 0.008, "\(number)")
            if number < 128 { #expect(LatencyHistogram.middle(of: bucket) == number) }
        }
        #expect(LatencyHistogram.bucket(of: -5) == 0)
        #expect(LatencyHistogram.bucket(of: .max) == LatencyHistogram.lastBucket)
    }

    /// Four shapes of many latencies: even, normal, with a long tail, with two humps.
    @Test(arguments: 0..<4) func `percentiles of many are within 1.1 percent`(shape: Int) {
        let count = Effort.cases(1_000_000)
        var random = SeededRandom(seed: UInt64(0x4157_0000 + shape))
        // Counted as the database does, in parts that are put after each other.
        var parts = Array(repeating: [Int](repeating: 0, count: LatencyHistogram.lastBucket + 1), count: 3)
        var numbers: [Int] = []
        numbers.reserveCapacity(count)
        func unit() -> Double { Double.random(in: 0..<1, using: &random) }
        for index in 0..<count {
            let value: Double =
                switch shape {
                case 0: 20 + unit() * 60_000
                case 1: max(1, 4000 + (0..<12).reduce(-6.0) { sum, _ in sum + unit() } * 900)
                case 2: min(400 / (1 - unit()), 3_600_000)
                default: unit() < 0.7 ? 800 + unit() * 300 : 30_000 + unit() * 20_000
                }
            numbers.append(Int(value))
            parts[index % 3][LatencyHistogram.bucket(of: Int(value))] += 1
        }
        var histogram = LatencyHistogram()
        for part in parts {
            var bytes: [UInt8] = []
            for (bucket, count) in part.enumerated() where count > 0 {
                bytes += [UInt8(bucket >> 8), UInt8(bucket & 0xFF), 0, UInt8(count >> 16)]
                bytes += [UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
            }
            histogram.add(LatencyHistogram(bytes: bytes))
        }
        #expect(histogram.count == count)
        numbers.sort()
        for share in [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1] {
            let exact = numbers[max(0, Int((share * Double(count)).rounded(.up)) - 1)]
            let error = abs(Double((histogram.quantile(share) ?? 0) - exact)) / Double(exact)
            #expect(error <= 0.011, "shape \(shape), \(share): \(exact) against \(histogram.quantile(share) ?? -1)")
        }
    }

    @Test func `what is added one by one, in any order, is what is counted`() {
        var random = SeededRandom(seed: 0x4157_0010)
        var histogram = LatencyHistogram()
        var numbers: [Int] = []
        for _ in 0..<20_000 {
            let number = Int(pow(10, Double.random(in: 0...7, using: &random)))
            numbers.append(number)
            histogram.add(number)
        }
        #expect(histogram.count == 20_000)
        var counts: [Int: Int64] = [:]
        for number in numbers { counts[LatencyHistogram.bucket(of: number), default: 0] += 1 }
        let bytes = histogram.bytes
        #expect(bytes.count == 6 * counts.count)
        for start in stride(from: 0, to: bytes.count, by: 6) {
            let count = bytes[(start + 2)..<(start + 6)].reduce(Int64(0)) { $0 << 8 | Int64($1) }
            #expect(counts[Int(bytes[start]) << 8 | Int(bytes[start + 1])] == count)
        }
        numbers.sort()
        #expect(histogram.quantile(0.5) == LatencyHistogram.middle(of: LatencyHistogram.bucket(of: numbers[9_999])))
    }

    @Test func `bytes can be put after each other`() {
        var first = LatencyHistogram()
        var second = LatencyHistogram()
        for number in [3, 3, 900, 70_000] { first.add(number) }
        for number in [3, 5, 900] { second.add(number) }
        #expect(LatencyHistogram(bytes: first.bytes) == first)
        var both = first
        both.add(second)
        #expect(LatencyHistogram(bytes: first.bytes + second.bytes) == both)
        let (each, sum) = LatencyHistogram.quantiles([0.5, 1], of: [second, LatencyHistogram(), first])
        #expect(sum == both)
        #expect(each == [[5, second.quantile(1)], [nil, nil], [3, first.quantile(1)]])
        #expect(
            LatencyHistogram(bytes: [0, 7, 0, 0, 0, 0]).isEmpty && LatencyHistogram.quantiles([1], of: []).sum.isEmpty
        )
        #expect(LatencyHistogram(bytes: [1, 2, 3]).isEmpty && LatencyHistogram().quantile(0.5) == nil)
        #expect(
            both.quantile(0) == 3
                && both.quantile(1) == LatencyHistogram.middle(of: LatencyHistogram.bucket(of: 70_000))
        )
    }
}
