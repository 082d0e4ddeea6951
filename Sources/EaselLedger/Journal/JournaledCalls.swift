package import EaselBase
package import EaselCore
import Foundation

/// The way of a call through the ledger, which keeps what the database does not take and writes it there later (L2).
///
/// New spending still needs the database: an admission is never journalled. What is in flight goes on: an attempt is on
/// disk before it is sent (M4), in the database or here, and a settlement is never lost.
package final class JournaledCalls: CallLedger {
    private let base: any CallLedger & LedgerHealth
    private let journal: Journal
    private let log: Log
    private let isReplaying = Locked(false)

    package init(base: any CallLedger & LedgerHealth, journal: Journal, log: Log) {
        self.base = base
        self.journal = journal
        self.log = log
    }

    /// Writes that wait for the database.
    package var pendingCount: Int { journal.pendingCount }
    /// Writes that the database refused, or that cannot be read, by kind.
    package var setAside: [JournalAsides.Kind: Int] { journal.asides.counts }

    /// How the journal stands.
    package var journalStanding: JournalStanding {
        var standing = journal.standing
        standing.setAside = Dictionary(uniqueKeysWithValues: setAside.map { ($0.key.rawValue, $0.value) })
        return standing
    }

    /// Replays the journal whenever the database is there, until the task is cancelled. Looks every `interval`.
    package func run(every interval: Duration = .milliseconds(500)) async {
        while !Task.isCancelled {
            await journal.asides.refresh()
            do throws(LedgerError) {
                try await replay()
            } catch {
                log.warning("the journal waits for the database", ["pending": String(pendingCount)])
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// One round of replaying; none when one is going on. Throws `.unavailable` when the database or the journal's files
    /// are away.
    package func replay() async throws(LedgerError) {
        let isFirst = isReplaying.withLock { isReplaying in
            defer { isReplaying = true }
            return !isReplaying
        }
        guard isFirst else { return }
        defer { isReplaying.withLock { $0 = false } }
        guard case let standing = journal.standing, standing.pending > 0 || !standing.unreadable.isEmpty else { return }
        try await base.proveWritable()
        let before = standing.pending
        let base = base
        try await journal.replay { record in
            do throws(LedgerError) {
                try await record.write(to: base)
                return .committed
            } catch {
                guard let reason = error.reason else { return .away }
                // The call comes to its end all the same; what was refused is kept for a person.
                try? await record.fitted.write(to: base)
                return .refused(reason)
            }
        }
        let left = journal.pendingCount
        if before != left {
            log.info("the journal was replayed", ["before": String(before), "left": String(left)])
        }
    }

    /// Runs a write; when the database is away, keeps it and returns as if it had been written. A write that the
    /// database refuses is set aside, and the caller is told.
    private func orKeep(
        _ record: JournalRecord.Content,
        _ promise: Journal.Promise,
        _ write: () async throws(LedgerError) -> Void
    ) async throws(LedgerError) {
        do throws(LedgerError) {
            try await write()
        } catch {
            if let reason = error.reason {
                await journal.refuse(JournalRecord(record), reason: reason)
                throw error
            }
            try await journal.append(JournalRecord(record), promise)
            log.warning("a write waits in the journal", ["pending": String(pendingCount)])
        }
    }

    // MARK: - Writes that are kept

    /// Not kept where more money has to be held back: that is new spending, which needs the database. Nor kept in memory
    /// only: an attempt is on a disk before it is sent (M4).
    package func startAttempts(
        _ starts: [AttemptStart],
        ended: [AttemptEnd],
        hold: Hold?
    ) async throws(LedgerError) -> StartVerdict {
        if let hold { return try await base.startAttempts(starts, ended: ended, hold: hold) }
        try await orKeep(.starts(starts, ended: ended), .onDisk) { () async throws(LedgerError) in
            _ = try await base.startAttempts(starts, ended: ended, hold: nil)
        }
        return .started
    }

    package func noteProviderTask(_ start: AttemptStart, providerTaskID: String) async throws(LedgerError) {
        try await orKeep(.note(start, providerTaskID: providerTaskID), .kept) { () async throws(LedgerError) in
            try await base.noteProviderTask(start, providerTaskID: providerTaskID)
        }
    }

    package func settle(_ settlement: Settlement) async throws(LedgerError) {
        do throws(LedgerError) {
            try await orKeep(.settlement(settlement), .kept) { () async throws(LedgerError) in
                try await base.settle(settlement)
            }
        } catch {
            // A call that was never admitted has no end. Any other comes to its end with what can be written of it; what
            // was refused is set aside by now.
            guard case .rejected = error else { throw error }
            let fitted = settlement.fitted()
            try await orKeep(.settlement(fitted), .kept) { () async throws(LedgerError) in
                try await base.settle(fitted)
            }
            log.error("a settlement was fitted to be written", ["call_id": settlement.callID.text])
        }
    }

    // MARK: - Writes that are not

    /// Not kept: what was found out can be found out again.
    package func resolve(_ resolution: LateResolution) async throws(LedgerError) {
        try await base.resolve(resolution)
    }

    /// None while the journal cannot be written: what a call costs could not be kept if the database went away (L2).
    package func admit(_ admission: Admission) async throws(LedgerError) -> AdmissionVerdict {
        if let fault = journal.standing.fault { throw .unavailable("the local journal cannot be written: \(fault)") }
        return try await base.admit(admission)
    }
}
