import EaselBase
import EaselCore

extension TracingSettings {
    /// What OpenTelemetry's own variables say, where the file says nothing: collectors in clusters are set up by them for every
    /// program alike (OpenTelemetry, "OTLP exporter configuration").
    mutating func complete(from environment: [String: String], fault: (String) -> Void) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        // Another protocol has another port: what is meant for it is not for us.
        let form = value("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ?? value("OTEL_EXPORTER_OTLP_PROTOCOL")
        guard endpoint == nil, form == nil || form == "http/protobuf" else { return }
        let variable = "OTEL_EXPORTER_OTLP_ENDPOINT"
        guard var address = value(variable) else { return }
        while address.hasSuffix("/") { address.removeLast() }
        if let problem = WebAddressText.problem(address) { return fault("\(variable) \(problem)") }
        endpoint = address
        let names = "OTEL_EXPORTER_OTLP_HEADERS"
        guard headers == nil, let text = value(names) else { return }
        if let problem = TraceHeaders.problem(text) { return fault("\(names) \(problem)") }
        headers = Secret(text)
    }
}
