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

/// The figures of one side of a comparison: of single requests, not of whole calls, so that both sides are alike.
package struct ShadowSide: Sendable, Hashable {
    package var succeeded = 0
    package var partial = 0
    package var refused = 0
    package var failed = 0
    /// Sent, and the end is not known (M7).
    package var unknown = 0
    /// Pictures that were asked for: one side may ask for more in one request than the other can.
    package var imagesAsked = 0
    /// Pictures that came, those kept back left out.
    package var images = 0
    package var withheld = 0
    /// Nil: nothing is known (M1).
    package var cost: Money?
    /// The part of `cost` that no provider confirmed.
    package var estimated: Money?
    /// Requests whose cost is not known; `cost` leaves them out.
    package var unpriced = 0
    /// `cost` by picture that came, over the requests whose cost is known, failures included; nil without such a picture.
    package var costPerImage: Money?
    package var nsfwImages = 0
    package var nsfwChecked = 0
    package var copyrightChecked = 0
    package var copyrightFlagged = 0
    package var copyrightUndetermined = 0
    /// From connect to last byte, of requests that delivered; whole milliseconds.
    package var p50Ms: Int?
    package var p90Ms: Int?
    package var p99Ms: Int?

    package init() {}
}

/// The first request of each call beside its shadow.
package struct ShadowReport: Sendable, Hashable {
    package struct Row: Sendable, Hashable {
        package var policy: String
        package var model: RemixModel
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
            model: RemixModel,
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
