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
///
/// All of that is decided by `WriteQueue`; here are the thread, the connection and the answers.
// Unchecked, because queue, isHurried and use are only touched under `condition`; the rest belongs to the thread.
final class Writer: Overdue, @unchecked Sendable {
    /// Held by everything that spends or posts; a change of prices or budgets waits for it and keeps it out. Taken before
    /// anything else, so that nobody waits for it with a row in hand.
    private static let termsLock = SQLCommand("LOCK TABLE terms IN ROW SHARE MODE")
    /// For units that were put off: what stands in their way must not stand in that of all others.
    private static let shortWait = SQLCommand("SET LOCAL lock_timeout = '200ms'")

    private let settings: ConnectionSettings
    private let watch: WriteWatch
    private let log: Log
    private let finished: @Sendable () -> Void

    private let condition = NSCondition()
    private var queue: WriteQueue
    /// A pause before connecting is to end.
    private var isHurried = false
    private var use = ConnectionUse.closed

    init(
        name: String,
        settings: ConnectionSettings,
        capacity: Int,
        watch: WriteWatch,
        log: Log,
        finished: @escaping @Sendable () -> Void
    ) {
        self.settings = settings
        self.watch = watch
        self.log = log
        self.finished = finished
        queue = WriteQueue(capacity: capacity)
        OwnThread.start(name) { [self] in serve() }
    }

    private func locked<Value>(_ body: (inout WriteQueue) -> Value) -> Value {
        condition.lock()
        defer { condition.unlock() }
        return body(&queue)
    }

    // MARK: - From any thread

    /// Takes a unit; answers it at once when the writer is closing, or when the queue is full and somebody waits for it.
    func submit(_ unit: WriteUnit) {
        let refusal = locked { queue in
            let refusal = queue.submit(unit)
            if refusal == nil { condition.signal() }
            return refusal
        }
        if let refusal { unit.ticket?.answer(.failure(refusal)) }
    }

    /// Takes a unit out again whose caller went away. Without effect once it is on its way.
    func withdraw(_ unit: WriteUnit) {
        guard locked({ $0.withdraw(unit) }) else { return }
        unit.ticket?.answer(.failure(.unavailable("the caller went away; nothing was written")))
    }

    func endOverdueWaits(now: SteadyInstant) -> Bool {
        let (overdue, isAnybodyWaiting) = locked { queue in
            let overdue = queue.endOverdue(now: now)
            if overdue.contains(where: \.maybeWritten) { condition.signal() }
            return (overdue, queue.isAnybodyWaiting)
        }
        for wait in overdue {
            let words =
                wait.maybeWritten
                ? "the database did not confirm the write in time"
                : "the database did not accept the write in time; nothing was written"
            wait.unit.ticket?.answer(.failure(.unavailable(words)))
        }
        return isAnybodyWaiting
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
        locked { queue in
            queue.close()
            condition.signal()
        }
    }

    /// What its connection does, and how many units wait for it.
    var standing: (use: ConnectionUse, waiting: Int) {
        condition.lock()
        defer { condition.unlock() }
        return (use, queue.waiting.count + queue.putOff.count)
    }

