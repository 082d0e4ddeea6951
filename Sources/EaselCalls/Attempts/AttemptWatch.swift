import EaselBase
import EaselCore
import EaselTracing

/// What is noted of one attempt while it runs, for metrics and traces. Only its own task touches it.
final class AttemptWatch {
    private let start: AttemptStart
    private let context: CallContext
    private let metrics: CallMetrics
    private let time: TimeSource
    /// `scheme://host:port` of the provider.
    private let origin: String?
    private let began = SteadyInstant.now
    private var sentAt: SteadyInstant?
    /// When the first exchange had ended, where the provider accepted a task.
    private var acceptedAt: SteadyInstant?
    private var exchange = PhaseTimings()
    private var exchangeEndedAt: SteadyInstant?
    private var polls: [(at: SteadyInstant, word: String)] = []
    private var pollCount = 0
    /// The attempt's own span, which the provider may be told of before it ends.
    private let span: SpanID?

    init(_ start: AttemptStart, _ context: CallContext, _ tools: CallTools, origin: String?) {
        self.start = start
        self.context = context
        self.origin = origin
        metrics = tools.metrics
        time = tools.time
        span = context.trace.map { _ in .mint() }
    }

    /// It has a slot, and leaves now. The task as the provider gets it.
    func sends(_ task: ProviderTask) -> ProviderTask {
        sentAt = .now
        return task.traced(span.flatMap { context.trace?.outgoing($0) })
    }

    /// The provider answered the request itself.
    func answered(_ timings: PhaseTimings, accepted: Bool) {
        exchange = timings
        exchangeEndedAt = .now
        if accepted { acceptedAt = .now }
    }

    /// A question about an accepted task was answered.
    func polled(_ recovery: Recovery) {
        pollCount += 1
        guard context.trace?.isKept == true, polls.count < Span.mostEvents - 4 else { return }
        let word =
            switch recovery {
            case .ended: "ended"
            case .running: "running"
            case .unknown: "unknown"
            case .absent: "absent"
            case .untraceable: "untraceable"
            }
        polls.append((.now, word))
    }

    /// It is over; `sentAt` tells whether anything was sent.
    func ended(_ result: ProviderResult, at provider: any Provider) {
        let now = SteadyInstant.now
        let connect = [exchange.dns, exchange.connect, exchange.tls].compactMap(\.self)
        metrics.count(
            [
                (.queue, (sentAt ?? now).since(began)),
                (.connect, connect.isEmpty ? nil : connect.reduce(.zero, +)),
                (.firstByte, exchange.firstByte), (.body, exchange.body),
                (.polling, acceptedAt.map { now.since($0) }), (.total, sentAt.map { now.since($0) }),
            ],
            of: start.provider,
            callID: start.callID,
            traceID: context.trace?.keptID,
            at: time.now
        )
        guard let trace = context.trace, trace.isKept else { return }
        // The convention's word for making anything that is no text (OpenTelemetry, "Semantic conventions for generative
        // client AI spans").
        let operation = "generate_content"
        trace.add(
            "\(operation) \(start.providerModel)",
            .client,
            id: span,
            from: began,
            to: now,
            attributes(result, provider, operation),
            events: events(trace),
            error: result.failure?.kind.rawValue
        )
    }

    private func attributes(
        _ result: ProviderResult,
        _ provider: any Provider,
        _ operation: String
    ) -> [Span.Attribute] {
        var attributes = [
            Span.Attribute("gen_ai.operation.name", operation),
            Span.Attribute("gen_ai.provider.name", provider.kind.rawValue),
            Span.Attribute("gen_ai.request.model", start.providerModel),
            Span.Attribute("gen_ai.output.type", "image"),
            Span.Attribute("easel.provider", start.provider),
            Span.Attribute("easel.call.id", start.callID.text),
            Span.Attribute("easel.attempt.id", start.attemptID.text),
            Span.Attribute("easel.attempt.ordinal", start.ordinal),
            Span.Attribute("easel.attempt.sent", sentAt != nil),
            Span.Attribute("easel.images", result.images.count),
        ]
        if start.imagesAsked != 1 {
            attributes.append(Span.Attribute("gen_ai.request.choice.count", start.imagesAsked))
        }
        if let seed = context.request.seed { attributes.append(Span.Attribute("gen_ai.request.seed", seed)) }
        if let id = result.providerTaskID { attributes.append(Span.Attribute("gen_ai.response.id", id)) }
        if let status = result.failure?.httpStatus ?? result.httpStatus {
            attributes.append(Span.Attribute("http.response.status_code", status))
        }
        if let cost = result.cost { attributes.append(Span.Attribute("easel.cost_usd", cost.usd)) }
        if let failure = result.failure {
            attributes.append(Span.Attribute("error.type", failure.code))
        }
        if let (host, port) = Self.place(origin) {
            attributes += [Span.Attribute("server.address", host), Span.Attribute("server.port", port)]
        }
        let phases: [(String, Duration?)] = [
            ("queue", (sentAt ?? .now).since(began)), ("dns", exchange.dns), ("connect", exchange.connect),
            ("tls", exchange.tls), ("first_byte", exchange.firstByte), ("body", exchange.body),
        ]
        attributes += phases.compactMap { name, took in
            took.map { Span.Attribute("easel.phase.\(name)_ms", $0.secondsAsDouble * 1000) }
        }
        if pollCount > 0 { attributes.append(Span.Attribute("easel.polls", pollCount)) }
        return attributes
    }

    private func events(_ trace: CallTrace) -> [Span.Event] {
        var events: [Span.Event] = []
        if let sentAt { events.append(Span.Event("sent", at: trace.wall(sentAt))) }
        if let exchangeEndedAt, let body = exchange.body {
            events.append(Span.Event("first_byte", at: trace.wall(exchangeEndedAt) - body))
        }
        if let acceptedAt { events.append(Span.Event("accepted", at: trace.wall(acceptedAt))) }
        return events
            + polls.map {
                Span.Event("polled", at: trace.wall($0.at), [Span.Attribute("easel.poll.answer", $0.word)])
            }
    }

    /// Host and port of `scheme://host:port`.
    static func place(_ origin: String?) -> (host: String, port: Int)? {
        guard let origin, let slash = origin.lastIndex(of: "/") else { return nil }
        let authority = origin[origin.index(after: slash)...]
        guard let colon = authority.lastIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...])
        else { return nil }
        return (String(authority[..<colon]), port)
    }
}
