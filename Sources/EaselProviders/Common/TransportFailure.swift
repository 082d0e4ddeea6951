import EaselBase
package import EaselCore
package import EaselTransport

/// What a failed exchange means to the trade.
package enum TransportFailure {
    /// R3: what never left costs nothing. What left and has no answer is unclear until it is asked for (R4).
    package static func failure(for error: TransportError) -> ProviderFailure {
        guard error.sent else {
            return ProviderFailure(
                .notSent,
                code: code(of: error.kind),
                message: error.kind == .notProcessed
                    ? "The provider did not accept the request; nothing was processed."
                    : "The provider could not be reached; nothing was sent."
            )
        }
        switch error.kind {
        case .totalTimeout, .firstByteTimeout, .connectTimeout:
            return ProviderFailure(.timeout, code: "timeout", message: "The provider did not answer in time.")
        case .malformedResponse, .contentEncoding, .responseTooLarge:
            return ProviderFailure(
                .garbled,
                code: code(of: error.kind),
                message: "The provider's answer could not be understood."
            )
        default:
            return ProviderFailure(
                .connectionLost,
                code: code(of: error.kind),
                message: "The connection ended before the provider's answer was complete."
            )
        }
    }

    private static func code(of kind: TransportError.Kind) -> String {
        switch kind {
        case .badURL: "bad_url"
        case .dns: "dns_failed"
        case .connect, .refused: "connect_failed"
        case .notProcessed: "stream_refused"
        case .tls: "tls_failed"
        case .connectTimeout: "connect_timeout"
        case .firstByteTimeout, .totalTimeout: "timeout"
        case .reset: "connection_reset"
        case .responseTooLarge: "response_too_large"
        case .malformedResponse, .contentEncoding: "malformed_response"
        case .addressNotAllowed: "address_not_allowed"
        case .cancelled: "cancelled"
        case .other: "transport_failed"
        }
    }
}

extension PhaseTimings {
    package init(_ timings: HTTPTimings) {
        self.init(
            dns: timings.dns,
            connect: timings.connect,
            tls: timings.tls,
            firstByte: timings.firstByte,
            body: timings.body,
            total: timings.total
        )
    }
}

extension HTTPFields {
    /// Tells the provider which trace the request belongs to, where it is to know.
    mutating func add(_ trace: TraceContext?) {
        guard let trace else { return }
        add("traceparent", trace.traceparent)
        if !trace.state.isEmpty { add("tracestate", trace.state) }
    }

    /// How long a provider asks to be left alone; longer than an hour is not believed.
    var retryAfter: Duration? { retryAfter(atMost: .seconds(3600)) }
}

/// A provider's own words, made safe for a caller: no key, no prompt, no image, no essay.
enum SafeMessage {
    static let limit = 300

    static func clean(_ text: String?, secrets: [String], fallback: String) -> String {
        guard var text, !text.isEmpty else { return fallback }
        // Where a beginning of a secret shows, more of it may: nothing of such a message is passed on.
        for secret in secrets where secret.count >= 4 && text.contains(secret.prefix(24)) { return fallback }
        // Base64 that found its way into a message is an image.
        if text.split(separator: " ").contains(where: { $0.utf8.count > 200 }) { return fallback }
        text = String(text.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) })
        return text.count > limit ? String(text.prefix(limit)) + "..." : text
    }
}
