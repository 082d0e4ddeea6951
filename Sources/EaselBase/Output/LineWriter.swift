import Foundation

/// Writes lines to a descriptor on a thread of its own, so that who reads slowly, not at all, or from a full disk holds up
/// nobody else. What cannot be written is dropped and counted, and told in a line when writing works again.
// Unchecked: `state` is only touched between `condition.lock` and `condition.unlock`.
package final class LineWriter: @unchecked Sendable {
    /// Standard error: the log.
    package static let standardError = LineWriter(Descriptor.error) { lost, reason in
        Log.line(
            .warning,
            "log lines were lost",
            [("lines", String(lost)), ("error", reason)],
            at: TimeSource.system.now
        )
    }
    /// Standard output, for what a server says there.
    package static let standardOutput = LineWriter(Descriptor.output) { _, _ in "" }

    /// How long the end of a program waits for a reader that takes nothing, and for one that is slow.
    package static let patience = Duration.milliseconds(500)
    package static let longestPatience = Duration.seconds(5)

    private struct State {
        var backlog: LineBacklog
        var isRunning = false
        var isWriting = false
        /// Writes that were tried.
        var writes = 0
    }

    private let descriptor: Int32
    private let notice: @Sendable (Int, String) -> String
    private let condition = NSCondition()
    private var state: State

    /// `notice`: the line that tells of lost ones; empty: none.
    package init(
        _ descriptor: Int32,
        limits: LineBacklog.Limits = LineBacklog.Limits(),
        notice: @escaping @Sendable (_ lost: Int, _ reason: String) -> String
    ) {
        self.descriptor = descriptor
        self.notice = notice
        state = State(backlog: LineBacklog(limits: limits))
    }

    /// Lines that were lost since the beginning.
    package var dropped: Int { locked { $0.backlog.dropped } }

    /// Takes a line, with its line break, and returns at once.
    package func write(_ text: String) {
        let line = ContiguousArray(text.utf8)
        let isFirst = locked { state in
            state.backlog.add(line)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { start() }
    }

    /// Waits until everything is written, or until nothing was for `stall`, or until `time` has passed.
    package func flush(stall: Duration = patience, within time: Duration = longestPatience) {
        let end = Date(timeIntervalSinceNow: time.secondsAsDouble)
        condition.lock()
        defer { condition.unlock() }
        var seen = state.writes
        var stalled = Date(timeIntervalSinceNow: stall.secondsAsDouble)
        while state.isRunning, state.isWriting || !state.backlog.isEmpty {
            let isInTime = condition.wait(until: min(end, stalled))
            if seen != state.writes {
                seen = state.writes
                stalled = Date(timeIntervalSinceNow: stall.secondsAsDouble)
            } else if !isInTime {
                return
            }
            if Date.now >= end { return }
        }
    }

    private func locked<Result>(_ body: (inout State) -> Result) -> Result {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return body(&state)
    }

    private func start() {
        Self.flushAtExit
        let thread = Thread { [self] in work() }
        thread.name = "easel-lines-\(descriptor)"
        thread.stackSize = 256 << 10
        thread.start()
    }

    /// For programs that end by returning or by exit(); one that uses _exit calls `flush` itself.
    private static let flushAtExit: Void = {
        atexit {
            LineWriter.standardOutput.flush()
            LineWriter.standardError.flush()
        }
    }()

    /// Never returns: the thread lives as long as the process.
    private func work() {
        var pause = Self.firstPause
        while true {
            let (next, isTorn) = take(pause)
            do throws(Descriptor.WriteFailure) {
                try Descriptor.write(bytes(next, isTorn), to: descriptor)
                pause = Self.firstPause
                locked { state in
                    state.backlog.wrote(next)
                    state.isWriting = false
                    state.writes += 1
                }
            } catch {
                pause = min(pause * 2, Self.longestPause)
                locked { state in
                    state.backlog.failed(next, written: error.written, reason: error.sentence)
                    state.isWriting = false
                    state.writes += 1
                }
            }
        }
    }

    /// Between two tries to tell of a gap while no line comes.
    private static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(5)

    /// Waits for something to write. A notice that failed is tried again with the next line, or after the pause.
    private func take(_ pause: Duration) -> (LineBacklog.Next, isTorn: Bool) {
        condition.lock()
        defer { condition.unlock() }
        let retry = Date(timeIntervalSinceNow: pause.secondsAsDouble)
        while true {
            let next = state.backlog.next
            switch next {
            case .line: break
            case .notice where !state.backlog.isEmpty || pause == Self.firstPause || Date.now >= retry: break
            case .notice:
                _ = condition.wait(until: retry)
                continue
            case .nothing:
                condition.wait()
                continue
            }
            state.isWriting = true
            return (next, state.backlog.isTorn)
        }
    }

    private func bytes(_ next: LineBacklog.Next, _ isTorn: Bool) -> ContiguousArray<UInt8> {
        let head: ContiguousArray<UInt8> = isTorn ? [10] : []
        return switch next {
        case .nothing: []
        case .line(let bytes): head + bytes
        case .notice(let lost, let reason): head + ContiguousArray(notice(lost, reason).utf8)
        }
    }
}
