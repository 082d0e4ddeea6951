import Foundation

/// Exit codes of contract section 2.
enum ExitCode {
    static let done: Int32 = 0
    static let failed: Int32 = 1
    static let usage: Int32 = 2
    /// With `--check`: a budget is past its warning threshold.
    static let warned: Int32 = 3
    /// With `--check`: a budget is used up.
    static let exceeded: Int32 = 4
    /// The report has a data gap; only with `--check`.
    static let dataGap: Int32 = 5

    /// Ends the process. Not by exit(): threads of the event loops still run, and the exit handlers of the C libraries would
    /// take their memory away beneath them.
    static func end(with code: Int32) -> Never { _exit(Output.finish(code)) }
}
