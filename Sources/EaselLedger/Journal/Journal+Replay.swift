import EaselBase
import EaselCore

// MARK: - Replay

extension Journal {
    /// What became of a record that was given to the database.
    enum Outcome: Sendable {
        case committed
        /// The database will never take it; it is set aside.
        case refused(String)
        /// Not now; the later records of its team wait as well.
        case away
    }

    /// Gives every waiting record to `apply`, the teams beside each other, each team's records in order, first those of
    /// the files and then those in memory, and removes what is done. What cannot be read or set aside now stays for the
    /// next time and stops nothing else. Not to be called twice at once. Throws `.unavailable` when the journal is closed.
    func replay(_ apply: @escaping @Sendable (JournalRecord) async -> Outcome) async throws(LedgerError) {
        try await seal()
        var blocked: Set<Int64> = []
        for number in numbers {
            guard let records = await readAgain(number) else { continue }
            let before = doneRecords(of: number)
            let ended = await Self.replay(records, without: before, blocked: blocked, apply)
            blocked.formUnion(ended.blocked)
            let isAside = await setAside(ended.refused.map { ($0.record, $0.reason) }, of: number)
            let done = isAside ? ended.done.union(ended.refused.map(\.index)) : ended.done
            finish(number, count: records.count, done: before.union(done))
        }
        let kept = beginReplayOfMemory()
        guard !kept.isEmpty else { return }
        let ended = await Self.replay(kept, without: [], blocked: blocked, apply)
        let isAside = await setAside(ended.refused.map { ($0.record, $0.reason) }, of: nil)
        endReplayOfMemory(done: isAside ? ended.done.union(ended.refused.map(\.index)) : ended.done)
    }

    private func readAgain(_ number: Int) async -> [JournalRecord]? {
        let (directory, log, fault) = (directory, log, fault)
        do throws(JournalFile.Failure) {
            let records = try await OwnThread.run("easel-journal-read") { () throws(JournalFile.Failure) in
                try Self.read(number, directory, log, fault)
            }
            _ = note(number, unreadable: nil)
            return records
        } catch {
            if note(number, unreadable: error.sentence) { Self.tell(unreadable: error, number, directory, log) }
            return nil
        }
    }

    private struct TeamEnd: Sendable {
        var done: Set<Int> = []
        var refused: [(index: Int, record: JournalRecord, reason: String)] = []
        var blocked: Set<Int64> = []
    }

    private static func replay(
        _ records: [JournalRecord],
        without before: Set<Int>,
        blocked: Set<Int64>,
        _ apply: @escaping @Sendable (JournalRecord) async -> Outcome
    ) async -> TeamEnd {
        // Enough at once that group commit has something to group.
        let atOnce = 32
        var teams: [Int64: [(index: Int, record: JournalRecord)]] = [:]
        for (index, record) in records.enumerated() where !before.contains(index) {
            guard !blocked.contains(record.teamID) else { continue }
            teams[record.teamID, default: []].append((index, record))
        }
        return await withTaskGroup(of: TeamEnd.self) { group in
            var total = TeamEnd()
            func take(_ end: TeamEnd?) {
                guard let end else { return }
                total.done.formUnion(end.done)
                total.refused += end.refused
                total.blocked.formUnion(end.blocked)
            }
            for (started, (teamID, records)) in teams.enumerated() {
                if started >= atOnce { take(await group.next()) }
                group.addTask {
                    var end = TeamEnd()
                    for (index, record) in records {
                        switch await apply(record) {
                        case .committed: end.done.insert(index)
                        case .refused(let reason): end.refused.append((index, record, reason))
                        case .away:
                            end.blocked.insert(teamID)
                            return end
                        }
                    }
                    return end
                }
            }
            while let end = await group.next() { take(end) }
            return total
        }
    }

    /// Keeps a record that the database refused at once, for a person to look at: what it says was paid is not lost.
    /// Where the disk does not take it, it waits in memory.
    func refuse(_ record: JournalRecord, reason: String) async {
        let refused = [(record: record, reason: reason)]
        do throws(JournalFile.Failure) { try await write(aside: refused, to: asidePath) } catch {
            log.error(
                "the database rejected a write; it is kept in memory until the journal can be written",
                ["call_id": record.callID?.text ?? "", "reason": reason]
            )
            keepAside(refused, because: error.sentence)
        }
    }

    /// Whether they are on the disk; otherwise they stay where they are.
    private func setAside(_ refused: [(record: JournalRecord, reason: String)], of number: Int?) async -> Bool {
        guard !refused.isEmpty else { return true }
        do throws(JournalFile.Failure) {
            try await write(aside: refused, to: number.map { Self.path($0, directory, "refused") } ?? asidePath)
            return true
        } catch {
            log.error("rejected writes cannot be set aside yet", ["error": error.sentence])
            return false
        }
    }

    private func write(
        aside refused: [(record: JournalRecord, reason: String)],
        to path: String
    ) async throws(JournalFile.Failure) {
        let fault = fault
        try await OwnThread.run("easel-journal-aside") { () throws(JournalFile.Failure) in
            try Self.write(aside: refused, to: path, fault)
        }
        asides.forget()
        await asides.refresh()
        for (record, reason) in refused {
            log.error(
                "the database rejected a write; it is set aside",
                ["call_id": record.callID?.text ?? "", "file": path, "reason": reason]
            )
        }
    }
}
