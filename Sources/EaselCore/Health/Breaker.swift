package import EaselBase

/// A circuit breaker as a pure state machine: closed, open, half-open. It reads no clock and sends nothing.
///
/// A sender claims a permit and returns it with its result. A permit knows between which openings it was given, so that
/// late results of requests from before an opening neither close the breaker nor lengthen its pause.
package struct Breaker: Sendable, Hashable {
    /// What makes a breaker open, and for how long.
    package struct Settings: Sendable, Hashable {
        /// Opens after this many failures in a row.
        package var consecutive: Int
        /// Opens when at least `percent` of at least `least` results within `span` are failures; nil: never for that.
        package var share: Share?
        /// The first pause; doubles with each probe that fails, up to `longestPause`.
        package var firstPause: Duration
        package var longestPause: Duration
        /// The cause it opens for, and the word for what it counts.
        package var cause: TripReason.Cause
        package var noun: String

        package struct Share: Sendable, Hashable {
            package var percent: Int
            package var least: Int
            package var span: Duration

            package init(percent: Int, least: Int, span: Duration) {
                self.percent = percent
                self.least = least
                self.span = span
            }
        }

        package init(
            consecutive: Int,
            share: Share? = nil,
            firstPause: Duration = .seconds(5),
            longestPause: Duration = .seconds(60),
            cause: TripReason.Cause = .failures,
            noun: String = "failures"
        ) {
            self.consecutive = consecutive
            self.share = share
            self.firstPause = firstPause
            self.longestPause = longestPause
            self.cause = cause
            self.noun = noun
        }
    }

    /// The three states, by the words that people read.
    package enum Phase: String, Sendable, Hashable, Codable, CaseIterable {
        case closed, open
        case halfOpen = "half_open"
    }

    /// The state of the breaker at one moment.
    package enum State: Sendable, Hashable {
        case closed
        /// Nothing is let through for `left`.
        case open(TripReason, left: Duration)
        /// One request may be sent as a probe. `wait` is nil while it is unclaimed, else the time after which the claim
        /// expires.
        case halfOpen(TripReason, wait: Duration?)

        package var phase: Phase {
            switch self {
            case .closed: .closed
            case .open: .open
            case .halfOpen: .halfOpen
            }
        }
    }

    /// What a result shows about its provider.
    package enum Evidence: Sendable, Hashable {
        case well
        /// A short token of what it was: `timeout`.
        case failed(String)
    }

    /// Permission to send. Each is returned to its breaker, with evidence or unused.
    package struct Permit: Sendable, Hashable {
        fileprivate let generation: UInt64
        /// The number of the claim, where this is a probe.
        fileprivate let probe: UInt64?

        /// Whether it is the one request by which a half-open breaker finds out.
        package var isProbe: Bool { probe != nil }
    }

    private struct Probe: Hashable {
        var number: UInt64
        var expires: SteadyInstant
    }

    private struct Trip: Hashable {
        var reason: TripReason
        var until: SteadyInstant
        var probe: Probe?
    }

    package let settings: Settings
    private let seed: UInt64
    private var generation: UInt64 = 0
    private var trip: Trip?
    /// Openings for failures since it was last closed: the pause grows with them.
    private var openings = 0
    private var claims: UInt64 = 0
    private var failuresInARow = 0
    private var window: OutcomeWindow?

    /// `seed` decides the jitter of the pauses (within a tenth), so that gateways do not probe in step; see `seed(of:)`.
    package init(_ settings: Settings, seed: UInt64) {
        self.settings = settings
        self.seed = seed
        window = settings.share.map { OutcomeWindow(span: $0.span, buckets: 10) }
    }

    /// A seed from names.
    package static func seed(of name: String) -> UInt64 { Mixing.hash(name.utf8) }

    package func state(at now: SteadyInstant) -> State {
        guard let trip else { return .closed }
        let left = trip.until.since(now)
        if left > .zero { return .open(trip.reason, left: left) }
        let wait = trip.probe.map { $0.expires.since(now) }.flatMap { $0 > .zero ? $0 : nil }
        return .halfOpen(trip.reason, wait: wait)
    }

    /// Permission to send now; nil while it is open, or half-open with its probe claimed. A claim that is not answered
    /// within `expiry` is given to the next request, so that nothing stays locked forever.
    package mutating func claim(at now: SteadyInstant, expiry: Duration) -> Permit? {
        switch state(at: now) {
        case .closed: return Permit(generation: generation, probe: nil)
        case .open, .halfOpen(_, wait: .some): return nil
        case .halfOpen(_, wait: nil):
            claims += 1
            trip?.probe = Probe(number: claims, expires: now + expiry)
            return Permit(generation: generation, probe: claims)
        }
    }

    /// Returns a permit without a result. What the probe has already found out stays.
    package mutating func release(_ permit: Permit) {
        guard let number = permit.probe, permit.generation == generation, trip?.probe?.number == number else { return }
        trip?.probe = nil
    }

    /// Whether a request that waited after it got its permit may still be sent: not if the breaker has opened since.
    package func allows(_ permit: Permit) -> Bool {
        trip == nil || permit.generation == generation
    }

    /// Takes a result in.
    /// - Returns: what changed.
    package mutating func record(_ evidence: Evidence, _ permit: Permit, at now: SteadyInstant) -> Change? {
        guard permit.generation == generation else { return nil }
        if let trip {
            switch evidence {
            case .well:
                close()
                return .closed(trip.reason)
            case .failed(let what):
                return open(TripReason(settings.cause, "the probe failed (\(what))"), for: pause(), at: now)
            }
        }
        if window != nil { window?.record(failed: evidence != .well, at: now) }
        guard case .failed(let what) = evidence else {
            failuresInARow = 0
            return nil
        }
        failuresInARow += 1
        if failuresInARow >= settings.consecutive {
            let text = "\(failuresInARow) \(settings.noun) in a row, the last one: \(what)"
            return open(TripReason(settings.cause, text), for: pause(), at: now)
        }
        guard let share = settings.share, let counts = window?.counts(at: now), counts.all >= share.least,
            counts.failed * 100 >= share.percent * counts.all
        else { return nil }
        let text = "\(counts.failed) \(settings.noun) in \(counts.all), the last one: \(what)"
        let cause = settings.cause == .failures ? .failureRate : settings.cause
        return open(TripReason(cause, text), for: pause(), at: now)
    }

    /// Opens for a given time at the request of the provider. A longer pause stays. `byProvider`: the provider named
    /// the time itself, which counts however late it comes (R6).
    package mutating func open(
        _ reason: TripReason,
        for pause: Duration,
        byProvider: Bool,
        _ permit: Permit,
        at now: SteadyInstant
    ) -> Change? {
        let isLate = permit.generation != generation
        guard !isLate || byProvider else { return nil }
        let until = now + pause
        if isLate, let trip {
            if trip.until < until {
                self.trip?.until = until
                self.trip?.reason = reason
            }
            return nil
        }
        return open(reason, for: pause, at: now)
    }

    private mutating func open(_ reason: TripReason, for pause: Duration, at now: SteadyInstant) -> Change {
        generation += 1
        trip = Trip(reason: reason, until: now + pause, probe: nil)
        forget()
        return .opened(reason, for: pause)
    }

    private mutating func close() {
        generation += 1
        openings = 0
        trip = nil
        forget()
    }

    private mutating func forget() {
        failuresInARow = 0
        window = settings.share.map { OutcomeWindow(span: $0.span, buckets: 10) }
    }

    /// The pause of the next opening, with its jitter.
    private mutating func pause() -> Duration {
        defer { openings += 1 }
        let plain = min(settings.firstPause * (1 << min(openings, 20)), settings.longestPause)
        let permille = 900 + Int64(Mixing.mix(seed, turn: openings) % 201)
        return .nanoseconds(plain.nanoseconds / 1000 * permille)
    }
}
