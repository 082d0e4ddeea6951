import EaselBase
import EaselCalls
import EaselCore

/// How one provider stands, as `GET /v1/providers` tells it.
struct ProviderReport: Encodable {
    struct Latency: Encodable {
        let p50: Int?
        let p95: Int?
    }

    /// One model at this provider that was asked for, or is known from the log.
    struct Model: Encodable {
        let model: RemixModel
        let breaker: Breaker.Phase
        let state: ProviderState
        let reason: String?
        let retry_after_ms: Int?
        /// Of the last five minutes, as the error rate.
        let attempts: Int
        let error_rate: Double?
        /// At the usual speed, or the one that is known.
        let latency_ms: Latency
    }

    let name: String
    let kind: ProviderKind
    let state: ProviderState
    let breaker: Breaker.Phase
    let reason: String?
    let retry_after_ms: Int?
    let in_flight: Int
    let max_in_flight: Int
    let waiting: Int
    let error_rate: Double?
    /// The usual time by model.
    let latency_ms: [String: Int]
    let models: [Model]
    let last_outcome: AttemptOutcome?
    let last_attempt_at: Timestamp?
    let spend_today_usd: Money

    init(
        _ provider: any Provider,
        health: AccountHealth?,
        last: (outcome: AttemptOutcome, at: Timestamp)?,
        gate: ProviderGate?,
        spend: Money,
        now: SteadyInstant
    ) {
        let report = health?.report(at: now)
        name = provider.name
        kind = provider.kind
        state = report?.state ?? .ok
        breaker = report?.breaker ?? .closed
        reason = report?.reason
        retry_after_ms = report?.retryAfter.map { Int($0.milliseconds) }
        in_flight = gate?.running ?? 0
        max_in_flight = provider.maxInFlight
        waiting = gate?.waiting ?? 0
        error_rate = report?.errorRate.map(Self.rounded)
        models = health.map { health in health.knownModels.map { Self.model($0, health, now) } } ?? []
        latency_ms = Dictionary(
            models.compactMap { model in model.latency_ms.p50.map { (model.model.rawValue, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
        last_outcome = last?.outcome
        last_attempt_at = last?.at
        spend_today_usd = spend
    }

    private static func model(_ model: RemixModel, _ health: AccountHealth, _ now: SteadyInstant) -> Model {
        let report = health.report(of: model, at: now)
        let speeds = [RenderingSpeed.default] + RenderingSpeed.allCases
        let pace = speeds.lazy.compactMap { health.quantiles(model, $0, at: now) }.first
        return Model(
            model: model,
            breaker: report.breaker,
            state: report.state,
            reason: report.reason,
            retry_after_ms: report.retryAfter.map { Int($0.milliseconds) },
            attempts: report.outcomes.all,
            error_rate: report.errorRate.map(rounded),
            latency_ms: Latency(
                p50: pace.map { Int($0.p50.milliseconds) },
                p95: pace.map { Int($0.p95.milliseconds) }
            )
        )
    }

    private static func rounded(_ rate: Double) -> Double { (rate * 10_000).rounded() / 10_000 }
}

/// The whole answer.
struct ProviderReports: Encodable { let providers: [ProviderReport] }
