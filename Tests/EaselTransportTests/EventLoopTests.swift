import EaselBase
import EaselTransport
import Foundation
import Testing
import TestTools

struct EventLoopTests {
    private func withGroup(_ count: Int = 1, _ body: (EventLoopGroup) async throws -> Void) async rethrows {
        let group = EventLoopGroup(name: "test", count: count)
        try await body(group)
        group.shutdown()
    }

    @Test func `submitted work runs on the loop and in order`() async {
        await withGroup { group in
            let loop = group.loops[0]
            let seen = Locked<[Int]>([])
            for number in 0..<1000 {
                loop.submit { seen.withLock { $0.append(EventLoop.current === loop ? number : -1) } }
            }
            #expect(await eventually { seen.withLock { $0.count == 1000 } })
            #expect(seen.withLock { $0 } == Array(0..<1000))
            #expect(EventLoop.current == nil)
        }
    }

    @Test func `work from many threads is neither lost nor left lying`() async {
        await withGroup { group in
            let loop = group.loops[0]
            let counter = Counter()
            await withDiscardingTaskGroup { tasks in
                for _ in 0..<8 {
                    tasks.addTask {
                        for _ in 0..<2000 { loop.submit { counter.increment() } }
                    }
                }
            }
            #expect(await eventually { counter.value == 16_000 })
        }
    }

    @Test func `a task that prefers a loop runs there, also after waiting elsewhere`() async {
        await withGroup(2) { group in
            let loop = group.loops[1]
            let task = Task(executorPreference: loop) {
                let before = EventLoop.current === loop
                try? await Task.sleep(for: .milliseconds(5))
                let between = EventLoop.current === loop
                try? await loop.sleep(for: .milliseconds(5))
                return [before, between, EventLoop.current === loop, group.next() === loop]
            }
            #expect(await task.value == [true, true, true, true])
        }
    }

    @Test func `next takes the loops in turn from elsewhere`() async {
        await withGroup(2) { group in
            let seen = (0..<4).map { _ in group.next().isCurrent ? 0 : 1 }
            #expect(seen == [1, 1, 1, 1])
            #expect(group.next() !== group.next())
        }
    }

    @Test(arguments: [0, 1, 7, 40])
    func `a sleep is never too short`(milliseconds: Int) async throws {
        try await withGroup { group in
            let start = SteadyInstant.now
            try await group.loops[0].sleep(for: .milliseconds(milliseconds))
            #expect(SteadyInstant.now.since(start) >= .milliseconds(milliseconds))
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a cancelled sleep ends at once`() async {
        await withGroup { group in
            let loop = group.loops[0]
            let task = Task { try await loop.sleep(for: .seconds(3600)) }
            try? await Task.sleep(for: .milliseconds(20))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await loop.sleep(for: .seconds(3600))
            }
            await #expect(throws: CancellationError.self) { try await early.value }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `shutdown ends sleeps, and tasks still come to their end`() async {
        let group = EventLoopGroup(name: "test", count: 2)
        let loop = group.loops[0]
        let began = Gate()
        let task = Task(executorPreference: loop) {
            began.open()
            do { try await loop.sleep(for: .seconds(3600)) } catch is CancellationError { return "ended" } catch {}
            return "slept"
        }
        await began.wait()
        try? await Task.sleep(for: .milliseconds(20))
        group.shutdown()
        group.shutdown()
        #expect(await task.value == "ended")
        await #expect(throws: CancellationError.self) { try await loop.sleep(for: .milliseconds(1)) }
        #expect(await Task(executorPreference: loop) { 7 }.value == 7)
    }

    @Test func `a group that is given up as soon as it is made leaves nobody to look at its loops`() {
        let log = Log(minimum: .error)
        for _ in 0..<200 {
            let group = EventLoopGroup(name: "test", count: 2, log: log)
            group.shutdown()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `signals arrive as values, from the first moment, at every stream`() async {
        let other = Signals.stream([SIGUSR2, SIGUSR1])
        for _ in 0..<20 {
            let stream = Signals.stream([SIGUSR2])
            kill(getpid(), SIGUSR2)
            var iterator = stream.makeAsyncIterator()
            #expect(await iterator.next() == SIGUSR2)
        }
        // Nobody listens for it in particular, and still it does no harm.
        kill(getpid(), SIGUSR1)
        var seen: [Int32] = []
        for await signal in other {
            seen.append(signal)
            if signal == SIGUSR1 { break }
        }
        #expect(seen.contains(SIGUSR2))
    }
}
