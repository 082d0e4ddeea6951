package import EaselCore

/// One account at a provider.
package struct ProviderSettings: Sendable {
    /// The operator's name for it, by which policies, the call log and reports speak of it.
    package var name: String
    /// Which interface it speaks.
    package var kind: ProviderKind
    /// `http` or `https`, without a query and without a slash at the end.
    package var baseURL: String
    /// The key of the account.
    package var apiKey: Secret
    /// Whether answers are waited for or polled for.
    package var delivery: DeliveryMethod
    /// Attempts at a time.
    package var maxInFlight: Int
    /// One attempt, from connect to last byte.
    package var timeout: Duration
    /// From the request sent to the first byte of the answer; nil: only `timeout` counts.
    package var firstByteTimeout: Duration?
    /// DNS, TCP and TLS together.
    package var connectTimeout: Duration

    /// With the defaults of the kind.
    package init(name: String, kind: ProviderKind, apiKey: Secret, baseURL: String? = nil) {
        self.name = name
        self.kind = kind
        self.apiKey = apiKey
        timeout = .seconds(120)
        connectTimeout = .seconds(5)
        switch kind {
        case .runware:
            self.baseURL = baseURL ?? "https://api.runware.ai/v1"
            delivery = .async
            maxInFlight = 32
        case .ideogram:
            self.baseURL = baseURL ?? "https://api.ideogram.ai"
            delivery = .sync
            maxInFlight = 10
        }
    }
}

extension ProviderSettings {
    /// Reads one entry of `providers`; nil when a fault leaves nothing to build.
    init?(name: String, _ setting: SettingReader) {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        let kind = section.required("kind", "set which API it speaks: runware or ideogram")?
            .choice(ProviderKind.self)
        let apiKey = section.required("api_key", "write `${NAME}` or `{ file: PATH }`")?.secret()
        // Without a kind the other settings are read all the same, so that their faults are told too.
        var settings = ProviderSettings(name: name, kind: kind ?? .runware, apiKey: apiKey ?? Secret(""))
        section.read("base_url", into: &settings.baseURL) { $0.webAddress() }
        section.read("delivery", into: &settings.delivery) { $0.choice() }
        section.read("max_in_flight", into: &settings.maxInFlight) { $0.integer(in: 1...10_000) }
        section.read("timeout", into: &settings.timeout) { $0.duration(in: .milliseconds(100)...(.seconds(3600))) }
        section.read("first_byte_timeout", into: &settings.firstByteTimeout) {
            $0.duration(in: .milliseconds(100)...(.seconds(3600)))
        }
        // A default gives way to what the operator chose.
        if !section.has("connect_timeout") { settings.connectTimeout = min(settings.connectTimeout, settings.timeout) }
        section.read("connect_timeout", into: &settings.connectTimeout) {
            $0.duration(in: .milliseconds(10)...(.seconds(60)))
        }
        if let firstByte = settings.firstByteTimeout, firstByte > settings.timeout {
            section.fault("first_byte_timeout", "is longer than timeout and could never pass; make it shorter")
        }
        if settings.connectTimeout > settings.timeout {
            section.fault(
                section.has("connect_timeout") ? "connect_timeout" : "timeout",
                "leaves connect_timeout longer than timeout; make connect_timeout the shorter one"
            )
        }
        if let other = ProviderKind(rawValue: name), let kind, other != kind {
            section.fault("is the name of another kind, whose prices would be used; choose another name")
        }
        guard kind != nil, apiKey != nil else { return nil }
        self = settings
    }
}
