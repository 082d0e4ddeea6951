import EaselBase
import EaselCore
import Foundation

/// Also sends the requests of sampled calls to a second provider, without affecting the call: a shadow has its own
/// task, row and budget, and whatever happens to it changes neither the call's time nor its answer.
final class ShadowDesk: Sendable {
    /// Shadows under way at once, all providers together: each holds its call's image in memory (S4).
    static let mostAtOnce = 32

    /// How many of an account's slots shadows may have at once: a quarter, at least one. Later calls find the others
    /// free.
    static func places(of maxInFlight: Int) -> Int { max(1, maxInFlight / 4) }

    /// Pauses before the end of a shadow is written again; after that recovery takes over.
    static let writingPauses: [Duration] = [.milliseconds(500), .seconds(2), .seconds(8)]

    /// Access to a slot at a provider's account.
    struct Door: Sendable {
        /// Takes a slot if one is free and no request is waiting.
        let tryEnter: @Sendable () -> Bool
        let leave: @Sendable () -> Void

        init(tryEnter: @escaping @Sendable () -> Bool, leave: @escaping @Sendable () -> Void) {
            self.tryEnter = tryEnter
            self.leave = leave
        }

        init(_ gate: ProviderGate) {
            self.init(tryEnter: { gate.tryEnter() }, leave: { gate.leave() })
        }
    }

    private struct State {
        var running: [String: Int] = [:]
        var total = 0
        var isClosed = false
    }

    private let ledger: any ShadowLedger
    private struct Places {
        let providers: [String: any Provider]
        let doors: [String: Door]
        let belief: CostBelief
    }

    private let places: Locked<Places>
    private let gatewayID: UUID
    private let metrics: ShadowMetrics
    private let liveness: Liveness
    /// Only asked how long tasks take: shadows must not influence how calls are routed.
    private let health: ProviderHealth
    private let time: TimeSource
    private let log: Log
    private let state = Locked(State())

    init(
        ledger: any ShadowLedger,
        providers: [String: any Provider],
        doors: [String: Door],
        gatewayID: UUID,
        health: ProviderHealth,
        metrics: ShadowMetrics,
        liveness: Liveness,
        belief: CostBelief = .standard,
        time: TimeSource,
        log: Log
    ) {
        self.ledger = ledger
        places = Locked(Places(providers: providers, doors: doors, belief: belief))
        self.gatewayID = gatewayID
        self.health = health
        self.metrics = metrics
        self.liveness = liveness
        self.time = time
        self.log = log
    }

    var running: Int { state.withLock(\.total) }

    /// Changes the providers; shadows under way end with the ones they started with.
    func adopt(providers: [String: any Provider], doors: [String: Door], belief: CostBelief) {
        let new = Places(providers: providers, doors: doors, belief: belief)
        places.withLock { $0 = new }
    }

    /// No further shadow starts.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    /// Returns when the last shadow has ended, or after `limit`. Recovery handles those that are cut off.
    func waitUntilIdle(atMost limit: Duration) async {
        let end = SteadyInstant.now + limit
        while running > 0, SteadyInstant.now < end { try? await Task.sleep(for: .milliseconds(10)) }
    }

    /// Starts the shadow that an admitted call's plan asks for, if there is room; returns at once.
    func consider(_ context: CallContext) {
        let places = places.withLock(\.self)
        guard let wish = context.plan.shadow, let provider = places.providers[wish.provider],
            let door = places.doors[wish.provider]
        else { return }
        if let skip = enter(provider) { return metrics.count(skip, at: provider.name) }
        guard door.tryEnter() else {
            leave(provider)
            return metrics.count(.capacity, at: provider.name)
        }
        // Not a child of the call's task, and not on its event loop.
        Task { [self] in
            await run(context, wish, at: provider, door)
            leave(provider)
        }
    }

    private func enter(_ provider: any Provider) -> ShadowMetrics.Skip? {
        // Other gateways consider one that is cut off dead and take its shadows over.
        guard liveness.isKnown else { return .ledger }
        return state.withLock { state in
            if state.isClosed { return .shutdown }
            let running = state.running[provider.name] ?? 0
            guard state.total < Self.mostAtOnce, running < Self.places(of: provider.maxInFlight) else { return .limit }
            state.running[provider.name] = running + 1
            state.total += 1
            return nil
        }
    }

