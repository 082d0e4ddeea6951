import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselLedger

/// What a journal decides of its files and of a replay, against random histories of a disk, a database and of programs that
/// end in the middle.
@Suite struct JournalReplayTests {
    @Test func `nothing is removed before it is done, doubled or overtaken, and everything comes to its end`() {
        for seed in 0..<UInt64(Effort.cases(600)) {
            var world = JournalWorld(seed: seed)
            for _ in 0..<60 where world.faults.isEmpty { world.step() }
            world.drain()
            #expect(world.faults == [], "seed \(seed)")
            guard world.faults.isEmpty else { return }
        }
    }

    @Test func `teams go beside each other, and one that has to wait holds up only itself`() {
        var round = JournalReplay(files: [4, 7])
        #expect(round.next() == .read(.file(4)))
        round.read(teams: [1, 2, 1, 3, 2], done: [3])
        #expect(round.next() == .give([0, 1]) && round.next() == .wait)
        round.ended(0, .committed)
        round.ended(1, .away)
        #expect(round.next() == .give([2]))
        round.ended(2, .refused("no"))
        #expect(round.next() == .setAside([.init(index: 2, reason: "no")], of: .file(4)))
        round.wasSetAside(true)
        #expect(round.next() == .finish(.file(4), count: 5, done: [0, 2, 3]))
        #expect(round.next() == .read(.file(7)))
        round.notRead()
        #expect(round.next() == .read(.memory))
        round.read(teams: [2, 1], done: [])
        #expect(round.next() == .give([1]))
        round.ended(1, .refused("no"))
        #expect(round.next() == .setAside([.init(index: 1, reason: "no")], of: .memory))
        round.wasSetAside(false)
        #expect(round.next() == .finish(.memory, count: 2, done: []))
        #expect(round.next() == .end && round.next() == .end)
    }

    @Test func `a file goes when all of it is done, and one that took nothing goes at once`() {
        var files = JournalFiles(counts: [3: 2], unreadable: [5: "input or output failed"])
        #expect(files.numbers == [3, 5] && files.nextNumber == 6 && files.pending == 2)
        #expect(files.seal() == nil)
        files.opened()
        #expect(files.seal() == 6 && files.nextNumber == 7)
        files.opened()
        files.wrote(records: 1, bytes: JournalFiles.limit)
        #expect(files.isFull && files.pending == 3)
        #expect(files.seal() == nil && files.numbers == [3, 5, 7] && !files.isFull)
        #expect(!files.finish(3, count: 2, done: [1]) && files.doneRecords(of: 3) == [1] && files.pending == 2)
        #expect(files.finish(3, count: 2, done: [0, 1]) && files.numbers == [5, 7])
        #expect(!files.note(5, unreadable: "input or output failed") && files.note(5, unreadable: nil))
        #expect(files.finish(5, count: 0, done: []) && files.numbers == [7])
    }
}

/// A journal with its disk and its database, at one step after the other.
private struct JournalWorld {
    private struct Entry: Equatable {
        let number: Int
        let team: Int64
    }

    private struct Round {
        var replay: JournalReplay
        let next: Int
        var records: [JournalRecord] = []
        var underWay: [Int] = []
    }

    private var random: SeededRandom
    private var now = SteadyInstant(nanoseconds: 1_000_000_000_000)
    private var isHealthy = false
    private(set) var faults: [String] = []

    private var files = JournalFiles(counts: [:], unreadable: [:])
    private var backlog = JournalBacklog()
    private var round: Round?
    private var attempt: JournalBacklog.Try?

    // What outlives the program.
    private var disk: [Int: [Entry]] = [:]
    private var openNumber: Int?
    private var asides: Set<Int> = []
    private var database: [Entry] = []

