import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

@Suite struct JournalTests {
    /// A directory that goes with the test.
    private final class Directory: Sendable {
        let path: String
        init() {
            path = NSTemporaryDirectory() + "easel-journal-\(UUID().text)"
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func files(_ kind: String) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
                .filter { $0.hasSuffix("." + kind) }.sorted().map { path + "/" + $0 }
        }
    }

    private func note(_ team: Int64, _ text: String) -> JournalRecord {
        let moment = Sample.now
        return JournalRecord(
            .note(
                Sample.start(callID: UUIDv7.mint(at: moment), teamID: team, at: moment),
                providerTaskID: text
            )
        )
    }

    private func text(_ record: JournalRecord) -> String {
        if case .note(_, let text) = record.content { text } else { "" }
    }

    @Test func `records come back exactly as they were`() throws {
        let admission = Sample.admission(providerTaskID: "task-1")
        let settlement = Sample.settlement(
            admission,
            attempts: [
                Sample.end(admission.attempts[0], outcome: .unknown, cost: nil, basis: .unknown, images: 0)
            ],
            latency: .nanoseconds(1_234_567),
            translation: nil,
            attemptCount: 7,
            replacesImages: false
        )
        let bytes = try JSON.encode(JournalRecord(.settlement(settlement)))
        guard case .settlement(let back) = try JSON.decode(JournalRecord.self, from: bytes).content else {
            Issue.record("another kind came back")
            return
        }
        #expect(back.attempts == settlement.attempts)
        #expect(back.images == settlement.images)
        // Recovery may have written images while the record waited.
        #expect(back.translation == nil && back.attemptCount == 7 && back.replacesImages)
        #expect(back.attempts.map(\.start.providerTaskID) == ["task-1"])
        #expect(back.settledAt == settlement.settledAt)
        #expect(back.latency == settlement.latency)
        #expect(back.cost == nil)
        #expect(back.estimated == settlement.estimated)
        #expect(back.status == settlement.status)
    }

    /// A gateway that is brought up to date finds the journal of the one before it.
    @Test(arguments: ["attemptCount", "replacesImages", "translation", "providerTaskID"])
    func `a record that was kept before a field was known is read`(field: String) throws {
        let settlement = Sample.settlement(Sample.admission(providerTaskID: "task-1"))
        let bytes = try JSON.encode(JournalRecord(.settlement(settlement)))
        let older = Self.removing(field, from: try JSON.decode(JSONValue.self, from: bytes))
        #expect(try JSON.encode(older).count < bytes.count)
        let encoded = try JSON.encode(older)
        let record = try JSON.decode(JournalRecord.self, from: encoded)
        guard case .settlement(let back) = record.content else {
            Issue.record("another kind came back")
            return
        }
        // Unknown is what the field says of a gateway that did not know it; everything else came back.
        #expect(back.attempts.count == 1 && back.cost == settlement.cost)
        #expect(back.attemptCount == (field == "attemptCount" ? 1 : settlement.attemptCount))
        #expect(back.replacesImages == (field == "replacesImages" ? true : settlement.replacesImages))
        #expect(field != "translation" || back.translation == nil)
        #expect(field != "providerTaskID" || back.attempts.map(\.start.providerTaskID) == [nil])
    }

