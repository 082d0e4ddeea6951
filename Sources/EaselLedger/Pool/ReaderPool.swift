import EaselBase
import EaselCore
import Foundation

/// A few connections, each with its thread, for queries and rare writes.
// Unchecked, because queue, running and isStopping are only touched under `condition`.
final class ReaderPool: Overdue, @unchecked Sendable {
    private final class Job: Sendable {
        let deadline: SteadyInstant
        let run: @Sendable (ReaderSession) -> Void
        let fail: @Sendable (LedgerError) -> Void

        init(
            deadline: SteadyInstant,
            run: @escaping @Sendable (ReaderSession) -> Void,
            fail: @escaping @Sendable (LedgerError) -> Void
        ) {
            self.deadline = deadline
            self.run = run
            self.fail = fail
        }
    }

    private static let capacity = 2_000

    private let settings: ConnectionSettings
    private let log: Log
    private let clock: DeadlineClock
    private let gate = RetryGate(RetryPacing(longest: .seconds(1)))
    private let count: Int
    private let ends: AsyncStream<Void>
    private let condition = NSCondition()
    private var queue: [Job] = []
    private var running: [Job] = []
    private var isStopping = false
    /// By thread: what it is doing.
    private var sessions: [ConnectionUse]
    private let name: String

    /// `name`: of the threads.
    init(name: String, settings: ConnectionSettings, count: Int, log: Log) {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        clock = DeadlineClock(name: "easel-\(name)")
        self.settings = settings
        self.count = max(1, count)
        self.name = name
        self.log = log
        sessions = [ConnectionUse](repeating: .closed, count: max(1, count))
        self.ends = ends
        clock.watch(self)
        for index in 0..<self.count {
            OwnThread.start("easel-\(name)-\(index)") { [self] in
                serve(index)
                end.yield()
            }
        }
    }

    /// Runs `body` on a reader's thread, at most `limit` from now. A connection that turns out to be dead is replaced;
    /// then `body` is run once more, unless `isRepeatable` is false and it had begun.
    func read<Value: Sendable>(
        limit: Duration,
        isRepeatable: Bool = true,
        _ body: @escaping @Sendable (PostgresConnection, SteadyInstant) throws(PostgresError) -> Value
    ) async throws(LedgerError) -> Value {
        let deadline = SteadyInstant.now + limit
        let result: Result<Value, LedgerError> = await withCheckedContinuation { continuation in
            let ticket = Ticket<Value>(continuation)
            submit(
                Job(
                    deadline: deadline,
                    run: { session in
                        do throws(PostgresError) {
                            ticket.answer(.success(try session.run(deadline, isRepeatable, body)))
                        } catch {
                            session.report(error)
                            ticket.answer(.failure(error.ledgerError))
                        }
                    },
                    fail: { ticket.answer(.failure($0)) }
                )
            )
        }
        return try result.get()
    }

    func close() async {
        stop()
        var left = count
        for await _ in ends {
            left -= 1
            if left == 0 { break }
        }
        clock.stop()
    }

    private func stop() {
        condition.lock()
        isStopping = true
        condition.broadcast()
        condition.unlock()
    }

    private func submit(_ job: Job) {
        condition.lock()
        let refusal: LedgerError? =
            isStopping
            ? .unavailable("the ledger is closing")
            : queue.count >= Self.capacity ? .unavailable("too many reads are waiting for the database") : nil
        if refusal == nil {
            queue.append(job)
            condition.signal()
        }
        condition.unlock()
        if let refusal { job.fail(refusal) } else { clock.wake() }
    }

    func endOverdueWaits(now: SteadyInstant) -> Bool {
        condition.lock()
        let overdue = (queue + running).filter { $0.deadline <= now }
        queue.removeAll { $0.deadline <= now }
        running.removeAll { $0.deadline <= now }
        let waiting = !queue.isEmpty || !running.isEmpty
        condition.unlock()
        for job in overdue { job.fail(.unavailable("the database did not answer in time")) }
        return waiting
    }

    var standing: PoolStanding {
        condition.lock()
        defer { condition.unlock() }
        return PoolStanding(name: "\(name)s", sessions, waiting: queue.count)
    }

    private func serve(_ index: Int) {
        let session = ReaderSession(settings: settings, gate: gate, log: log)
        while true {
            condition.lock()
            while queue.isEmpty, !isStopping { condition.wait() }
            if isStopping {
                let left = queue
                queue = []
                condition.unlock()
                for job in left { job.fail(.unavailable("the ledger is closing")) }
                return
            }
            let job = queue.removeFirst()
            running.append(job)
            sessions[index] = .busy
            condition.unlock()
            job.run(session)
            condition.lock()
            sessions[index] = session.isOpen ? .idle : .closed
            running.removeAll { $0 === job }
            condition.unlock()
        }
    }
}

/// A reader's connection, opened when it is needed. Belongs to the reader's thread.
///
/// Where none can be opened the next tries of all who share the gate are paced. A server that refuses a write because it
/// is read-only may have a primary beside it, which another connection finds; that is tried after pauses too, for the
/// connection itself is well.
final class ReaderSession {
    private let settings: ConnectionSettings
    private let gate: RetryGate
    private let log: Log
    private var connection: PostgresConnection?
    private var primary = RetryPacing(first: .seconds(1), longest: .seconds(60))

    init(settings: ConnectionSettings, gate: RetryGate, log: Log) {
        self.settings = settings
        self.gate = gate
        self.log = log
    }

    var isOpen: Bool { connection?.isUsable == true }

    func run<Value>(
        _ deadline: SteadyInstant,
        _ isRepeatable: Bool,
        _ body: (PostgresConnection, SteadyInstant) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let isFresh = connection?.isUsable != true
        do throws(PostgresError) {
            return try body(try open(deadline), deadline)
        } catch  where error.isReadOnly {
            let now = SteadyInstant.now
            if !primary.isFailing { primary.failed(at: now, chance: 1) }
            guard primary.turn(at: now, chance: .random(in: 0...1)) == nil else { throw error }
            connection = nil
            throw error
        } catch  where error.verdict == .reconnect || error.verdict == .resetStatements {
            connection = nil
            // A connection that was just opened and failed will hardly be better the second time.
            guard isRepeatable, !isFresh, SteadyInstant.now < deadline else { throw error }
            return try body(try open(deadline), deadline)
        } catch {
            throw error
        }
    }

    func report(_ error: PostgresError) {
        log.warning("a read from the database failed", ["error": error.sentence])
    }

    private func open(_ deadline: SteadyInstant) throws(PostgresError) -> PostgresConnection {
        if let connection, connection.isUsable { return connection }
        while let until = gate.turn() {
            let now = SteadyInstant.now
            guard until < deadline else {
                throw PostgresError(.connectFailed, message: "the last tries to connect failed")
            }
            // The reader's own thread.
            Thread.sleep(forTimeInterval: max(0, until.since(now).secondsAsDouble))
        }
        do throws(PostgresError) {
            let fresh = try PostgresConnection(settings)
            connection = fresh
            gate.succeeded()
            return fresh
        } catch {
            gate.failed()
            throw error
        }
    }
}
