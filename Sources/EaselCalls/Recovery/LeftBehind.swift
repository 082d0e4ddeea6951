import EaselBase
import EaselCore
import Foundation

/// Unfinished calls of a gateway that is gone, whose end is not known yet: what was found out about them so far, and
/// when they are asked about again. Their callers are told that they are in progress, which is the truth.
final class LeftBehind: Sendable {
    private struct Entry {
        var call: OrphanedCall
        var found: [UUID: Resolver.Resolved] = [:]
        var next: SteadyInstant
        /// It is being asked about now.
        var isBusy = false
    }

    private let entries = Locked<[UUID: Entry]>([:])

    var isEmpty: Bool { entries.withLock(\.isEmpty) }

    /// Permission to ask about a call, with what is already known about it; nil while another task asks, or before its
    /// turn.
    func claim(_ call: OrphanedCall, now: SteadyInstant) -> [UUID: Resolver.Resolved]? {
        entries.withLock { entries in
            guard var entry = entries[call.callID] else {
                entries[call.callID] = Entry(call: call, next: now, isBusy: true)
                return [:]
            }
            guard !entry.isBusy, now >= entry.next else { return nil }
            entry.isBusy = true
            entries[call.callID] = entry
            return entry.found
        }
    }

    /// Its end is not known yet.
    func keep(_ call: OrphanedCall, _ found: [UUID: Resolver.Resolved], until next: SteadyInstant) {
        entries.withLock { $0[call.callID] = Entry(call: call, found: found, next: next) }
    }

    /// It is settled.
    func forget(_ callID: UUID) {
        entries.withLock { $0[callID] = nil }
    }

    /// Forgets calls that have been settled elsewhere: `listed` are those still in progress.
    func forget(allBut listed: Set<UUID>) {
        entries.withLock { entries in entries = entries.filter { $0.value.isBusy || listed.contains($0.key) } }
    }

    /// Those whose turn it is.
    func due(now: SteadyInstant) -> [OrphanedCall] {
        entries.withLock { $0.values.filter { !$0.isBusy && now >= $0.next }.map(\.call) }
    }

    /// How long until the next turn; nil if no call is waiting for one.
    func wait(now: SteadyInstant) -> Duration? {
        entries.withLock { $0.values.filter { !$0.isBusy }.map { max($0.next.since(now), .zero) }.min() }
    }

    /// When a task that has been running for this long is asked about again: in proportion to its age, so that little
    /// time is lost and few questions are asked, and not before the provider wants to be asked.
    static func pause(after elapsed: Duration, asked: Duration) -> Duration {
        max(asked, min(max(elapsed / 6, shortest), longest))
    }

    static let shortest = Duration.milliseconds(500)
    static let longest = Duration.seconds(30)
}
