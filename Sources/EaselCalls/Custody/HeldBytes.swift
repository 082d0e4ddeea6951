import EaselBase
package import EaselCore

/// How many bytes requests hold: pure bookkeeping, by team.
struct WeightBook: Sendable, Hashable {
    enum Refusal: Sendable, Hashable {
        /// All requests together hold too much.
        case full
        /// The requests of this team hold more than one team may.
        case teamFull
    }

    /// Of all requests together.
    let limit: Int
    private(set) var total = 0
    private(set) var teams: [Int64: Int] = [:]

    /// What one team may hold: three quarters, so that a flood of one leaves room for the others.
    var teamLimit: Int { limit / 4 * 3 }

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// Takes so many bytes, or says why not. Whoever holds nothing may always take once what the limit of one body allows:
    /// a budget that is smaller than one request would be a door that is shut.
    mutating func take(_ bytes: Int, team: Int64) -> Refusal? {
        let bytes = max(0, bytes)
        let own = teams[team] ?? 0
        if total > 0, bytes > limit - total { return .full }
        if own > 0, bytes > teamLimit - own { return .teamFull }
        total += bytes
        teams[team] = own + bytes
        return nil
    }

    mutating func give(_ bytes: Int, team: Int64) {
        total = max(0, total - bytes)
        let left = (teams[team] ?? 0) - bytes
        teams[team] = left > 0 ? left : nil
    }
}

/// The budget of bytes that requests hold, from the first byte of a body until their call has ended: its body while it is
/// read, then its pictures. Waiting calls are limited by it, not only by their number (S4).
package final class HeldBytes: Sendable {
    /// A body without a length takes this much until its length is known.
    package static let unknownLength = 16 << 20
    /// When it is worth another try: a call takes seconds.
    private static let pause = Duration.seconds(2)

    private struct State {
        var book: WeightBook
        var refusals = 0
    }

    private let state: Locked<State>

    init(limit: Int) {
        state = Locked(State(book: WeightBook(limit: limit)))
    }

    package var held: Int { state.withLock { $0.book.total } }
    package var limit: Int { state.withLock { $0.book.limit } }
    /// Requests that were turned away.
    package var refusals: Int { state.withLock(\.refusals) }

    /// What one request holds; given back when nobody holds the share any more.
    package final class Share: Sendable {
        private let owner: HeldBytes
        private let team: Int64
        private let bytes = Locked(0)

        fileprivate init(_ owner: HeldBytes, team: Int64) {
            self.owner = owner
            self.team = team
        }

        deinit { owner.give(bytes.withLock(\.self), team: team) }

        /// Takes more.
        func add(_ more: Int) throws(CallFailure) {
            try owner.take(more, team: team)
            bytes.withLock { $0 += more }
        }

        /// Holds so many bytes from now on, fewer than before or more.
        package func set(_ count: Int) throws(CallFailure) {
            let (more, less) = bytes.withLock { ($0 < count ? count - $0 : 0, $0 > count ? $0 - count : 0) }
            if more > 0 { return try add(more) }
            owner.give(less, team: team)
            bytes.withLock { $0 -= less }
        }
    }

    /// A share of so many bytes. Throws 429 when the team holds too much already, 503 when everybody does; nothing was read
    /// or spent.
    package func share(_ bytes: Int, team: Int64) throws(CallFailure) -> Share {
        let share = Share(self, team: team)
        try share.add(bytes)
        return share
    }

    private func take(_ bytes: Int, team: Int64) throws(CallFailure) {
        let refusal = state.withLock { state in
            let refusal = state.book.take(bytes, team: team)
            if refusal != nil { state.refusals += 1 }
            return refusal
        }
        switch refusal {
        case nil: return
        case .full:
            throw CallFailure(
                .unavailable,
                "Requests under way already hold as many bytes as there is room for; nothing was spent.",
                retryAfter: Self.pause
            )
        case .teamFull:
            throw CallFailure(
                .rateLimited,
                "The team's requests under way already hold as many bytes as one team may; nothing was spent.",
                retryAfter: Self.pause
            )
        }
    }

    private func give(_ bytes: Int, team: Int64) {
        state.withLock { $0.book.give(bytes, team: team) }
    }
}
