import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselLedger

/// A disk that takes nothing while the database is away: what ended is kept, and nothing new begins (L2, L6).
@Suite struct JournalDiskTests {
    private final class Directory: Sendable {
        let path = NSTemporaryDirectory() + "easel-disk-\(UUID().text)"
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func files(_ kind: String) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
                .filter { $0.hasSuffix("." + kind) }.sorted().map { path + "/" + $0 }
        }
    }

    /// A disk that can be filled up.
    private final class Disk: Sendable {
        let isFull = Locked(false)
        let operation: DiskFault.Operation
        let code: Int32

        init(_ operation: DiskFault.Operation = .write, _ code: Int32 = ENOSPC) {
            self.operation = operation
            self.code = code
        }

        var fault: DiskFault {
            DiskFault { [self] operation, _ in operation == self.operation && isFull.withLock(\.self) ? code : nil }
        }
    }

    private func note(_ team: Int64, _ text: String) -> JournalRecord {
        let start = Sample.start(callID: UUIDv7.mint(at: Sample.now), teamID: team, at: Sample.now)
        return JournalRecord(.note(start, providerTaskID: text))
    }

    private func text(_ record: JournalRecord) -> String {
        if case .note(_, let text) = record.content { text } else { "" }
    }

    /// The records that a replay gives out, in their order.
    private func replayed(_ journal: Journal) async throws -> [String] {
        let seen = Locked<[String]>([])
        try await journal.replay { record in
            seen.withLock { $0.append(text(record)) }
            return .committed
        }
        return seen.withLock(\.self)
    }

    @Test(arguments: [(DiskFault.Operation.open, EMFILE), (.write, ENOSPC), (.fdatasync, EIO)])
    func `what the disk does not take waits in memory, and goes to it when there is room`(
        operation: DiskFault.Operation,
        code: Int32
    ) async throws {
        let disk = Disk(operation, code)
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent, fault: disk.fault)
        defer { journal.close() }
        try await journal.append(note(1, "a"), .kept)
        // So that the next one wants a new file.
        if operation == .open { try await journal.seal() }
        disk.isFull.withLock { $0 = true }
        for text in ["b", "c", "d"] { try await journal.append(note(1, text), .kept) }
        // What must not happen without a record on the disk does not happen.
        let refused = await failure { () async throws(LedgerError) in try await journal.append(note(1, "x"), .onDisk) }
        #expect(refused?.isUnavailable == true)
        let standing = journal.standing
        #expect(standing.pending == 4 && standing.inMemory == 3)
        #expect(standing.fault?.contains(directory.path) == true)
        // Tries leave nothing behind.
        try await Task.sleep(for: .milliseconds(800))
        #expect(directory.files("journal").count == 1 && directory.files("probe").isEmpty)

        disk.isFull.withLock { $0 = false }
        #expect(await eventually { journal.standing.fault == nil && journal.standing.inMemory == 0 })
        #expect(journal.pendingCount == 4)
        #expect(try await replayed(journal) == ["a", "b", "c", "d"])
        #expect(journal.pendingCount == 0 && directory.files("journal").isEmpty)
    }

    @Test func `what waits in memory is replayed though the disk stays full`() async throws {
        let disk = Disk()
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent, fault: disk.fault)
        defer { journal.close() }
        try await journal.append(note(1, "a0"), .kept)
        disk.isFull.withLock { $0 = true }
        for index in 1..<4 {
            try await journal.append(note(1, "a\(index)"), .kept)
            try await journal.append(note(2, "b\(index)"), .kept)
        }
        let seen = Locked<[String]>([])
        // A round that meets the disk being tried passes by what is in memory.
        let isReplayed = await eventually {
            try? await journal.replay { record in
                let text = text(record)
                // One team must wait; a refused one cannot be set aside, and is not lost.
                if text == "a2" { return .away }
                if text == "b2" { return .refused("no") }
                seen.withLock { $0.append(text) }
                return .committed
            }
            return seen.withLock { $0.contains("b3") }
        }
        #expect(isReplayed)
        #expect(seen.withLock { $0.filter { $0.hasPrefix("a") } } == ["a0", "a1"])
        #expect(seen.withLock { $0.filter { $0.hasPrefix("b") } } == ["b1", "b3"])
        #expect(journal.standing.inMemory == 3 && journal.pendingCount == 3)
        // Later ones come behind those that wait.
        try await journal.append(note(1, "a4"), .kept)
        var later: [String] = []
        let isDone = try await eventually {
            later += try await replayed(journal)
            return journal.pendingCount == 0
        }
        #expect(isDone)
        #expect(later.filter { $0.hasPrefix("a") } == ["a2", "a3", "a4"] && later.contains("b2"))
        #expect(journal.standing.fault != nil)
    }

    @Test func `a record that the database refused is not lost where it cannot be set aside`() async throws {
        let disk = Disk(.open)
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent, fault: disk.fault)
        defer { journal.close() }
        disk.isFull.withLock { $0 = true }
        await journal.refuse(note(1, "r"), reason: "no")
        #expect(journal.standing.inMemory == 1 && directory.files("refused").isEmpty)
        disk.isFull.withLock { $0 = false }
        #expect(await eventually { journal.standing.inMemory == 0 })
        let aside = try #require(directory.files("refused").first)
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: aside)))
        #expect(JournalFrames.decode(bytes).records.count == 1)
    }

    @Test func `a file that cannot be read is named, stays, and stops neither the start nor the others`() async throws {
        let directory = Directory()
        let first = try await Journal(directory: directory.path, log: .silent)
        try await first.append(note(1, "a"))
        first.close()
        // A folder in a file's place: not even root can read it.
        let odd = directory.path + "/0000000007.journal"
        try FileManager.default.createDirectory(atPath: odd, withIntermediateDirectories: true)
        var opened: Journal?
        for _ in 0..<1500 where opened == nil {
            opened = try? await Journal(directory: directory.path, log: .silent)
            if opened == nil { try await Task.sleep(for: .milliseconds(20)) }
        }
        let journal = try #require(opened)
        defer { journal.close() }
        #expect(journal.standing.unreadable.map(\.path) == [odd])
        #expect(journal.standing.unreadable.first?.cause.contains("folder") == true)
        #expect(journal.pendingCount == 1)
        try await journal.append(note(1, "b"))
        #expect(try await replayed(journal) == ["a", "b"])
        #expect(journal.pendingCount == 0 && FileManager.default.fileExists(atPath: odd))
        #expect(journal.standing.unreadable.count == 1)
        // Put right, it is replayed.
        try FileManager.default.removeItem(atPath: odd)
        let frame = JournalFrames.encode(try JSON.encode(note(1, "late")))
        try Data(frame).write(to: URL(fileURLWithPath: odd))
        #expect(try await replayed(journal) == ["late"])
        #expect(journal.standing.unreadable.isEmpty && !FileManager.default.fileExists(atPath: odd))
    }

    @Test func `a file that a disk error hides for a while holds up nobody`() async throws {
        let disk = Disk(.read, EIO)
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent, fault: disk.fault)
        defer { journal.close() }
        try await journal.append(note(1, "a"))
        disk.isFull.withLock { $0 = true }
        #expect(try await replayed(journal) == [])
        #expect(journal.pendingCount == 1 && journal.standing.unreadable.count == 1)
        disk.isFull.withLock { $0 = false }
        #expect(try await replayed(journal) == ["a"])
        #expect(journal.pendingCount == 0 && journal.standing.unreadable.isEmpty)
    }

    @Test func `settlements on a full disk reach the database, and no call is taken meanwhile`() async throws {
        let disk = Disk()
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent, fault: disk.fault)
        defer { journal.close() }
        try await withLedger { ledger, database in
            let switchable = SwitchableCalls(ledger)
            let journaled = JournaledCalls(base: switchable, journal: journal, log: .silent)
            let admissions = (0..<5).map { _ in Sample.admission() }
            for admission in admissions { try await journaled.take(admission) }
            switchable.isAway.withLock { $0 = true }
            disk.isFull.withLock { $0 = true }
            for admission in admissions { try await journaled.settle(Sample.settlement(admission)) }
            #expect(journaled.journalStanding.inMemory == 5)

            // The database is back and the disk still full: nothing new, for its cost could not be kept.
            switchable.isAway.withLock { $0 = false }
            let refused = await failure { () async throws(LedgerError) in
                try await journaled.take(Sample.admission())
            }
            #expect(refused?.isUnavailable == true)
            try await journaled.replay()
            #expect(journaled.pendingCount == 0)
            let open = try await Database.number(database, "SELECT count(*) FROM calls WHERE status = 'in_progress'")
            #expect(open == 0)
            #expect(try await DatabaseVerify(ledger).findings(since: Sample.now - .seconds(3600)) == [])

            disk.isFull.withLock { $0 = false }
            #expect(await eventually { journaled.journalStanding.fault == nil })
            try await journaled.take(Sample.admission())
        }
    }
}

