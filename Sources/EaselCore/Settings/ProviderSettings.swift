package import EaselBase

/// One account at a provider, as the operator configured it.
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

    package init(
        name: String,
        kind: ProviderKind,
        baseURL: String,
        apiKey: Secret,
        delivery: DeliveryMethod,
        maxInFlight: Int,
        timeout: Duration = .seconds(120),
        connectTimeout: Duration = .seconds(5),
        firstByteTimeout: Duration? = nil
    ) {
        self.name = name
        self.kind = kind
        self.baseURL = baseURL
        self.apiKey = apiKey
        self.delivery = delivery
        self.maxInFlight = maxInFlight
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.firstByteTimeout = firstByteTimeout
    }

    /// With the defaults of the kind.
    package init(name: String, profile: ProviderProfile, apiKey: Secret) {
        self.init(
            name: name,
            kind: profile.kind,
            baseURL: profile.baseURL,
            apiKey: apiKey,
            delivery: profile.delivery,
            maxInFlight: profile.maxInFlight
        )
    }

    /// What may be configured of one of these kinds. Kind and key are read before the others.
    package static func settings(_ profiles: [ProviderProfile]) -> [Setting<Self>] {
        [
            Setting(
                "kind",
                \.kind,
                SettingForm(profiles.map { "`\($0.kind.rawValue)`" }.joined(separator: ", "), written: \.rawValue) {
                    $0.choice(profiles.map(\.kind.rawValue), later: []).map(ProviderKind.init)
                },
                "which API it speaks",
                readApart: true
            ),
            Setting("base_url", \.baseURL, .webAddress, "where it is reached"),
            Setting(
                "api_key",
                read: { _, _ in },
                lines: { ["api_key: \($0.apiKey)"] },
                example: { settings in
                    let variable = profiles.first { $0.kind == settings.kind }?.keyVariable ?? ""
                    let file = "{ file: /run/secrets/\(settings.kind.rawValue) }"
                    return [ExampleLine(text: "api_key: ${\(variable)}", comment: "or: \(file)")]
                },
                rows: { _ in
                    [
                        SettingRow(
                            path: "api_key",
                            values: "a secret: a text, or `{ file: PATH }`",
                            standard: "",
                            about: "the key of the account",
                            restarts: false
                        )
                    ]
                }
            ),
            Setting(
                "delivery",
                read: { section, settings in
                    let read = SettingForm<DeliveryMethod>.choice().read
                    if let delivery = section.take("delivery").flatMap({ read($0) }) { settings.delivery = delivery }
                },
                lines: { ["delivery: \($0.delivery.rawValue)"] },
                example: { settings in
                    let note = profiles.first { $0.kind == settings.kind }?.deliveryNote ?? ""
                    return [ExampleLine(text: "delivery: \(settings.delivery.rawValue)", comment: note)]
                },
                rows: { _ in
                    [
                        SettingRow(
                            path: "delivery",
                            values: SettingForm<DeliveryMethod>.choice().values,
                            standard: "its kind's",
                            about: "whether answers are waited for or polled for",
                            restarts: false
                        )
                    ]
                }
            ),
            Setting("max_in_flight", \.maxInFlight, .integer(1...10_000), "attempts at a time"),
            Setting(
                "timeout",
                \.timeout,
                .duration(.milliseconds(100)...(.seconds(3600))),
                "one attempt, from connect to last byte"
            ),
            Setting(
                "first_byte_timeout",
                \.firstByteTimeout,
                .duration(.milliseconds(100)...(.seconds(3600))),
                example: "60s",
                "from the request sent to the first byte of the answer",
                absent: "`timeout` alone counts"
            ),
            Setting(
                "connect_timeout",
                \.connectTimeout,
                .duration(.milliseconds(10)...(.seconds(60))),
                "DNS, TCP and TLS together"
            ),
        ]
    }

    /// Reads what is given of a provider whose kind and key are known, and says what does not fit together.
    package mutating func read(_ section: some SectionSource, _ profiles: [ProviderProfile]) {
        for setting in Self.settings(profiles) { setting.read(section, &self) }
        // A default gives way to what the operator chose.
        if !section.has("connect_timeout") { connectTimeout = min(connectTimeout, timeout) }
        if let firstByte = firstByteTimeout, firstByte > timeout {
            section.fault("first_byte_timeout", "is longer than timeout and could never pass; make it shorter")
        }
        if connectTimeout > timeout {
            section.fault(
                section.has("connect_timeout") ? "connect_timeout" : "timeout",
                "leaves connect_timeout longer than timeout; make connect_timeout the shorter one"
            )
        }
    }
}
