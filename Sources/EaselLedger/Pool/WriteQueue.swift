import EaselBase
import EaselCore

/// What waits to be written, what is on its way, and what becomes of it: everything that a writer decides (M5, L1).
///
/// Pure: threads, connections and tickets are the writer's, which carries out what this says. A unit is in at most one of the
/// three lists; who takes it out of the last one answers it, so that nobody is answered twice.
struct WriteQueue {
    /// Units in one transaction.
    static let groupLimit = 64
    /// Times that a unit is run again after a deadlock or lost statements before it is refused.
    static let repeatLimit = 5

    /// What the writer has to do next.
    enum Next: Equatable {
        /// There is something to write.
        case write
        /// Nothing to do before that moment, unless something comes.
        case waitUntil(SteadyInstant)
        /// Nothing to do until something comes.
        case wait
        /// It is closing.
        case end
    }

    /// What was taken to be written.
    enum Work {
        /// In one transaction: the units of `inFlight`.
        case group
        /// By itself, with a short wait for locks: one that was put off.
        case alone(PendingUnit)
    }

    /// What is to be done about a group that failed.
    enum Reaction {
        /// Open a new connection for what is left.
        case reconnect(Cause)
        /// Run it again, after a short pause.
        case runAgain
        /// Make the partitions of this unit, then run the group again.
        case makePartitions(WriteUnit)
        /// Answer this unit with the error, then run the others again.
        case refuse(WriteUnit)
        /// Nobody waits for it: it was put off, with all others of its kind; run the rest again.
        case putOff(WriteUnit)
        /// Nobody can be blamed: write each by itself.
        case oneByOne

        enum Cause {
            /// The connection is lost; what was sent may be written.
            case lost
            /// The server takes no writes, and has written nothing.
            case readOnly
            /// Its prepared statements are gone, and nothing was written.
            case statementsGone
        }
    }

    /// A wait that ended.
    struct Overdue {
        let unit: WriteUnit
        /// It was on its way: whether it is written is not known. What takes it back is in the queue.
        let maybeWritten: Bool
    }

    /// Units that wait at a time; beyond that, one that somebody waits for is refused.
    let capacity: Int
    private(set) var waiting: [PendingUnit] = []
    private(set) var inFlight: [PendingUnit] = []
    private(set) var putOff: [PendingUnit] = []
    private(set) var isClosing = false
    /// The last turn was that of a unit that was put off; the next one is the others'.
    private var wasPutOffsTurn = false

    init(capacity: Int) { self.capacity = capacity }

    // MARK: - From callers

    /// Takes a unit, or says why it is not taken.
    mutating func submit(_ unit: WriteUnit) -> LedgerError? {
        if isClosing { return .unavailable("the ledger is closing") }
        if waiting.count >= capacity, unit.deadline != nil {
            return .unavailable("too many writes are waiting for the database")
        }
        waiting.append(PendingUnit(unit: unit))
        return nil
    }

    /// Takes a unit out again that was never sent; false where it is too late for that.
    mutating func withdraw(_ unit: WriteUnit) -> Bool {
        guard let index = waiting.firstIndex(where: { $0.unit === unit && !$0.maybeWritten }) else { return false }
        waiting.remove(at: index)
        return true
    }

    /// Ends the waits that are over. What may be written is taken back, before anybody is told and can go on with the call.
    mutating func endOverdue(now: SteadyInstant) -> [Overdue] {
        func isOverdue(_ pending: PendingUnit) -> Bool { pending.unit.deadline.map { $0 <= now } ?? false }
        var overdue = waiting.filter(isOverdue).map { Overdue(unit: $0.unit, maybeWritten: $0.maybeWritten) }
        if !overdue.isEmpty { waiting.removeAll(where: isOverdue) }
        for index in inFlight.indices where !inFlight[index].isGivenUp && isOverdue(inFlight[index]) {
            inFlight[index].isGivenUp = true
            overdue.append(Overdue(unit: inFlight[index].unit, maybeWritten: true))
        }
        waiting += overdue.filter(\.maybeWritten).compactMap(\.unit.undoing).map { PendingUnit(unit: $0) }
        return overdue
    }

    /// Whether any wait is left that may have to be ended.
    var isAnybodyWaiting: Bool { !waiting.isEmpty || !inFlight.isEmpty }

    /// Nothing more is taken; what is on its way ends.
    mutating func close() { isClosing = true }

    /// What was never taken to be written, for whoever waits for it to be told.
    mutating func refuseAll() -> [WriteUnit] {
        defer { (waiting, putOff) = ([], []) }
        return (waiting + putOff).map(\.unit)
    }

    // MARK: - From the writer

    func next(now: SteadyInstant) -> Next {
        if isClosing { return .end }
        if !waiting.isEmpty { return .write }
        guard let moment = putOff.compactMap(\.notBefore).min() else { return .wait }
        return moment <= now ? .write : .waitUntil(moment)
    }

