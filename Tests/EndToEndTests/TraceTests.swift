import EaselBase
import EaselCore
import EaselGateway
import EaselSandbox
import EaselServer
import EaselTransport
import Foundation
import Testing
import TestKit
import TestTools

/// The spans of calls, as OpenTelemetry's own code reads them.
@Suite(
    .enabled(if: Python.isThere, "python3 is not on the PATH"),
    .enabled(if: Python.has("opentelemetry"), "the Python package opentelemetry-proto could not be fetched")
)
struct TraceTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    /// A span after its way through the collector's own messages.
    private struct Seen: Decodable {
        let name: String
        let kind: Int
        let trace: String
        let span: String
        let parent: String
        let state: String
        let start: UInt64
        let end: UInt64
        let attributes: [String: JSONValue]
        let events: [String]
        let error: String?
        let flags: Int
        let resource: [String: String]
    }

    private static let program = """
        import json, struct, sys
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
        from opentelemetry.proto.trace.v1.trace_pb2 import Status
        def value(any): return getattr(any, any.WhichOneof("value"))
        data, seen = sys.stdin.buffer.read(), []
        while data:
            size = struct.unpack(">I", data[:4])[0]
            request = ExportTraceServiceRequest()
            request.ParseFromString(data[4:4 + size])
            # Fields with a number that nobody knows would be kept as they came.
            known = ExportTraceServiceRequest()
            known.CopyFrom(request)
            known.DiscardUnknownFields()
            assert known.SerializeToString() == request.SerializeToString()
            data = data[4 + size:]
            for resource in request.resource_spans:
                who = {a.key: value(a.value) for a in resource.resource.attributes}
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        seen.append({"name": span.name, "kind": span.kind, "trace": span.trace_id.hex(),
                            "span": span.span_id.hex(), "parent": span.parent_span_id.hex(), "state": span.trace_state,
                            "start": span.start_time_unix_nano, "end": span.end_time_unix_nano,
                            "attributes": {a.key: value(a.value) for a in span.attributes},
                            "events": [e.name for e in span.events], "flags": span.flags, "resource": who,
                            "error": span.status.message if span.status.code == Status.STATUS_CODE_ERROR else None})
        print(json.dumps(seen))
        """

    private static func read(_ bodies: [[UInt8]]) async throws -> [Seen] {
        let framed = bodies.flatMap { body in
            (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (24 - 8 * $0)) } + body
        }
        let outcome = try await Program.run(
            "/usr/bin/env",
            ["python3", "-c", program],
            environment: ["PYTHONPATH": try #require(Python.folder)],
            input: framed
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try JSONDecoder().decode([Seen].self, from: Data(outcome.output.utf8))
    }

    /// Runs calls in a house with a collector; the spans of all of them.
    private static func spans(
        _ plan: House.Plan = House.Plan(),
        ratio: Double = 1,
        tellsProviders: Bool = false,
        _ body: (House) async throws -> Void
    ) async throws -> (spans: [Seen], bytes: [UInt8]) {
        let receiver = try Receiver()
        var plan = plan
        let url = receiver.url
        plan.settings = { settings in
            settings.tracing.endpoint = url
            settings.tracing.sampleRatio = ratio
            settings.tracing.propagateToProviders = tellsProviders
        }
        try await House.with(plan) { house in
            try await body(house)
            await house.gateway.shutDown()
        }
        let bodies = receiver.messages("/v1/traces").map(\.body)
        await receiver.stop()
        return (try await read(bodies), bodies.flatMap(\.self))
    }

    @Test func `a call that fails over is one trace, with an attempt each`() async throws {
        var plan = House.Plan()
        plan.sandbox.faults = [FaultRule(provider: .runware, kind: .status(503))]
        var answer: Answer?
        let (spans, bytes) = try await Self.spans(plan) { house in
            answer = try await house.remix(fields: [("traceparent", Self.parent), ("tracestate", "vendor=1")])
        }
        let call = try #require(answer)
        #expect(call.status == 200)
        let server = try #require(spans.first { $0.kind == 2 })
        #expect(server.name == "POST /v1/remix")
        #expect(server.parent == "00f067aa0ba902b7" && server.state == "vendor=1")
        #expect(server.flags == 0x301)
        #expect(server.attributes["easel.call.id"]?.stringValue == call.id)
        #expect(server.attributes["easel.call.status"] == "succeeded")
        #expect(server.attributes["http.response.status_code"] == 200)
        #expect(server.attributes["easel.cost_usd"]?.stringValue == call["cost_usd"]?.stringValue)
        #expect(server.error == nil)
        #expect(server.resource["service.name"] == "easel" && server.resource["service.version"] == "test")
        #expect(server.resource["service.instance.id"]?.count == 36)
        // The answer names our span of the caller's trace.
        let told = try #require(TraceContext(traceparent: call.fields.values(of: "traceparent")))
        #expect(told.traceID.text == server.trace && told.spanID.text == server.span)
        for span in spans {
            #expect(span.trace == "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(span.end >= span.start && span.end <= server.end && span.start >= server.start, "\(span.name)")
            if span.kind != 2 { #expect(span.parent == server.span) }
        }
        let phases = Set(spans.filter { $0.kind == 1 }.map(\.name))
        let expected: Set = ["authentication", "intake", "planning", "admission", "delivery", "settlement", "reply"]
        #expect(phases.isSuperset(of: expected), "\(phases)")
        let attempts = spans.filter { $0.kind == 3 }.sorted { $0.start < $1.start }
        #expect(attempts.count == call.attempts.count)
        let last = try #require(attempts.last)
        #expect(last.name.hasPrefix("generate_content "))
        #expect(last.attributes["gen_ai.operation.name"] == "generate_content")
        #expect(last.attributes["gen_ai.provider.name"] == "ideogram")
        #expect(last.attributes["gen_ai.output.type"] == "image")
        #expect(last.attributes["gen_ai.request.model"]?.stringValue.map { last.name.hasSuffix($0) } == true)
        #expect(last.attributes["easel.attempt.id"]?.stringValue == call.attempts.last?["id"]?.stringValue)
        #expect(last.attributes["easel.phase.first_byte_ms"] != nil)
        #expect(last.attributes["server.address"] == "127.0.0.1")
        #expect(last.events.starts(with: ["sent", "first_byte"]) && last.error == nil)
        let first = try #require(attempts.first)
        #expect(first.attributes["gen_ai.provider.name"] == "runware")
        #expect(first.attributes["http.response.status_code"] == 503)
        #expect(first.error != nil && first.attributes["error.type"] != nil)
        // S2: nothing that somebody wrote, no key, no image.
        let secrets = [
            "a quiet harbour", House.adminKey, "sandbox-key",
            String(Data(SampleImage.bytes()).base64EncodedString().prefix(24)),
        ]
        for secret in secrets { #expect(!bytes.contains(Array(secret.utf8)), "\(secret)") }
    }

    @Test func `an accepted task shows its polls, and a failed call its fault`() async throws {
        var plan = House.Plan()
        plan.ideogram.delivery = .async
        let (spans, _) = try await Self.spans(plan) { house in
            #expect(try await house.remix(["policy": "only-ideogram"]).status == 200)
            try await house.sandbox.setFaults([FaultRule(kind: .status(500))])
            #expect(try await house.remix(["policy": "only-ideogram"]).status == 502)
        }
        #expect(Set(spans.map(\.trace)).count == 2)
        let polled = try #require(spans.first { $0.kind == 3 && $0.events.contains("polled") })
        #expect(polled.events.contains("accepted"))
        #expect(polled.attributes["gen_ai.response.id"] != nil)
        let failed = try #require(spans.first { $0.kind == 2 && $0.error != nil })
        #expect(failed.attributes["http.response.status_code"] == 502)
        #expect(failed.attributes["error.type"] == "providers_failed")
    }

    @Test func `what is not sampled is not sent, and a caller who is sampled always is`() async throws {
        let (spans, _) = try await Self.spans(ratio: 0) { house in
            let own = try await house.remix()
            #expect(own.fields["traceparent"]?.hasSuffix("-00") == true)
            let theirs = try await house.remix(fields: [("traceparent", Self.parent)])
            #expect(theirs.fields["traceparent"]?.hasPrefix(Self.parent.prefix(36)) == true)
        }
        #expect(Set(spans.map(\.trace)) == ["4bf92f3577b34da6a3ce929d0e0e4736"])
    }

    @Test(arguments: [false, true])
    func `providers are told only where that is configured`(_ tells: Bool) async throws {
        let provider = try Receiver()
        provider.answer("/v1/ideogram-v4/remix", 503)
        provider.answer("/", 503)
        var plan = House.Plan()
        plan.runware.baseURL = provider.url
        plan.ideogram.baseURL = provider.url
        let (spans, _) = try await Self.spans(plan, tellsProviders: tells) { house in
            let fields = [("traceparent", Self.parent), ("tracestate", "vendor=1")]
            let answer = try await house.remix(fields: fields)
            #expect(answer.status == 502)
        }
        // A question about a task that is asked afterwards is no part of an attempt.
        let questions = [Array("getResponse".utf8), Array("getTaskDetails".utf8)]
        let asked = ["/", "/v1/ideogram-v4/remix"].flatMap { provider.messages($0) }
            .filter { message in !questions.contains { message.body.contains($0) } }
        await provider.stop()
        #expect(Set(asked.map(\.path)).count == 2)
        let attempts = Set(spans.filter { $0.kind == 3 }.map(\.span))
        for request in asked {
            guard tells else {
                #expect(request["traceparent"] == nil && request["tracestate"] == nil)
                continue
            }
            let context = try #require(TraceContext(traceparent: request["traceparent"].map { [$0] } ?? []))
            #expect(context.traceID.text == "4bf92f3577b34da6a3ce929d0e0e4736" && context.isSampled)
            #expect(attempts.contains(context.spanID.text))
            #expect(request["tracestate"] == "vendor=1")
        }
    }

    /// Nobody listens, and nobody notices.
    @Test func `a collector that is away is in nobody's way`() async throws {
        var plan = House.Plan()
        plan.settings = { $0.tracing.endpoint = "http://127.0.0.1:9" }
        try await House.with(plan) { house in
            for _ in 0..<3 {
                let answer = try await house.remix()
                #expect(answer.status == 200)
            }
            await house.gateway.shutDown()
        }
    }
}
