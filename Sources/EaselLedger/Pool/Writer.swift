import EaselBase
import EaselCore
import Foundation

/// One connection with a thread of its own that writes units in groups: whatever waits when it is free, up to 64 units,
/// goes out as one transaction in one round trip, so that calls that come together share a commit.
///
/// A unit that the database refuses is taken out and the others are run again, so that one bad row harms nobody else. A
/// unit whose commit was not confirmed is run again on a new connection (every write is idempotent, L1) until its wait
/// ends. When the wait for an admission ends, it is either certain that nothing was written, or the unit that takes it
/// back is queued behind it and written as soon as the database is there. It holds money until then, so no bad moment of
/// the database may end it: it is put off, and tried again by itself.
// Unchecked, because queue, inFlight, putOff and isStopping are only touched under `condition`; the rest belongs to the
// thread.
final class Writer: Overdue, @unchecked Sendable {
    /// Units in one transaction.
    static let groupLimit = 64
    private static let repeatLimit = 5
    /// Held by everything that spends or posts; a change of prices or budgets waits for it and keeps it out. Taken before
    /// anything else, so that nobody waits for it with a row in hand.
    private static let termsLock = SQLCommand("LOCK TABLE terms IN ROW SHARE MODE")
    /// For units that were put off: what stands in their way must not stand in that of all others.
    private static let shortWait = SQLCommand("SET LOCAL lock_timeout = '200ms'")

    private let settings: ConnectionSettings
    private let capacity: Int
    private let watch: WriteWatch
    private let log: Log
    private let finished: @Sendable () -> Void

    private let condition = NSCondition()
    private var queue: [PendingUnit] = []
    private var inFlight: [PendingUnit] = []
    private var putOff: [PendingUnit] = []
    private var isStopping = false
    /// A pause before connecting is to end.
    private var isHurried = false
    /// The last turn was that of a unit that was put off; the next one is the others'.
    private var wasPutOffsTurn = false

    init(
        name: String,
        settings: ConnectionSettings,
        capacity: Int,
        watch: WriteWatch,
        log: Log,
        finished: @escaping @Sendable () -> Void
    ) {
        self.settings = settings
        self.capacity = capacity
        self.watch = watch
        self.log = log
        self.finished = finished
        OwnThread.start(name) { [self] in serve() }
    }

    // MARK: - From any thread

    /// Takes a unit; answers it at once when the writer is closing, or when the queue is full and somebody waits for it.
    func submit(_ unit: WriteUnit) {
        condition.lock()
        let refusal: LedgerError? =
            isStopping
            ? .unavailable("the ledger is closing")
            : queue.count >= capacity && unit.deadline != nil
                ? .unavailable("too many writes wait for the database") : nil
        if refusal == nil {
            queue.append(PendingUnit(unit: unit))
            condition.signal()
        }
        condition.unlock()
        if let refusal { unit.ticket?.answer(.failure(refusal)) }
    }

    /// Takes a unit out again whose caller went away. Without effect once it is on its way.
    func withdraw(_ unit: WriteUnit) {
        condition.lock()
        let index = queue.firstIndex { $0.unit === unit && !$0.maybeWritten }
        if let index { queue.remove(at: index) }
        condition.unlock()
        if index != nil { unit.ticket?.answer(.failure(.unavailable("the caller went away; nothing was written"))) }
    }

    func endOverdueWaits(now: SteadyInstant) -> Bool {
        var overdue: [PendingUnit] = []
        condition.lock()
        func isOverdue(_ pending: PendingUnit) -> Bool { pending.unit.deadline.map { $0 <= now } ?? false }
        overdue = queue.filter(isOverdue)
        if !overdue.isEmpty { queue.removeAll(where: isOverdue) }
        for index in inFlight.indices where !inFlight[index].isGivenUp && isOverdue(inFlight[index]) {
            inFlight[index].isGivenUp = true
            inFlight[index].maybeWritten = true
            overdue.append(inFlight[index])
        }
        var answered: [PendingUnit] = []
        for pending in overdue {
            let error = LedgerError.unavailable(
                pending.maybeWritten
                    ? "the database did not confirm the write in time"
                    : "the database did not take the write in time; nothing was written"
            )
            guard pending.unit.ticket?.answer(.failure(error)) ?? false else { continue }
            answered.append(pending)
        }
        // Under the same lock as the answer, so that nothing of the same call can slip in between.
        for pending in answered where pending.maybeWritten {
            if let undoing = pending.unit.undoing { queue.append(PendingUnit(unit: undoing)) }
        }
        if !answered.isEmpty { condition.signal() }
        let waiting = !queue.isEmpty || !inFlight.isEmpty
        condition.unlock()
        return waiting
    }

    /// Ends a pause: the database is said to take writes again.
    func hurry() {
        condition.lock()
        isHurried = true
        condition.signal()
        condition.unlock()
    }