    private func leave(_ provider: any Provider) {
        state.withLock { state in
            state.running[provider.name, default: 1] -= 1
            state.total -= 1
        }
    }

    // MARK: - One shadow

    private func run(
        _ context: CallContext,
        _ wish: Plan.Shadow,
        at provider: any Provider,
        _ door: Door
    ) async {
        let start = start(context, wish, provider)
        let result: ProviderResult
        do throws(LedgerError) {
            // Recorded and reserved before the first byte leaves (M3, M4).
            guard try await ledger.startShadow(start) else {
                door.leave()
                return metrics.count(.budget, at: provider.name)
            }
            result = await exchange(context, start, at: provider)
            door.leave()
        } catch {
            door.leave()
            metrics.count(.ledger, at: provider.name)
            log.debug("a shadow was not started", ["call_id": start.callID.text, "error": sentence(for: error)])
            // It may have been written anyway, and is known to have cost nothing.
            let result = AttemptRunner.notSent(ShadowEnd.neverSent, "The ledger could not be reached.")
            return await write(end(start, result), pauses: [])
        }
        let end = end(start, result)
        metrics.count(end.end)
        await write(end, pauses: Self.writingPauses)
    }

    /// The row of the shadow. A count beyond one request's is not split: requests are what is compared.
    private func start(_ context: CallContext, _ wish: Plan.Shadow, _ provider: any Provider) -> ShadowStart {
        let startedAt = Timestamp(microseconds: time.now.millisecondsSince1970 * 1000)
        let taskID = UUID()
        return ShadowStart(
            shadowID: UUIDv7.mint(at: startedAt),
            key: context.key,
            startedAt: startedAt,
            policy: wish.policy,
            model: context.request.model,
            speed: context.request.effectiveSpeed,
            copyrightDetection: context.request.copyrightDetection,
            provider: provider.name,
            providerModel: wish.translation.providerModel,
            taskID: taskID,
            providerTaskID: wish.translation.takesTaskID ? taskID.text : nil,
            imagesAsked: min(context.request.count, max(1, wish.translation.imagesPerRequest)),
            pricePerImage: wish.pricePerImage,
            dailyBudget: wish.dailyBudget,
            gatewayID: gatewayID,
            leaseEndsAt: startedAt + provider.timeout + Liveness.leaseSlack
        )
    }

    private func exchange(
        _ context: CallContext,
        _ start: ShadowStart,
        at provider: any Provider
    ) async -> ProviderResult {
        let ledger = ledger
        let runner = AttemptRunner(health: health, log: log) { _, id async throws(LedgerError) in
            try await ledger.noteShadowTask(start, providerTaskID: id)
        }
        let task = ProviderTask(
            attemptID: start.shadowID,
            taskID: start.taskID,
            request: context.request,
            count: start.imagesAsked,
            timeout: provider.timeout
        )
        return await runner.exchange(task, start: start.attempt, at: provider, permit: nil)
    }

    private func end(_ start: ShadowStart, _ result: ProviderResult) -> ShadowEnd {
        ShadowEnd(start, result, endedAt: time.now, places.withLock(\.belief))
    }

    private func write(_ end: ShadowEnd, pauses: [Duration]) async {
        var pauses = pauses[...]
        while true {
            do throws(LedgerError) {
                return try await ledger.endShadow(end)
            } catch {
                let isFinal = if case .unavailable = error { false } else { true }
                guard !isFinal, let pause = pauses.popFirst(), !state.withLock(\.isClosed) else {
                    return log.warning(
                        "a shadow's end was not written; recovery will find it",
                        ["shadow_id": end.start.shadowID.text, "error": sentence(for: error)]
                    )
                }
                try? await Task.sleep(for: pause)
            }
        }
    }
}

extension ShadowEnd {
    /// The end that a result means. The images are not fetched: what the provider says about them is compared.
    init(_ start: ShadowStart, _ result: ProviderResult, endedAt: Timestamp, _ belief: CostBelief) {
        let images = result.images.prefix(start.imagesAsked)
        self.init(
            start: start,
            end: Accounting.end(
                of: start.attempt,
                result,
                delivered: images.count { !$0.isWithheld },
                endedAt: endedAt,
                belief: belief
            ),
            flags: ImageFlags(images)
        )
    }
}
