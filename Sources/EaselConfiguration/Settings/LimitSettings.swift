/// How much a client may send, and how many may be there (S4).
package struct LimitSettings: Sendable, Hashable {
    /// A request's body.
    package var requestBytes = 64 * 1_048_576
    /// A request's head.
    package var headerBytes = 32 * 1024
    /// One picture in a request.
    package var imageBytes = 10 * 1_048_576
    /// Connections at a time.
    package var connections = 8192
    /// Bodies and pictures of all requests under way.
    package var heldBytes = 512 * 1_048_576
    /// A provider's figure beyond so many times its price is not believed.
    package var costMultiple = 100
    /// Of them, those of one address over which no valid key has come; nil: half.
    package var connectionsPerAddress: Int?
    /// For a whole request to arrive.
    package var requestTimeout = Duration.seconds(60)

    /// Reports that are read at once, for all teams together.
    package var reports = 4
    /// And for one team, so that its slow ones leave places to others.
    package var reportsPerTeam = 2

    package init() {}
}

extension LimitSettings {
    mutating func read(_ section: SectionReader) {
        section.read("request_bytes", into: &requestBytes) { $0.byteSize(in: 1024...1_073_741_824) }
        section.read("header_bytes", into: &headerBytes) { $0.byteSize(in: 1024...1_048_576) }
        section.read("image_bytes", into: &imageBytes) { $0.byteSize(in: 1024...268_435_456) }
        section.read("connections", into: &connections) { $0.integer(in: 1...1_000_000) }
        section.read("connections_per_address", into: &connectionsPerAddress) { $0.integer(in: 1...1_000_000) }
        section.read("request_timeout", into: &requestTimeout) { $0.duration(in: .seconds(1)...(.seconds(3600))) }
        section.read("held_bytes", into: &heldBytes) { $0.byteSize(in: 1_048_576...1_099_511_627_776) }
        section.read("cost_multiple", into: &costMultiple) { $0.integer(in: 2...1_000_000) }
        if !section.has("held_bytes") {
            heldBytes = max(heldBytes, requestBytes)
        } else if heldBytes < requestBytes {
            section.fault("held_bytes", "is smaller than request_bytes, so no such request could be held")
        }
        section.read("reports", into: &reports) { $0.integer(in: 1...64) }
        section.read("reports_per_team", into: &reportsPerTeam) { $0.integer(in: 1...64) }
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
