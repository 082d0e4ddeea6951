import Foundation

/// A few threads for work that would hold up an event loop: large JSON documents, image codecs, files.
///
/// A task that prefers it (`withTaskExecutorPreference`) runs there and returns to its loop afterwards.
// Unchecked, because `queue` is only touched under `condition`.
package final class ThreadPoolExecutor: TaskExecutor, @unchecked Sendable {
    private let condition = NSCondition()
    private var queue: [UnownedJob] = []
    private var head = 0

    /// For the whole process: as many threads as the machine has cores.
    package static let shared = ThreadPoolExecutor(
        name: "easel-work",
        threads: max(1, ProcessInfo.processInfo.activeProcessorCount)
    )

    package init(name: String, threads: Int) {
        // Held until all are started: a thread that names itself before its `start()` has returned keeps its old name.
        condition.lock()
        defer { condition.unlock() }
        for index in 0..<threads {
            let thread = Thread { [self] in
                condition.withLock {
                    // On Linux a name takes effect only when it is set from inside.
                    Thread.current.name = "\(name)-\(index)"
                }
                serve()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        condition.lock()
        queue.append(unowned)
        condition.signal()
        condition.unlock()
    }

    private func serve() -> Never {
        while true {
            condition.lock()
            while head == queue.count { condition.wait() }
            let job = queue[head]
            head += 1
            if head == queue.count {
                queue.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 1024 {
                queue.removeFirst(head)
                head = 0
            }
            condition.unlock()
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// Runs `body` on one of the threads and comes back with its result.
    package func run<Result: Sendable, Failure: Error>(
        _ body: @Sendable @escaping () throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let outcome: Swift.Result<Result, Failure> = await withTaskExecutorPreference(self) { @concurrent in
            do throws(Failure) { return .success(try body()) } catch { return .failure(error) }
        }
        return try outcome.get()
    }
}

extension ThreadPoolExecutor {
    /// What is about so many bytes is worked on where it is: handing it over costs more. More leaves the event loop, on which
    /// everybody else waits.
    package static let inlineBytes = 64 << 10

    /// Runs `body`, which is about so many bytes, here or on one of the threads of the process.
    package static func work<Result: Sendable>(
        on bytes: Int,
        _ body: @Sendable @escaping () -> Result
    ) async -> Result {
        bytes <= inlineBytes ? body() : await shared.run(body)
    }
}
