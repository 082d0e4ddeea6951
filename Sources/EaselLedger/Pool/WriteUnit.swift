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
