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
        var windows = pacing.windows
        var droppedAt: SteadyInstant?
        var monthsAt = SteadyInstant.now
        await loop.run { lease throws(LedgerError) in
            let pass: RollupPass?
            do throws(LedgerError) {
                pass = try await self.pass(lease, &windows)
            } catch {
                // It may have been too much for one statement. Whether it was written is not known, and does not matter:
                // windows are made again (L3).
                windows = max(20, windows / 4)
                throw error
            }
            guard let pass else { return .lost }
            if droppedAt.map({ SteadyInstant.now.since($0) >= self.pacing.retention }) ?? true {
                droppedAt = .now
                await self.drop()
            }
            // Only when nothing else is to be done.
            if !pass.hasMore, SteadyInstant.now >= monthsAt { monthsAt = await self.months(lease) }
            return .done(hasMore: pass.hasMore, isKept: true)
        }
    }

    private var loop: LeaseLoop {
        LeaseLoop(
            store: store,
            name: Self.leaseName,
            holder: holder,
            pacing: LeaseTerm.Pacing(length: pacing.lease, interval: pacing.interval, pause: pacing.pause),
            keepsBesideRounds: false
        ) { [log] news, error in
            switch news {
            case .taken(let lease): log.info("this reporter keeps the rollups", ["epoch": String(lease.epoch)])
            case .lost(let lease):
                log.warning("another reporter keeps the rollups now", ["epoch": String(lease.epoch)])
            case .failing:
                log.warning("the rollups are not running", ["error": error.map { sentence(for: $0) } ?? ""])
            case .runningAgain: log.info("the rollups are running again", [:])
            }
        }
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

    /// One pass; nil when the lease is another's.
    private func pass(_ lease: Lease, _ windows: inout Int) async throws(LedgerError) -> RollupPass? {
        let began = SteadyInstant.now
        guard let pass = try await store.rollUp(lease, for: pacing.lease, atMost: windows) else { return nil }
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
        return pass
    }
}
