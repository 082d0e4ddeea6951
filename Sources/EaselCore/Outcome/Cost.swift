package import EaselBase

/// What something cost, and who says so (M1, M4).
package struct Cost: Sendable, Hashable {
    /// Nil: not known. Zero: known to have cost nothing.
    package let amount: Money?
    package let basis: CostBasis

    package init(_ amount: Money?, _ basis: CostBasis) {
        self.amount = amount
        self.basis = basis
    }

    /// What a row tells, as far as it tells it.
    package init(_ recorded: Recorded) {
        self.init(recorded.amount, recorded.basis ?? .unknown)
    }

    /// Nobody knows it.
    package static let unknown = Cost(nil, .unknown)

    /// The same as a row tells it, which has neither before an end is written, and no basis where a call was taken back.
    package struct Recorded: Sendable, Hashable {
        /// Nil: not known, or not yet.
        package let amount: Money?
        package let basis: CostBasis?

        package init(_ amount: Money?, _ basis: CostBasis?) {
            self.amount = amount
            self.basis = basis
        }

        /// Nil: no end is written yet.
        package init(_ cost: Cost?) {
            self.init(cost?.amount, cost?.basis)
        }
    }
}

/// A record of something that cost what it cost.
package protocol Charged {
    var charge: Cost { get }
}

extension Charged {
    /// Nil: not known (M1). Zero: known to have cost nothing.
    package var cost: Money? { charge.amount }
    package var costBasis: CostBasis { charge.basis }
}

/// What a row tells of something whose end may still be to come.
package protocol MaybeCharged {
    var charge: Cost.Recorded { get }
}

extension MaybeCharged {
    /// Nil: not known, or not yet (M1).
    package var cost: Money? { charge.amount }
    package var costBasis: CostBasis? { charge.basis }
}
