import EaselBase
import EaselServer
import EaselTransport
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselTracing

/// The way of spans to a collector: which, how many at a time, and what becomes of them when it does not take them.
struct TracerTests {
    private static let resource = TraceResource(version: "1", instance: "here")

    /// A collector that answers as told, the last answer again and again, and keeps what it got.
    private final class Collector: Sendable {
        struct Got: Sendable {
            let fields: HTTPFields
            let path: String
            let body: [UInt8]
        }

        private let answers: Locked<[ServerResponse]>
        let got = Locked<[Got]>([])

        init(_ answers: [ServerResponse]) { self.answers = Locked(answers) }

        func answer(_ request: ServerRequest) async -> ServerResponse {
            let body = (try? await request.body.collect(limit: 1 << 22)) ?? []
            got.withLock { $0.append(Got(fields: request.fields, path: request.path, body: body)) }
            return answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? ServerResponse(status: 200) }
        }
    }

    private static func with(
        _ answers: [ServerResponse],
        ratio: Double = 1,
        capacity: Int = 8192,
        _ body: (Tracer, Collector) async throws -> Void
    ) async throws {
        let collector = Collector(answers)
        try await LocalServer.with({ await collector.answer($0) }) { server in
            let plan = TracingPlan(
                endpoint: server.origin + "/v1/traces",
                headers: [TracingPlan.Header("x-key", Secret("s3cret"))],
                sampling: Sampling(ratio: ratio)
            )
            let tracer = Tracer(plan, resource: resource, client: TestLoops.client, capacity: capacity, log: .silent)
            try await body(tracer, collector)
        }
    }

    private static func fill(_ tracer: Tracer, _ count: Int) throws {
        let trace = try #require(tracer.begin(traceparent: [], tracestate: [], at: .now))
        for index in 0..<count { trace.add("span \(index)", from: .now) }
    }

    @Test func `what was recorded arrives in batches`() async throws {
        try await Self.with([ServerResponse(status: 200)]) { tracer, collector in
            try Self.fill(tracer, 1100)
            let run = Task { await tracer.run() }
            let isThere = await eventually { tracer.counts.exported >= 1024 }
            run.cancel()
            await run.value
            await tracer.shutDown()
            #expect(isThere)
            #expect(tracer.counts.exported == 1100)
            #expect(tracer.counts.dropped.values.allSatisfy { $0 == 0 })
            let got = collector.got.withLock(\.self)
            #expect(got.count == 3)
            for request in got {
                #expect(request.path == "/v1/traces")
                #expect(request.fields["Content-Type"] == "application/x-protobuf")
                #expect(request.fields["x-key"] == "s3cret")
                #expect(ProtobufFields(request.body[...])?.data[1] != nil)
            }
        }
    }

    @Test func `a collector that is busy is asked again when it says, and loses nothing`() async throws {
        let busy = ServerResponse(status: 503, fields: ["Retry-After": "1"])
        try await Self.with([busy, ServerResponse(status: 200)]) { tracer, collector in
            try Self.fill(tracer, Tracer.batch)
            let began = SteadyInstant.now
            let run = Task { await tracer.run() }
            let isThere = await eventually { tracer.counts.exported == Tracer.batch }
            run.cancel()
            await run.value
            #expect(isThere)
            #expect(SteadyInstant.now.since(began) >= .milliseconds(900))
            #expect(collector.got.withLock(\.count) == 2)
            #expect(tracer.counts.dropped.values.reduce(0, +) == 0)
        }
    }

    @Test func `what is refused is lost once, and what it rejected of a batch is counted`() async throws {
        // ExportTraceServiceResponse with partial_success of two rejected spans.
        let partial = ServerResponse(status: 200, body: .bytes([0x0A, 0x02, 0x08, 0x02]))
        try await Self.with([ServerResponse(status: 400), partial]) { tracer, collector in
            try Self.fill(tracer, Tracer.batch)
            let run = Task { await tracer.run() }
            let isLost = await eventually { tracer.counts.dropped["rejected"] == Tracer.batch }
            #expect(isLost)
            try Self.fill(tracer, Tracer.batch)
            let isThere = await eventually { tracer.counts.exported == Tracer.batch - 2 }
            run.cancel()
            await run.value
            #expect(isThere)
            #expect(tracer.counts.dropped["rejected"] == Tracer.batch + 2)
            #expect(collector.got.withLock(\.count) == 2)
        }
    }

    @Test func `where there is no room nobody waits`() async throws {
        try await Self.with([ServerResponse(status: 200)], capacity: 10) { tracer, _ in
            try Self.fill(tracer, 25)
            #expect(tracer.counts.dropped["queue_full"] == 15)
            await tracer.shutDown()
            #expect(tracer.counts.exported == 10)
            try Self.fill(tracer, 1)
            #expect(tracer.counts.dropped["shutdown"] == 1)
        }
    }

    @Test func `at the end a collector that is gone is not waited for`() async throws {
        let plan = TracingPlan(endpoint: "http://127.0.0.1:9/v1/traces")
        let tracer = Tracer(plan, resource: Self.resource, client: TestLoops.client, log: .silent)
        try Self.fill(tracer, 5)
        // Once, however long its patience is otherwise.
        await tracer.shutDown()
        #expect(tracer.counts.dropped["unreachable"] == 5)
    }

    @Test func `a request's trace is continued, and its beginner decides whether it is kept`() async throws {
        try await Self.with([ServerResponse(status: 200)], ratio: 0) { tracer, _ in
            let kept = try #require(
                tracer.begin(
                    traceparent: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
                    tracestate: ["a=1"],
                    at: .now
                )
            )
            #expect(kept.isKept)
            #expect(kept.keptID?.text == "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(kept.context.spanID.text != "00f067aa0ba902b7")
            #expect(kept.context.state == "a=1")
            // Nobody is told of it unless that is wanted.
            #expect(kept.outgoing(.mint()) == nil)
            let unkept = try #require(
                tracer.begin(
                    traceparent: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"],
                    tracestate: [],
                    at: .now
                )
            )
            #expect(!unkept.isKept && unkept.keptID == nil)
            #expect(unkept.context.traceparent.hasSuffix("-00"))
            // Of its own it keeps none here, and has an id all the same.
            let own = try #require(tracer.begin(traceparent: [], tracestate: [], at: .now))
            #expect(!own.isKept)
        }
    }

    @Test func `without a collector there is a trace only where a request brings one`() throws {
        let tracer = Tracer(TracingPlan(tellsProviders: true), resource: Self.resource, client: nil, log: .silent)
        #expect(tracer.begin(traceparent: [], tracestate: [], at: .now) == nil)
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let trace = try #require(tracer.begin(traceparent: [parent], tracestate: [], at: .now))
        #expect(!trace.isKept)
        let span = SpanID.mint()
        #expect(
            trace.outgoing(span)?.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-\(span.text)-01"
        )
    }

    @Test(arguments: [0, 1, 3, 60])
    func `pauses are bounded`(_ turn: Int) {
        for chance in [0, 0.5, 1, 7] {
            let pause = ExportVerdict.pause(turn, chance)
            #expect(pause >= .milliseconds(500) && pause <= .seconds(16))
        }
        let asked = HTTPResponse(status: 429, fields: ["Retry-After": "100000"])
        #expect(ExportVerdict(.success(asked), turn: 0, chance: 0) == .again(ExportVerdict.longestPause))
    }

    @Test func `texts, attributes and events of a span are bounded`() throws {
        let trace = try #require(TraceID(high: 1, low: 1))
        let span = Span(
            "s",
            .internal,
            traceID: trace,
            spanID: .mint(),
            parent: nil,
            start: Timestamp(microseconds: 10),
            end: Timestamp(microseconds: 5),
            attributes: (0..<500).map { Span.Attribute("k\($0)", String(repeating: "é", count: 5000)) },
            events: (0..<500).map { Span.Event("e\($0)", at: Timestamp(microseconds: 1)) }
        )
        #expect(span.attributes.count == Span.mostAttributes && span.events.count == Span.mostEvents)
        #expect(span.attributes[0].value == .text(String(repeating: "é", count: Span.Attribute.longest)))
        #expect(span.end == span.start)
    }
}
