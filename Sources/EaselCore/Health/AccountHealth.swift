package import EaselBase

/// What is known about one account at a provider and its models: breakers, success rates and pace. Pure; time is an
/// argument.
///
/// Three breakers of one kind: the account's, each model's, and for each model one whose failures are slow successes,
/// which demotes the model instead of making it unavailable.
package struct AccountHealth: Sendable {
    /// Opens on failures across all models, with no delivery in between.
    package static let accountSettings = Breaker.Settings(consecutive: 10)
    package static let modelSettings = Breaker.Settings(
        consecutive: 5,
        share: Breaker.Settings.Share(percent: 50, least: 20, span: .seconds(30))
    )
    package static let paceSettings = Breaker.Settings(
        consecutive: 5,
        share: Breaker.Settings.Share(percent: 50, least: 10, span: .seconds(300)),
        cause: .slow,
        noun: "slow answers"
    )
    /// How long we wait after a bad key, an empty account and a missing model.
    package static let unauthorizedPause = Duration.seconds(60)
    package static let creditPause = Duration.seconds(600)
    package static let modelPause = Duration.seconds(600)
    /// The period of a success rate, and the minimum number of results for it to be meaningful.
    package static let rateSpan = Duration.seconds(300)
    package static let rateBuckets = 30
    package static let leastForRate = 5

    /// Permission to send requests for one model. Return it with `record` or `release`.
    package struct Permit: Sendable, Hashable {
        package let model: RemixModel
        fileprivate let account: Breaker.Permit
        fileprivate let ofModel: Breaker.Permit
        /// Nil while the model is slow and another request finds out whether it still is.
        fileprivate let pace: Breaker.Permit?

        package var isProbe: Bool { account.isProbe || ofModel.isProbe || pace?.isProbe == true }
    }

    /// A change of one of the breakers; `model` is nil for the account's.
    package struct Change: Sendable, Hashable {
        package let model: RemixModel?
        package let isPace: Bool
        package let change: Breaker.Change
    }

    struct Model: Sendable {
        var breaker: Breaker
        var pace: Breaker
        var outcomes = OutcomeWindow(span: AccountHealth.rateSpan, buckets: AccountHealth.rateBuckets)
        var paces: [RenderingSpeed: PaceHistory] = [:]
        var usedAt: SteadyInstant?
    }

    /// How long a claimed probe has to be answered.
    package let probeExpiry: Duration
    private let name: String
    private(set) var account: Breaker
    private(set) var models: [RemixModel: Model] = [:]

    /// `name` seeds the jitter: the account's name and something specific to the gateway, so that gateways do not probe
    /// in step. `probeExpiry`: longer than an attempt may take, from its claim to its end.
    package init(name: String, probeExpiry: Duration) {
        self.name = name
        self.probeExpiry = probeExpiry
        account = Breaker(Self.accountSettings, seed: Breaker.seed(of: name))
    }

    private func fresh(_ model: RemixModel) -> Model {
        Model(
            breaker: Breaker(Self.modelSettings, seed: Breaker.seed(of: "\(name)/\(model.rawValue)")),
            pace: Breaker(Self.paceSettings, seed: Breaker.seed(of: "\(name)/\(model.rawValue)/pace"))
        )
    }

    private mutating func with<Result>(_ model: RemixModel, _ body: (inout Model) -> Result) -> Result {
        // Taken out for the time, so that its arrays are changed in place.
        var entry = models.removeValue(forKey: model) ?? fresh(model)
        defer { models[model] = entry }
        return body(&entry)
    }

    // MARK: - Asking

    /// Permission to send requests for `model` now; nil if a breaker does not let any through. Only one probe exists
    /// until it is recorded, released or expired.
    package mutating func claim(_ model: RemixModel, at now: SteadyInstant) -> Permit? {
        guard let account = account.claim(at: now, expiry: probeExpiry) else { return nil }
        let expiry = probeExpiry
        let claimed = with(model) { entry -> (Breaker.Permit, Breaker.Permit?)? in
            guard let ofModel = entry.breaker.claim(at: now, expiry: expiry) else { return nil }
            return (ofModel, entry.pace.claim(at: now, expiry: expiry))
        }
        guard let (ofModel, pace) = claimed else {
            self.account.release(account)
            return nil
        }
        return Permit(model: model, account: account, ofModel: ofModel, pace: pace)
    }

    /// Returns the permit's probe, if it has produced no result.
    package mutating func release(_ permit: Permit) {
        account.release(permit.account)
        with(permit.model) { entry in
            entry.breaker.release(permit.ofModel)
            if let pace = permit.pace { entry.pace.release(pace) }
        }
    }

    /// Whether a request that has waited since it got its permit may still be sent.
    package func allows(_ permit: Permit) -> Bool {
        account.allows(permit.account) && models[permit.model]?.breaker.allows(permit.ofModel) != false
    }

    // MARK: - Learning

    /// Records the end of one request. `learnt` is what the pace learns from a success instead of `took`, if that is
    /// closer to the truth.
    package mutating func record(
        _ signal: HealthSignal,
        speed: RenderingSpeed,
        learnt: Duration? = nil,
        _ permit: Permit,
        at now: SteadyInstant
    ) -> [Change] {
        let model = permit.model
        if case .notAsked = signal { return [] }
        var changes: [Change] = []
        func note(_ model: RemixModel?, _ change: Breaker.Change?, isPace: Bool = false) {
            if let change { changes.append(Change(model: model, isPace: isPace, change: change)) }
        }
        with(model) { entry in
            entry.usedAt = now
            if let isSuccess = signal.isSuccess { entry.outcomes.record(failed: !isSuccess, at: now) }
        }
        switch signal {
        case .succeeded(let took):
            note(nil, account.record(.well, permit.account, at: now))
            note(model, with(model) { $0.breaker.record(.well, permit.ofModel, at: now) })
            if let took { note(model, pace(took, learnt, speed, permit, at: now), isPace: true) }
        case .alive:
            note(nil, account.record(.well, permit.account, at: now))
            note(model, with(model) { $0.breaker.record(.well, permit.ofModel, at: now) })
        case .failed(let kind):
            note(nil, account.record(.failed(kind.rawValue), permit.account, at: now))
            note(model, with(model) { $0.breaker.record(.failed(kind.rawValue), permit.ofModel, at: now) })
        case .stayAway(let pause, let kind):
            let reason = TripReason(.retryAfter, "asked for a pause (\(kind.rawValue))")
            note(nil, account.open(reason, for: pause, byProvider: true, permit.account, at: now))
        case .unauthorized:
            let reason = TripReason(.unauthorized, "does not accept the key")
            note(nil, open(reason, for: Self.unauthorizedPause, permit, at: now))
        case .creditExhausted:
            let reason = TripReason(.creditExhausted, "has no credit left")
            note(nil, open(reason, for: Self.creditPause, permit, at: now))
        case .modelUnavailable:
            note(nil, account.record(.well, permit.account, at: now))
            let reason = TripReason(.modelUnavailable, "does not have the model at the moment")
            note(
                model,
                with(model) {
                    $0.breaker.open(reason, for: Self.modelPause, byProvider: false, permit.ofModel, at: now)
                }
            )
        case .silent, .notAsked: break
        }
        return changes
    }

    private mutating func open(
        _ reason: TripReason,
        for pause: Duration,
        _ permit: Permit,
        at now: SteadyInstant
    ) -> Breaker.Change? {
        account.open(reason, for: pause, byProvider: false, permit.account, at: now)
    }

    private mutating func pace(
        _ took: Duration,
        _ learnt: Duration?,
        _ speed: RenderingSpeed,
        _ permit: Permit,
        at now: SteadyInstant
    ) -> Breaker.Change? {
        with(permit.model) { entry in
            let isSlow = entry.paces[speed]?.isSlow(took, at: now) ?? false
            entry.paces[speed, default: PaceHistory()].record(learnt ?? took, slow: isSlow, at: now)
            guard let pace = permit.pace else { return nil }
            return entry.pace.record(isSlow ? .failed("took \(took.milliseconds / 1000) s") : .well, pace, at: now)
        }
    }

    /// Teaches the pace from the log, before anything was asked. Oldest first.
    package mutating func prime(
        _ model: RemixModel,
        _ speed: RenderingSpeed,
        _ durations: [Duration],
        at now: SteadyInstant
    ) {
        with(model) { entry in
            for duration in durations {
                entry.paces[speed, default: PaceHistory()].record(duration, slow: false, at: now)
            }
        }
    }
}
