/// How much a client may send, and how many may be there (S4).
package struct LimitSettings: Sendable, Hashable, SettingSection {
    /// A request's body, packed and unpacked.
    package var requestBytes = 64 * 1_048_576
    /// A request's head.
    package var headerBytes = 32 * 1024
    /// One image in a request.
    package var imageBytes = 10 * 1_048_576
    /// Bodies and images of all requests under way.
    package var heldBytes = 512 * 1_048_576
    /// A provider's figure beyond so many times its price is not believed.
    package var costMultiple = 100
    /// Connections at a time.
    package var connections = 8192
    /// Of them, those of one address over which no valid key has come; nil: half.
    package var connectionsPerAddress: Int?
    /// For a whole request to arrive.
    package var requestTimeout = Duration.seconds(60)
    /// Reports that are read at once, for all teams together.
    package var reports = 4
    /// And for one team, so that its slow ones leave places to others. More than `reports` counts as `reports`.
    package var reportsPerTeam = 2

    package init() {}

    package static var settings: [Setting<Self>] {
        [
            Setting("request_bytes", \.requestBytes, .size(1024...1_073_741_824), "a request's body"),
            Setting("header_bytes", \.headerBytes, .size(1024...1_048_576), "a request's head", restarts: true),
            Setting("image_bytes", \.imageBytes, .size(1024...268_435_456), "one image in a request"),
            Setting(
                "held_bytes",
                \.heldBytes,
                .size(1_048_576...1_099_511_627_776),
                "bodies and images of all requests under way; beyond it 503, for one team 429",
                restarts: true,
                standard: "512MiB, or request_bytes where that is more"
            ),
            Setting(
                "cost_multiple",
                \.costMultiple,
                .integer(2...1_000_000),
                "a provider's figure beyond this multiple of its price is not accepted"
            ),
            Setting(
                "connections",
                \.connections,
                .integer(1...1_000_000),
                "open at a time; near the limit idle ones that never sent a key go first",
                restarts: true
            ),
            Setting(
                "connections_per_address",
                \.connectionsPerAddress,
                .integer(1...1_000_000),
                example: "4096",
                "of one address, without a key; default: half of connections",
                absent: "half of `connections`",
                restarts: true,
                shown: { $0.connectionsPerAddress ?? max(1, $0.connections / 2) }
            ),
            Setting(
                "request_timeout",
                \.requestTimeout,
                .duration(.seconds(1)...(.seconds(3600))),
                "for a whole request to arrive",
                restarts: true
            ),
            Setting("reports", \.reports, .integer(1...64), "reports that run at once", restarts: true),
            Setting(
                "reports_per_team",
                \.reportsPerTeam,
                .integer(1...64),
                "of one team",
                restarts: true,
                shown: { min($0.reportsPerTeam, $0.reports) }
            ),
        ]
    }

    package mutating func settle(_ section: some SectionSource) {
        if !section.has("held_bytes") {
            heldBytes = max(heldBytes, requestBytes)
        } else if heldBytes < requestBytes {
            section.fault("held_bytes", "is smaller than request_bytes, so no such request could be held")
        }
        if reportsPerTeam > reports, section.has("reports_per_team") {
            section.fault("reports_per_team", "is more than limits.reports, which is for all teams together")
        }
        if imageBytes > requestBytes {
            section.fault(
                section.has("image_bytes") ? "image_bytes" : "request_bytes",
                "leaves image_bytes larger than request_bytes, so no such image could arrive"
            )
        }
    }
}
