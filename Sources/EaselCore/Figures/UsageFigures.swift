package import EaselBase

/// The figures of one row of usage, and of the totals.
package struct UsageFigures: SummedFigures {
    package typealias Field = UsageField

    package static let histograms = ["latency"]

    package var sums = [Int64](repeating: 0, count: UsageField.legend.count)
    /// Milliseconds that calls took.
    package var latency = LatencyHistogram()
    /// Whole milliseconds; nil without a finished call.
    package private(set) var p50Ms: Int?
    package private(set) var p90Ms: Int?
    package private(set) var p99Ms: Int?

    package init() {}

    package subscript(histogram index: Int) -> LatencyHistogram {
        get { latency }
        _modify { yield &latency }
    }

    /// The sum of all; percentiles come from the histograms (L3), and are nil where there is none.
    package static func sum(_ parts: [UsageFigures]) -> UsageFigures {
        var sum = UsageFigures()
        for part in parts {
            sum.sums.add(part.sums)
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
            sum.sums.add(parts[index].sums)
        }
        sum.latency = latency
        sum.readPercentiles()
        return sum
    }

    /// Sets the percentiles from the histogram.
    package mutating func readPercentiles() {
        setPercentiles(latency.quantiles(Self.shares))
    }

    private static let shares = [0.5, 0.9, 0.99]

    /// The median, the 90th and the 99th percentile in milliseconds.
    package mutating func setPercentiles(_ percentiles: [Int?]) {
        p50Ms = percentiles[0]
        p90Ms = percentiles[1]
        p99Ms = percentiles[2]
    }
}

// MARK: - By name

extension UsageFigures {
    package var calls: Int { self[.calls] }
    package var succeeded: Int { self[.succeeded] }
    package var partial: Int { self[.partial] }
    package var refused: Int { self[.refused] }
    package var failed: Int { self[.failed] }
    package var images: Int { self[.images] }
    /// Known costs, estimates included.
    package var cost: Money { self[money: .cost] }
    /// The part of `cost` that no provider confirmed.
    package var estimated: Money { self[money: .estimated] }
    package var reconciled: Money { self[money: .reconciled] }
    package var failovers: Int { self[.failovers] }
    package var failoverCost: Money { self[money: .failoverCost] }
    package var hedges: Int { self[.hedges] }
    package var hedgeCost: Money { self[money: .hedgeCost] }
    package var nsfwImages: Int { self[.nsfwImages] }
}

// MARK: - What follows from them

/// Defined once, for reports and for alerts.
extension UsageFigures {
    /// The part of `cost` that the provider's own replies said: whatever is not estimated.
    package var provider: Money { cost - estimated }
    /// Calls that were refused.
    package var refusalRate: Ratio { Ratio(refused, of: calls) }
    package var failureRate: Ratio { Ratio(failed, of: calls) }
    package var failoverRate: Ratio { Ratio(failovers, of: calls) }
    /// Calls whose caller got images.
    package var deliveryRate: Ratio { Ratio(succeeded + partial, of: calls) }
    /// Of the images that were checked for safety.
    package var nsfwRate: Ratio { Ratio(nsfwImages, of: nsfwImages + self[.nsfwClear]) }
    /// Images that were not checked for safety.
    package var nsfwUnchecked: Int { self[.imagesReturned] - nsfwRate.whole }
    /// Of the images that were checked for copyright and whose verdict was told.
    package var copyrightRate: Ratio {
        Ratio(self[.copyrightFlagged], of: self[.copyrightChecked] - self[.copyrightUndetermined])
    }
}

extension FigureColumn<UsageFigures> {
    /// A rate of calls or images.
    package static func rate(
        _ key: String,
        _ title: String,
        importance: Int = 0,
        _ definition: String,
        _ share: @escaping @Sendable (UsageFigures) -> Ratio
    ) -> Self {
        Self(Report.Column(key, title, .share, importance: importance, definition)) { .share(share($0).value) }
    }

    /// A percentile of the calls' latencies.
    package static func time(
        _ share: Double,
        _ key: String,
        _ title: String,
        importance: Int = 0,
        _ definition: String
    ) -> Self {
        Self(Report.Column(key, title, .milliseconds, importance: importance, definition)) {
            .milliseconds($0.latency.quantile(share).map { Double($0) })
        }
    }
}

// MARK: - The usage report

extension UsageReport {
    /// Its columns behind the names of a group, in their order.
    package static let columns: [FigureColumn<UsageFigures>] =
        UsageField.allCases.filter(\.figure.isReported)
        .flatMap { $0 == .estimated ? [FigureColumn($0), provider] : [FigureColumn($0)] }
        + [
            percentile("p50", importance: 2, "Half of the calls took at most this.") { $0.p50Ms },
            percentile("p90", importance: 8, "Nine of ten calls took at most this.") { $0.p90Ms },
            percentile("p99", importance: 3, "99 of 100 calls took at most this.") { $0.p99Ms },
        ]

    private static var provider: FigureColumn<UsageFigures> {
        let definition = "The part of the cost that the provider's own replies stated."
        return FigureColumn(Report.Column("provider_usd", "Reported USD", .money, importance: 14, definition)) {
            .money($0.provider)
        }
    }

    private static func percentile(
        _ name: String,
        importance: Int,
        _ definition: String,
        _ value: @escaping @Sendable (UsageFigures) -> Int?
    ) -> FigureColumn<UsageFigures> {
        let key = "latency_ms_\(name)"
        let column = Report.Column(
            key,
            "\(name) s",
            .milliseconds,
            importance: importance,
            form: .seconds,
            definition
        )
        return FigureColumn(column) { .milliseconds(value($0).map { Double($0) }) }
    }
}