    private var entries: [Entry] = []
    /// Acknowledged, and lost with a program that ended.
    private var lost: Set<Int> = []
    /// Not in the order of its team: it was refused and could not be set aside, or its file could not be read.
    private var excused: Set<Int> = []
    /// Committed or set aside since the program began.
    private var ended: Set<Int> = []

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func step() {
        now = now + .milliseconds(Int64.random(in: 1...900, using: &random))
        switch Int.random(in: 0..<24, using: &random) {
        case 0..<7: append()
        case 7..<10: tryDisk()
        case 10: restart()
        default: for _ in 0..<Int.random(in: 1...6, using: &random) { replay() }
        }
    }

    mutating func drain() {
        isHealthy = true
        for _ in 0..<20_000 where faults.isEmpty {
            now = now + .seconds(1)
            tryDisk()
            replay()
            if round == nil, files.numbers.isEmpty, openNumber == nil, backlog.count == 0 { break }
        }
        let missing = entries.map(\.number).filter { number in
            !lost.contains(number) && !asides.contains(number) && !database.contains { $0.number == number }
        }
        if !missing.isEmpty { faults.append("\(missing) came to no end") }
        if !disk.isEmpty { faults.append("files are left: \(disk.keys.sorted())") }
        if files.pending + backlog.count != 0 { faults.append("\(files.pending) are said to wait") }
        for (team, committed) in Dictionary(grouping: database, by: \.team) {
            var first: [Int] = []
            for entry in committed where !first.contains(entry.number) && !excused.contains(entry.number) {
                first.append(entry.number)
            }
            if first != first.sorted() { faults.append("records of team \(team) changed places: \(first)") }
        }
    }

    // MARK: - Writing

    private mutating func append() {
        let entry = Entry(number: entries.count, team: .random(in: 1...4, using: &random))
        entries.append(entry)
        guard !backlog.isInUse else { return backlog.keep([record(entry)]) }
        guard write([entry]) else {
            close()
            _ = backlog.failed("full", at: now, chance: 0.5)
            return backlog.keep([record(entry)])
        }
        if Int.random(in: 0..<5, using: &random) == 0 { close() }
    }

    private mutating func write(_ written: [Entry]) -> Bool {
        if openNumber == nil {
            if fails(6) { return false }
            openNumber = files.nextNumber
            if disk[files.nextNumber] != nil { faults.append("file \(files.nextNumber) is written over") }
            disk[files.nextNumber] = []
            files.opened()
        }
        if fails(6) { return false }
        if let openNumber { disk[openNumber]?.append(contentsOf: written) }
        files.wrote(records: written.count, bytes: written.count * (1 << 20))
        if files.isFull { close() }
        return true
    }

    private mutating func close() {
        if let empty = files.seal() { remove(empty) }
        openNumber = nil
    }

    private mutating func tryDisk() {
        if let wanted = attempt {
            attempt = nil
            let isWritten = wanted.records.isEmpty ? !fails(4) : write(wanted.records.map(entry))
            guard isWritten else {
                close()
                _ = backlog.failed("full", at: now, chance: 0.5)
                return
            }
            asides.formUnion(wanted.asides.map { entry($0.record).number })
            _ = backlog.wrote(wanted)
        } else if case .now(let wanted) = backlog.turn(at: now, chance: 0.5) {
            attempt = wanted
            // Between its beginning and its end the replay may go on.
            if isHealthy { tryDisk() }
        }
    }

    /// The program ends as it stands, and another one finds what is on the disk.
    private mutating func restart() {
        let inMemory = (backlog.replaying + backlog.waiting + backlog.asides.map(\.record)).map { entry($0).number }
        let onDisk = Set(disk.values.joined().map(\.number))
        lost.formUnion(inMemory.filter { !onDisk.contains($0) })
        round = nil
        attempt = nil
        openNumber = nil
        backlog = JournalBacklog()
        ended = []
        var counts: [Int: Int] = [:]
        var unreadable: [Int: String] = [:]
        for (number, records) in disk {
            if records.isEmpty {
                disk[number] = nil
            } else if fails(8) {
                unreadable[number] = "input or output failed"
            } else {
                counts[number] = records.count
            }
        }
        files = JournalFiles(counts: counts, unreadable: unreadable)
    }

