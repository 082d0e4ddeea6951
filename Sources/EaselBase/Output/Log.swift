import Synchronization

/// How urgent a log line is.
package enum LogLevel: String, Sendable, Comparable, CaseIterable {
    case debug, info, warning, error

    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

    /// The place in `allCases`.
    fileprivate var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
}

/// Structured log lines: one JSON object a line on standard error, with a static message and named values.
///
/// Secrets, prompts and image bytes have no place here (S2): values are ids, names, counts, codes and durations.
package struct Log: Sendable {
    private let gate: Gate
    private let write: @Sendable (String) -> Void
    private let context: [(String, String)]
    private let time: TimeSource

    /// The level, which a reload may change while the log is in many hands.
    private final class Gate: Sendable {
        let minimum: Atomic<Int>

        init(_ level: LogLevel) { minimum = Atomic(level.rank) }
    }

    /// `write`: where lines go; standard error when nil, on a thread of its own.
    package init(minimum: LogLevel = .info, time: TimeSource = .system, write: (@Sendable (String) -> Void)? = nil) {
        self.init(gate: Gate(minimum), time: time, context: [], write: write ?? Self.toStandardError)
    }

    private init(
        gate: Gate,
        time: TimeSource,
        context: [(String, String)],
        write: @escaping @Sendable (String) -> Void
    ) {
        self.gate = gate
        self.time = time
        self.context = context
        self.write = write
    }

    /// Lines below it are left out.
    package var minimum: LogLevel { LogLevel.allCases[gate.minimum.load(ordering: .relaxed)] }

    /// Changes the level of this log and of all that were made of it by `with`.
    package func setMinimum(_ level: LogLevel) { gate.minimum.store(level.rank, ordering: .relaxed) }

    /// Lines of this process's log that were lost, because standard error did not take them.
    package static var dropped: Int { LineWriter.standardError.dropped }

    /// The same log with more values on each line, such as the call's id.
    package func with(_ key: String, _ value: String) -> Log {
        Log(gate: gate, time: time, context: context + [(key, value)], write: write)
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
        guard level.rank >= gate.minimum.load(ordering: .relaxed) else { return }
        write(Self.line(level, message.description, context + values.map { ($0, $1) }, at: time.now))
    }

    /// A line as it is written, with its line break.
    static func line(_ level: LogLevel, _ message: String, _ values: [(String, String)], at now: Timestamp) -> String {
        var text = "{\"time\":\"\(now)\",\"level\":\"\(level.rawValue)\",\"message\":"
        text.appendJSONString(message)
        for (key, value) in values {
            text += ",\"\(key)\":"
            text.appendJSONString(value)
        }
        // People read the log at a terminal too: what would steer it is escaped, which JSON understands as the same.
        return Printable.text(text) + "}\n"
    }

    /// One `write(2)` a line, so that lines of several threads and processes do not mix.
    private static let toStandardError: @Sendable (String) -> Void = { LineWriter.standardError.write($0) }

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
