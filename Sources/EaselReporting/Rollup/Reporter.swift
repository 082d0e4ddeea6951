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
        /// Between two looks for what is older than it is to be kept.
        package var retention = Duration.seconds(3600)
        /// After a failure.
        package var pause = Duration.seconds(2)
        /// Between two looks for months that wait, and after one that could not be made.
        package var months = Duration.seconds(5)
        package var monthsPause = Duration.seconds(900)
        /// Windows of the first pass; later ones take as many as a second or so is enough for.
        package var windows = 500

        package init() {}
    }

    /// Months of a team that are made in one transaction.
    private static let monthsAtOnce = 20

    private let store: any RollupStore
    private let holder: UUID
    private let pacing: Pacing
    private let retention: Retention
    private let log: Log

    package init(
        store: any RollupStore,
        holder: UUID,
        retention: Retention = Retention(),
        pacing: Pacing = Pacing(),
        log: Log
    ) {
        self.retention = retention
        self.store = store
        self.holder = holder
        self.pacing = pacing
        self.log = log
    }

    /// Works until the task is cancelled; then another may have the lease at once.
    package func run() async {
        var lease: Lease?
        var isFailing = false
        var windows = pacing.windows
        var droppedAt: SteadyInstant?
        var monthsAt = SteadyInstant.now
        while !Task.isCancelled {
            do throws(LedgerError) {
                let pause = try await step(&lease, &windows)
                if isFailing { log.info("the rollups are running again", [:]) }
                isFailing = false
                if lease != nil, droppedAt.map({ SteadyInstant.now.since($0) >= pacing.retention }) ?? true {
                    droppedAt = .now
                    await drop()
                }
                // Only when nothing else is to be done.
                if let held = lease, pause != nil, SteadyInstant.now >= monthsAt { monthsAt = await months(held) }
                if let pause { try? await Task.sleep(for: pause) }
            } catch {
                if Task.isCancelled { break }
                // It may have been too much for one statement.
                windows = max(20, windows / 4)
                // Whether the pass was written is not known, and does not matter: windows are made again (L3).
                if !isFailing { log.warning("the rollups are not running", ["error": sentence(for: error)]) }
                isFailing = true
                try? await Task.sleep(for: pacing.pause)
            }
        }
        guard let lease else { return }
        // The cancelled task cannot wait any more.
        await Task { try? await store.releaseLease(lease) }.value
    }

    /// Makes a few months that wait; when to look again.
    private func months(_ lease: Lease) async -> SteadyInstant {
        do throws(LedgerError) {
            let pass = try await store.sumUpMonths(lease, for: pacing.lease, atMost: Self.monthsAtOnce)
            tell(pass?.faults ?? [])
            let count = pass?.months
            if let count, count > 0 { log.debug("summed up months", ["months": String(count)]) }
            return .now + (count == Self.monthsAtOnce ? .zero : pacing.months)
        } catch {
            // Reports read its days instead.
            log.warning("months could not be summed up yet", ["error": sentence(for: error)])
            return .now + pacing.monthsPause
        }
    }

    /// Names the windows that are left out; reports and `db verify` show them as long as they are.
    private func tell(_ faults: [RollupPass.Fault]) {
        for fault in faults {
            log.error(
                "a window cannot be summed up; it is left out until its next turn",
                [
                    "team_id": String(fault.teamID), "level": fault.level.rawValue, "start": fault.start.description,
                    "error": fault.reason,
                ]
            )
        }
    }

    /// What cannot be dropped now is tried again with the next look.
    private func drop() async {
        do throws(LedgerError) {
            let names = try await store.drop(retention)
            if !names.isEmpty {
                log.info("dropped data past its retention", ["tables": names.joined(separator: " ")])
            }
        } catch {
            log.warning("data past its retention could not be dropped", ["error": sentence(for: error)])
        }
    }

    /// One pass, or one try to become the leader; the time until the next, nil for none.
    private func step(_ lease: inout Lease?, _ windows: inout Int) async throws(LedgerError) -> Duration? {
        guard let held = lease else {
            lease = try await store.acquireLease(Self.leaseName, holder: holder, for: pacing.lease)
            guard let lease else { return pacing.interval }
            log.info("this reporter keeps the rollups", ["epoch": String(lease.epoch)])
            return nil
        }
        let began = SteadyInstant.now
        guard let pass = try await store.rollUp(held, for: pacing.lease, atMost: windows) else {
            lease = nil
            log.warning("another reporter keeps the rollups now", ["epoch": String(held.epoch)])
            return pacing.interval
        }
        let took = SteadyInstant.now.since(began)
        tell(pass.faults)
        if pass.hasMore, took < .seconds(1) { windows = min(20_000, windows * 2) }
        if took > .seconds(3) { windows = max(20, windows / 2) }
        if pass.minutes > 0 {
            log.debug(
                "rolled up",
                [
                    "minutes": String(pass.minutes), "hours": String(pass.hours), "days": String(pass.days),
                    "changes": String(pass.changes),
                    "lag_ms": String(pass.lag.milliseconds),
                ]
            )
        }
        return pass.hasMore ? nil : pacing.interval
    }
}
