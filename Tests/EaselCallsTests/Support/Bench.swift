import EaselBase
import EaselCore
import EaselImaging
import EaselMemory
import EaselTransport
import Foundation
import TestKit

@testable import EaselCalls

/// The way of a call put together on a ledger in memory and scripted providers: no door.
struct Bench: Sendable {
    static let group = TestLoops.group
    static let client = TestLoops.client

    let ledger: MemoryLedger
    let registry = CallRegistry()
    let health = ProviderHealth()
    let tools: CallTools
    let service: CallService
    let shadows: ShadowDesk
    let policy: Policy
    let gatewayID: UUID

    /// `order` names every provider as it comes; `change` makes another policy of it.
    init(
        _ ledger: MemoryLedger,
        _ providers: [ScriptedProvider],
        time: TimeSource = .system,
        policy change: (inout Policy) -> Void = { _ in }
    ) async throws {
        self.ledger = ledger
        gatewayID = UUIDv7.mint(at: time.now)
        let fetcher = Fetcher(client: Self.client, policy: .publicOnly(allow: []), timeout: .seconds(5))
        let byName: [String: any Provider] = Dictionary(uniqueKeysWithValues: providers.map { ($0.name, $0) })
        let gates = byName.mapValues { ProviderGate(limit: $0.maxInFlight) }
        let metrics = CallMetrics()
        shadows = ShadowDesk(
            ledger: ledger,
            providers: byName,
            doors: gates.mapValues { ShadowDesk.Door($0) },
            gatewayID: gatewayID,
            health: health,
            metrics: metrics.shadows,
            liveness: Liveness(),
            time: time,
            log: .silent
        )
        tools = CallTools(
            ledger: ledger,
            providers: byName,
            origins: [:],
            gates: gates,
            health: health,
            runner: AttemptRunner(health: health, ledger: ledger, log: .silent),
            delivery: ImageDelivery(fetcher: fetcher, store: nil, log: .silent),
            metrics: metrics,
            time: time,
            log: .silent
        )
        var policy = Policy(name: "test", ordering: .order(providers.map(\.name)))
        change(&policy)
        self.policy = policy
        let terms = TermsShelf()
        try await terms.refresh(from: ledger)
        service = CallService(
            admission: CallAdmission(
                planner: CallPlanner(
                    policies: PolicyDesk(
                        book: PolicyBook(policies: [policy.name: policy], defaultName: policy.name),
                        reading: NoPolicies(),
                        budgets: BudgetGauge(ledger: ledger)
                    ),
                    desk: OfferDesk(providers: providers, health: health, gates: gates),
                    terms: terms
                ),
                registry: registry,
                books: CallBooks(ledger),
                tools: tools,
                manner: CallAdmission.Manner(gatewayID: gatewayID, prompts: .full)
            ),
            tools: tools,
            shadows: shadows
        )
    }

    /// Runs one call to its end.
    func remix(
        _ request: RemixRequest,
        account: Account = SampleTrade.account()
    ) async -> Result<Reply, CallFailure> {
        do throws(CallFailure) {
            let answer = try await service.submit(
                CallOrder(request: request, policy: .plain(policy), account: account, began: .now),
                on: Self.group.next()
            )
            guard case .ended(let ending) = answer else { return .failure(CallFailure(.unavailable, "not ended")) }
            if let failure = ending.failure { return .failure(failure) }
            return .success(Reply(ending))
        } catch {
            return .failure(error)
        }
    }

    func remix(count: Int = 1) async -> Result<Reply, CallFailure> {
        await remix(SampleTrade.request(count: count))
    }

    /// What looks after calls that were left behind.
    func resolver(unknownAfter: Duration = .seconds(3600), time: TimeSource? = nil) -> Resolver {
        Resolver(
            ledger: ledger,
            recovery: ledger,
            providers: tools.providers,
            origins: [:],
            delivery: tools.delivery,
            unknownAfter: unknownAfter,
            questions: health.questions,
            metrics: tools.metrics,
            time: time ?? tools.time,
            log: .silent
        )
    }
}

/// What a caller learns of a call that delivered.
struct Reply: Sendable {
    let id: UUID
    let status: CallStatus
    let provider: String?
    let cost: Money?
    let costBasis: CostBasis
    let images: [ImageRecord]
    let translation: [TranslationEntry]
    let attempts: [AttemptEnd]

    init(_ ending: CallEnding) {
        id = ending.context.callID
        status = ending.settlement.status
        provider = ending.settlement.provider
        cost = ending.settlement.cost
        costBasis = ending.settlement.costBasis
        images = ending.settlement.images
        translation = ending.translation
        attempts = ending.ends
    }
}

extension Result where Success == Reply, Failure == CallFailure {
    /// The reply, where there is one.
    var reply: Reply? { try? get() }

    /// Why there is none.
    var failure: CallFailure? { if case .failure(let failure) = self { failure } else { nil } }
}
