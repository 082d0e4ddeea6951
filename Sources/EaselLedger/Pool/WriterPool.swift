import EaselBase
import EaselCore
import Foundation

/// The writers. A call's units go to the same writer, so they keep their order.
final class WriterPool: Sendable {
    private let writers: [Writer]
    private let clock: DeadlineClock
    private let watch: WriteWatch
    private let ends: AsyncStream<Void>

    init(settings: ConnectionSettings, count: Int, capacity: Int, watch: WriteWatch, log: Log) {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let clock = DeadlineClock(name: "easel-writers")
        let writers = (0..<max(1, count)).map { index in
            Writer(
                name: "easel-writer-\(index)",
                settings: settings,
                capacity: max(1, capacity / max(1, count)),
                watch: watch,
                log: log.with("writer", String(index)),
                finished: { end.yield() }
            )
        }
        for writer in writers { clock.watch(writer) }
        watch.tell { for writer in writers { writer.hurry() } }
        self.writers = writers
        self.clock = clock
        self.watch = watch
        self.ends = ends
    }

    /// Writes the statements in one transaction, at most `limit` from now. A caller that is cancelled before the unit
    /// went out takes it back where `isWithdrawable`.
    func write(
        callID: UUID,
        teamID: Int64,
        commands: [SQLCommand],
        moments: [Timestamp],
        limit: Duration,
        undo: (@Sendable () -> [SQLCommand])? = nil,
        isWithdrawable: Bool = false
    ) async throws(LedgerError) -> [SQLResult] {
        let writer = writers[Int(callID.uuid.15) % writers.count]
        let submitted = Locked<Submission>(.none)
        let result: Result<[SQLResult], LedgerError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let unit = WriteUnit(
                    callID: callID,
                    teamID: teamID,
                    commands: commands,
                    moments: moments,
                    deadline: .now + limit,
                    undo: undo,
                    ticket: Ticket(continuation)
                )
                let isCancelled = submitted.withLock { state in
                    if case .cancelled = state { return true }
                    state = .unit(unit)
                    return false
                }
                if isCancelled {
                    unit.ticket?.answer(.failure(.unavailable("the caller went away; nothing was written")))
                } else {
                    writer.submit(unit)
                    clock.wake()
                }
            }
        } onCancel: {
            guard isWithdrawable else { return }
            let unit: WriteUnit? = submitted.withLock { state in
                if case .unit(let unit) = state { return unit }
                state = .cancelled
                return nil
            }
            if let unit { writer.withdraw(unit) }
        }
        return try result.get()
    }

    /// Writes statements that nobody waits for, as soon as the database takes them.
    func submit(callID: UUID, teamID: Int64, commands: [SQLCommand], moments: [Timestamp]) {
        writers[Int(callID.uuid.15) % writers.count].submit(
            WriteUnit(
                callID: callID,
                teamID: teamID,
                commands: commands,
                moments: moments,
                deadline: nil,
                ticket: nil
            )
        )
    }

    var standing: PoolStanding {
        let all = writers.map(\.standing)
        return PoolStanding(name: "writers", all.map(\.use), waiting: all.reduce(0) { $0 + $1.waiting })
    }

    /// There is a sign that the database takes writes again: whoever waits to connect does so now.
    func hurry() {
        if watch.gate.hurry() { for writer in writers { writer.hurry() } }
    }

    /// Ends the writers after what is on its way.
    func close() async {
        // Whoever was to be told holds the writers, which hold the watch.
        watch.tell(nil)
        for writer in writers { writer.stop() }
        var left = writers.count
        for await _ in ends {
            left -= 1
            if left == 0 { break }
        }
        clock.stop()
    }

    private enum Submission {
        case none
        case unit(WriteUnit)
        case cancelled
    }
}
