package import EaselBase

/// Where the spans of calls go, and which.
package struct TracingSettings: Sendable, SettingSection {
    /// An OpenTelemetry collector's address for OTLP over HTTP, without a slash at the end; nil: nothing is sent.
    package var endpoint: String?
    /// Fields that it wants with each request: `name=value`, separated by commas.
    package var headers: Secret?
    /// The share of the traces that begin here which are kept, 0 to 1; others are kept where their beginner keeps them.
    package var sampleRatio = 1.0
    /// Whether providers are told of the trace (`traceparent`).
    package var propagateToProviders = false

    package init() {}

    package static var settings: [Setting<Self>] {
        [
            Setting(
                "endpoint",
                \.endpoint,
                .webAddress,
                example: "http://127.0.0.1:4318",
                "OpenTelemetry collector for OTLP over HTTP (protobuf); /v1/traces is added",
                absent: "OTEL_EXPORTER_OTLP_ENDPOINT, else none"
            ),
            Setting(
                "headers",
                \.headers,
                .secret(shown: "authorization=\(Secret.redaction)", TraceHeaders.problem),
                example: "authorization=${COLLECTOR_KEY}",
                "fields for the collector: name=value, separated by commas",
                absent: "OTEL_EXPORTER_OTLP_HEADERS, else none"
            ),
            Setting(
                "sample_ratio",
                \.sampleRatio,
                .share,
                "the share that is kept of traces that begin here; callers decide about theirs"
            ),
            Setting(
                "propagate_to_providers",
                \.propagateToProviders,
                .boolean,
                "true: providers get the traceparent of their attempt"
            ),
        ]
    }

    /// The address that spans are sent to.
    package var tracesURL: String? {
        endpoint.map { $0.hasSuffix("/v1/traces") ? $0 : $0 + "/v1/traces" }
    }

    /// The fields one by one.
    package var fields: [(name: String, value: Secret)] {
        headers.flatMap { TraceHeaders.read($0.reveal()) } ?? []
    }
}

/// `name=value,name=value` with percent escapes, as OTEL_EXPORTER_OTLP_HEADERS has it (OpenTelemetry, "OTLP exporter configuration").
package enum TraceHeaders {
    /// Nil where it is no such list.
    package static func read(_ text: String) -> [(name: String, value: Secret)]? {
        var fields: [(name: String, value: Secret)] = []
        for member in text.split(separator: ",", omittingEmptySubsequences: true) {
            guard let sign = member.firstIndex(of: "="), fields.count < 32 else { return nil }
            let name = trimmed(member[..<sign])
            let raw = trimmed(member[member.index(after: sign)...])
            guard isToken(name), let value = unescaped(raw),
                value.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            else { return nil }
            fields.append((name, Secret(value)))
        }
        return fields.isEmpty ? nil : fields
    }

    /// What is wrong with it, in words that do not hold it.
    package static func problem(_ text: String) -> String? {
        read(text) == nil ? "is no list of fields; write name=value, with a comma between two of them" : nil
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || "!#$%&'*+-.^_`|~".utf8.contains($0)
            }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    private static func unescaped(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self).lowercased()
            guard digits.count == 2, let value = Hex.decode(digits)?.first else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
