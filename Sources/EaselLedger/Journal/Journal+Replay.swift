import EaselBase
import EaselCore

// MARK: - Replay

extension Journal {
    /// Gives every waiting record to `apply`, the teams beside each other, each team's records in order, first those of
    /// the files and then those in memory, and removes what is done (`JournalReplay`). Not to be called twice at once.
    /// Throws `.unavailable` when the journal is closed.
    func replay(
        _ apply: @escaping @Sendable (JournalRecord) async -> JournalReplay.Outcome
    ) async throws(LedgerError) {
        try await seal()
        let next = nextNumber
        var round = JournalReplay(files: numbers)
        await withTaskGroup(of: (index: Int, outcome: JournalReplay.Outcome).self) { group in
            var records: [JournalRecord] = []
            while true {
                switch round.next() {
                case .read(.file(let number)):
                    if let read = await readAgain(number) {
                        records = read
                        round.read(teams: records.map(\.teamID), done: doneRecords(of: number))
                    } else {
                        round.notRead()
                    }
                case .read(.memory):
                    records = beginReplayOfMemory(unlessFilesFrom: next)
                    round.read(teams: records.map(\.teamID), done: [])
                case .give(let indexes):
                    for index in indexes {
                        let record = records[index]
                        group.addTask { (index, await apply(record)) }
                    }
                case .wait:
                    if let (index, outcome) = await group.next() { round.ended(index, outcome) }
                case .setAside(let refusals, let source):
                    let refused = refusals.map { (record: records[$0.index], reason: $0.reason) }
                    round.wasSetAside(await setAside(refused, of: source))
                case .finish(.file(let number), let count, let done): finish(number, count: count, done: done)
                case .finish(.memory, _, let done): endReplayOfMemory(done: done)
                case .end: return
                }
            }
        }
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
    private func setAside(
        _ refused: [(record: JournalRecord, reason: String)],
        of source: JournalReplay.Source
    ) async -> Bool {
        let path =
            switch source {
            case .file(let number): Self.path(number, directory, "refused")
            case .memory: asidePath
            }
        do throws(JournalFile.Failure) {
            try await write(aside: refused, to: path)
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
