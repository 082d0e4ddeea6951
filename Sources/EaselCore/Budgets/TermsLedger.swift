package import EaselBase
package import Foundation

/// What every admission is made under. Each change of prices, budgets and teams raises the version of the terms in its own
/// transaction, so that no admission is made under terms that no longer hold.
package protocol TermsBook: Sendable {
    /// Prices, budgets and what teams may do, as of one moment.
    func spendingTerms() async throws(LedgerError) -> SpendingTerms
}

/// The price book, and what it says of calls that are over.
package protocol PriceLedger: Sendable {
    /// Every line of the price book, also those that are over and those to come.
    func prices() async throws(LedgerError) -> [PriceEntry]

    /// Writes lines of the price book; a line of the same provider, model, speed, character reference and date is
    /// replaced, and a line for every speed replaces those of its date for one (`PriceBook.written`). `actor` is who did
    /// it, for the history.
    @discardableResult
    func setPrices(_ entries: [PriceEntry], by actor: String, at moment: Timestamp) async throws(LedgerError)
        -> PriceWriting

    /// What was changed in the price book, newest first.
    func priceChanges(limit: Int) async throws(LedgerError) -> [PriceChange]

    /// Ended attempts since a moment whose cost is an estimate from the price book, or that delivered without a price;
    /// in the order of their ids, after `cursor`.
    func estimates(since: Timestamp, after cursor: UUID?, limit: Int) async throws(LedgerError) -> [EstimatedAttempt]

    /// Gives attempts of one settled call other prices. The call's figures and the budgets of its window follow in the
    /// same transaction (M6). What a provider has confirmed meanwhile stays, and what an invoice has unless it is meant.
    func reprice(_ repricing: Repricing) async throws(LedgerError)
}

/// How budgets stand: what calls look at.
package protocol BudgetStandings: Sendable {
    /// The budgets with their figures in the windows that hold the moment. Nil: every team's and the organisation's.
    func budgets(teamID: Int64?, at moment: Timestamp) async throws(LedgerError) -> [BudgetStanding]
}

