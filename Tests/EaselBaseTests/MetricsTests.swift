import Foundation
import Testing
import TestTools

@testable import EaselBase

/// The writer of both formats.
struct ExpositionTests {
    private static func text(_ family: MetricFamily, _ form: Exposition = .text) -> String { form.write([family]) }

    @Test func `a counter, a gauge and an info as each format has them`() {
        let families = [
            MetricFamily(
                Metric("easel_cost_usd_total", .counter, "What it cost.", labels: ["team"]),
                [MetricSample(["a"], 1.5)]
            ),
            MetricFamily(Metric("easel_held_bytes", .gauge, "Held."), [MetricSample(7)]),
            MetricFamily(Metric("easel_build_info", .info, "Program.", labels: ["version"]), [MetricSample(["1"], 1)]),
        ]
        #expect(
            Exposition.text.write(families) == """
                # HELP easel_cost_usd_total What it cost.
                # TYPE easel_cost_usd_total counter
                easel_cost_usd_total{team="a"} 1.5
                # HELP easel_held_bytes Held.
                # TYPE easel_held_bytes gauge
                easel_held_bytes 7
                # HELP easel_build_info Program.
                # TYPE easel_build_info gauge
                easel_build_info{version="1"} 1

                """
        )
        #expect(
            Exposition.openMetrics.write(families) == """
                # TYPE easel_cost_usd counter
                # UNIT easel_cost_usd usd
                # HELP easel_cost_usd What it cost.
                easel_cost_usd_total{team="a"} 1.5
                # TYPE easel_held_bytes gauge
                # UNIT easel_held_bytes bytes
                # HELP easel_held_bytes Held.
                easel_held_bytes 7
                # TYPE easel_build info
                # HELP easel_build Program.
                easel_build_info{version="1"} 1
                # EOF

                """
        )
    }

    /// What a label holds can end no line and no value.
    @Test func `whatever a label holds comes back out of one line`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let parts = ["\\", "\"", "\n", "a", "é", "{", "}", ",", "=", " ", "\\n", "\u{2028}"]
        for _ in 0..<Effort.cases(3000) {
            let value = (0..<Int.random(in: 0...8, using: &random)).map { _ in parts.randomElement(using: &random) ?? ""
            }
            .joined()
            let line = Self.text(MetricFamily(Metric("m", .gauge, "h", labels: ["l"]), [MetricSample([value], 1)]))
                .split(separator: "\n", omittingEmptySubsequences: false)
            #expect(line.count == 4 && line[3].isEmpty, "seed \(seed)")
            #expect(line[2].hasPrefix("m{l=\"") && line[2].hasSuffix("\"} 1"), "seed \(seed)")
            #expect(Self.unescaped(String(line[2].dropFirst(5).dropLast(4))) == value, "seed \(seed)")
        }
    }

    /// As Prometheus reads it.
    private static func unescaped(_ text: String) -> String? {
        var value = ""
        var rest = Substring(text)
        while let next = rest.popFirst() {
            if next == "\"" { return nil }
            guard next == "\\" else {
                value.append(next)
                continue
            }
            switch rest.popFirst() {
            case "n": value.append("\n")
            case "\\": value.append("\\")
            case "\"": value.append("\"")
            default: return nil
            }
        }
        return value
    }

    @Test func `a histogram rises to its count, and its exemplars are OpenMetrics' alone`() throws {
        let call = try #require(UUID(uuidString: "0190f0de-0000-7000-8000-000000000001"))
        let trace = try #require(TraceID(high: 1, low: 2))
        var histogram = Histogram(Histogram.Bounds(milliseconds: [100, 1000]))
        let at = Timestamp(microseconds: 1_520_879_607_789_000)
        histogram.note(.milliseconds(100), exemplar: (callID: call, traceID: trace, at: at))
        histogram.note(.milliseconds(101))
        histogram.note(.seconds(5), exemplar: (callID: call, traceID: nil, at: at))
        let family = MetricFamily(Metric("d_seconds", .histogram, "h", labels: ["p"]), [MetricSample(["x"], histogram)])
        #expect(
            Self.text(family) == """
                # HELP d_seconds h
                # TYPE d_seconds histogram
                d_seconds_bucket{p="x",le="0.1"} 1
                d_seconds_bucket{p="x",le="1.0"} 2
                d_seconds_bucket{p="x",le="+Inf"} 3
                d_seconds_sum{p="x"} 5.201
                d_seconds_count{p="x"} 3

                """
        )
        let open = Self.text(family, .openMetrics)
        let id = "call_id=\"0190f0de-0000-7000-8000-000000000001\""
        let first = "# {trace_id=\"00000000000000010000000000000002\",\(id)} 0.1 1520879607.789"
        #expect(open.contains("d_seconds_bucket{p=\"x\",le=\"0.1\"} 1 \(first)\n"))
        #expect(open.contains("d_seconds_bucket{p=\"x\",le=\"1.0\"} 2\n"))
        #expect(open.contains("d_seconds_bucket{p=\"x\",le=\"+Inf\"} 3 # {\(id)} 5.0 1520879607.789\n"))
    }

    @Test(arguments: [
        ([], Exposition.text), (["*/*"], .text), (["text/plain"], .text),
        (["application/openmetrics-text"], .openMetrics),
        (["application/openmetrics-text; version=1.0.0, text/plain;q=0.5, */*;q=0.1"], .openMetrics),
        (["application/openmetrics-text;q=0.2", "text/plain;q=0.5"], .text),
        (["application/openmetrics-text;q=0"], .text), (["application/json"], .text),
        (
            [
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
            ], .openMetrics
        ),
    ])
    func `the scraper chooses`(_ accept: [String], _ form: Exposition) {
        #expect(Exposition(accept: accept) == form)
    }

    @Test func `numbers that are none are written as both formats want them`() {
        #expect(
            [0.005, 600, .infinity, -.infinity, .nan].map(Exposition.number) == [
                "0.005", "600.0", "+Inf", "-Inf", "NaN",
            ]
        )
    }
}

