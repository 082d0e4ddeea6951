import EaselBase
import EaselCore
import Foundation

/// The periodic work besides the calls.
extension CallEngine {
    /// Signs of life, recovery, terms and old images, until cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.takeOver() }
            group.addTask { await self.resolver.follow() }
            group.addTask { await self.health.prime(from: self.books.recovery, now: self.time.now) }
            group.addTask {
                await self.every({ .seconds(5) }, "signs of life") { () async throws(LedgerError) in
                    try await self.books.recovery.heartbeat(
                        gatewayID: self.generation.settings.gatewayID,
                        sign: self.sign,
                        at: self.time.now
                    )
                    self.liveness.confirm()
                }
            }
            group.addTask {
                await self.every({ self.recoveryInterval }, "recovery of orphaned calls") {
                    () async throws(LedgerError) in
                    if self.liveness.mayJudgeOthers() { try await self.resolver.sweepOrphans(of: []) }
                }
            }
            group.addTask {
                await self.every({ self.recoveryInterval }, "questions about unknown attempts") {
                    () async throws(LedgerError) in
                    try await self.resolver.sweepUnknown()
                }
            }
            group.addTask {
                await self.every({ self.recoveryInterval }, "shadow recovery") { () async throws(LedgerError) in
                    try await self.generation.shadowRecovery.sweep(judgesOthers: self.liveness.mayJudgeOthers())
                }
            }
            group.addTask {
                await self.every({ .seconds(30) }, "terms") { () async throws(LedgerError) in
                    try await self.terms.refresh(from: self.books.terms)
                }
            }
            group.addTask {
                await self.every({ .seconds(3600) }, "old images") { () async throws(LedgerError) in
                    guard let store = self.store else { return }
                    let now = self.time.now
                    await ThreadPoolExecutor.shared.run { store.purge(now: now) }
                }
            }
        }
    }

    private var recoveryInterval: Duration { generation.settings.recovery.interval }

    /// The state of this gateway, for the alerts.
    private var sign: GatewaySign {
        let journal = journal()
        return GatewaySign(
            providers: generation.providers.map { provider in
                // Nothing is known about a provider that was not asked since the start, neither good nor bad.
                guard let report = health.account(provider.name)?.report(at: .now),
                    report.outcomes.all > 0 || report.cause != nil
                else { return GatewaySign.Provider(name: provider.name, state: .probing) }
                return GatewaySign.Provider(
                    name: provider.name,
                    state: report.state,
                    cause: report.cause,
                    reason: report.reason
                )
            },
            journalPending: journal.pending,
            journalSetAside: journal.setAside.values.reduce(0, +)
        )
    }

    /// Calls of earlier gateways, until the ledger has answered and the end of each is known. Those whose end is not
    /// known yet are asked about in between.
    private func takeOver() async {
        if previousGatewayIDs.isEmpty { return }
        while !Task.isCancelled {
            do throws(LedgerError) {
                try await resolver.sweepOrphans(of: previousGatewayIDs, judgesOthers: false)
                if resolver.isDone { return tookOver() }
                try? await Task.sleep(for: recoveryInterval)
            } catch {
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// `what`: its name in the log, which says once that it is not running and once that it is running again (L6).
    private func every(
        _ interval: () -> Duration,
        _ what: String,
        _ body: () async throws(LedgerError) -> Void
    ) async {
        var isFailing = false
        while !Task.isCancelled {
            do throws(LedgerError) {
                try await body()
                if isFailing { log.info("a periodic task is running again", ["task": what]) }
                isFailing = false
            } catch {
                if !isFailing {
                    log.warning("a periodic task is not running", ["task": what, "error": sentence(for: error)])
                }
                isFailing = true
            }
            try? await Task.sleep(for: interval())
        }
    }
}
