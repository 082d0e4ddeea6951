package import EaselBase

/// What is known about one provider when a plan is made: values only, so that the plan can be replayed (R1).
///
/// Durations count in whole milliseconds, as the log stores them: a plan must not hang on what it does not keep.
package struct ProviderOffer: Sendable, Hashable {
    package var provider: String
    package var kind: ProviderKind
    package var translation: ProviderTranslation
    /// The parameters that it honours for the request's model, whether or not the request carries them.
    package var capabilities: RemixParameters
    /// Nil: the price book does not say.
    package var pricePerImage: Money?
    /// The usual time of a whole attempt; nil before the first.
    package var expectedLatencyMS: Int64?
    /// The time that one of twenty attempts exceeds; nil before the first.
    package var slowLatencyMS: Int64?
    /// The share of attempts that succeeded lately; nil while there are too few.
    package var success: Share?
    /// Requests under way as a share of what the account takes, queue included: may be above 100%, counted in percent.
    package var loadPercent: Int
    /// How long a request would wait for a place at the account; nil: not known.
    package var expectedWaitMS: Int64?
    /// The soonest that an answer can be expected, the wait included; nil: not known.
    package var fastestFinishMS: Int64?
    /// Whether the queue for the account is full.
    package var queueFull: Bool
    /// Why it comes after those that are well, though it may be asked; nil when it is well.
    package var demoted: String?
    /// Whether the next request finds out if it works again.
    package var isProbe: Bool
    /// Why it is not to be asked now (a cooldown, an open breaker), and for how long still; nil when it may be.
    package var unavailable: Unavailability?

    package struct Unavailability: Sendable, Hashable {
        package var reason: String
        package var retryAfter: Duration

        package init(reason: String, retryAfter: Duration) {
            self.reason = reason
            self.retryAfter = retryAfter
        }
    }

    package init(
        provider: String,
        kind: ProviderKind,
        translation: ProviderTranslation,
        capabilities: RemixParameters = [],
        pricePerImage: Money?,
        expectedLatency: Duration? = nil,
        slowLatency: Duration? = nil,
        success: Share? = nil,
        loadPercent: Int = 0,
        expectedWait: Duration? = nil,
        fastestFinish: Duration? = nil,
        queueFull: Bool = false,
        demoted: String? = nil,
        isProbe: Bool = false,
        unavailable: Unavailability? = nil
    ) {
        self.provider = provider
        self.kind = kind
        self.translation = translation
        self.capabilities = capabilities
        self.pricePerImage = pricePerImage
        expectedLatencyMS = expectedLatency?.milliseconds
        slowLatencyMS = slowLatency?.milliseconds
        self.success = success
        self.loadPercent = loadPercent
        expectedWaitMS = expectedWait?.milliseconds
        fastestFinishMS = fastestFinish?.milliseconds
        self.queueFull = queueFull
        self.demoted = demoted
        self.isProbe = isProbe
        self.unavailable = unavailable
    }
}

extension ProviderOffer {
    // The same as durations.
    package var expectedLatency: Duration? {
        get { expectedLatencyMS.map { .milliseconds($0) } }
        set { expectedLatencyMS = newValue?.milliseconds }
    }
    package var slowLatency: Duration? {
        get { slowLatencyMS.map { .milliseconds($0) } }
        set { slowLatencyMS = newValue?.milliseconds }
    }
    package var expectedWait: Duration? {
        get { expectedWaitMS.map { .milliseconds($0) } }
        set { expectedWaitMS = newValue?.milliseconds }
    }
    package var fastestFinish: Duration? {
        get { fastestFinishMS.map { .milliseconds($0) } }
        set { fastestFinishMS = newValue?.milliseconds }
    }
}
