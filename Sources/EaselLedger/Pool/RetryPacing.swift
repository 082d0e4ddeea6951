import EaselBase

/// When to try again what failed: at once while all is well, after a failure in turns whose pauses double up to a bound,
/// each shortened at random by up to a half so that many do not knock together.
///
/// A value for whoever shares one thing that fails: one turn is one try of all of them. Only `succeeded` ends the pauses,
/// so that what is half well (a server that lets everybody in and takes no writes) is not tried as if it were well.
struct RetryPacing: Sendable, Hashable {
    let first: Duration
    let longest: Duration
    /// Turns that were given since all was well.
    private(set) var turns = 0
    private var notBefore: SteadyInstant?

    init(first: Duration = .milliseconds(20), longest: Duration = .seconds(5)) {
        self.first = first
        self.longest = longest
    }

    var isFailing: Bool { notBefore != nil }

    /// `chance`: 0 to 1, drawn anew each time.
    mutating func failed(at now: SteadyInstant, chance: Double) {
        let next = now + pause(chance)
        notBefore = max(notBefore ?? next, next)
    }

    /// Takes a turn: nil when it may be tried now, otherwise when to ask again.
    mutating func turn(at now: SteadyInstant, chance: Double) -> SteadyInstant? {
        guard let notBefore else { return nil }
        if now < notBefore { return notBefore }
        turns += 1
        self.notBefore = now + pause(chance)
        return nil
    }

    mutating func succeeded() {
        turns = 0
        notBefore = nil
    }

    /// There is a sign that it works again: the next turn is at once, and the pauses stay as long as they are until it did.
    mutating func hurry(at now: SteadyInstant) {
        if notBefore != nil { notBefore = now }
    }

    private func pause(_ chance: Double) -> Duration {
        let whole = min(first * (1 << min(turns, 20)), longest)
        return .nanoseconds(Int64(whole.secondsAsDouble * 1e9 * (1 - min(max(chance, 0), 1) / 2)))
    }
}

/// The pacing that several connections share.
final class RetryGate: Sendable {
    private let pacing: Locked<RetryPacing>

    init(_ pacing: RetryPacing = RetryPacing()) {
        self.pacing = Locked(pacing)
    }

    func turn() -> SteadyInstant? {
        pacing.withLock { $0.turn(at: .now, chance: .random(in: 0...1)) }
    }

    func failed() {
        pacing.withLock { $0.failed(at: .now, chance: .random(in: 0...1)) }
    }

    /// Whether it had failed before.
    @discardableResult
    func succeeded() -> Bool {
        pacing.withLock { pacing in
            defer { pacing.succeeded() }
            return pacing.isFailing
        }
    }

    /// Whether it had failed before.
    @discardableResult
    func hurry() -> Bool {
        pacing.withLock { pacing in
            pacing.hurry(at: .now)
            return pacing.isFailing
        }
    }
}
