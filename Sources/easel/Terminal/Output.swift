import EaselBase
import EaselReporting
import Foundation

/// Where words go: data on standard output only, everything else on standard error. The one door of the command line.
///
/// A reader that has gone away ends nothing: what follows is dropped, and the command goes on to the exit code that it would
/// have had. Any other trouble is named once, and makes the command fail. In a server nothing waits for a reader.
enum Output {
    private struct State {
        var isServer = false
        /// Nothing is written to standard output any more.
        var isClosed = false
        var hasFailed = false
    }

    private static let state = Locked(State())

    /// From now on this process serves: its words go through queues, as its log does.
    static func becomeServer() { state.withLock { $0.isServer = true } }

    /// Text for people. What a stranger may have written into it cannot steer the terminal: everything that does not print
    /// is shown as an escape, but for the colours of `style`.
    static func data(_ text: String) { raw(shown(text)) }

    /// A document as it came, its last line ended. One without any line is nothing: an empty line would be a record of no
    /// value in a format of lines.
    static func data(_ bytes: [UInt8]) {
        if bytes.isEmpty { return }
        write(bytes.last == 10 ? bytes : bytes + [10])
    }

    /// A document for programs, in which nothing is changed.
    static func raw(_ text: String) { data(Array(text.utf8)) }

    /// What stands beside the data: progress, warnings, why a command failed.
    static func note(_ text: String) {
        let line = Printable.text(text) + "\n"
        guard !state.withLock(\.isServer) else { return LineWriter.standardError.write(line) }
        // There is nowhere left to complain.
        do { try Descriptor.write(Array(line.utf8), to: Descriptor.error) } catch {}
    }

    /// Nobody reads what would be written, so that what goes on until it is interrupted may end.
    static var isUnread: Bool {
        state.withLock { $0.isClosed } || Descriptor.isReaderGone(Descriptor.output)
    }

    /// Writes what waits, and answers with the exit code: a command whose output could not be written has failed.
    static func finish(_ code: Int32) -> Int32 {
        LineWriter.standardOutput.flush()
        LineWriter.standardError.flush()
        return state.withLock(\.hasFailed) ? ExitCode.failed : code
    }

    private static func write(_ bytes: [UInt8]) {
        let (isServer, isClosed) = state.withLock { ($0.isServer, $0.isClosed) }
        if isServer { return LineWriter.standardOutput.write(String(decoding: bytes, as: UTF8.self)) }
        guard !isClosed else { return }
        do throws(Descriptor.WriteFailure) {
            try Descriptor.write(bytes, to: Descriptor.output)
        } catch {
            state.withLock { state in
                state.isClosed = true
                if !error.isReaderGone { state.hasFailed = true }
            }
            guard !error.isReaderGone else { return }
            note("easel: the output could not be written: \(error.sentence)")
        }
    }

    // MARK: - Terminals

    /// Stands for ESC in what this program itself draws. Nobody outside can know it, so nobody can forge a colour.
    static let escape = "\u{1}\(UUID().uuidString)\u{2}"

    /// How text looks on standard output.
    static var style: TextStyle { terminal.style }

    /// Standard output, with the escapes that `data` lets through.
    static var terminal: Terminal {
        var terminal = Terminal.of(.standardOutput)
        terminal.escape = escape
        return terminal
    }

    /// The text as it is shown.
    static func shown(_ text: String) -> String {
        text.split(separator: escape, omittingEmptySubsequences: false).map { Printable.text(String($0)) }
            .joined(separator: "\u{1B}")
    }
}
