import EaselBase
package import EaselCore

/// Counts the bytes that requests hold: pure bookkeeping, by team.
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

    /// What one team may hold: three quarters, so that a flood from one team leaves room for the others.
    var teamLimit: Int { limit / 4 * 3 }

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// Takes this many bytes, or says why not. A team that holds nothing may always take once what the limit of one
    /// body allows: a budget smaller than one request would let nothing in.
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

/// The byte budget of requests, from the first byte of a body until the call has ended: the body while it is read, then
/// its images. It limits waiting calls by size, not only by number (S4).
package final class HeldBytes: Sendable {
    /// A body without a length takes this much until its length is known.
    package static let unknownLength = 16 << 20
    /// When another try is worthwhile: a call takes seconds.
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

    /// What one request holds; released when the share is no longer referenced.
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

        /// Changes the number of bytes held, up or down.
        package func set(_ count: Int) throws(CallFailure) {
            let (more, less) = bytes.withLock { ($0 < count ? count - $0 : 0, $0 > count ? $0 - count : 0) }
            if more > 0 { return try add(more) }
            owner.give(less, team: team)
            bytes.withLock { $0 -= less }
        }
    }

    /// A share of this many bytes. Throws 429 if the team already holds too much, 503 if all teams together do; nothing
    /// was read or spent.
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
