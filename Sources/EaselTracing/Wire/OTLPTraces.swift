import EaselBase

/// Spans as OpenTelemetry's collector takes them: `ExportTraceServiceRequest` of opentelemetry-proto 1.x
/// (`opentelemetry/proto/collector/trace/v1`, `opentelemetry/proto/trace/v1`), whose field numbers these are.
enum OTLPTraces {
    static func request(_ spans: [Span], resource: TraceResource) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.message(1) { spansOfResource in
            spansOfResource.message(1) { write(resource.attributes, 1, to: &$0) }
            spansOfResource.message(2) { scope in
                scope.message(1) { name in
                    name.text(1, TraceResource.name)
                    name.text(2, resource.version)
                }
                for span in spans { scope.message(2) { write(span, to: &$0) } }
            }
        }
        return writer.bytes
    }

    private static func write(_ span: Span, to writer: inout ProtobufWriter) {
        writer.data(1, span.traceID.bytes)
        writer.data(2, span.spanID.bytes)
        writer.text(3, span.state)
        if let parent = span.parent { writer.data(4, parent.bytes) }
        writer.text(5, span.name)
        writer.number(6, span.kind.rawValue)
        writer.fixed64(7, nanoseconds(span.start))
        writer.fixed64(8, nanoseconds(span.end))
        write(span.attributes, 9, to: &writer)
        for event in span.events {
            writer.message(11) { inner in
                inner.fixed64(1, nanoseconds(event.at))
                inner.text(2, event.name)
                write(event.attributes, 3, to: &inner)
            }
        }
        if let error = span.error {
            writer.message(15) { status in
                status.text(2, error)
                status.number(3, 2)
            }
        }
        // The flag of sampling, then: it is known whether the parent is remote, and whether it is.
        writer.fixed32(16, 1 | 0x100 | (span.hasRemoteParent ? 0x200 : 0))
    }

    private static func nanoseconds(_ moment: Timestamp) -> UInt64 {
        UInt64(clamping: moment.microseconds).multipliedReportingOverflow(by: 1000).partialValue
    }

    private static func write(_ attributes: [Span.Attribute], _ field: UInt64, to writer: inout ProtobufWriter) {
        for attribute in attributes {
            writer.message(field) { pair in
                pair.text(1, attribute.key)
                pair.message(2) { value in
                    switch attribute.value {
                    case .text(let text): value.text(1, text, evenEmpty: true)
                    case .flag(let flag): value.number(2, flag ? 1 : 0, evenZero: true)
                    case .whole(let number): value.number(3, UInt64(bitPattern: number), evenZero: true)
                    case .real(let number): value.double(4, number)
                    }
                }
            }
        }
    }

    /// How many spans of a request the collector did not take though it answered 200 (`ExportTracePartialSuccess`).
    static func rejected(_ answer: [UInt8]) -> Int {
        guard let fields = ProtobufFields(answer[...]), let partial = fields.data[1],
            let inner = ProtobufFields(partial)
        else { return 0 }
        return Int(clamping: inner.numbers[1] ?? 0)
    }
}
