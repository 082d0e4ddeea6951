/// One metric as a value: all that there is to say of it but its figures. The text for scrapers and docs/metrics.md follow
/// from here.
package struct Metric: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        /// Only rises, from 0 at the start of the process; its name ends in `_total`.
        case counter
        case gauge
        case histogram
        /// Always 1: its labels are what it says. Its name ends in `_info`.
        case info
    }

    /// As in rules and dashboards.
    package let name: String
    package let help: String
    package let kind: Kind
    package let labels: [String]

    package init(_ name: String, _ kind: Kind, _ help: String, labels: [String] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
    }

    /// The name without what OpenMetrics adds to it for one sample of it (OpenMetrics 1.0, "Suffixes").
    package var family: String {
        let suffix =
            switch kind {
            case .counter: "_total"
            case .info: "_info"
            case .gauge, .histogram: ""
            }
        return name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
    }

    private static let units = ["seconds", "bytes", "usd", "ratio"]

    /// What it counts in, where the name says so; OpenMetrics wants the name to end in it.
    package var unit: String? { Self.units.first { family.hasSuffix("_\($0)") } }
}

/// One value of a metric, with the values of its labels in their order.
package struct MetricSample: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case whole(Int)
        case real(Double)
        case histogram(Histogram)
    }

    package let labels: [String]
    package let value: Value

    package init(_ labels: [String], _ value: some MetricValue) {
        self.labels = labels
        self.value = value.metricValue
    }

    /// Of a metric without labels.
    package init(_ value: some MetricValue) { self.init([], value) }
}

/// What a metric may be.
package protocol MetricValue {
    var metricValue: MetricSample.Value { get }
}

extension Int: MetricValue {
    package var metricValue: MetricSample.Value { .whole(self) }
}

extension Double: MetricValue {
    package var metricValue: MetricSample.Value { .real(self) }
}

extension Bool: MetricValue {
    package var metricValue: MetricSample.Value { .whole(self ? 1 : 0) }
}

extension Histogram: MetricValue {
    package var metricValue: MetricSample.Value { .histogram(self) }
}

/// A metric with its values of one moment.
package struct MetricFamily: Sendable, Equatable {
    package let metric: Metric
    package let samples: [MetricSample]

    package init(_ metric: Metric, _ samples: [MetricSample]) {
        self.metric = metric
        self.samples = samples
    }
}