struct HistogramTests {
    @Test func `each duration is in the first bucket that holds it, and parts add up to the whole`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        var whole = Histogram()
        var parts = [Histogram(), Histogram(), Histogram()]
        var durations: [Duration] = []
        for _ in 0..<Effort.cases(5000) {
            let duration = Duration.microseconds(Int64.random(in: -10...700_000_000, using: &random))
            durations.append(max(duration, .zero))
            whole.note(duration)
            parts[Int.random(in: 0..<3, using: &random)].note(duration)
        }
        let sum = parts.dropFirst().reduce(into: parts[0]) { $0.add($1) }
        #expect(sum == whole, "seed \(seed)")
        #expect(whole.count == durations.count)
        for (index, bound) in whole.bounds.seconds.enumerated() {
            let below = durations.count { $0.secondsAsDouble <= bound }
            #expect(whole.buckets[...index].reduce(0, +) == below, "seed \(seed), \(bound)")
        }
    }

    @Test func `of two exemplars of a bucket the newer stays`() {
        func histogram(_ moment: Int64) -> (Histogram, UUID) {
            var histogram = Histogram()
            let call = UUID()
            histogram.note(.seconds(1), exemplar: (callID: call, traceID: nil, at: Timestamp(microseconds: moment)))
            return (histogram, call)
        }
        let (old, _) = histogram(1)
        let (new, call) = histogram(2)
        for (first, second) in [(old, new), (new, old)] {
            var both = first
            both.add(second)
            #expect(both.exemplars.compactMap(\.self).map(\.callID) == [call])
        }
    }
}

struct BoundedNamesTests {
    /// Whatever comes and goes: no series falls, nothing is lost, a name stays, and there are never too many.
    @Test func `series only rise, and together they are everything`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<Effort.cases(200) {
            var names = BoundedNames<Int>(first: 3, most: 6)
            var totals: [Int: [Int64]] = [:]
            var known: Set<Int> = []
            var before: [Int: [Int64]] = [:]
            var restBefore: [Int64] = []
            for _ in 0..<60 {
                for _ in 0..<Int.random(in: 0...4, using: &random) {
                    let name = Int.random(in: 0..<20, using: &random)
                    // Later ones are greater, so that names change hands if they could.
                    totals[name, default: [0, 0]][0] += Int64.random(in: 0...Int64(1 + name * name), using: &random)
                    totals[name, default: [0, 0]][1] += 1
                    if Bool.random(using: &random) { known.insert(name) }
                }
                let (series, rest) = names.read(totals) { known.contains($0) }
                #expect(series.count <= 6)
                for (name, sums) in before {
                    let now = series[name]
                    #expect(now != nil && zip(sums, now ?? []).allSatisfy { $0 <= $1 }, "seed \(seed)")
                }
                #expect(zip(restBefore, rest).allSatisfy { $0 <= $1 }, "seed \(seed)")
                for index in 0..<2 where !totals.isEmpty {
                    let told = series.values.reduce(rest[index]) { $0 + $1[index] }
                    #expect(told == totals.values.reduce(0) { $0 + $1[index] }, "seed \(seed)")
                }
                before = series
                restBefore = rest
            }
        }
    }

    @Test func `the greatest get a name, also late`() {
        var names = BoundedNames<String>(first: 2, most: 3)
        #expect(names.read(["a": [5], "b": [3]]).named == ["a": [5], "b": [3]])
        let small = names.read(["a": [5], "b": [3], "c": [2]])
        #expect(small.named.count == 2 && small.rest == [2])
        let great = names.read(["a": [5], "b": [3], "c": [4]])
        #expect(great.named["c"] == [0] && great.rest == [4])
        let later = names.read(["a": [5], "b": [3], "c": [9], "d": [99]])
        #expect(later.named["c"] == [5] && later.rest == [103])
    }
}

struct ShardedTests {
    @Test func `what many threads count is counted`() async {
        let counts = Sharded { 0 }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { for _ in 0..<1000 { counts.record { $0 += 1 } } } }
        }
        #expect(counts.parts.reduce(0, +) == 50_000)
    }
}

struct ProcessFiguresTests {
    @Test func `a line of the system is read whatever the program is called`() {
        var figures = ProcessFigures()
        let tail = "S 1 2 3 4 5 6 7 8 9 10 250 50 13 14 15 16 9 18 12345 100000 25 27"
        figures.fill(stat: "42 (a) b) c) \(tail)", system: "cpu 1\nbtime 1700000000\n", ticks: 100, page: 4096)
        #expect(figures.cpuSeconds == 3)
        #expect(figures.threads == 9)
        #expect(figures.startSeconds == 1_700_000_123.45)
        #expect(figures.virtualBytes == 100_000)
        #expect(figures.residentBytes == 25 * 4096)
        for broken in [nil, "", "42 (a", "42 (a) S 1 2"] as [String?] {
            var none = ProcessFigures()
            none.fill(stat: broken, system: nil, ticks: 100, page: 4096)
            #expect(none == ProcessFigures())
        }
    }

    @Test func `this process has figures`() throws {
        let figures = ProcessFigures.read()
        #expect(try #require(figures.cpuSeconds) > 0)
        #expect(try #require(figures.residentBytes) > 1 << 20)
        #expect(try #require(figures.openFiles) > 2)
        #expect(try #require(figures.threads) > 0)
        let began = try #require(figures.startSeconds)
        #expect(abs(began - Date().timeIntervalSince1970) < 86_400)
    }
}
