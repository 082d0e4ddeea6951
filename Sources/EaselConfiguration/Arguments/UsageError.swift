import EaselBase

/// A command line that is not understood: the fault, and where help is to be had.
package struct UsageError: Error, Sendable, CustomStringConvertible, Explained {
    /// The exit code for wrong usage (contract, section 2).
    package static let exitCode: Int32 = 2

    /// `easel remix`.
    package let command: String
    /// Names the fault, and what may have been meant.
    package let message: String

    package init(command: String, message: String) {
        self.command = command
        self.message = message
    }

    package var sentence: String { message }

    /// Two lines for standard error.
    package var description: String { "\(command): \(message)\nTry `\(command) --help`." }
}
