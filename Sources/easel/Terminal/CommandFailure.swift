import EaselBase

/// What ends a command: a sentence for people and an exit code.
struct CommandFailure: Error, Explained {
    let message: String
    let code: Int32
    /// A request was sent and its answer is missing: what it asked for may be done.
    var isOutcomeUnknown = false

    init(_ message: String, code: Int32 = ExitCode.failed) {
        self.message = message
        self.code = code
    }

    var sentence: String { message }
}
