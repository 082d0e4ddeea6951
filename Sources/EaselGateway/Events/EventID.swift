import EaselBase

/// Where a listener stands in the events, as `id:` and `Last-Event-ID` have it: `9f3a01bc-42-1764500000000000`.
///
/// The number says it exactly to the hub that gave it; to another gateway, or after a restart, the time says it.
struct EventID: Sendable, Hashable {
    /// Of the hub that gave it.
    let epoch: UInt32
    /// Counts the hub's events from 1; 0 stands before the first.
    let number: UInt64
    /// All that happened before this, by the clock of whoever wrote it down, was told before; but for what comes late.
    let at: Timestamp

    init(epoch: UInt32, number: UInt64, at: Timestamp) {
        self.epoch = epoch
        self.number = number
        self.at = at
    }

    /// Nil for what is no id of ours.
    init?(_ text: String) {
        guard text.utf8.count <= 64 else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let epoch = UInt32(parts[0], radix: 16), let number = UInt64(parts[1]),
            let microseconds = Int64(parts[2]), microseconds >= 0
        else { return nil }
        self.init(epoch: epoch, number: number, at: Timestamp(microseconds: microseconds))
    }

    var text: String { "\(String(epoch, radix: 16))-\(number)-\(at.microseconds)" }
}
