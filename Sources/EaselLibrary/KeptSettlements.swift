import EaselBase
import EaselCore

/// The way of a call through a database that has no journal before it. A settlement that the database does not take waits in
/// memory and is written when it does: what a call cost was told to the caller, and must not be replaced by what recovery can
/// still find out (M5). It is lost with the process.
final class KeptSettlements: CallLedger {
    private let base: any CallLedger
    private let log: Log
    /// In the order in which they came, one writer at a time.
    private let waiting = Locked<(settlements: [Settlement], isWriting: Bool)>(([], false))

    /// How often the database is tried.
    private static let interval = Duration.seconds(1)
    /// How long the end of a program waits for it.
    private static let lastWait = Duration.seconds(10)

    init(base: any CallLedger, log: Log) {
        self.base = base
        self.log = log
    }

    var count: Int { waiting.withLock(\.settlements.count) }

    /// Writes what waits, again and again, until cancelled.
    func run() async {
        while !Task.isCancelled {
            await writeWaiting()
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Writes what waits, and gives up after a while.
    func writeLast() async {
        let end = SteadyInstant.now + Self.lastWait
        while count > 0, SteadyInstant.now < end {
            await writeWaiting()
            if count > 0 { try? await Task.sleep(for: .milliseconds(200)) }
        }
        if count > 0 { log.error("settlements are left to recovery", ["count": String(count)]) }
    }

    private func writeWaiting() async {
        let isMine = waiting.withLock { waiting in
            defer { waiting.isWriting = true }
            return !waiting.isWriting
        }
        guard isMine else { return }
        defer { waiting.withLock { $0.isWriting = false } }
        while let next = waiting.withLock(\.settlements.first) {
            do throws(LedgerError) {
                try await write(next)
            } catch {
                if case .unavailable = error { return }
                log.error("a settlement was refused", ["call_id": next.callID.text])
            }
            waiting.withLock { _ = $0.settlements.removeFirst() }
        }
    }

    /// A settlement that is refused as it is comes to its end with what can be written of it.
    private func write(_ settlement: Settlement) async throws(LedgerError) {
        do throws(LedgerError) {
            try await base.settle(settlement)
        } catch {
            guard case .rejected = error else { throw error }
            try await base.settle(settlement.fitted())
            log.error("a settlement was fitted to be written", ["call_id": settlement.callID.text])
        }
    }

    func settle(_ settlement: Settlement) async throws(LedgerError) {
        do throws(LedgerError) {
            try await write(settlement)
        } catch {
            guard case .unavailable = error else { throw error }
            waiting.withLock { $0.settlements.append(settlement) }
            log.warning("a settlement waits for the database", ["call_id": settlement.callID.text])
        }
    }

    // MARK: - Not kept

    func admit(_ admission: Admission) async throws(LedgerError) -> AdmissionVerdict {
        try await base.admit(admission)
    }

    func startAttempts(
        _ starts: [AttemptStart],
        ended: [AttemptEnd],
        hold: Hold?
    ) async throws(LedgerError) -> StartVerdict {
        try await base.startAttempts(starts, ended: ended, hold: hold)
    }

    func noteProviderTask(_ start: AttemptStart, providerTaskID: String) async throws(LedgerError) {
        try await base.noteProviderTask(start, providerTaskID: providerTaskID)
    }

    func resolve(_ resolution: LateResolution) async throws(LedgerError) {
        try await base.resolve(resolution)
    }
}
