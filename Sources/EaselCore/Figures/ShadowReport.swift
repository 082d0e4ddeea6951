package import EaselBase

/// Which shadows are compared: by when their calls were received.
package struct ShadowQuery: Sendable, Hashable {
    package var from: Timestamp
    /// Not included.
    package var to: Timestamp
    /// Nil: every policy.
    package var policy: String?
    /// Nil: every team.
    package var teamID: Int64?

    package init(from: Timestamp, to: Timestamp, policy: String? = nil, teamID: Int64? = nil) {
        self.from = from
        self.to = to
        self.policy = policy
        self.teamID = teamID
    }
}

/// The figures of one side of a comparison.
package struct ShadowSide: Sendable, Hashable {
    /// By the raw values of `ShadowField`.
    private var numbers: [Int64?] = ShadowField.legend.map { $0.column.kind == .count ? 0 : nil }

    package init() {}

    /// A count, nanodollars or whole milliseconds; nil where nothing is known (M1), which no count is.
    package subscript(_ field: ShadowField) -> Int64? {
        get { numbers[field.rawValue] }
        set { numbers[field.rawValue] = newValue }
    }

    package subscript(money field: ShadowField) -> Money? {
        get { self[field].map { Money(nanodollars: $0) } }
        set { self[field] = newValue?.nanodollars }
    }

    /// Counts some more.
    package mutating func count(_ field: ShadowField, _ number: Int = 1) {
        self[field] = (self[field] ?? 0).addingSaturating(Int64(number))
    }

    package func cell(_ field: ShadowField) -> Report.Cell {
        Report.Cell(field.figure.column.kind, number: self[field])
    }
}

/// The first request of each call beside its shadow.
package struct ShadowReport: Sendable, Hashable {
    package struct Row: Sendable, Hashable {
        package var policy: String
        /// The name of the model that was asked for.
        package var model: String
        /// The provider of the call's first attempt.
        package var primaryProvider: String
        package var shadowProvider: String
        /// Calls that are settled and whose shadow has ended.
        package var compared: Int
        /// Calls or shadows that are still under way.
        package var pending: Int
        package var primary: ShadowSide
        package var shadow: ShadowSide

        package init(
            policy: String,
            model: String,
            primaryProvider: String,
            shadowProvider: String,
            compared: Int = 0,
            pending: Int = 0,
            primary: ShadowSide = ShadowSide(),
            shadow: ShadowSide = ShadowSide()
        ) {
            self.policy = policy
            self.model = model
            self.primaryProvider = primaryProvider
            self.shadowProvider = shadowProvider
            self.compared = compared
            self.pending = pending
            self.primary = primary
            self.shadow = shadow
        }
    }

    package var query: ShadowQuery
    /// In the order of policy, model, primary and shadow provider.
    package var rows: [Row]

    package init(query: ShadowQuery, rows: [Row]) {
        self.query = query
        self.rows = rows
    }
}
