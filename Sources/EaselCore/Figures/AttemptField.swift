/// The figures of attempts: what providers were asked, whoever answered the call in the end. Each is a column of the tables
/// `attempt_*` and is counted by one expression of the ledger.
package enum AttemptField: Int, FigureField {
    case attempts, sent, succeeded, partial, refused, failed, unknown, images
    case cost, wasted

    package static let legend = allCases.map(\.definition)

    private var definition: Figure {
        switch self {
        case .attempts: Figure("attempts", .count, "Attempts", "Times a provider was asked.")
        case .sent: Figure("sent", .count, "Sent", "Attempts that were sent to the provider.")
        case .succeeded: Figure("succeeded", .count, "OK", "Attempts that delivered everything requested.")
        case .partial: Figure("partial", .count, "Partial", "Attempts that delivered only part of it.")
        case .refused: Figure("refused", .count, "Refused", "Attempts that were refused on content grounds.")
        case .failed: Figure("failed", .count, "Failed", "Attempts that failed.")
        case .unknown: Figure("unknown", .count, "Unknown", "Attempts whose outcome is not known.")
        case .images: Figure("images", .count, "Images", "Images that came back.")
        case .cost: Figure("cost", .money, "Cost USD", "What its attempts cost.")
        case .wasted: Figure("wasted", .money, "Wasted USD", "The cost of attempts that delivered nothing.")
        }
    }
}

/// The stretches of an attempt that are measured, each with a histogram in microseconds.
package enum AttemptPhase: Int, CaseIterable, Sendable {
    /// From the first thing done to the last byte.
    case total
    case firstByte, tls, connect, dns

    /// Its name in tables of the ledger.
    package var name: String {
        switch self {
        case .total: "total"
        case .firstByte: "first_byte"
        case .tls: "tls"
        case .connect: "connect"
        case .dns: "dns"
        }
    }
}
