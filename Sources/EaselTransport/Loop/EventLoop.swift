package import CUV
import EaselBase
import Foundation
import Synchronization

/// One thread that runs a libuv loop: sockets, timers, and the Swift tasks that prefer it.
///
/// A task that runs here owns the thread until it suspends: no blocking calls, no long computation.
// Unchecked: what is mutable is either behind `mailbox` or only touched on the loop's own thread (marked so).
package final class EventLoop: TaskExecutor, @unchecked Sendable {
    private enum Item {
        case job(UnownedJob)
        case body(@Sendable () -> Void)
    }

    private struct Mailbox {
        var items: [Item] = []
        var phase = Phase.running
    }

    private enum Phase {
        case running
        /// Waits are being ended; tasks still run here, but nothing new may begin to wait.
        case stopping
        case stopped
    }

    /// The thread's name.
    package let name: String
    let index: Int

    private let mailbox = Locked(Mailbox())
    private let wakeUp = UnsafeMutablePointer<uv_async_t>.allocate(capacity: 1)
    private let beforePoll = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    private let afterPoll = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)
    private let finished = DispatchSemaphore(value: 0)
    private let joined = Locked(false)

    /// The libuv loop. Loop thread only.
    package let raw = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    /// Where every socket of this loop is read to, so that waiting connections need no buffer. Loop thread only.
    package let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    /// What must be ended before the loop can stop. Loop thread only.
    private var stopActions: [ObjectIdentifier: () -> Void] = [:]
    /// The batch that is being run; kept to reuse its storage. Loop thread only.
    private var batch: [Item] = []
    private var httpDate = HTTPDate()

    private let log: Log
    private let stallRecord = Locked(LoopStalls())
    private let turns = Atomic<Int>(0)
    /// When the present turn began, and how long the loop had waited in all by then; nanoseconds. Loop thread only.
    private var turnBeganAt: UInt64 = 0
    private var idleBefore: UInt64 = 0
    /// A stall was logged at that time. Loop thread only.
    private var stallLoggedAt: UInt64 = 0

    init(name: String, index: Int, log: Log = .silent) {
        self.name = name
        self.index = index
        self.log = log
        uv_loop_init(raw)
        _ = cuv_measure_idle_time(raw)
        raw.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        // Unretained contexts: the thread holds the loop until these handles are closed.
        let context = Unmanaged.passUnretained(self).toOpaque()
        uv_async_init(raw, wakeUp, nil)
        uv_prepare_init(raw, beforePoll)
        uv_check_init(raw, afterPoll)
        beforePoll.pointee.data = context
        afterPoll.pointee.data = context
        uv_prepare_start(beforePoll) { handle in
            guard let data = handle?.pointee.data else { return }
            let loop = Unmanaged<EventLoop>.fromOpaque(data).takeUnretainedValue()
            loop.turnEnded()
            loop.runMailbox()
        }
        uv_check_start(afterPoll) { handle in
            guard let data = handle?.pointee.data else { return }
            Unmanaged<EventLoop>.fromOpaque(data).takeUnretainedValue().runMailbox()
        }
    }

    deinit {
        wakeUp.deallocate()
        beforePoll.deallocate()
        afterPoll.deallocate()
        raw.deallocate()
        readBuffer.deallocate()
    }

    // MARK: Work for the loop

    /// The loop whose thread this is.
    package static var current: EventLoop? {
        guard let pointer = pthread_getspecific(threadKey) else { return nil }
        return Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Whether the caller is on this loop's thread.
    package var isCurrent: Bool {
        pthread_getspecific(Self.threadKey) == Unmanaged.passUnretained(self).toOpaque()
    }

    /// Runs `body` on the loop, after what was submitted before. After a shutdown it is dropped.
    package func submit(_ body: @escaping @Sendable () -> Void) {
        _ = trySubmit(body)
    }

    /// Like `submit`; false when the loop has stopped and `body` will never run.
    package func trySubmit(_ body: @escaping @Sendable () -> Void) -> Bool {
        post(.body(body))
    }

    /// Takes a job of a task that prefers this loop.
    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        if !post(.job(unowned)) {
            // A task must run somewhere to come to its end.
            ThreadPoolExecutor.shared.enqueue(ExecutorJob(unowned))
        }
    }

    private func post(_ item: Item) -> Bool {
        let onLoop = isCurrent
        return mailbox.withLock { mailbox in
            if mailbox.phase == .stopped { return false }
            let wasEmpty = mailbox.items.isEmpty
            mailbox.items.append(item)
            // On the loop no wake-up is needed: the mailbox is looked at before every poll. Under the lock, because
            // after `stopped` the handle is closed.
            if wasEmpty, !onLoop { uv_async_send(wakeUp) }
            return true
        }
    }

    /// Runs what lies in the mailbox. A few rounds, then sockets and timers have their turn.
    private func runMailbox() {
        for _ in 0..<8 {
            mailbox.withLock { swap(&$0.items, &batch) }
            if batch.isEmpty { return }
            for item in batch {
                switch item {
                case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
                case .body(let body): body()
                }
            }
            batch.removeAll(keepingCapacity: batch.capacity <= 4096)
        }
        // The rest waits for the next turn, which must not sleep in the poll.
        if mailbox.withLock({ !$0.items.isEmpty }) { uv_async_send(wakeUp) }
    }

    // MARK: Time

    /// Sleeps on a timer of this loop. Throws `CancellationError` when the task is cancelled or the loop stops.
    package func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        let sleeper = Sleeper(loop: self)
        let slept = await withTaskCancellationHandler {
            await withUnsafeContinuation { sleeper.begin($0, milliseconds: duration.timerMilliseconds) }
        } onCancel: {
            submit { sleeper.end(slept: false) }
        }
        if !slept { throw CancellationError() }
    }

    /// The loop's time in milliseconds, as of the beginning of this turn. Loop thread only.
    package var now: UInt64 { uv_now(raw) }

    /// The loop's time in milliseconds, brought up to date. Loop thread only.
    package func updatedNow() -> UInt64 {
        uv_update_time(raw)
        return uv_now(raw)
    }

    /// The value of a `Date` field, made once a second. Loop thread only.
    package func dateText() -> [UInt8] {
        httpDate.text()
    }

    // MARK: Standing still

    /// How often and for how long it stood still since the start.
    package var stalls: LoopStalls { stallRecord.withLock(\.self) }

    /// What changes as long as a loop does anything, waiting included.
    struct LifeSign: Equatable {
        let turns: Int
        let idle: UInt64
    }

    /// From any thread, until the loop is told to stop.
    func lifeSign() -> LifeSign {
        LifeSign(turns: turns.load(ordering: .relaxed), idle: uv_metrics_idle_time(raw))
    }

    /// A turn is over: how long it took without the waiting.
    private func turnEnded() {
        turns.add(1, ordering: .relaxed)
        let now = uv_hrtime()
        let idle = uv_metrics_idle_time(raw)
        let began = turnBeganAt
        let waited = idle - idleBefore
        turnBeganAt = now
        idleBefore = idle
        guard began > 0, now - began > waited else { return }
        let busy = Duration.nanoseconds(Int64(clamping: now - began - waited))
        // Without the lock for the many turns that are short.
        guard busy > LoopStalls.threshold, stallRecord.withLock({ $0.turnTook(busy) }) else { return }
        // A loop that does nothing but stand still would fill the log.
        guard stallLoggedAt == 0 || now - stallLoggedAt > 1_000_000_000 else { return }
        stallLoggedAt = now
        let count = stallRecord.withLock(\.count)
        log.warning(
            "an event loop stood still",
            ["loop": name, "ms": String(busy.milliseconds), "stalls": String(count)]
        )
    }

    // MARK: Life

    func start() {
        let thread = Thread { [self] in run() }
        thread.name = name
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Registers what ends `owner` when the loop stops; false when it is stopping already. Loop thread only.
    package func onStop(_ owner: AnyObject, _ action: @escaping () -> Void) -> Bool {
        guard mailbox.withLock({ $0.phase == .running }) else { return false }
        stopActions[ObjectIdentifier(owner)] = action
        return true
    }

    /// Takes back `onStop`. Loop thread only.
    package func forgetStop(_ owner: AnyObject) {
        stopActions[ObjectIdentifier(owner)] = nil
    }

    func requestStop() {
        submit { [self] in stop() }
    }

    /// Waits for the thread's end.
    func join() {
        precondition(!isCurrent, "an event loop cannot wait for itself")
        joined.withLock { joined in
            guard !joined else { return }
            finished.wait()
            joined = true
        }
    }

    private func stop() {
        let first = mailbox.withLock { mailbox -> Bool in
            guard mailbox.phase == .running else { return false }
            mailbox.phase = .stopping
            return true
        }
        guard first else { return }
        let actions = stopActions
        stopActions.removeAll()
        for action in actions.values { action() }
        // From here the loop ends as soon as no other handle is left; these three do not keep it alive.
        uv_unref(UnsafeMutableRawPointer(wakeUp).assumingMemoryBound(to: uv_handle_t.self))
    }

    private func run() {
        pthread_setspecific(Self.threadKey, Unmanaged.passUnretained(self).toOpaque())
        uv_unref(UnsafeMutableRawPointer(beforePoll).assumingMemoryBound(to: uv_handle_t.self))
        uv_unref(UnsafeMutableRawPointer(afterPoll).assumingMemoryBound(to: uv_handle_t.self))
        repeat {
            uv_run(raw, UV_RUN_DEFAULT)
            runMailbox()
            let done = mailbox.withLock { mailbox -> Bool in
                guard mailbox.items.isEmpty, uv_loop_alive(raw) == 0 else { return false }
                mailbox.phase = .stopped
                return true
            }
            if done { break }
        } while true
        for handle in [UnsafeMutableRawPointer(wakeUp), .init(beforePoll), .init(afterPoll)] {
            uv_close(handle.assumingMemoryBound(to: uv_handle_t.self), nil)
        }
        uv_run(raw, UV_RUN_DEFAULT)
        let code = uv_loop_close(raw)
        assert(code == 0, "a handle outlived its event loop")
        pthread_setspecific(Self.threadKey, nil)
        finished.signal()
    }

    private static let threadKey: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()
}