    private static func removing(_ name: String, from value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(members.filter { $0.key != name }.mapValues { removing(name, from: $0) })
        case .array(let items): .array(items.map { removing(name, from: $0) })
        default: value
        }
    }

    /// L2: a provider's unknown members are kept as deep as its answer may nest.
    @Test func `a record with the deepest members that an answer can have is read again`() async throws {
        // data, its list, the item and the member itself surround the value in the answer.
        var deep: JSONValue = "x"
        for _ in 0..<JSON.depthLimit - 3 { deep = ["a": deep] }
        let answer: JSONValue = ["data": [["member": deep]]]
        #expect(try JSON.decode(JSONValue.self, from: try JSON.encode(answer)) == answer)

        let admission = Sample.admission()
        let end = Sample.end(admission.attempts[0], extra: ["member": deep])
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent)
        defer { journal.close() }
        try await journal.append(JournalRecord(.settlement(Sample.settlement(admission, attempts: [end]))))
        let seen = Locked(0)
        try await journal.replay { _ in
            seen.withLock { $0 += 1 }
            return .committed
        }
        #expect(seen.withLock(\.self) == 1)
        #expect(directory.files("damaged") == [])
    }

    @Test func `the checksum is CRC-32`() {
        #expect(CRC32.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    }

    @Test func `records are replayed in order by team, and a team that must wait holds up nobody else`() async throws {
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent)
        defer { journal.close() }
        for index in 0..<5 {
            try await journal.append(note(1, "a\(index)"))
            try await journal.append(note(2, "b\(index)"))
        }
        #expect(journal.pendingCount == 10)

        let seen = Locked<[String]>([])
        try await journal.replay { record in
            let text = text(record)
            if text == "a2" { return .away }
            seen.withLock { $0.append(text) }
            return .committed
        }
        #expect(seen.withLock { $0.filter { $0.hasPrefix("a") } } == ["a0", "a1"])
        #expect(seen.withLock { $0.filter { $0.hasPrefix("b") } } == ["b0", "b1", "b2", "b3", "b4"])
        #expect(journal.pendingCount == 3)
        #expect(directory.files("journal").count == 1)

        // What was kept meanwhile comes after what waits.
        try await journal.append(note(1, "a5"))
        let rest = Locked<[String]>([])
        try await journal.replay { record in
            rest.withLock { $0.append(text(record)) }
            return .committed
        }
        #expect(rest.withLock(\.self) == ["a2", "a3", "a4", "a5"])
        #expect(journal.pendingCount == 0)
        #expect(directory.files("journal") == [])
    }

    @Test func `many at once are all kept`() async throws {
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent)
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask { try? await journal.append(note(Int64(index % 5), "\(index)")) }
            }
        }
        #expect(journal.pendingCount == 200)
        journal.close()
        let reopened = try await eventuallyOpen(directory.path)
        defer { reopened.close() }
        #expect(reopened.pendingCount == 200)
    }

    @Test func `a torn tail and a damaged record are set aside, and the others replayed`() async throws {
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent)
        for index in 0..<4 { try await journal.append(note(1, "record-\(index)")) }
        journal.close()
        let file = try #require(directory.files("journal").first)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        let damaged = try #require(bytes.range(of: Data("record-1".utf8)))
        bytes[damaged.lowerBound] = UInt8(ascii: "R")
        try bytes.dropLast(1).write(to: URL(fileURLWithPath: file))

        let reopened = try await eventuallyOpen(directory.path)
        defer { reopened.close() }
        #expect(reopened.pendingCount == 2)
        let seen = Locked<[String]>([])
        try await reopened.replay { record in
            seen.withLock { $0.append(text(record)) }
            return .committed
        }
        #expect(seen.withLock(\.self) == ["record-0", "record-2"])
        #expect(directory.files("journal") == [])
        let aside = try Data(contentsOf: URL(fileURLWithPath: try #require(directory.files("damaged").first)))
        #expect(aside.range(of: Data("Record-1".utf8)) != nil)
        #expect(aside.range(of: Data("record-3".utf8)) != nil)
    }

    @Test func `what the database refuses is set aside and the rest goes on`() async throws {
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent)
        defer { journal.close() }
        for index in 0..<3 { try await journal.append(note(1, "\(index)")) }
        try await journal.replay { text($0) == "1" ? .refused("no such call") : .committed }
        #expect(journal.pendingCount == 0)
        let aside = try Data(contentsOf: URL(fileURLWithPath: try #require(directory.files("refused").first)))
        let contents = JournalFrames.decode(Array(aside))
        #expect(try contents.records.map { text(try JSON.decode(JournalRecord.self, from: Array($0))) } == ["1"])
    }

    @Test func `only one program has a journal open`() async throws {
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent)
        defer { journal.close() }
        await #expect(throws: LedgerError.self) { _ = try await Journal(directory: directory.path, log: .silent) }
    }

    @Test func `while the database is away admissions are refused and everything else is kept`() async throws {
        let directory = Directory()
        let journal = try await Journal(directory: directory.path, log: .silent)
        defer { journal.close() }
        let admission = Sample.admission()
        let second = Sample.start(
            callID: admission.callID,
            teamID: 1,
            at: admission.receivedAt + .seconds(1),
            ordinal: 2,
            provider: "ideogram"
        )
        let first = Sample.end(admission.attempts[0], outcome: .failed, cost: .zero, images: 0)
        let settlement = Sample.settlement(
            admission,
            attempts: [first, Sample.end(second)],
            images: [Sample.image(admission, attempt: second)],
            provider: "ideogram",
            failover: true
        )
        try await withLedger { ledger, database in
            let switchable = SwitchableCalls(ledger)
            let journaled = JournaledCalls(base: switchable, journal: journal, log: .silent)
            try await journaled.take(admission)

            switchable.isAway.withLock { $0 = true }
            let refused = await failure { () async throws(LedgerError) in
                try await journaled.take(Sample.admission())
            }
            #expect(refused?.isUnavailable == true)
            try await journaled.startAttempts([second], ended: [first])
            try await journaled.noteProviderTask(second, providerTaskID: "gen-9")
            #expect(journaled.pendingCount == 2)
            let away = await failure { () async throws(LedgerError) in try await journaled.replay() }
            #expect(away?.isUnavailable == true)

            // The settlement finds the database back, before the journal was replayed.
            switchable.isAway.withLock { $0 = false }
            try await journaled.settle(settlement)
            let query = UsageQuery(
                from: admission.receivedAt - .seconds(60),
                to: admission.receivedAt + .seconds(60),
                timezone: "UTC",
                groupBy: [],
                teamID: nil
            )
            let figures = JournaledFigures(base: ledger) { journaled.journalStanding }
            #expect(try await figures.usage(query).dataQuality.journalPending == 2)
            try await journaled.replay()
            #expect(journaled.pendingCount == 0)
            let outcomes = try await Database.query(
                database,
                "SELECT outcome, provider_task_id FROM attempts ORDER BY ordinal"
            )
            #expect(outcomes == [[.text("failed"), .text(nil)], [.text("succeeded"), .text("gen-9")]])
            #expect(try await DatabaseVerify(ledger).findings(since: query.from) == [])

            // A settlement of a call that nobody admitted is refused at once, and not lost.
            let stray = await failure { () async throws(LedgerError) in
                try await journaled.settle(Sample.settlement(Sample.admission()))
            }
            #expect(stray?.isNotFound == true)
            #expect(directory.files("refused").count == 1)
        }
    }

    /// The lock goes when the closed journal's thread has ended.
    private func eventuallyOpen(_ path: String) async throws -> Journal {
        for _ in 0..<1500 {
            if let journal = try? await Journal(directory: path, log: .silent) { return journal }
            try await Task.sleep(for: .milliseconds(20))
        }
        return try await Journal(directory: path, log: .silent)
    }
}
