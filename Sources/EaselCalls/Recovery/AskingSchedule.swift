import EaselBase
import Foundation

/// When an attempt with an unknown outcome is asked about again: soon at first, then less and less often, so that many
/// of them neither burden a provider nor delay newer ones.
final class AskingSchedule: Sendable {
    static let shortest = Duration.seconds(2)
    static let longest = Duration.seconds(3600)
    /// Beyond this the schedule starts again: asking once too often does no harm.
    static let rememberedCalls = 100_000

    private struct Turn {
        var next: SteadyInstant
        var pause: Duration
    }

    private let turns = Locked<[UUID: Turn]>([:])

    /// Whether it is the call's turn; if so, sets its next turn.
    func isDue(_ callID: UUID, now: SteadyInstant) -> Bool {
        turns.withLock { turns in
            if turns.count > Self.rememberedCalls { turns.removeAll() }
            guard var turn = turns[callID] else {
                turns[callID] = Turn(next: now + Self.shortest, pause: Self.shortest)
                return true
            }
            guard now >= turn.next else { return false }
            turn.pause = min(turn.pause * 2, Self.longest)
            turn.next = now + turn.pause
            turns[callID] = turn
            return true
        }
    }

    /// Not before this much time has passed.
    func postpone(_ id: UUID, by pause: Duration, now: SteadyInstant) {
        turns.withLock { turns in
            guard let turn = turns[id] else { return }
            turns[id]?.next = max(turn.next, now + pause)
        }
    }
}
