import EaselBase
import Foundation

/// One line on standard error that shows that work goes on: a spinner, what is done, and for how long.
///
/// It is silent when standard error is no terminal, and gone when the work has ended: data goes to standard output only.
package struct ProgressLine: Sendable {
    /// The line while it stands, for work that wants to say what it does now.
    package final class Handle: Sendable {
        private struct State {
            var label: String
            var frame = 0
            var ended = false
        }

        private let state: Locked<State>
        private let began = SteadyInstant.now
        private let terminal: Terminal
        private let write: @Sendable (String) -> Void

        init(_ label: String, terminal: Terminal, write: @escaping @Sendable (String) -> Void) {
            state = Locked(State(label: label))
            self.terminal = terminal
            self.write = write
        }

        /// Says something else from now on.
        package func update(_ label: String) {
            state.withLock { $0.label = label }
        }

        /// The write happens under the lock: after `end`, no frame can follow and stay on the screen.
        func draw() {
            state.withLock { state in
                guard !state.ended else { return }
                let text = ProgressLine.text(
                    state.label,
                    frame: state.frame,
                    elapsed: SteadyInstant.now.since(began),
                    terminal: terminal
                )
                state.frame += 1
                write("\r" + text + "\u{1B}[K")
            }
        }

        func end() {
            state.withLock { state in
                state.ended = true
                if state.frame > 0 { write("\r\u{1B}[K") }
            }
        }
    }

    private let terminal: Terminal
    private let write: @Sendable (String) -> Void
    private let interval: Duration

    /// - Parameters:
    ///   - terminal: what standard error is.
    ///   - write: where the line goes; standard error when nil.
    ///   - interval: between two frames.
    package init(
        _ terminal: Terminal = .of(.standardError),
        interval: Duration = .milliseconds(100),
        write: (@Sendable (String) -> Void)? = nil
    ) {
        self.terminal = terminal
        self.interval = interval
        // A line that cannot be shown is no reason to end the work that it tells of.
        self.write = write ?? { try? Descriptor.write(Array($0.utf8), to: Descriptor.error) }
    }

    /// Shows the line while `body` runs.
    package func during<Result, Failure: Error>(
        _ label: String,
        _ body: (Handle) async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let line = Handle(label, terminal: terminal, write: write)
        guard terminal.movesCursor else { return try await body(line) }
        let interval = interval
        let ticker = Task(name: "progress line") { @concurrent in
            while !Task.isCancelled {
                line.draw()
                do { try await Task.sleep(for: interval) } catch { return }
            }
        }
        defer {
            ticker.cancel()
            line.end()
        }
        return try await body(line)
    }

    /// One frame, cut to the terminal's width less one, as some terminals wrap when the last column is filled.
    static func text(_ label: String, frame: Int, elapsed: Duration, terminal: Terminal) -> String {
        let frames = terminal.isUTF8 ? ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] : ["|", "/", "-", "\\"]
        let seconds = Int(elapsed.secondsAsDouble)
        let time = seconds < 60 ? "\(seconds) s" : "\(seconds / 60) min \(seconds % 60) s"
        let text = "\(frames[frame % frames.count]) \(DisplayWidth.sanitised(label, ascii: !terminal.isUTF8))  \(time)"
        return DisplayWidth.truncated(text, to: (terminal.width ?? 80) - 1, ellipsis: terminal.isUTF8 ? "…" : "..")
    }
}