/// Budgets, and what counts against them.
package protocol BudgetLedger: BudgetStandings {
    /// Changes what is named of the budget that the change means (`BudgetChange.target`), or makes it. A new window
    /// begins with what the log says was spent in it. Throws `.notFound` when the scope names something that is not
    /// there, `.rejected` when nothing says how much, or which of several budgets is meant.
    func changeBudget(_ change: BudgetChange, by actor: String, at moment: Timestamp) async throws(LedgerError)
        -> BudgetWriting

    /// What would come of a change, which is not made. Throws as `changeBudget` does.
    func previewBudget(_ change: BudgetChange, at moment: Timestamp) async throws(LedgerError) -> BudgetPreview

    /// Raises a budget's limit for a while; nil ends a raise. Throws `.notFound`, or `.conflict` when a raise that is
    /// not over stands already or counts something else than the budget.
    func raiseBudget(
        _ id: UUID,
        _ raise: BudgetRaise?,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetStanding

    /// False when there is no such budget.
    func removeBudget(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool

    /// Which calls and reservations make up a budget's figures; nil when there is no such budget.
    func explainBudget(
        _ id: UUID,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> BudgetExplanation?
}

/// What makes up the figures of a budget's window.
package struct BudgetExplanation: Sendable {
    /// Calls of one status and provider together.
    package struct Group: Sendable, Hashable {
        package let status: CallStatus
        package let provider: String?
        package let calls: Int
        package let cost: Money
        package let images: Int

        package init(status: CallStatus, provider: String?, calls: Int, cost: Money, images: Int) {
            self.status = status
            self.provider = provider
            self.calls = calls
            self.cost = cost
            self.images = images
        }
    }

    /// One call that was posted.
    package struct Call: Sendable, Hashable, MaybeCharged {
        package let callID: UUID
        package let receivedAt: Timestamp
        package let team: String
        package let status: CallStatus
        package let provider: String?
        package let charge: Cost.Recorded
        package let images: Int

        package init(
            callID: UUID,
            receivedAt: Timestamp,
            team: String,
            status: CallStatus,
            provider: String?,
            charge: Cost.Recorded,
            images: Int
        ) {
            self.callID = callID
            self.receivedAt = receivedAt
            self.team = team
            self.status = status
            self.provider = provider
            self.charge = charge
            self.images = images
        }
    }

    /// One call that holds money back.
    package struct Reservation: Sendable, Hashable {
        package let callID: UUID
        package let receivedAt: Timestamp
        package let team: String
        /// `in_progress` or `unknown_attempt`.
        package let reason: String
        /// Nil: the call has no known bound.
        package let amount: Money?
        package let images: Int
        /// The gateway that the call belongs to.
        package let owner: UUID?
        package let leaseEndsAt: Timestamp

        package init(
            callID: UUID,
            receivedAt: Timestamp,
            team: String,
            reason: String,
            amount: Money?,
            images: Int,
            owner: UUID?,
            leaseEndsAt: Timestamp
        ) {
            self.callID = callID
            self.receivedAt = receivedAt
            self.team = team
            self.reason = reason
            self.amount = amount
            self.images = images
            self.owner = owner
            self.leaseEndsAt = leaseEndsAt
        }
    }

    package let standing: BudgetStanding
    /// Every settled call of the window, in groups: their sum is what was posted.
    package let groups: [Group]
    /// The newest calls that cost something, at most as many as asked for.
    package let calls: [Call]
    /// The reservations, at most as many as asked for, oldest first.
    package let reservations: [Reservation]

    package init(standing: BudgetStanding, groups: [Group], calls: [Call], reservations: [Reservation]) {
        self.standing = standing
        self.groups = groups
        self.calls = calls
        self.reservations = reservations
    }
}

/// An attempt whose cost nobody but the price book has told, or nobody at all.
package struct EstimatedAttempt: Sendable, Hashable, CallKeyed {
    package let attemptID: UUID
    package let key: CallKey
    package let startedAt: Timestamp
    package let provider: String
    package let model: RemixModel
    package let speed: RenderingSpeed
    package let characterReference: Bool
    package let imagesReturned: Int
    package let price: Money?
    package let cost: Money?
    /// Whether a comparison with the provider's figures came out right for it.
    package let isReconciled: Bool

    package init(
        attemptID: UUID,
        key: CallKey,
        startedAt: Timestamp,
        provider: String,
        model: RemixModel,
        speed: RenderingSpeed,
        characterReference: Bool,
        imagesReturned: Int,
        price: Money?,
        cost: Money?,
        isReconciled: Bool = false
    ) {
        self.attemptID = attemptID
        self.key = key
        self.startedAt = startedAt
        self.provider = provider
        self.model = model
        self.speed = speed
        self.characterReference = characterReference
        self.imagesReturned = imagesReturned
        self.price = price
        self.cost = cost
        self.isReconciled = isReconciled
    }
}

/// Other prices for attempts of one call.
package struct Repricing: Sendable, Hashable, CallKeyed {
    package struct Line: Sendable, Hashable {
        package let attemptID: UUID
        package let startedAt: Timestamp
        package let price: Money
        package let cost: Money

        package init(attemptID: UUID, startedAt: Timestamp, price: Money, cost: Money) {
            self.attemptID = attemptID
            self.startedAt = startedAt
            self.price = price
            self.cost = cost
        }
    }

    package let key: CallKey
    package let repricedAt: Timestamp
    package let lines: [Line]
    /// Whether attempts that an invoice confirmed are changed too. They are not confirmed any more then.
    package let includesReconciled: Bool

    package init(
        key: CallKey,
        repricedAt: Timestamp,
        lines: [Line],
        includesReconciled: Bool = false
    ) {
        self.includesReconciled = includesReconciled
        self.key = key
        self.repricedAt = repricedAt
        self.lines = lines
    }
}
