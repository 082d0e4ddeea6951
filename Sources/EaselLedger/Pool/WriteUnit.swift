import EaselBase
import EaselCore
import Foundation

/// Statements that are written together or not at all, and that do no harm when they are run twice.
final class WriteUnit: Sendable {
    let callID: UUID
    /// Units of one transaction are run in the order of their teams, as budgets are locked.
    let teamID: Int64
    let commands: [SQLCommand]
    /// Times of the rows it writes, for the partitions that must exist.
    let moments: [Timestamp]
    /// The end of the wait; nil for a unit that nobody waits for, which is tried until the pool closes.
    let deadline: SteadyInstant?
    /// What takes the unit back after its wait ended without knowing whether it was written.
    let undo: (@Sendable () -> [SQLCommand])?
    let ticket: Ticket<[SQLResult]>?

    init(
        callID: UUID,
        teamID: Int64,
        commands: [SQLCommand],
        moments: [Timestamp],
        deadline: SteadyInstant?,
        undo: (@Sendable () -> [SQLCommand])? = nil,
        ticket: Ticket<[SQLResult]>?
    ) {
        self.callID = callID
        self.teamID = teamID
        self.commands = commands
        self.moments = moments
        self.deadline = deadline
        self.undo = undo
        self.ticket = ticket
    }

    /// The unit that takes this one back; nil when there is nothing to take back.
    var undoing: WriteUnit? {
        undo.map {
            WriteUnit(callID: callID, teamID: teamID, commands: $0(), moments: moments, deadline: nil, ticket: nil)
        }
    }
}

/// A unit on its way through a writer.
struct PendingUnit {
    let unit: WriteUnit
    /// Set once it went out with a COMMIT whose answer never came.
    var maybeWritten = false
    /// Set when the wait for it ended; it is not sent again.
    var isGivenUp = false
    /// Times it was run again after a deadlock, a serialization failure or lost prepared statements.
    var repeats = 0
    var madePartitions = false
    /// Times it was put off, and until when.
    var putOffs = 0
    var notBefore: SteadyInstant?

    /// For 50 ms, then twice as long each time, up to five seconds.
    mutating func putOff() {
        let pause = Duration.milliseconds(50) * (1 << min(putOffs, 7))
        putOffs += 1
        notBefore = .now + min(pause, .seconds(5))
    }
}
