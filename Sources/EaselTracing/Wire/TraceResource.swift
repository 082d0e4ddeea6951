/// Who the spans come from.
package struct TraceResource: Sendable, Equatable {
    static let name = "easel"

    package let version: String
    /// Of this process among all gateways.
    package let instance: String

    package init(version: String, instance: String) {
        self.version = version
        self.instance = instance
    }

    /// By OpenTelemetry's semantic conventions for resources.
    var attributes: [Span.Attribute] {
        [
            Span.Attribute("service.name", Self.name), Span.Attribute("service.version", version),
            Span.Attribute("service.instance.id", instance), Span.Attribute("telemetry.sdk.name", Self.name),
            Span.Attribute("telemetry.sdk.language", "swift"), Span.Attribute("telemetry.sdk.version", version),
        ]
    }
}
