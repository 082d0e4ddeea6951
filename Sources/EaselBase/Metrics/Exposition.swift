/// Metrics as a scraper reads them, in the format that it asks for. The only place that writes the format.
package enum Exposition: Sendable, Hashable, CaseIterable {
    /// Prometheus' text format, version 0.0.4.
    case text
    /// OpenMetrics 1.0, with exemplars.
    case openMetrics

    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// What an `Accept` field asks for: OpenMetrics only where it is named, and is not liked less than text.
    package init(accept values: [String]) {
        var likes: [String: Double] = [:]
        for range in values.joined(separator: ",").split(separator: ",") {
            let parts = range.filter { $0 != " " && $0 != "\t" }.lowercased().split(separator: ";")
            guard let type = parts.first else { continue }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            likes[String(type)] = max(likes[String(type)] ?? 0, quality)
        }
        let open = likes["application/openmetrics-text"] ?? 0
        self = open > 0 && open >= likes["text/plain"] ?? 0 ? .openMetrics : .text
    }

    /// The whole answer. Families stand in the order that they are given in, each once.
    package func write(_ families: [MetricFamily]) -> String {
        var text = ""
        text.reserveCapacity(1 << 15)
        for family in families { write(family, to: &text) }
        if self == .openMetrics { text += "# EOF\n" }
        return text
    }

    private func write(_ family: MetricFamily, to text: inout String) {
        let metric = family.metric
        switch self {
        case .text:
            text += "# HELP \(metric.name) \(Self.escaped(metric.help, quotes: false))\n"
            text += "# TYPE \(metric.name) \(metric.kind == .info ? "gauge" : metric.kind.rawValue)\n"
        case .openMetrics:
            text += "# TYPE \(metric.family) \(metric.kind.rawValue)\n"
            if let unit = metric.unit { text += "# UNIT \(metric.family) \(unit)\n" }
            text += "# HELP \(metric.family) \(Self.escaped(metric.help, quotes: true))\n"
        }
        for sample in family.samples {
            let labels = zip(metric.labels, sample.labels).map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }
                .joined(separator: ",")
            switch sample.value {
            case .whole(let value): text += line(metric.name, labels, String(value))
            case .real(let value): text += line(metric.name, labels, Self.number(value))
            case .histogram(let histogram): write(histogram, metric.name, labels, to: &text)
            }
        }
    }

    private func line(_ name: String, _ labels: String, _ value: String) -> String {
        labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    private func write(_ histogram: Histogram, _ name: String, _ labels: String, to text: inout String) {
        let before = labels.isEmpty ? "" : "\(labels),"
        var total = 0
        for (index, count) in histogram.buckets.enumerated() {
            total += count
            let bounds = histogram.bounds.seconds
            let bound = index < bounds.count ? Self.number(bounds[index]) : "+Inf"
            text += "\(name)_bucket{\(before)le=\"\(bound)\"} \(total)"
            if self == .openMetrics, index < histogram.exemplars.count, let exemplar = histogram.exemplars[index] {
                text += Self.exemplar(exemplar)
            }
            text += "\n"
        }
        text += line("\(name)_sum", labels, Self.number(Double(histogram.sumMicroseconds) / 1_000_000))
        text += line("\(name)_count", labels, String(total))
    }

    /// At most 128 characters of labels (OpenMetrics 1.0, "Exemplars"): these are 91.
    private static func exemplar(_ exemplar: Exemplar) -> String {
        let trace = exemplar.traceID.map { "trace_id=\"\($0.text)\"," } ?? ""
        let moment = Double(exemplar.at.millisecondsSince1970) / 1000
        return " # {\(trace)call_id=\"\(exemplar.callID.text)\"} \(number(exemplar.value)) \(number(moment))"
    }

    /// As both formats want it: `1.0`, `+Inf`, `NaN`.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        return value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : value.description
    }

    /// Backslash and line break, and in label values and OpenMetrics' help the quotation mark.
    static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
