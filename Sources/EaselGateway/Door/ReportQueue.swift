/// Who may read a report now, as a pure value: so many at once for all, so many of them for one team, and a short line for
/// those who come later (S4).
///
/// A free place goes to the team that has the fewest at work, the earlier arrival where teams are equal: a team that asks
/// for slow reports waits for itself.
struct ReportQueue: Sendable {
    struct Limits: Sendable, Hashable {
        var atOnce = 4
        var perTeam = 2
        /// Of one team.
        var waiting = 8
    }

    enum Arrival: Sendable, Hashable {
        /// A place is taken; call `leave` at the end.
        case begins
        /// It waits under this number.
        case waits(UInt64)
        /// The team has enough that wait.
        case isFull
    }

    private struct Waiter {
        let ticket: UInt64
        let team: Int64
    }

    let limits: Limits
    private var working: [Int64: Int] = [:]
    private var line: [Waiter] = []
    private var lastTicket: UInt64 = 0

    init(_ limits: Limits) { self.limits = limits }

    var running: Int { working.values.reduce(0, +) }
    var waiting: Int { line.count }

    mutating func arrive(_ team: Int64) -> Arrival {
        if running < limits.atOnce, working[team, default: 0] < limits.perTeam {
            working[team, default: 0] += 1
            return .begins
        }
        guard line.count(where: { $0.team == team }) < limits.waiting else { return .isFull }
        lastTicket += 1
        line.append(Waiter(ticket: lastTicket, team: team))
        return .waits(lastTicket)
    }

    /// A report of the team has ended. Who has its place now, if anybody waits that may.
    mutating func leave(_ team: Int64) -> UInt64? {
        working[team, default: 1] -= 1
        if working[team] == 0 { working[team] = nil }
        guard running < limits.atOnce else { return nil }
        let next = line.indices.filter { working[line[$0].team, default: 0] < limits.perTeam }
            .min { working[line[$0].team, default: 0] < working[line[$1].team, default: 0] }
        guard let next else { return nil }
        let waiter = line.remove(at: next)
        working[waiter.team, default: 0] += 1
        return waiter.ticket
    }

    /// It does not want to wait any more. False when it has a place by now.
    mutating func withdraw(_ ticket: UInt64) -> Bool {
        guard let index = line.firstIndex(where: { $0.ticket == ticket }) else { return false }
        line.remove(at: index)
        return true
    }
}
