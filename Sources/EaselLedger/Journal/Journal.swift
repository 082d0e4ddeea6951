package import EaselBase
package import EaselCore
import Foundation

/// Writes that the database did not take, kept on the local disk until it does (L2).
///
/// Records are appended to numbered files and acknowledged after `fdatasync`; records that come together share one. A
/// file is removed after everything in it was committed. What cannot be read is set aside in a file `.damaged`, what
/// the database refuses in a file `.refused`; neither holds up the rest, nor does a file that cannot be read at all. What
/// the disk does not take waits in memory until it does, or the database does.
// Unchecked, because the mutable members are only touched under `condition`, `file` only by the journal's thread.
package final class Journal: @unchecked Sendable {
    /// Written and removed again to see whether a disk that was full takes anything.
    private static let probeBytes = 64 << 10

    /// What becomes of a record that the disk does not take.
    enum Promise: Sendable {
        /// Its writer is told: what was to follow must not happen (M4).
        case onDisk
        /// It waits in memory: what it tells has happened already.
        case kept
    }

    private struct Request {
        /// Nil: only close the current file, so that it can be read.
        let record: JournalRecord?
        let frame: [UInt8]
        let promise: Promise
        let ticket: Ticket<Void>
    }

    let directory: String
    /// What was set aside, also before this start.
    let asides: AsideCount
    let log: Log
    let fault: DiskFault?
    private let lock: FileLock
    private let condition = NSCondition()
    private var requests: [Request] = []
    private var isStopping = false
    private var files: JournalFiles
    private var backlog = JournalBacklog()
    private var file: JournalFile?

    /// Opens the journal in a directory, which it makes when needed. Throws `.unavailable` when that is not possible or
    /// another process has it open.
    package init(directory: String, log: Log, fault: DiskFault? = nil) async throws(LedgerError) {
        let opened = try await OwnThread.run("easel-journal-open") { () throws(LedgerError) in
            try Self.open(directory, log, fault)
        }
        self.directory = directory
        asides = AsideCount(directory: directory)
        self.log = log
        self.fault = fault
        lock = opened.lock
        files = JournalFiles(counts: opened.counts, unreadable: opened.unreadable)
        OwnThread.start("easel-journal") { [self] in serve() }
    }

    /// How many records wait for the database.
    package var pendingCount: Int { standing.pending }

    package var standing: JournalStanding {
        condition.withLock {
            var standing = JournalStanding()
            standing.inMemory = backlog.count
            standing.pending = files.pending + backlog.count
            standing.fault = backlog.fault
            standing.unreadable = files.unreadable.sorted { $0.key < $1.key }
                .map { JournalStanding.UnreadableFile(path: Self.path($0.key, directory), cause: $0.value) }
            return standing
        }
    }

    /// Ends the journal's thread. What is in the files stays for the next start.
    package func close() {
        condition.withLock {
            isStopping = true
            condition.signal()
        }
    }

    /// Keeps a record. When it returns, the record is on the disk, or waits in memory where that was enough. Throws
    /// `.unavailable` when the disk does not take it and it is not kept.
    func append(_ record: JournalRecord, _ promise: Promise = .onDisk) async throws(LedgerError) {
        let bytes: [UInt8]
        do { bytes = try JSON.encode(record) } catch {
            throw .rejected("the record cannot be written to the journal")
        }
        try await submit(record, JournalFrames.encode(bytes), promise)
    }

    /// Closes the current file, so that it can be read.
    func seal() async throws(LedgerError) { try await submit(nil, [], .onDisk) }

    private func submit(_ record: JournalRecord?, _ frame: [UInt8], _ promise: Promise) async throws(LedgerError) {
        let result: Result<Void, LedgerError> = await withCheckedContinuation { continuation in
            let ticket = Ticket<Void>(continuation)
            let isRefused = condition.withLock {
                if isStopping { return true }
                requests.append(Request(record: record, frame: frame, promise: promise, ticket: ticket))
                condition.signal()
                return false
            }
            if isRefused { ticket.answer(.failure(.unavailable("the journal is closed"))) }
        }
        try result.get()
    }

    // MARK: - What the replay needs

    /// The numbers of the files, in order.
    var numbers: [Int] { condition.withLock { files.numbers } }

    /// What the next file will be called.
    var nextNumber: Int { condition.withLock { files.nextNumber } }

    func doneRecords(of number: Int) -> Set<Int> { condition.withLock { files.doneRecords(of: number) } }

    /// A file was read, or could not be: `cause`. True when that is news.
    func note(_ number: Int, unreadable cause: String?) -> Bool {
        condition.withLock { files.note(number, unreadable: cause) }
    }

    /// What is done of a file; it is removed when that is everything.
    func finish(_ number: Int, count: Int, done: Set<Int>) {
        guard condition.withLock({ files.finish(number, count: count, done: done) }) else { return }
        let path = Self.path(number, directory)
        unlink(path)
        try? JournalFile.syncDirectory(of: path)
    }

    /// None where a file was begun since the round: what is in it came before what is in memory.
    func beginReplayOfMemory(unlessFilesFrom number: Int) -> [JournalRecord] {
        condition.withLock { files.hasRecords(from: number) ? [] : backlog.beginReplay() }
    }

    func endReplayOfMemory(done: Set<Int>) {
        condition.withLock {
            backlog.endReplay(done: done)
            condition.signal()
        }
    }

    /// Where records that the database refused are put when they come now.
    var asidePath: String { Self.path(condition.withLock { files.nextNumber }, directory, "refused") }

    /// Keeps refused records in memory until the disk takes them.
    func keepAside(_ refused: [(record: JournalRecord, reason: String)], because cause: String) {
        condition.withLock {
            backlog.keepAside(refused)
            condition.signal()
        }
        diskFailed(cause)
    }

    // MARK: - The journal's thread

    private enum Work {
        case requests([Request])
        case disk(JournalBacklog.Try)
    }

    private func serve() {
        while let work = nextWork() {
            switch work {
            case .requests(let group): serve(group)
            case .disk(let wanted): tryDisk(wanted)
            }
        }
        lock.release()
    }

    private func nextWork() -> Work? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if !requests.isEmpty {
                defer { requests = [] }
                return .requests(requests)
            }
            if isStopping {
                sayWhatIsLost()
                return nil
            }
            switch backlog.turn(at: .now, chance: .random(in: 0...1)) {
            case .now(let wanted): return .disk(wanted)
            case .later(let moment):
                _ = condition.wait(until: Date(timeIntervalSinceNow: moment.since(.now).secondsAsDouble))
            case .never: condition.wait()
            }
        }
    }

    private func serve(_ group: [Request]) {
        var records = group.filter { $0.record != nil }
        let (isInUse, fault) = condition.withLock { (backlog.isInUse, backlog.fault) }
        if isInUse {
            // Behind those that wait; what must be on the disk is tried there unless that has just failed.
            let waiting = records.filter { fault != nil || $0.promise == .kept }
            answer(waiting, failure: fault ?? "")
            records = records.filter { fault == nil && $0.promise == .onDisk }
        }
        if !records.isEmpty {
            do throws(JournalFile.Failure) {
                try write(records.map(\.frame))
                for request in records { request.ticket.answer(.success(())) }
            } catch {
                sealFile()  // after a failed fsync nobody knows what is in the file, so nothing more goes there
                // First, so that nobody sees a disk that is well and records in memory.
                diskFailed(error.sentence)
                answer(records, failure: error.sentence)
            }
        }
        let seals = group.filter { $0.record == nil }
        if !seals.isEmpty || condition.withLock({ files.isFull }) { sealFile() }
        for request in seals { request.ticket.answer(.success(())) }
    }

    /// The disk does not take these: those that may wait in memory do.
    private func answer(_ requests: [Request], failure: String) {
        condition.withLock { backlog.keep(requests.filter { $0.promise == .kept }.compactMap(\.record)) }
        for request in requests {
            switch request.promise {
            case .kept: request.ticket.answer(.success(()))
            case .onDisk:
                request.ticket.answer(.failure(.unavailable("the local journal cannot be written: \(failure)")))
            }
        }
    }

    private func tryDisk(_ wanted: JournalBacklog.Try) {
        do throws(JournalFile.Failure) {
            if !wanted.asides.isEmpty { try Self.write(aside: wanted.asides, to: asidePath, fault) }
            let frames = wanted.records.compactMap { (try? JSON.encode($0)).map(JournalFrames.encode) }
            if !frames.isEmpty { try write(frames) } else { try probe() }
        } catch {
            sealFile()
            return diskFailed(error.sentence)
        }
        if condition.withLock({ backlog.wrote(wanted) }) {
            log.info("the journal can be written again", ["records": String(wanted.records.count)])
        }
    }

    private func diskFailed(_ cause: String) {
        let (isNews, count) = condition.withLock {
            (backlog.failed(cause, at: .now, chance: .random(in: 0...1)), backlog.count)
        }
        guard isNews else { return }
        log.error(
            "the journal cannot be written; no new calls are accepted until it can, and calls that end are kept in memory",
            ["error": cause, "in_memory": String(count)]
        )
    }

    /// Writes more than a record takes and removes it again.
    private func probe() throws(JournalFile.Failure) {
        let path = directory + "/probe"
        defer { unlink(path) }
        try JournalFile(creating: path, fault: fault).append([UInt8](repeating: 0, count: Self.probeBytes))
    }

    private func write(_ frames: [[UInt8]]) throws(JournalFile.Failure) {
        if file == nil {
            let number = condition.withLock { files.nextNumber }
            file = try JournalFile(creating: Self.path(number, directory), fault: fault)
            condition.withLock { files.opened() }
        }
        let bytes = Array(frames.joined())
        try file?.append(bytes)
        condition.withLock { files.wrote(records: frames.count, bytes: bytes.count) }
    }

    private func sealFile() {
        file = nil
        let empty = condition.withLock { files.seal() }
        if let empty { unlink(Self.path(empty, directory)) }
    }

    /// The process ends while the disk and the database take nothing: people must be able to look these calls up.
    private func sayWhatIsLost() {
        guard backlog.count > 0 else { return }
        let records = backlog.replaying + backlog.waiting + backlog.asides.map(\.record)
        let calls = Set(records.compactMap(\.callID)).map(\.text).sorted()
        log.error(
            "writes that neither the database nor the journal accepted end with the process; recovery asks the providers",
            ["records": String(records.count), "call_ids": calls.prefix(1000).joined(separator: " ")]
        )
    }
}
