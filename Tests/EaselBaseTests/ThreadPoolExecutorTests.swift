import Dispatch
import EaselBase
import Foundation
import Testing

@Suite("ThreadPoolExecutor", .timeLimit(.minutes(5)))
struct ThreadPoolExecutorTests {
    // A pool's threads live as long as the process, so the tests share two.
    private static let single = ThreadPoolExecutor(name: "test-one", threads: 1)
    private static let triple = ThreadPoolExecutor(name: "test-three", threads: 3)

    @Test func `work runs on the threads of the pool and its result comes back`() async {
        var threads: Set<UInt> = []
        for _ in 0..<100 { threads.insert(await Self.triple.run { Self.thread() }) }
        let elsewhere = await Self.outside { Self.thread() }
        #expect((1...3).contains(threads.count))
        #expect(!threads.contains(elsewhere))
        #expect(!threads.contains(await Self.single.run { Self.thread() }))
    }

    @Test func `the threads carry the name of the pool`() async {
        let name = await Self.single.run { Thread.current.name }
        #expect(name == "test-one-0")
    }

    @Test func `a thread has its name before its first work, however busy the machine is`() async {
        await #expect(processExitsWith: .success) {
            for number in 0..<1000 {
                let pool = ThreadPoolExecutor(name: "test-\(number)", threads: 1)
                let name = await pool.run { Thread.current.name }
                precondition(name == "test-\(number)-0", "\(name ?? "none")")
            }
        }
    }

    @Test func `an error keeps its type`() async {
        struct Failure: Error, Equatable { let code: Int }
        do throws(Failure) {
            try await Self.triple.run { () throws(Failure) in throw Failure(code: 7) }
            Issue.record("nothing was thrown")
        } catch {
            #expect(error == Failure(code: 7))
        }
    }

    @MainActor
    @Test func `the caller goes on where it was`() async {
        let onMain = await Self.triple.run { Thread.isMainThread }
        #expect(!onMain)
        MainActor.assertIsolated()
    }

    @Test func `all work is done, each once`() async {
        let sum = Locked(0)
        await withTaskGroup { group in
            for number in 1...5000 {
                group.addTask { await Self.triple.run { sum.withLock { $0 += number } } }
            }
        }
        #expect(sum.withLock(\.self) == 5000 * 5001 / 2)
    }

    @Test func `as many pieces run at once as there are threads, and no more`() async {
        let counts = Locked((now: 0, most: 0))
        let arrived = DispatchSemaphore(value: 0)
        let go = DispatchSemaphore(value: 0)
        await withTaskGroup { group in
            for _ in 0..<12 {
                group.addTask {
                    await Self.triple.run {
                        counts.withLock { counts in
                            counts.now += 1
                            counts.most = max(counts.most, counts.now)
                        }
                        arrived.signal()
                        go.wait()
                        counts.withLock { $0.now -= 1 }
                    }
                }
            }
            group.addTask {
                // Three must be inside together before the first may leave.
                await Self.outside {
                    for _ in 0..<3 { arrived.wait() }
                    for _ in 0..<12 { go.signal() }
                }
            }
        }
        #expect(counts.withLock(\.most) == 3)
    }

    @Test func `one thread works in the order of arrival, through a long queue too`() async {
        let order = Locked<[Int]>([])
        let gate = DispatchSemaphore(value: 0)
        let held = DispatchSemaphore(value: 0)
        let first = Task(executorPreference: Self.single) {
            Self.block(held, gate)
        }
        await Self.outside { held.wait() }
        // More than the executor keeps before it gives memory back.
        let rest = (0..<4000).map { number in
            Task(executorPreference: Self.single) { order.withLock { $0.append(number) } }
        }
        gate.signal()
        await first.value
        for task in rest { await task.value }
        #expect(order.withLock(\.self) == Array(0..<4000))
    }

    @Test func `a task that prefers the pool returns to it after a wait`() async {
        let home = await Self.single.run { Self.thread() }
        let threads = await withTaskExecutorPreference(Self.single) { @concurrent in
            let before = Self.thread()
            try? await Task.sleep(for: .milliseconds(5))
            return [before, Self.thread()]
        }
        #expect(threads == [home, home])
    }

    @Test func `the shared pool works`() async {
        #expect(await ThreadPoolExecutor.shared.run { 6 * 7 } == 42)
    }

    @Test func `a pool that is let go at once does no harm`() async {
        await #expect(processExitsWith: .success) {
            for _ in 0..<50 { _ = ThreadPoolExecutor(name: "brief", threads: 2) }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Runs blocking work on a thread that belongs to neither the pool nor the cooperative threads.
    private static func outside<Result: Sendable>(_ body: @Sendable @escaping () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: body()) }.start()
        }
    }

    private static func block(_ held: DispatchSemaphore, _ gate: DispatchSemaphore) {
        held.signal()
        gate.wait()
    }

    private static func thread() -> UInt { UInt(pthread_self()) }
}

@Suite("Locked")
struct LockedTests {
    @Test func `changes of many threads are all kept`() {
        let counter = Locked(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<2000 { counter.withLock { $0 += 1 } }
        }
        #expect(counter.withLock(\.self) == 16_000)
    }

    @Test func `an error passes through with its type, and the lock is free afterwards`() {
        struct Failure: Error {}
        let value = Locked(1)
        #expect(throws: Failure.self) {
            try value.withLock { (state) throws(Failure) in
                state = 2
                throw Failure()
            }
        }
        #expect(value.withLock(\.self) == 2)
    }
}
