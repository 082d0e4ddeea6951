package import EaselBase
package import EaselCore
package import Foundation

/// The reporting daemon: keeps the rollups up with the log, while it holds the lease (L3, L4). Any number may run; one works.
package final class Reporter: Sendable {
    /// What it competes for.
    package static let leaseName = "rollups"

    /// How often it looks, and how long it may be silent.
    package struct Pacing: Sendable {
        /// Between two passes.
        package var interval = Duration.milliseconds(500)
        /// How long the lease lasts after each pass: another takes over that long after this one was last heard of.
        package var lease = Duration.seconds(5)
        /// After a failure.
        package var pause = Duration.seconds(2)

        package init() {}
    }

    private let store: any RollupStore
    private let holder: UUID
    private let pacing: Pacing
    private let log: Log

    package init(store: any RollupStore, holder: UUID, pacing: Pacing = Pacing(), log: Log) {
        self.store = store
        self.holder = holder
        self.pacing = pacing
        self.log = log
    }

    /// Works until the task is cancelled; then another may have the lease at once.
    package func run() async {
        var lease: Lease?
        var isFailing = false
        while !Task.isCancelled {
            do throws(LedgerError) {
                let pause = try await step(&lease)
                if isFailing { log.info("the rollups go on", [:]) }
                isFailing = false
                if let pause { try? await Task.sleep(for: pause) }
            } catch {
                // Whether the pass was written is not known, and does not matter: windows are made again (L3).
                if !isFailing { log.warning("the rollups stand still", ["error": String(describing: error)]) }
                isFailing = true
                try? await Task.sleep(for: pacing.pause)
            }
        }
        guard let lease else { return }
        // The cancelled task cannot wait any more.
        await Task { try? await store.releaseLease(lease) }.value
    }

    /// One pass, or one try to become the leader; the time until the next, nil for none.
    private func step(_ lease: inout Lease?) async throws(LedgerError) -> Duration? {
        guard let held = lease else {
            lease = try await store.acquireLease(Self.leaseName, holder: holder, for: pacing.lease)
            guard let lease else { return pacing.interval }
            log.info("this reporter keeps the rollups", ["epoch": String(lease.epoch)])
            return nil
        }
        guard let pass = try await store.rollUp(held, for: pacing.lease) else {
            lease = nil
            log.warning("another reporter keeps the rollups now", ["epoch": String(held.epoch)])
            return pacing.interval
        }
        if pass.minutes > 0 {
            log.debug(
                "rolled up",
                [
                    "minutes": String(pass.minutes), "hours": String(pass.hours), "days": String(pass.days),
                    "changes": String(pass.changes), "lag_ms": String(pass.lag.milliseconds),
                ]
            )
        }
        return pass.hasMore ? nil : pacing.interval
    }
}