/// The order of what waits in memory, whatever the disk and the database do.
@Suite struct JournalBacklogTests {
    private func record(_ index: Int) -> JournalRecord {
        let start = Sample.start(callID: UUIDv7.mint(at: Sample.now), teamID: 1, at: Sample.now)
        return JournalRecord(.note(start, providerTaskID: String(index)))
    }

    private func number(_ record: JournalRecord) -> Int {
        if case .note(_, let text) = record.content { Int(text) ?? -1 } else { -1 }
    }

    @Test func `nothing is lost, doubled or overtaken`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<300 {
            var backlog = JournalBacklog()
            var now = SteadyInstant(nanoseconds: 1_000_000_000)
            var made = 0
            var disk: [Int] = []
            var database: [Int] = []
            var wanted: JournalBacklog.Try?
            var replay: [JournalRecord] = []
            for _ in 0..<60 {
                now = now + .milliseconds(Int64.random(in: 1...2000, using: &random))
                switch Int.random(in: 0..<5, using: &random) {
                case 0:
                    backlog.keep([record(made)])
                    made += 1
                case 1 where wanted == nil:
                    if case .now(let next) = backlog.turn(at: now, chance: 0.5) { wanted = next }
                case 2:
                    guard let tried = wanted else { continue }
                    wanted = nil
                    if Bool.random(using: &random) {
                        _ = backlog.wrote(tried)
                        disk += tried.records.map(number)
                    } else {
                        _ = backlog.failed("full", at: now, chance: 0.5)
                    }
                case 3 where replay.isEmpty: replay = backlog.beginReplay()
                default:
                    guard !replay.isEmpty else { continue }
                    // A team's records are taken from the front until one must wait.
                    let done = Int.random(in: 0...replay.count, using: &random)
                    database += replay.prefix(done).map(number)
                    backlog.endReplay(done: Set(0..<done))
                    replay = []
                }
            }
            if !replay.isEmpty { backlog.endReplay(done: []) }
            let left = backlog.waiting.map(number)
            #expect((disk + database + left).sorted() == Array(0..<made), "seed \(seed)")
            #expect(disk == disk.sorted() && database == database.sorted() && left == left.sorted(), "seed \(seed)")
        }
    }
}