    private func note(_ use: ConnectionUse) {
        condition.lock()
        self.use = use
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
            note(.busy)
            switch locked({ $0.take(now: .now) }) {
            case .group: writeGroup(on: open)
            case .alone(let pending): write(pending, on: open)
            }
            // Not before a write went through is the connection as good as one that was never lost.
            if !open.isUsable { watch.gate.failed() }
            note(open.isUsable ? .idle : .closed)
        }
        note(.closed)
        for unit in locked({ $0.refuseAll() }) {
            unit.ticket?.answer(.failure(.unavailable("the ledger is closing")))
        }
        finished()
    }

    private func waitForWork() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while true {
            switch queue.next(now: .now) {
            case .write: return true
            case .end: return false
            case .wait: condition.wait()
            case .waitUntil(let moment):
                _ = condition.wait(until: Date(timeIntervalSinceNow: moment.since(.now).secondsAsDouble))
            }
        }
    }

    private func pause(until: SteadyInstant) {
        condition.lock()
        defer { condition.unlock() }
        while !queue.isClosing, !isHurried {
            let left = until.since(.now).secondsAsDouble
            guard left > 0 else { break }
            _ = condition.wait(until: Date(timeIntervalSinceNow: left))
        }
        isHurried = false
    }

    private func writeGroup(on connection: PostgresConnection) {
        while true {
            let group = locked { $0.remaining() }
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
                react(locked { $0.failed(error, group, now: .now) }, to: error, of: group, connection)
            }
        }
        locked { $0.requeue() }
    }

    /// As long as the unit that may wait longest; a unit that nobody waits for gets five seconds.
    private static func limit(of group: [PendingUnit]) -> SteadyInstant {
        let latest = group.map { $0.unit.deadline ?? .now + .seconds(5) }.max()
        return max(latest ?? .now, .now + .milliseconds(100))
    }

    private func deliver(_ group: [PendingUnit], _ results: [SQLResult]) {
        locked { $0.committed(group) }
        var rest = results[...]
        for pending in group {
            let own = Array(rest.prefix(pending.unit.commands.count))
            rest = rest.dropFirst(own.count)
            pending.unit.ticket?.answer(.success(own))
        }
    }

    private func react(
        _ reaction: WriteQueue.Reaction,
        to error: PostgresError,
        of group: [PendingUnit],
        _ connection: PostgresConnection
    ) {
        switch reaction {
        case .reconnect(let cause):
            switch cause {
            case .lost: log.warning("the ledger's writer lost its connection", ["error": error.sentence])
            case .readOnly: log.warning("the database accepts no writes", ["error": error.sentence])
            case .statementsGone: break
            }
            connection.abandon()
        case .runAgain:
            // Apart from the other party of the deadlock. This is the writer's own thread.
            Thread.sleep(forTimeInterval: Double.random(in: 0.001...0.02))
        case .makePartitions(let unit): makePartitions(for: unit, on: connection)
        case .refuse(let unit): refuse(unit, error)
        case .putOff(let unit): log.warning("a write that nobody waits for is tried again", Self.fields(unit, error))
        case .oneByOne: writeOneByOne(group, on: connection)
        }
    }

    private func writeOneByOne(_ group: [PendingUnit], on connection: PostgresConnection) {
        for pending in group where connection.isUsable && locked({ $0.isInFlight(pending.unit) }) {
            do {
                let results = try connection.transaction(
                    pending.unit.commands,
                    opening: Self.termsLock,
                    deadline: Self.limit(of: [pending])
                )
                watch.wrote()
                deliver([pending], results)
            } catch {
                watch.failed(error)
                react(locked { $0.failedAlone(error, pending.unit, now: .now) }, to: error, of: [pending], connection)
            }
        }
    }

    private func makePartitions(for unit: WriteUnit, on connection: PostgresConnection) {
        do {
            try Partitions.create(monthsOf: unit.moments, on: connection)
        } catch {
            log.warning("a partition could not be made", ["error": error.sentence])
        }
    }

    private func refuse(_ unit: WriteUnit, _ error: PostgresError) {
        if case .unavailable = error.ledgerError {
            log.warning("the database did not accept a write", Self.fields(unit, error))
        } else {
            log.error("the database rejected a write", Self.fields(unit, error))
        }
        unit.ticket?.answer(.failure(error.ledgerError))
    }

    private static func fields(_ unit: WriteUnit, _ error: PostgresError) -> KeyValuePairs<String, String> {
        ["call_id": unit.callID.text, "error": error.sentence]
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
            switch error.verdict {
            case .reconnect, .resetStatements: connection.abandon()
            case .repeatWork, .unavailable: break
            case .noPartition where !pending.madePartitions:
                pending.madePartitions = true
                makePartitions(for: pending.unit, on: connection)
            case .noPartition, .conflict, .rejected:
                return log.error("the database rejected a write", Self.fields(pending.unit, error))
            }
            let again = locked { $0.putOffAgain(pending, now: .now) }
            // Each time the number of tries has doubled.
            if again.putOffs.nonzeroBitCount == 1 {
                log.warning("a write that nobody waits for is tried again", Self.fields(pending.unit, error))
            }
        }
    }
}
