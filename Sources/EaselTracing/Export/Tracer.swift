package import EaselBase
package import EaselTransport

/// Where the spans go, and which.
package struct TracingPlan: Sendable, Equatable {
    /// The whole address that batches are sent to; nil: nothing is kept.
    package var endpoint: String?
    /// Fields that the collector wants with each request, such as its key.
    package var headers: [Header]
    package var sampling: Sampling
    /// Whether `traceparent` goes on to providers.
    package var tellsProviders: Bool

    package struct Header: Sendable, Equatable {
        package let name: String
        package let value: Secret

        package init(_ name: String, _ value: Secret) {
            self.name = name
            self.value = value
        }
    }

    package init(
        endpoint: String? = nil,
        headers: [Header] = [],
        sampling: Sampling = Sampling(ratio: 1),
        tellsProviders: Bool = false
    ) {
        self.endpoint = endpoint
        self.headers = headers
        self.sampling = sampling
        self.tellsProviders = tellsProviders
    }
}

/// Begins the traces of calls and brings their spans to the collector, beside the calls and never in their way.
package final class Tracer: Sendable {
    /// Spans in one request.
    static let batch = 512
    /// How long a span waits for others.
    static let longestWait = Duration.seconds(5)
    /// How often it is looked whether something is due.
    static let pace = Duration.milliseconds(500)
    /// How long one batch is tried; others wait, or are lost.
    static let patience = Duration.seconds(60)
    static let requestTimeout = Duration.seconds(10)
    /// At a shutdown.
    static let lastTimeout = Duration.seconds(2)

    private let resource: TraceResource
    /// Nil: there is nowhere to send.
    private let client: HTTPClient?
    private let queue: SpanQueue
    private let plan: Locked<TracingPlan>
    private let time: TimeSource
    private let log: Log
    private let isFailing = Locked(false)

    package init(
        _ plan: TracingPlan,
        resource: TraceResource,
        client: HTTPClient?,
        capacity: Int = 8192,
        time: TimeSource = .system,
        log: Log
    ) {
        self.plan = Locked(plan)
        self.resource = resource
        self.client = client
        queue = SpanQueue(capacity: capacity)
        self.time = time
        self.log = log
    }

    /// Another collector, another share; traces that have begun go where the new one is.
    package func adopt(_ new: TracingPlan) { plan.withLock { $0 = new } }

    /// Spans that the collector accepted, and those lost, by reason.
    package var counts: (exported: Int, dropped: [String: Int]) {
        let counts = queue.counts
        let dropped = SpanQueue.Loss.allCases.map { ($0.rawValue, counts.dropped[$0] ?? 0) }
        return (counts.exported, Dictionary(dropped, uniquingKeysWith: { first, _ in first }))
    }

    /// The trace of a call that a request brings; nil where it brings none and nobody keeps any.
    /// `steady`: when it arrived.
    package func begin(traceparent: [String], tracestate: [String], at steady: SteadyInstant) -> CallTrace? {
        let plan = plan.withLock(\.self)
        let parent = TraceContext(traceparent: traceparent, tracestate: tracestate)
        let keeps = plan.endpoint != nil && client != nil
        guard keeps || parent != nil else { return nil }
        let id = parent?.traceID ?? .mint()
        // What somebody else keeps stays marked as kept, also where nothing of it is kept here.
        let isSampled = keeps ? plan.sampling.keeps(id, parent: parent) : parent?.isSampled ?? false
        let context = TraceContext(traceID: id, spanID: .mint(), isSampled: isSampled, state: parent?.state ?? "")
        let now = SteadyInstant.now
        return CallTrace(
            context,
            parent: parent?.spanID,
            sink: keeps ? queue : nil,
            isPassedOn: plan.tellsProviders,
            wall: time.now - now.since(steady),
            steady: steady
        )
    }

    // MARK: - Beside the calls

    /// Sends what is due until cancelled.
    package func run() async {
        while !Task.isCancelled {
            if queue.isDue(batch: Self.batch, longest: Self.longestWait, now: .now) {
                await send(queue.take(Self.batch))
            } else {
                try? await Task.sleep(for: Self.pace)
            }
        }
    }

    /// Sends once what is there, and takes nothing more.
    package func shutDown() async {
        let until = SteadyInstant.now + Self.lastTimeout
        while SteadyInstant.now < until {
            let batch = queue.take(Self.batch)
            guard !batch.isEmpty else { break }
            await send(batch, patience: .zero, timeout: max(until.since(.now), .milliseconds(100)))
        }
        queue.close()
    }

    private func send(
        _ batch: [Span],
        patience: Duration = Tracer.patience,
        timeout: Duration = Tracer.requestTimeout
    ) async {
        let began = SteadyInstant.now
        let body = OTLPTraces.request(batch, resource: resource)
        var turn = 0
        while let (client, request) = request(body, timeout: timeout) {
            let result: Result<HTTPResponse, TransportError>
            do throws(TransportError) {
                result = .success(try await client.execute(request))
            } catch {
                result = .failure(error)
            }
            switch ExportVerdict(result, turn: turn, chance: .random(in: 0...1)) {
            case .taken(let rejected):
                let lost = min(rejected, batch.count)
                queue.sent(batch.count - lost)
                queue.lose(lost, .rejected)
                return note(failure: nil)
            case .refused(let status):
                queue.lose(batch.count, .rejected)
                return note(failure: "the collector refused spans with status \(status)")
            case .again(let pause):
                let why =
                    switch result {
                    case .success(let response): "the collector answered \(response.status)"
                    case .failure(let error): error.sentence
                    }
                note(failure: why)
                guard !Task.isCancelled, SteadyInstant.now.since(began) + pause < patience else {
                    return queue.lose(batch.count, .unreachable)
                }
                try? await Task.sleep(for: pause)
                turn += 1
            }
        }
        // There is no collector any more.
        queue.lose(batch.count, .unreachable)
    }

    private func request(_ body: [UInt8], timeout: Duration) -> (HTTPClient, HTTPRequest)? {
        let plan = plan.withLock(\.self)
        guard let client, let endpoint = plan.endpoint else { return nil }
        var fields = HTTPFields([("Content-Type", "application/x-protobuf")])
        for header in plan.headers { fields.add(header.name, header.value.reveal()) }
        let request = HTTPRequest(
            method: "POST",
            url: endpoint,
            fields: fields,
            body: body,
            timeouts: HTTPTimeouts(connect: min(.seconds(5), timeout), total: timeout),
            maxResponseBytes: 64 << 10
        )
        return (client, request)
    }

    /// Once when it begins, and once when it is over (L6).
    private func note(failure: String?) {
        let wasFailing = isFailing.withLock { isFailing in
            defer { isFailing = failure != nil }
            return isFailing
        }
        if let failure {
            if !wasFailing { log.warning("traces do not reach the collector", ["error": failure]) }
        } else if wasFailing {
            log.info("traces reach the collector again")
        }
    }
}
