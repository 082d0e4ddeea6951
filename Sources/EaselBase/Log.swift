import Foundation

/// How urgent a log line is.
package enum LogLevel: String, Sendable, Comparable, CaseIterable {
    case debug, info, warning, error

    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        guard let first = allCases.firstIndex(of: left), let second = allCases.firstIndex(of: right) else {
            return false
        }
        return first < second
    }
}

/// Structured log lines: one JSON object a line on standard error, with a static message and named values.
///
/// Secrets, prompts and image bytes have no place here (S2): values are ids, names, counts, codes and durations.
package struct Log: Sendable {
    package let minimum: LogLevel
    private let write: @Sendable (String) -> Void
    private let context: [(String, String)]
    private let time: TimeSource

    package init(minimum: LogLevel = .info, time: TimeSource = .system, write: (@Sendable (String) -> Void)? = nil) {
        self.init(minimum: minimum, time: time, context: [], write: write ?? Self.toStandardError)
    }

    private init(
        minimum: LogLevel,
        time: TimeSource,
        context: [(String, String)],
        write: @escaping @Sendable (String) -> Void
    ) {
        self.minimum = minimum
        self.time = time
        self.context = context
        self.write = write
    }

    /// The same log with more values on each line, such as the call's id.
    package func with(_ key: String, _ value: String) -> Log {
        Log(minimum: minimum, time: time, context: context + [(key, value)], write: write)
    }

    package func debug(_ message: StaticString, _ values: KeyValuePairs<String, String> = [:]) {
        line(.debug, message, values)
    }
    package func info(_ message: StaticString, _ values: KeyValuePairs<String, String> = [:]) {
        line(.info, message, values)
    }
    package func warning(_ message: StaticString, _ values: KeyValuePairs<String, String> = [:]) {
        line(.warning, message, values)
    }
    package func error(_ message: StaticString, _ values: KeyValuePairs<String, String> = [:]) {
        line(.error, message, values)
    }

    private func line(_ level: LogLevel, _ message: StaticString, _ values: KeyValuePairs<String, String>) {
        guard level >= minimum else { return }
        var text = "{\"time\":\"\(time.now)\",\"level\":\"\(level.rawValue)\",\"message\":"
        text.appendJSONString(message.description)
        for (key, value) in context {
            text += ",\"\(key)\":"
            text.appendJSONString(value)
        }
        for (key, value) in values {
            text += ",\"\(key)\":"
            text.appendJSONString(value)
        }
        write(text + "}\n")
    }

    /// One `write(2)` a line, so that lines of several threads do not mix.
    private static let toStandardError: @Sendable (String) -> Void = { text in
        FileHandle.standardError.write(Data(text.utf8))
    }

    /// A log that keeps nothing.
    package static let silent = Log(minimum: .error) { _ in }
}

extension String {
    /// Appends a JSON string literal with everything escaped that must be.
    package mutating func appendJSONString(_ text: String) {
        append("\"")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case "\u{0}"..<"\u{20}":
                append("\\u00")
                append(Hex.encode([UInt8(scalar.value)]))
            default: unicodeScalars.append(scalar)
            }
        }
        append("\"")
    }
}
