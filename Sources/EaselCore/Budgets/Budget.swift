package import EaselBase
package import Foundation

/// What a budget counts, and how much of it may be used in a window.
package enum BudgetLimit: Sendable, Hashable {
    case money(Money)
    /// Delivered images.
    case images(Int)

    /// `$500.00`, `200 images`.
    package var text: String {
        switch self {
        case .money(let amount): amount.dollars
        case .images(let count): "\(count) image\(count == 1 ? "" : "s")"
        }
    }

    /// Whether two limits count the same thing.
    package func isAlike(_ other: BudgetLimit) -> Bool {
        switch (self, other) {
        case (.money, .money), (.images, .images): true
        default: false
        }
    }
}

/// A limit that is higher for a while.
package struct BudgetRaise: Sendable, Hashable {
    /// How much higher, in the budget's own unit.
    package let by: BudgetLimit
    package let from: Timestamp
    /// The first moment at which it no longer holds.
    package let until: Timestamp

    package init(by: BudgetLimit, from: Timestamp, until: Timestamp) {
        self.by = by
        self.from = from
        self.until = until
    }

    package func isActive(at moment: Timestamp) -> Bool { from <= moment && moment < until }
}

/// A limit on spending.
package struct Budget: Sendable, Hashable {
    /// Version 7.
    package let id: UUID
    /// The team that it belongs to; 0 for the whole organisation.
    package let teamID: Int64
    package let scope: BudgetScope
    package let period: BudgetPeriod
    package let limit: BudgetLimit
    /// A hard one stops spending before it happens; a soft one only counts and warns.
    package let isHard: Bool
    /// Percent of the limit at which people are warned, ascending.
    package let warnAt: [Int]
    /// An IANA name; windows begin and end by its calendar.
    package let timezone: String
    package let raise: BudgetRaise?

    package init(
        id: UUID,
        teamID: Int64,
        scope: BudgetScope,
        period: BudgetPeriod,
        limit: BudgetLimit,
        isHard: Bool,
        warnAt: [Int],
        timezone: String,
        raise: BudgetRaise? = nil
    ) {
        self.id = id
        self.teamID = teamID
        self.scope = scope
        self.period = period
        self.limit = limit
        self.isHard = isHard
        self.warnAt = warnAt
        self.timezone = timezone
        self.raise = raise
    }

    /// Whether a call counts against it.
    package func applies(teamID: Int64, project: String?, keyID: UUID) -> Bool {
        switch scope {
        case .org: true
        case .team: self.teamID == teamID
        // Letter by letter as the database compares, where Swift would take two spellings of an accent for the same.
        case .project(_, let name):
            self.teamID == teamID && project?.unicodeScalars.elementsEqual(name.unicodeScalars) == true
        case .key(let id): keyID == id
        }
    }

    /// The limit that holds at a moment, with a raise where one is active.
    package func limit(at moment: Timestamp) -> BudgetLimit {
        guard let raise, raise.isActive(at: moment) else { return limit }
        return switch (limit, raise.by) {
        case (.money(let base), .money(let more)): .money(base + more)
        case (.images(let base), .images(let more)): .images(base + more)
        default: limit
        }
    }

    /// The window that holds a moment. A zone that this system does not know counts as UTC, as PostgreSQL checked it.
    package func window(at moment: Timestamp) -> BudgetWindow {
        period.window(at: moment, in: LocalTime(timezone) ?? .utc)
    }
}

/// A whole budget for a scope and a period, as `PUT /v1/budgets` says it. Setting it again replaces all of it.
package struct BudgetWish: Sendable, Hashable {
    package var scope: BudgetScope
    package var period: BudgetPeriod
    package var limit: BudgetLimit
    package var isHard: Bool
    package var warnAt: [Int]
    package var timezone: String

    package static let defaultWarnings = [50, 80, 100]
    package static let defaultTimezone = "UTC"

    package init(
        scope: BudgetScope,
        period: BudgetPeriod,
        limit: BudgetLimit,
        isHard: Bool = true,
        warnAt: [Int] = Self.defaultWarnings,
        timezone: String = Self.defaultTimezone
    ) {
        self.scope = scope
        self.period = period
        self.limit = limit
        self.isHard = isHard
        self.warnAt = warnAt
        self.timezone = timezone
    }
}
