import EaselBase
import Foundation
import Synchronization

/// Prints at once, also into a file: a crash must not take the seed with it.
func say(_ text: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
}

/// What a part of the run has done, and whether it goes on.
final class Progress: Sendable {
    let name: String
    private let seed: UInt64
    private let done = Atomic<Int>(0)
    private let latest = Atomic<UInt64>(0)
    private let outcomes = Locked<[String: Int]>([:])
    private let isOver = Atomic<Bool>(false)

    init(_ name: String, seed: UInt64) {
        self.name = name
        self.seed = seed
    }

    var count: Int { done.load(ordering: .relaxed) }

    /// The number from which an input is made; said before it is sent, so that a crash's core or a stall has it.
    func number(_ index: Int) -> UInt64 {
        let number = seed &+ UInt64(truncatingIfNeeded: index)
        latest.store(number, ordering: .relaxed)
        return number
    }

    func ended(_ outcome: String) {
        done.add(1, ordering: .relaxed)
        outcomes.withLock { $0[outcome, default: 0] += 1 }
    }

    func finish() {
        isOver.store(true, ordering: .relaxed)
    }

    var summary: String {
        outcomes.withLock { counts in
            counts.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
    }

    /// Ends the process when nothing moves for a while: a stall is a finding.
    func watch(patience_s: Int) {
        let thread = Thread { [self] in
            var seen = 0
            var since = 0
            while !isOver.load(ordering: .relaxed) {
                Thread.sleep(forTimeInterval: 1)  // the watch's own thread
                let now = count
                since = now == seen ? since + 1 : 0
                seen = now
                guard since >= patience_s, !isOver.load(ordering: .relaxed) else { continue }
                say(
                    "FAIL \(name): nothing has moved for \(since) s after \(now) inputs; the latest number is \(latest.load(ordering: .relaxed))"
                )
                exit(1)
            }
        }
        thread.start()
    }
}

/// Hands out 0, 1, 2 and so on, to whoever asks.
final class Ticket: Sendable {
    private let next = Atomic<Int>(0)

    func take() -> Int {
        next.add(1, ordering: .relaxed).oldValue
    }
}

/// Resident memory of this process.
enum Memory {
    static var resident_kib: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") })
        else { return 0 }
        return Int(line.filter(\.isNumber)) ?? 0
    }
}
