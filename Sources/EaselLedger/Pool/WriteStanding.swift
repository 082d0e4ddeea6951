import EaselBase

/// Whether writes are taken, by what became of real ones.
///
/// A probe may pass where a call's rows do not: a full disk takes a small row into a page that has room. So after a write
/// that was refused for want of room or for a fault of the disk the word of probes does not count for a while: two
/// seconds, twice as long each time, up to ten. A write that went through ends it.
struct WriteStanding: Sendable, Hashable {
    static let firstDoubt = Duration.seconds(2)
    static let longestDoubt = Duration.seconds(10)

    private var cause = ""
    private var doubtedUntil: SteadyInstant?
    private var length = Duration.zero
    private var provenAt: SteadyInstant?

    /// A write was refused, with a sentence for operators.
    mutating func refused(_ cause: String, at now: SteadyInstant) {
        provenAt = nil
        self.cause = cause
        if let until = doubtedUntil, now < until { return }
        length = doubtedUntil == nil ? Self.firstDoubt : min(length * 2, Self.longestDoubt)
        doubtedUntil = now + length
    }

    /// A call's write was committed.
    mutating func wrote(at now: SteadyInstant) {
        self = WriteStanding()
        provenAt = now
    }

    /// A probe was committed.
    mutating func proved(at now: SteadyInstant) { provenAt = now }

    /// Nothing was heard of the database.
    mutating func lost() { provenAt = nil }

    /// Why a probe would say nothing; nil when it is to be asked.
    func doubt(at now: SteadyInstant) -> String? {
        doubtedUntil.flatMap { now < $0 ? cause : nil }
    }

    /// Whether a write went through so short a time ago that none is needed to prove it.
    func isProven(within age: Duration, at now: SteadyInstant) -> Bool {
        provenAt.map { now.since($0) < age } ?? false
    }
}

/// What the writers of a ledger tell each other and those who ask whether it takes writes.
final class WriteWatch: Sendable {
    /// Before connections are opened.
    let gate = RetryGate()
    private let standing = Locked(WriteStanding())
    private let whenWell = Locked<(@Sendable () -> Void)?>(nil)

    /// Who is told when a write goes through after others failed; nil for nobody.
    func tell(_ body: (@Sendable () -> Void)?) { whenWell.withLock { $0 = body } }

    func wrote() {
        standing.withLock { $0.wrote(at: .now) }
        if gate.succeeded() { whenWell.withLock(\.self)?() }
    }

    func proved() { standing.withLock { $0.proved(at: .now) } }

    func failed(_ error: PostgresError) {
        standing.withLock { standing in
            if error.isWantOfRoom { standing.refused(error.sentence, at: .now) } else { standing.lost() }
        }
    }

    func doubt() -> String? { standing.withLock { $0.doubt(at: .now) } }

    func isProven(within age: Duration) -> Bool { standing.withLock { $0.isProven(within: age, at: .now) } }
}

extension PostgresError {
    /// Classes 53 (no disk, memory or connection left) and 58 (input or output of the server failed).
    fileprivate var isWantOfRoom: Bool {
        guard kind == .server, let sqlState else { return false }
        return sqlState.hasPrefix("53") || sqlState.hasPrefix("58")
    }
}
