/// The lines that wait to be written, and what became of those that could not be: a value, so that each rule can be tried
/// without a descriptor. `LineWriter` carries out what it says.
package struct LineBacklog: Sendable {
    /// What waits beyond either is dropped, the newest first: what led to a trouble is worth more than its repeats.
    package struct Limits: Sendable {
        package var lines = 10_000
        package var bytes = 4 << 20

        package init() {}
    }

    /// What to write next.
    package enum Next: Sendable, Hashable {
        case nothing
        /// The oldest line that waits.
        case line(ContiguousArray<UInt8>)
        /// That so many lines were lost, and why the last of them was.
        case notice(lost: Int, reason: String)
    }

    private let limits: Limits
    private var lines: [ContiguousArray<UInt8>] = []
    private var head = 0
    private var bytes = 0
    /// Lines that were taken in, and that have left, since the beginning.
    private var added = 0
    private var left = 0
    /// Lines that were lost, since the beginning.
    package private(set) var dropped = 0
    private var told = 0
    private var reason = ""
    /// The gap is told when so many lines have left: at its place among the others.
    private var noticeAt = 0
    /// A write has failed, and none has succeeded since.
    private var isFailing = false
    /// A part of a line stands at the end: what comes next must begin a line of its own.
    package private(set) var isTorn = false

    package init(limits: Limits = Limits()) { self.limits = limits }

    package var isEmpty: Bool { head == lines.count }
    /// Lines were lost that nobody was told of.
    package var owesNotice: Bool { dropped > told }

    /// Takes a line in, or counts it as lost when there is no room.
    package mutating func add(_ line: ContiguousArray<UInt8>) {
        guard lines.count - head < limits.lines, bytes + line.count <= limits.bytes else {
            return lose(at: added, "they came faster than they were taken")
        }
        lines.append(line)
        bytes += line.count
        added += 1
    }

    /// What is to be written now. After a failure that is first the notice of it.
    package var next: Next {
        if owesNotice, isFailing || left >= noticeAt { return .notice(lost: dropped - told, reason: reason) }
        return isEmpty ? .nothing : .line(lines[head])
    }

    /// `what` was written whole.
    package mutating func wrote(_ what: Next) {
        isTorn = false
        isFailing = false
        switch what {
        case .nothing: break
        case .line: removeFirst()
        case .notice(let lost, _): told += lost
        }
    }

    /// `what` could not be written, but for `written` bytes. The oldest line is lost with it, also where the notice before
    /// it was what failed: it would have fared no better.
    package mutating func failed(_ what: Next, written: Int, reason: String) {
        if written > 0 { isTorn = true }
        isFailing = true
        guard !isEmpty else { return self.reason = reason }
        removeFirst()
        lose(at: left, reason)
    }

    private mutating func lose(at place: Int, _ reason: String) {
        if !owesNotice { noticeAt = place }
        dropped += 1
        self.reason = reason
    }

    private mutating func removeFirst() {
        guard head < lines.count else { return }
        bytes -= lines[head].count
        lines[head] = []
        head += 1
        left += 1
        guard head > 256, head * 2 > lines.count else { return }
        lines.removeSubrange(..<head)
        head = 0
    }
}