    // MARK: - Replaying

    private mutating func replay() {
        guard var round else {
            close()
            return round = Round(replay: JournalReplay(files: files.numbers), next: files.nextNumber)
        }
        defer { self.round = self.round == nil ? nil : round }
        switch round.replay.next() {
        case .read(.file(let number)): read(number, &round)
        case .read(.memory):
            round.records = files.hasRecords(from: round.next) ? [] : backlog.beginReplay()
            round.replay.read(teams: round.records.map(\.teamID), done: [])
        case .give(let indexes):
            for index in indexes {
                let given = entry(round.records[index])
                if ended.contains(given.number) { fault("\(given.number) is given again") }
                if round.underWay.contains(where: { entry(round.records[$0]).team == given.team }) {
                    fault("two records of a team are under way")
                }
                round.underWay.append(index)
            }
            if round.underWay.count > JournalReplay.atOnce { fault("too many are under way") }
        case .wait:
            guard let index = round.underWay.randomElement(using: &random) else { return fault("nothing to wait for") }
            round.underWay.removeAll { $0 == index }
            end(index, &round)
        case .setAside(let refused, _):
            let isAside = !fails(4)
            for refusal in refused {
                let number = entry(round.records[refusal.index]).number
                if !isAside { excused.insert(number) }
                if isAside { asides.insert(number) }
                if isAside { ended.insert(number) }
            }
            round.replay.wasSetAside(isAside)
        case .finish(let source, let count, let done):
            if count != round.records.count { fault("\(count) are counted") }
            switch source {
            case .file(let number): if files.finish(number, count: count, done: done) { remove(number) }
            case .memory: backlog.endReplay(done: done)
            }
        case .end: self.round = nil
        }
    }

    private mutating func read(_ number: Int, _ round: inout Round) {
        let onDisk = disk[number] ?? []
        if fails(8) {
            _ = files.note(number, unreadable: "input or output failed")
            excused.formUnion(onDisk.map(\.number))
            return round.replay.notRead()
        }
        _ = files.note(number, unreadable: nil)
        round.records = onDisk.map(record)
        round.replay.read(teams: onDisk.map(\.team), done: files.doneRecords(of: number))
    }

    private mutating func end(_ index: Int, _ round: inout Round) {
        let entry = entry(round.records[index])
        switch isHealthy ? 9 : Int.random(in: 0..<10, using: &random) {
        case 0: round.replay.ended(index, .away)
        case 1:
            // It was written, and nobody heard of it.
            database.append(entry)
            round.replay.ended(index, .away)
        case 2: round.replay.ended(index, .refused("no"))
        default:
            database.append(entry)
            ended.insert(entry.number)
            round.replay.ended(index, .committed)
        }
    }

    /// A file goes from the disk.
    private mutating func remove(_ number: Int) {
        let missing = (disk[number] ?? []).map(\.number).filter { missing in
            !asides.contains(missing) && !database.contains { $0.number == missing }
        }
        if !missing.isEmpty { fault("file \(number) goes with \(missing)") }
        disk[number] = nil
    }

    // MARK: - Parts

    private mutating func fails(_ one: Int) -> Bool { !isHealthy && Int.random(in: 0..<one, using: &random) == 0 }

    private mutating func fault(_ text: String) { faults.append(text) }

    private func record(_ entry: Entry) -> JournalRecord {
        let start = Sample.start(callID: UUID(), teamID: entry.team, at: Timestamp(microseconds: 1_800_000_000_000_000))
        return JournalRecord(.note(start, providerTaskID: String(entry.number)))
    }

    private func entry(_ record: JournalRecord) -> Entry {
        guard case .note(let start, let text) = record.content else { return Entry(number: -1, team: 0) }
        return Entry(number: Int(text) ?? -1, team: start.teamID)
    }
}
