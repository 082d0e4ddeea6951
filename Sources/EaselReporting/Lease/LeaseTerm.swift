import EaselBase
import EaselCore

/// Who works and who watches (L4), as a value: when to ask for the lease, when to work under it, when to keep it, and when to
/// stop. Whoever carries out what it says tells it how that went; the time is an argument.
///
/// A lease counts from the moment at which it was asked for, which is before the store made it count: so it is over here before
/// another can have it. It is kept after each quarter of its length, also while a round goes on; a round begins only under a
/// lease that was just kept.
struct LeaseTerm: Sendable {
    struct Pacing: Sendable {
        /// How long the lease lasts after it was last kept.
        var length: Duration
        /// Between two rounds, and between two looks at a lease that another has.
        var interval: Duration
        /// After a failure.
        var pause: Duration
    }

    /// What is to be done next.
    enum Step: Hashable {
        /// Ask for the lease, to get it or to keep it: `answered` or `failed`.
        case ask
        /// Do one round: `ended` or `failed`.
        case work(Lease)
        case wait(until: SteadyInstant)
        /// Let another have it at once.
        case release(Lease)
        case end
    }

    /// How a round ended.
    enum End: Hashable {
        /// `hasMore`: the next one is to follow at once. `isKept`: it has kept the lease itself, after it began.
        case done(hasMore: Bool, isKept: Bool)
        /// What it wrote was refused: the lease is another's.
        case lost
    }

    /// What people are told of.
    enum News: Hashable {
        case taken(Lease)
        case lost(Lease)
        case failing
        case runningAgain
    }

    private struct Held {
        var lease: Lease
        /// When it was asked for, as it was last kept.
        var keptAt: SteadyInstant

        mutating func keep(from moment: SteadyInstant) { keptAt = max(keptAt, moment) }
    }

    private let pacing: Pacing
    private var held: Held?
    private var roundAt: SteadyInstant
    /// Not before this is it asked for again, after a failure.
    private var askAt: SteadyInstant
    private var isFailing = false
    private var isStopping = false

    init(_ pacing: Pacing, at now: SteadyInstant) {
        self.pacing = pacing
        roundAt = now
        askAt = now
    }

    /// The lease, as long as it cannot be another's.
    func lease(at now: SteadyInstant) -> Lease? {
        held.flatMap { now < $0.keptAt + pacing.length ? $0.lease : nil }
    }

    /// No round is begun any more.
    mutating func stop() { isStopping = true }

    /// Between two rounds: what is to be done now.
    mutating func next(at now: SteadyInstant) -> Step {
        guard !isStopping else {
            defer { held = nil }
            return held.map { .release($0.lease) } ?? .end
        }
        guard let held else { return now < roundAt ? .wait(until: roundAt) : .ask }
        let due = renewal(of: held)
        if now >= due { return .ask }
        if now >= roundAt, renewal(of: held, isFresh: true) > now { return .work(held.lease) }
        return .wait(until: now < roundAt ? min(roundAt, due) : due)
    }

    /// While a round goes on: whether the lease is to be kept now, or when. Nil: there is none to be kept.
    func keeping(at now: SteadyInstant) -> Step? {
        guard let held else { return nil }
        let due = renewal(of: held)
        return now >= due ? .ask : .wait(until: due)
    }

    private func renewal(of held: Held, isFresh: Bool = false) -> SteadyInstant {
        let due = held.keptAt + pacing.length / 4
        return isFresh ? due : max(due, askAt)
    }

    /// The store's answer to a question that was put at `asked`: nil where another has the lease.
    mutating func answered(_ lease: Lease?, asked: SteadyInstant, at now: SteadyInstant) -> [News] {
        askAt = now
        var news: [News] = []
        if let lost = held?.lease, lost != lease { news.append(.lost(lost)) }
        if let lease {
            if held?.lease == lease {
                held?.keep(from: asked)
            } else {
                held = Held(lease: lease, keptAt: asked)
                roundAt = now
                news.append(.taken(lease))
            }
        } else {
            held = nil
            roundAt = now + pacing.interval
            news += runs()
        }
        return news
    }

    /// A round under `lease` ended that was begun at `began`.
    mutating func ended(_ lease: Lease, _ end: End, began: SteadyInstant, at now: SteadyInstant) -> [News] {
        // The lease may have gone, and another come, while it went on.
        let isCurrent = held?.lease == lease
        switch end {
        case .done(let hasMore, let isKept):
            if isCurrent, isKept { held?.keep(from: began) }
            roundAt = hasMore && held != nil ? now : now + pacing.interval
            return runs()
        case .lost:
            guard isCurrent else { return runs() }
            held = nil
            roundAt = now + pacing.interval
            return [.lost(lease)] + runs()
        }
    }

    /// A question or a round came to nothing. Whether the store did what it was asked is not known: it keeps a lease
    /// for longer than is believed here, never for less.
    mutating func failed(at now: SteadyInstant) -> [News] {
        roundAt = now + pacing.pause
        putOffAsking(at: now)
        defer { isFailing = true }
        return isFailing ? [] : [.failing]
    }

    /// A question that was put while a round goes on came to nothing.
    mutating func keepingFailed(at now: SteadyInstant) { putOffAsking(at: now) }

    /// What is held runs out meanwhile, so it is tried sooner than the next round.
    private mutating func putOffAsking(at now: SteadyInstant) { askAt = now + min(pacing.pause, pacing.length / 4) }

    private mutating func runs() -> [News] {
        defer { isFailing = false }
        return isFailing ? [.runningAgain] : []
    }
}
