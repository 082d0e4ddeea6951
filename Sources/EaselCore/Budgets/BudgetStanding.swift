package import EaselBase

/// A budget with the figures of one of its windows.
package struct BudgetStanding: Sendable, Hashable {
    package let budget: Budget
    package let window: BudgetWindow
    /// What the window's calls cost, estimates and bounds of unknown attempts included.
    package let posted: Money
    /// What calls under way and unknown attempts hold back.
    package let reserved: Money
    package let postedImages: Int
    package let reservedImages: Int
    /// The part of `posted` that was never reserved: a provider charged more than its price, or a team may spend
    /// unpriced. The one exception of M2.
    package let unreserved: Money

    package init(
        budget: Budget,
        window: BudgetWindow,
        posted: Money = .zero,
        reserved: Money = .zero,
        postedImages: Int = 0,
        reservedImages: Int = 0,
        unreserved: Money = .zero
    ) {
        self.budget = budget
        self.window = window
        self.posted = posted
        self.reserved = reserved
        self.postedImages = postedImages
        self.reservedImages = reservedImages
        self.unreserved = unreserved
    }

    /// When the figures begin anew; nil for a budget that never does.
    package var resetsAt: Timestamp? { budget.period == .total ? nil : window.end }

    /// What may still be reserved; never below zero, also where a limit was lowered below what is spent.
    package func remaining(at moment: Timestamp) -> BudgetLimit {
        switch budget.limit(at: moment) {
        case .money(let limit): .money(max(.zero, limit - posted - reserved))
        case .images(let limit): .images(max(0, limit - postedImages - reservedImages))
        }
    }

    /// Whether so much more fits. An amount that is not known fits into a hard budget of money only where the team may
    /// spend unpriced (M1).
    package func fits(_ amount: Money?, images: Int, allowsUnpriced: Bool, at moment: Timestamp) -> Bool {
        guard budget.isHard else { return true }
        switch budget.limit(at: moment) {
        case .money(let limit):
            guard let amount else { return allowsUnpriced }
            return posted + reserved + amount <= limit
        case .images(let limit): return postedImages + reservedImages + images <= limit
        }
    }

    /// What was spent and the limit, in the budget's unit.
    private func use(at moment: Timestamp) -> (spent: Int64, limit: Int64) {
        switch budget.limit(at: moment) {
        case .money(let limit): (posted.nanodollars, limit.nanodollars)
        case .images(let limit): (Int64(postedImages), Int64(limit))
        }
    }

    /// Spent in percent of the limit, for people: rounded, and 100 at least only when it is used up. A limit of zero is.
    package func percentSpent(at moment: Timestamp) -> Int {
        let (spent, limit) = use(at: moment)
        return Percent.whole(spent, of: limit)
    }

    /// Spent as a share of the limit.
    package func shareSpent(at moment: Timestamp) -> Double {
        let (spent, limit) = use(at: moment)
        return limit > 0 ? Double(spent) / Double(limit) : 1
    }

    /// Whether so many percent of the limit are spent, exactly.
    package func hasReached(percent: Int, at moment: Timestamp) -> Bool {
        let (spent, limit) = use(at: moment)
        guard limit > 0 else { return percent <= 100 }
        return Int128(spent) * 100 >= Int128(limit) * Int128(percent)
    }

    /// What may still be reserved in percent of the limit, 0 to 100; a limit of zero has nothing left.
    package func percentLeft(at moment: Timestamp) -> Double {
        let (left, limit): (Double, Double) =
            switch (remaining(at: moment), budget.limit(at: moment)) {
            case (.money(let left), .money(let limit)): (Double(left.nanodollars), Double(limit.nanodollars))
            case (.images(let left), .images(let limit)): (Double(left), Double(limit))
            default: (0, 0)
            }
        return limit > 0 ? min(max(left / limit * 100, 0), 100) : 0
    }

    /// How far a budget is used up, for exit codes and colours.
    package enum Level: Sendable, Hashable { case fine, warned, exceeded }

    package func level(at moment: Timestamp) -> Level {
        if hasReached(percent: 100, at: moment) { return .exceeded }
        return budget.warnAt.contains { hasReached(percent: $0, at: moment) } ? .warned : .fine
    }

    /// What the window will have cost at its end if spending goes on as it did; nil without an end or a beginning.
    package func forecast(at moment: Timestamp) -> Money? {
        guard budget.period != .total, window.contains(moment) else { return nil }
        let gone = moment.since(window.start).secondsAsDouble
        let whole = window.end.since(window.start).secondsAsDouble
        guard gone > 0 else { return nil }
        let dollars = Double(posted.nanodollars) * whole / gone
        return dollars < 9e18 ? Money(nanodollars: Int64(saturating: dollars)) : nil
    }
}

/// Why a budget does not let a call through.
package struct BudgetRefusal: Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        /// The upper bound of the plan does not fit.
        case exceeded
        /// A candidate has no price, so that nobody can say whether it fits (M1).
        case unpriced
    }

    package let reason: Reason
    package let standing: BudgetStanding
    /// What was to be reserved; nil when a candidate is unpriced.
    package let asked: Money?
    package let askedImages: Int

    package init(reason: Reason, standing: BudgetStanding, asked: Money?, askedImages: Int) {
        self.reason = reason
        self.standing = standing
        self.asked = asked
        self.askedImages = askedImages
    }

    /// The first budget of those given that does not take the amount; nil when all do.
    package static func first(
        of standings: [BudgetStanding],
        amount: Money?,
        images: Int,
        allowsUnpriced: Bool,
        at moment: Timestamp
    ) -> BudgetRefusal? {
        for standing in standings
        where !standing.fits(amount, images: images, allowsUnpriced: allowsUnpriced, at: moment) {
            let isUnpriced = amount == nil && { if case .money = standing.budget.limit { true } else { false } }()
            return BudgetRefusal(
                reason: isUnpriced ? .unpriced : .exceeded,
                standing: standing,
                asked: amount,
                askedImages: images
            )
        }
        return nil
    }
}