    /// Lets the units that are on their way end, refuses the others, and ends the thread.
    func stop() {
        condition.lock()
        isStopping = true
        condition.signal()
        condition.unlock()
    }

    // MARK: - On the writer's thread

    private func serve() {
        var connection: PostgresConnection?
        while waitForWork() {
            if connection?.isUsable != true {
                connection = nil
                if let until = watch.gate.turn() {
                    pause(until: until)
                    continue
                }
                do {
                    connection = try PostgresConnection(settings)
                } catch {
                    log.warning("the ledger's writer cannot connect", ["error": error.sentence])
                    watch.failed(error)
                    watch.gate.failed()
                    continue
                }
            }
            guard let open = connection else { continue }
            if let pending = takePutOff() {
                write(pending, on: open)
            } else {
                takeGroup()
                write(on: open)
            }
            // Not before a write went through is the connection as good as one that was never lost.
            if !open.isUsable { watch.gate.failed() }
        }
        refuseAll()
        finished()
    }

    private func waitForWork() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while queue.isEmpty, !isStopping {
            guard let next = putOff.compactMap(\.notBefore).min() else {
                condition.wait()
                continue
            }
            let left = next.since(.now).secondsAsDouble
            if left <= 0 { break }
            _ = condition.wait(until: Date(timeIntervalSinceNow: left))
        }
        return !isStopping
    }

    private func pause(until: SteadyInstant) {
        condition.lock()
        defer { condition.unlock() }
        while !isStopping, !isHurried {
            let left = until.since(.now).secondsAsDouble
            guard left > 0 else { break }
            _ = condition.wait(until: Date(timeIntervalSinceNow: left))
        }
        isHurried = false
    }

    /// A unit that was put off and whose time has come; in turn with the groups.
    private func takePutOff() -> PendingUnit? {
        condition.lock()
        defer { condition.unlock() }
        if wasPutOffsTurn, !queue.isEmpty {
            wasPutOffsTurn = false
            return nil
        }
        let now = SteadyInstant.now
        let index = putOff.firstIndex { pending in pending.notBefore.map { $0 <= now } ?? true }
        wasPutOffsTurn = index != nil
        return index.map { putOff.remove(at: $0) }
    }

    private func takeGroup() {
        condition.lock()
        // By team, as budgets' rows are locked in that order; a call has one team, so its own units keep their order.
        inFlight = queue.prefix(Self.groupLimit).enumerated()
            .sorted { ($0.element.unit.teamID, $0.offset) < ($1.element.unit.teamID, $1.offset) }
            .map(\.element)
        queue.removeFirst(inFlight.count)
        condition.unlock()
    }

    /// What is still to be written of the group; units whose wait ended before they went out are dropped.
    private func remaining() -> [PendingUnit] {
        condition.lock()
        defer { condition.unlock() }
        inFlight.removeAll(where: \.isGivenUp)
        return inFlight
    }

    private func refuseAll() {
        condition.lock()
        let left = queue + putOff
        queue = []
        putOff = []
        condition.unlock()
        for pending in left { pending.unit.ticket?.answer(.failure(.unavailable("the ledger is closing"))) }
    }

    private func write(on connection: PostgresConnection) {
        while true {
            let group = remaining()
            guard !group.isEmpty, connection.isUsable else { break }
            do {
                let results = try connection.transaction(
                    group.flatMap(\.unit.commands),
                    opening: Self.termsLock,
                    deadline: Self.limit(of: group)
                )
                watch.wrote()
                deliver(group, results)
            } catch {
                watch.failed(error)
                handle(error, group, connection)
            }
        }
        requeue()
    }

    /// As long as the unit that may wait longest; a unit that nobody waits for gets five seconds.
    private static func limit(of group: [PendingUnit]) -> SteadyInstant {
        let latest = group.map { $0.unit.deadline ?? .now + .seconds(5) }.max()
        return max(latest ?? .now, .now + .milliseconds(100))
    }

    private func deliver(_ group: [PendingUnit], _ results: [SQLResult]) {
        var rest = results[...]
        for pending in group {
            let own = Array(rest.prefix(pending.unit.commands.count))
            rest = rest.dropFirst(own.count)
            end(pending.unit, .success(own))
        }
    }

    private func handle(_ error: PostgresError, _ group: [PendingUnit], _ connection: PostgresConnection) {
        let culprit = error.commandIndex.flatMap { Self.owner(of: $0, in: group) }
        switch error.verdict {
        case .reconnect where error.kind != .server:
            log.warning("the ledger's writer lost its connection", ["error": error.sentence])
            markMaybeWritten()
            connection.abandon()
        case .reconnect:
            log.warning("the database takes no writes", ["error": error.sentence])
            connection.abandon()
        case .resetStatements where group.allSatisfy({ $0.repeats < Self.repeatLimit }):
            countRepeat()
            connection.abandon()
        case .repeatWork where group.allSatisfy({ $0.repeats < Self.repeatLimit }):
            countRepeat()
            // Apart from the other party of the deadlock. This is the writer's own thread.
            Thread.sleep(forTimeInterval: Double.random(in: 0.001...0.02))
        case .noPartition where culprit.map { !$0.madePartitions } ?? false:
            guard let culprit else { return }
            makePartitions(for: culprit.unit, on: connection)
        default:
            if let culprit {
                refuse(culprit.unit, error)
            } else if group.count == 1, let only = group.first {
                refuse(only.unit, error)
            } else {
                // The COMMIT itself failed, so nobody can be blamed yet: each on its own.
                writeOneByOne(group, on: connection)
            }
        }
    }

    private func writeOneByOne(_ group: [PendingUnit], on connection: PostgresConnection) {
        for pending in group where connection.isUsable {
            do {
                let results = try connection.transaction(
                    pending.unit.commands,
                    opening: Self.termsLock,
                    deadline: Self.limit(of: [pending])
                )
                watch.wrote()
                end(pending.unit, .success(results))
            } catch {
                watch.failed(error)
                if error.kind == .server {
                    refuse(pending.unit, error)
                } else {
                    markMaybeWritten()
                    connection.abandon()
                }
            }
        }
    }

    private static func owner(of command: Int, in group: [PendingUnit]) -> PendingUnit? {
        var first = 0
        for pending in group {
            first += pending.unit.commands.count
            if command < first { return pending }
        }
        return nil
    }

    private func makePartitions(for unit: WriteUnit, on connection: PostgresConnection) {
        condition.lock()
        for index in inFlight.indices where inFlight[index].unit === unit { inFlight[index].madePartitions = true }
        condition.unlock()
        do {
            try Partitions.create(monthsOf: unit.moments, on: connection)
        } catch {
            log.warning("a partition could not be made", ["error": error.sentence])
        }
    }

    private func refuse(_ unit: WriteUnit, _ error: PostgresError) {
        let fields: KeyValuePairs = ["call_id": unit.callID.text, "error": error.sentence]
        guard case .unavailable = error.ledgerError else {
            log.error("the database refused a write", fields)
            return end(unit, .failure(error.ledgerError))
        }
        if unit.deadline == nil {
            log.warning("a write that nobody waits for is tried again", fields)
            putOffInFlight()
        } else {
            log.warning("the database did not take a write", fields)
            end(unit, .failure(error.ledgerError))
        }
    }

    // MARK: - What was put off

    /// Takes all units that nobody waits for out of the group: each may be stopped by the same.
    private func putOffInFlight() {
        condition.lock()
        defer { condition.unlock() }
        for var pending in inFlight where pending.unit.deadline == nil {
            pending.putOff()
            putOff.append(pending)
        }
        inFlight.removeAll { $0.unit.deadline == nil }
    }

    /// Tries a unit that was put off by itself.
    private func write(_ pending: PendingUnit, on connection: PostgresConnection) {
        var pending = pending
        do {
            _ = try connection.transaction(
                [Self.shortWait] + pending.unit.commands,
                opening: Self.termsLock,
                deadline: .now + .seconds(5)
            )
            watch.wrote()
        } catch {
            watch.failed(error)
            let fields: KeyValuePairs = ["call_id": pending.unit.callID.text, "error": error.sentence]
            switch error.verdict {
            case .reconnect, .resetStatements: connection.abandon()
            case .repeatWork, .unavailable: break
            case .noPartition where !pending.madePartitions:
                pending.madePartitions = true
                makePartitions(for: pending.unit, on: connection)
            case .noPartition, .conflict, .rejected: return log.error("the database refused a write", fields)
            }
            pending.putOff()
            // Each time the number of tries has doubled.
            if pending.putOffs.nonzeroBitCount == 1 {
                log.warning("a write that nobody waits for is tried again", fields)
            }
            condition.lock()
            putOff.append(pending)
            condition.unlock()
        }
    }

    private func end(_ unit: WriteUnit, _ result: Result<[SQLResult], LedgerError>) {
        unit.ticket?.answer(result)
        condition.lock()
        inFlight.removeAll { $0.unit === unit }
        condition.unlock()
    }

    private func markMaybeWritten() {
        condition.lock()
        for index in inFlight.indices { inFlight[index].maybeWritten = true }
        condition.unlock()
    }

    private func countRepeat() {
        condition.lock()
        for index in inFlight.indices { inFlight[index].repeats += 1 }
        condition.unlock()
    }

    /// Puts back, in front and in order, what could not be written.
    private func requeue() {
        condition.lock()
        queue.insert(contentsOf: inFlight.filter { !$0.isGivenUp }, at: 0)
        inFlight = []
        condition.unlock()
    }
}
