import EaselBase

/// One metric, and where its values come from. A new metric is one such entry in `MetricTable`.
struct MetricEntry: Sendable {
    let metric: Metric
    let read: @Sendable (MetricsView) -> [MetricSample]

    init(
        _ name: String,
        _ kind: Metric.Kind,
        _ help: String,
        labels: [String] = [],
        _ read: @escaping @Sendable (MetricsView) -> [MetricSample]
    ) {
        metric = Metric(name, kind, help, labels: labels)
        self.read = read
    }

    func family(_ view: MetricsView) -> MetricFamily { MetricFamily(metric, read(view)) }
}

extension Dictionary where Value: MetricValue {
    /// One sample for each member, in the order of the labels, so that two scrapes can be compared by eye.
    func samples(_ labels: (Key) -> [String]) -> [MetricSample] {
        map { MetricSample(labels($0.key), $0.value) }.sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
    }
}
