import EaselBase
import EaselConfiguration
import EaselCore
import Testing

/// Where spans go: the file, and OpenTelemetry's own variables where it says nothing.
struct TracingSettingsTests {
    private static func parse(
        _ text: String,
        _ environment: [String: String] = [:]
    ) throws(ConfigurationError) -> TracingSettings {
        try Configuration.parse(
            text: Fixtures.providers + text,
            file: "easel.yaml",
            environment: environment,
            kinds: Fixtures.kinds
        ).tracing
    }

    @Test func `without a word nothing is sent`() throws {
        let settings = try Self.parse("")
        #expect(settings.tracesURL == nil && settings.fields.isEmpty)
        #expect(settings.sampleRatio == 1 && !settings.propagateToProviders)
    }

    @Test func `the file says it all`() throws {
        let settings = try Self.parse(
            """
            tracing:
              endpoint: http://collector:4318/
              headers: "authorization=Bearer%20abc, x-scope = a=b"
              sample_ratio: 0.25
              propagate_to_providers: true
            """
        )
        #expect(settings.tracesURL == "http://collector:4318/v1/traces")
        #expect(settings.fields.map(\.name) == ["authorization", "x-scope"])
        #expect(settings.fields.map { $0.value.reveal() } == ["Bearer abc", "a=b"])
        #expect(settings.sampleRatio == 0.25 && settings.propagateToProviders)
        #expect(try Self.parse("tracing: { endpoint: 'http://c/v1/traces' }").tracesURL == "http://c/v1/traces")
    }

    @Test(arguments: [
        (
            "tracing: { sample_ratio: 1.5 }",
            "4:26: tracing.sample_ratio: wants a number from 0 to 1, such as 0.1, not \"1.5\""
        ),
        (
            "tracing: { endpoint: 'grpc://c' }",
            "4:22: tracing.endpoint: wants an address that begins with http:// or https://"
        ),
        (
            "tracing: { headers: 'hunter2' }",
            "4:21: tracing.headers: is no list of fields; write name=value, with a comma between two of them"
        ),
        (
            "tracing: { headers: 'a=b%0d%0aEvil: 1' }",
            "4:21: tracing.headers: is no list of fields; write name=value, with a comma between two of them"
        ),
    ])
    func `what is wrong is named without the secret`(_ text: String, _ fault: String) {
        #expect(Fixtures.faults(Fixtures.providers + text) == [fault])
    }

    @Test func `the variables count where the file says nothing`() throws {
        let variables = [
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://sidecar:4318/", "OTEL_EXPORTER_OTLP_HEADERS": "k=v",
        ]
        let settings = try Self.parse("", variables)
        #expect(settings.tracesURL == "http://sidecar:4318/v1/traces")
        #expect(settings.fields.map { $0.value.reveal() } == ["v"])
        let own = try Self.parse("tracing: { endpoint: 'http://own' }", variables)
        #expect(own.tracesURL == "http://own/v1/traces" && own.fields.isEmpty)
        // Meant for another protocol, at another port.
        let grpc = variables.merging(["OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"]) { $1 }
        #expect(try Self.parse("", grpc).endpoint == nil)
        #expect(try Self.parse("", ["OTEL_EXPORTER_OTLP_ENDPOINT": ""]).endpoint == nil)
        #expect(throws: ConfigurationError.self) { try Self.parse("", ["OTEL_EXPORTER_OTLP_ENDPOINT": "sidecar:4318"]) }
    }
}