    /// Takes what is written next: a unit that was put off and whose time has come, in turn with groups of the others.
    mutating func take(now: SteadyInstant) -> Work {
        let due = putOff.firstIndex { pending in pending.notBefore.map { $0 <= now } ?? true }
        guard let due, !(wasPutOffsTurn && !waiting.isEmpty) else {
            wasPutOffsTurn = false
            // By team, as budgets' rows are locked in that order; a call has one team, so its own units keep their order.
            inFlight = waiting.prefix(Self.groupLimit).enumerated()
                .sorted { ($0.element.unit.teamID, $0.offset) < ($1.element.unit.teamID, $1.offset) }
                .map(\.element)
            waiting.removeFirst(inFlight.count)
            return .group
        }
        wasPutOffsTurn = true
        return .alone(putOff.remove(at: due))
    }

    /// What is still to be written of the group; units whose wait ended are not sent again.
    mutating func remaining() -> [PendingUnit] {
        inFlight.removeAll(where: \.isGivenUp)
        return inFlight
    }

    /// They are committed.
    mutating func committed(_ units: [PendingUnit]) {
        inFlight.removeAll { pending in units.contains { $0.unit === pending.unit } }
    }

    /// The group, or what was left of it, failed.
    mutating func failed(_ error: PostgresError, _ group: [PendingUnit], now: SteadyInstant) -> Reaction {
        let culprit = error.commandIndex.flatMap { Self.owner(of: $0, in: group) }
        let mayRepeat = group.allSatisfy { $0.repeats < Self.repeatLimit }
        switch error.verdict {
        case .reconnect where error.kind != .server:
            for index in inFlight.indices { inFlight[index].maybeWritten = true }
            return .reconnect(.lost)
        case .reconnect: return .reconnect(.readOnly)
        case .resetStatements where mayRepeat:
            countRepeat()
            return .reconnect(.statementsGone)
        case .repeatWork where mayRepeat:
            countRepeat()
            return .runAgain
        case .noPartition:
            guard let culprit, !culprit.madePartitions else { break }
            for index in inFlight.indices where inFlight[index].unit === culprit.unit {
                inFlight[index].madePartitions = true
            }
            return .makePartitions(culprit.unit)
        default: break
        }
        // Where the COMMIT itself failed nobody can be blamed yet.
        guard let blamed = culprit ?? (group.count == 1 ? group.first : nil) else { return .oneByOne }
        return refused(blamed.unit, error, now: now)
    }

    /// A unit of the group failed when it was written by itself.
    mutating func failedAlone(_ error: PostgresError, _ unit: WriteUnit, now: SteadyInstant) -> Reaction {
        guard error.kind == .server else {
            for index in inFlight.indices { inFlight[index].maybeWritten = true }
            return .reconnect(.lost)
        }
        return refused(unit, error, now: now)
    }

    /// Whether a unit of the group is still to be written.
    func isInFlight(_ unit: WriteUnit) -> Bool { inFlight.contains { $0.unit === unit && !$0.isGivenUp } }

    /// A unit that was put off failed again: it waits longer.
    mutating func putOffAgain(_ pending: PendingUnit, now: SteadyInstant) -> PendingUnit {
        var pending = pending
        pending.putOff(now: now)
        putOff.append(pending)
        return pending
    }

    /// Puts back, in front and in order, what could not be written.
    mutating func requeue() {
        waiting.insert(contentsOf: inFlight.filter { !$0.isGivenUp }, at: 0)
        inFlight = []
    }

    // MARK: - Parts

    private mutating func countRepeat() {
        for index in inFlight.indices { inFlight[index].repeats += 1 }
    }

    /// A unit that nobody waits for holds money until it is written: no bad moment of the database may end it. All of the group
    /// that nobody waits for are put off, as each may be stopped by the same.
    private mutating func refused(_ unit: WriteUnit, _ error: PostgresError, now: SteadyInstant) -> Reaction {
        guard case .unavailable = error.ledgerError, unit.deadline == nil else {
            inFlight.removeAll { $0.unit === unit }
            return .refuse(unit)
        }
        for var pending in inFlight where pending.unit.deadline == nil {
            pending.putOff(now: now)
            putOff.append(pending)
        }
        inFlight.removeAll { $0.unit.deadline == nil }
        return .putOff(unit)
    }

    private static func owner(of command: Int, in group: [PendingUnit]) -> PendingUnit? {
        var first = 0
        for pending in group {
            first += pending.unit.commands.count
            if command < first { return pending }
        }
        return nil
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

    init(unit: WriteUnit) { self.unit = unit }

    /// For 50 ms, then twice as long each time, up to five seconds.
    mutating func putOff(now: SteadyInstant) {
        let pause = Duration.milliseconds(50) * (1 << min(putOffs, 7))
        putOffs += 1
        notBefore = now + min(pause, .seconds(5))
    }
}
