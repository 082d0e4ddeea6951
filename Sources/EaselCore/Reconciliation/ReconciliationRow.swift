package import EaselBase
package import Foundation

/// One day and model of a comparison.
package struct ReconciliationRow: Sendable, Hashable {
    /// Attempts that an explanation lists; it counts them all.
    package static let listedAttempts = 50

    package enum Status: String, Sendable, Hashable, Codable, CaseIterable {
        /// To the nanodollar.
        case equal
        /// The listed attempts can make up the difference.
        case explained
        case unexplained
    }

    package var day: CivilDay
    /// The name in the bill; nil where the day is compared as a whole.
    package var model: String?
    /// The models of the log that it stands for.
    package var logModels: [String]
    /// Known costs of the log, estimates included.
    package var log: Money
    package var estimated: Money
    /// Nil: a figure of the provider's could not be understood (M1).
    package var provider: Money?
    package var logRequests: Int
    package var logImages: Int
    /// Nil: not told.
    package var providerRequests: Int?
    package var providerImages: Int?
    package var status: Status
    /// What the listed attempts cannot make up of the difference.
    package var unexplained: Money?
    package var explanations: [Explanation]

    package init(
        day: CivilDay,
        model: String?,
        logModels: [String],
        log: Money,
        estimated: Money,
        provider: Money?,
        logRequests: Int,
        logImages: Int,
        providerRequests: Int?,
        providerImages: Int?,
        status: Status,
        unexplained: Money?,
        explanations: [Explanation]
    ) {
        self.day = day
        self.model = model
        self.logModels = logModels
        self.log = log
        self.estimated = estimated
        self.provider = provider
        self.logRequests = logRequests
        self.logImages = logImages
        self.providerRequests = providerRequests
        self.providerImages = providerImages
        self.status = status
        self.unexplained = unexplained
        self.explanations = explanations
    }

    /// What the provider has more than the log, or less.
    package var difference: Money? { provider.map { $0 - log } }

    /// Attempts for one reason why the figures may differ.
    package struct Explanation: Sendable, Hashable, Codable {
        package var kind: Doubt
        /// All that there are, also those that are not listed.
        package var count: Int
        /// What they can make up of the difference, from here ...
        package var lowest: Money
        /// ... to here; nil: there was no price, so it may be anything.
        package var highest: Money?
        /// The first of them.
        package var attempts: [Attempt]

        package init(kind: Doubt, count: Int, lowest: Money, highest: Money?, attempts: [Attempt]) {
            self.kind = kind
            self.count = count
            self.lowest = lowest
            self.highest = highest
            self.attempts = attempts
        }

        private enum CodingKeys: String, CodingKey {
            case kind, count, attempts
            case lowest = "lowest_usd"
            case highest = "highest_usd"
        }
    }

    /// An attempt that an explanation names.
    package struct Attempt: Sendable, Hashable, Codable {
        @TextUUID package var attemptID: UUID
        @TextUUID package var callID: UUID
        package var startedAt: Timestamp
        package var cost: Money?
        package var bound: Money?

        package init(_ attempt: LoggedAttempt) {
            _attemptID = TextUUID(wrappedValue: attempt.attemptID)
            _callID = TextUUID(wrappedValue: attempt.callID)
            startedAt = attempt.startedAt
            cost = attempt.cost
            bound = attempt.bound
        }

        private enum CodingKeys: String, CodingKey {
            case attemptID = "attempt_id"
            case callID = "call_id"
            case startedAt = "started_at"
            case cost = "cost_usd"
            case bound = "bound_usd"
        }
    }
}

extension ReconciliationRow: Codable {
    private enum CodingKeys: String, CodingKey {
        case day, model, status, explanations
        case logModels = "log_models"
        case log = "log_usd"
        case estimated = "estimated_usd"
        case provider = "provider_usd"
        case difference = "difference_usd"
        case logRequests = "log_requests"
        case logImages = "log_images"
        case providerRequests = "provider_requests"
        case providerImages = "provider_images"
        case unexplained = "unexplained_usd"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            day: try container.decode(CivilDay.self, forKey: .day),
            model: try container.decodeIfPresent(String.self, forKey: .model),
            logModels: try container.decode([String].self, forKey: .logModels),
            log: try container.decode(Money.self, forKey: .log),
            estimated: try container.decode(Money.self, forKey: .estimated),
            provider: try container.decodeIfPresent(Money.self, forKey: .provider),
            logRequests: try container.decode(Int.self, forKey: .logRequests),
            logImages: try container.decode(Int.self, forKey: .logImages),
            providerRequests: try container.decodeIfPresent(Int.self, forKey: .providerRequests),
            providerImages: try container.decodeIfPresent(Int.self, forKey: .providerImages),
            status: try container.decode(Status.self, forKey: .status),
            unexplained: try container.decodeIfPresent(Money.self, forKey: .unexplained),
            explanations: try container.decode([Explanation].self, forKey: .explanations)
        )
    }

    /// Null is written out: a program can tell "not told" from a missing column.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(day, forKey: .day)
        try container.encode(model, forKey: .model)
        try container.encode(logModels, forKey: .logModels)
        try container.encode(log, forKey: .log)
        try container.encode(estimated, forKey: .estimated)
        try container.encode(provider, forKey: .provider)
        try container.encode(difference, forKey: .difference)
        try container.encode(logRequests, forKey: .logRequests)
        try container.encode(logImages, forKey: .logImages)
        try container.encode(providerRequests, forKey: .providerRequests)
        try container.encode(providerImages, forKey: .providerImages)
        try container.encode(status, forKey: .status)
        try container.encode(unexplained, forKey: .unexplained)
        try container.encode(explanations, forKey: .explanations)
    }
}
