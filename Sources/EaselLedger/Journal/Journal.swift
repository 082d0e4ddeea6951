package import EaselBase
package import EaselCore
import Foundation

/// Writes that the database did not take, kept on the local disc until it does (L2).
///
/// Records are appended to numbered files and acknowledged after `fdatasync`; records that come together share one. A
/// file is removed after everything in it was committed. What cannot be read is set aside in a file `.damaged`, what
/// the database refuses in a file `.refused`; neither holds up the rest.
// Unchecked, because the mutable members are only touched under `condition`, `file` only by the journal's thread.
package final class Journal: @unchecked Sendable {
    /// A full file is followed by a new one.
    private static let fileLimit = 8 << 20

    private struct Request {
        /// Nil: only close the current file, so that it can be read.
        let frame: [UInt8]?
        let ticket: Ticket<Void>
    }

    private let directory: String
    private let log: Log
    private let lock: FileLock
    private let condition = NSCondition()
    private var requests: [Request] = []
    private var isStopping = false
    private var nextNumber: Int
    /// Closed files by number, with the count of their records that are not done.
    private var sealed: [Int: Int] = [:]
    /// Indexes of records that are done, of files that are not.
    private var done: [Int: Set<Int>] = [:]
    private var openNumber: Int?
    private var openCount = 0
    private var openLength = 0
    private var file: JournalFile?

    /// Opens the journal in a directory, which it makes when needed. Throws `.unavailable` when that is not possible or
    /// another process has it open.
    package init(directory: String, log: Log) async throws(LedgerError) {
        let opened = try await OwnThread.run("easel-journal-open") { () throws(LedgerError) in
            try Self.open(directory, log)
        }
        self.directory = directory
        self.log = log
        lock = opened.lock
        sealed = opened.counts
        nextNumber = (opened.counts.keys.max() ?? 0) + 1
        OwnThread.start("easel-journal") { [self] in serve() }
    }

    /// How many records wait for the database.
    package var pendingCount: Int {
        condition.withLock { openCount + sealed.values.reduce(0, +) }
    }

    /// Ends the journal's thread. What is in the files stays for the next start.
    package func close() {
        condition.withLock {
            isStopping = true
            condition.signal()
        }
    }

    /// Keeps a record. When it returns, the record is on the disc. Throws `.unavailable` when the disc does not take
    /// it.
    func append(_ record: JournalRecord) async throws(LedgerError) {
        let bytes: [UInt8]
        do { bytes = try JSON.encode(record) } catch {
            throw .rejected("the record cannot be written to the journal")
        }
        try await submit(JournalFrames.encode(bytes))
    }

    private func submit(_ frame: [UInt8]?) async throws(LedgerError) {
        let result: Result<Void, LedgerError> = await withCheckedContinuation { continuation in
            let ticket = Ticket<Void>(continuation)
            let isRefused = condition.withLock {
                if isStopping { return true }
                requests.append(Request(frame: frame, ticket: ticket))
                condition.signal()
                return false
            }
            if isRefused { ticket.answer(.failure(.unavailable("the journal is closed"))) }
        }
        try result.get()
    }

    // MARK: - Opening

    private struct Opened {
        let lock: FileLock
        let counts: [Int: Int]
    }

    private static func open(_ directory: String, _ log: Log) throws(LedgerError) -> Opened {
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw .unavailable("the journal's directory cannot be made")
        }
        guard let lock = FileLock(path: directory + "/lock") else {
            throw .unavailable("another program has the journal open")
        }
        var counts: [Int: Int] = [:]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for name in names where name.hasSuffix(".journal") {
            guard let number = Int(name.dropLast(8)) else { continue }
            let records = try read(number, directory, log)
            if records.isEmpty {
                try? FileManager.default.removeItem(atPath: path(number, directory))
            } else {
                counts[number] = records.count
            }
        }
        return Opened(lock: lock, counts: counts)
    }

    private static func path(_ number: Int, _ directory: String, _ kind: String = "journal") -> String {
        var digits = ""
        digits.appendPadded(number, width: 10)
        return "\(directory)/\(digits).\(kind)"
    }

    /// The whole records of a file. What is damaged is copied to a file of its own, durably, before anything else is
    /// done.
    private static func read(_ number: Int, _ directory: String, _ log: Log) throws(LedgerError) -> [JournalRecord] {
        let path = path(number, directory)
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .unavailable("a journal file cannot be read")
        }
        var contents = JournalFrames.decode(Array(data))
        var records: [JournalRecord] = []
        for bytes in contents.records {
            if let record = try? JSON.decode(JournalRecord.self, from: Array(bytes), isOurOwn: true) {
                records.append(record)
            } else {
                contents.damaged.append(bytes)
            }
        }
        if !contents.damaged.isEmpty {
            let aside = Self.path(number, directory, "damaged")
            log.error(
                "a journal file is damaged; what cannot be read was set aside",
                ["file": aside, "bytes": String(contents.damaged.map(\.count).reduce(0, +))]
            )
            unlink(aside)  // of an earlier reading of the same file
            do throws(JournalFile.Failure) {
                try JournalFile(creating: aside).append(Array(contents.damaged.joined()))
            } catch {
                throw .unavailable("the damaged part of a journal file cannot be set aside")
            }
        }
        return records
    }

    // MARK: - The journal's thread

    private func serve() {
        while let group = nextRequests() {
            let frames = group.compactMap(\.frame)
            var failure: LedgerError?
            if !frames.isEmpty {
                do throws(JournalFile.Failure) { try write(frames) } catch {
                    log.error(
                        "the journal cannot be written",
                        ["operation": error.operation.description, "errno": String(error.code)]
                    )
                    seal()  // after a failed fsync nobody knows what is in the file, so nothing more goes there
                    failure = .unavailable("the local journal cannot be written")
                }
            }
            if failure == nil, group.contains(where: { $0.frame == nil }) || openLength >= Self.fileLimit { seal() }
            for request in group {
                if let failure { request.ticket.answer(.failure(failure)) } else { request.ticket.answer(.success(())) }
            }
        }
    }

    private func nextRequests() -> [Request]? {
        condition.lock()
        defer { condition.unlock() }
        while requests.isEmpty, !isStopping { condition.wait() }
        defer { requests = [] }
        if requests.isEmpty {
            lock.release()
            return nil
        }
        return requests
    }

    private func write(_ frames: [[UInt8]]) throws(JournalFile.Failure) {
        if file == nil {
            let number = condition.withLock { nextNumber }
            file = try JournalFile(creating: Self.path(number, directory))
            condition.withLock {
                openNumber = number
                nextNumber += 1
            }
        }
        let bytes = Array(frames.joined())
        try file?.append(bytes)
        condition.withLock {
            openCount += frames.count
            openLength += bytes.count
        }
    }

    private func seal() {
        file = nil
        condition.withLock {
            if let number = openNumber { sealed[number] = openCount }
            openNumber = nil
            openCount = 0
            openLength = 0
        }
    }

    // MARK: - Replay

    /// What became of a record that was given to the database.
    enum Outcome: Sendable {
        case committed
        /// The database will never take it; it is set aside.
        case refused(String)
        /// Not now; the later records of its team wait as well.
        case away
    }

    /// Gives every waiting record to `apply`, the teams beside each other, each team's records in order, and removes
    /// the files of which everything is done. Not to be called twice at once. Throws `.unavailable` when the files
    /// cannot be read or written.
    func replay(_ apply: @escaping @Sendable (JournalRecord) async -> Outcome) async throws(LedgerError) {
        try await submit(nil)
        var blocked: Set<Int64> = []
        for number in condition.withLock({ sealed.keys.sorted() }) {
            let directory = directory
            let log = log
            let records = try await OwnThread.run("easel-journal-read") { () throws(LedgerError) in
                try Self.read(number, directory, log)
            }
            let before = condition.withLock { done[number] ?? [] }
            var teams: [Int64: [(index: Int, record: JournalRecord)]] = [:]
            for (index, record) in records.enumerated() where !before.contains(index) {
                guard !blocked.contains(record.teamID) else { continue }
                teams[record.teamID, default: []].append((index, record))
            }
            let ended = await Self.replay(teams, apply)
            blocked.formUnion(ended.blocked)
            if !ended.refused.isEmpty { try await setAside(ended.refused, of: number) }
            finish(number, count: records.count, done: before.union(ended.done))
        }
    }

    private struct TeamEnd: Sendable {
        var done: Set<Int> = []
        var refused: [(record: JournalRecord, reason: String)] = []
        var blocked: Set<Int64> = []
    }

    private static func replay(
        _ teams: [Int64: [(index: Int, record: JournalRecord)]],
        _ apply: @escaping @Sendable (JournalRecord) async -> Outcome
    ) async -> TeamEnd {
        // Enough at once that group commit has something to group.
        let atOnce = 32
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
                        case .refused(let reason):
                            end.done.insert(index)
                            end.refused.append((record, reason))
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
    func refuse(_ record: JournalRecord, reason: String) async throws(LedgerError) {
        try await setAside([(record, reason)], of: condition.withLock { nextNumber })
    }

    private func setAside(
        _ refused: [(record: JournalRecord, reason: String)],
        of number: Int
    ) async throws(LedgerError) {
        let path = Self.path(number, directory, "refused")
        for (record, reason) in refused {
            log.error(
                "the database refused a write; it is set aside",
                ["call_id": record.callID?.text ?? "", "file": path, "reason": reason]
            )
        }
        let frames = refused.compactMap { (try? JSON.encode($0.record)).map(JournalFrames.encode) }
        try await OwnThread.run("easel-journal-aside") { () throws(LedgerError) in
            do throws(JournalFile.Failure) {
                try JournalFile(creating: path).append(Array(frames.joined()))
            } catch {
                throw .unavailable("a refused record cannot be set aside")
            }
        }
    }

    private func finish(_ number: Int, count: Int, done ended: Set<Int>) {
        condition.withLock {
            sealed[number] = count - ended.count
            done[number] = ended
            guard ended.count == count else { return }
            sealed[number] = nil
            done[number] = nil
        }
        guard ended.count == count else { return }
        let path = Self.path(number, directory)
        unlink(path)
        try? JournalFile.syncDirectory(of: path)
    }
}
