import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselLedger

/// What a writer decides, against random histories of callers, clocks and a database that fails in every way it can.
@Suite struct WriteQueueTests {
    @Test func `each caller is told once and truly, and nothing that holds money is lost`() {
        for seed in 0..<UInt64(Effort.cases(10_000)) {
            var world = World(seed: seed)
            for _ in 0..<80 { world.step() }
            world.drain()
            let faults = world.faults()
            #expect(faults == [], "seed \(seed)")
            guard faults.isEmpty else { return }
        }
    }

    @Test func `a closed queue takes nothing, and tells what it still had`() {
        var queue = WriteQueue(capacity: 2)
        let units = (0..<4).map { WriteUnit.numbered($0, deadline: .now + .seconds(1)) }
        #expect(queue.submit(units[0]) == nil && queue.submit(units[1]) == nil)
        #expect(queue.submit(units[2])?.isUnavailable == true, "it is full")
        let nobodyWaits = WriteUnit.numbered(9, deadline: nil)
        #expect(queue.submit(nobodyWaits) == nil, "what holds money is taken all the same")
        queue.close()
        #expect(queue.submit(units[3])?.isUnavailable == true && queue.next(now: .now) == .end)
        #expect(queue.refuseAll().map(\.number) == [0, 1, 9])
        #expect(queue.refuseAll().isEmpty)
    }

    @Test func `units that were put off take turns with the others`() {
        var queue = WriteQueue(capacity: 100)
        let now = SteadyInstant.now
        for number in 0..<3 { _ = queue.submit(.numbered(number, deadline: nil)) }
        _ = queue.take(now: now)
        let busy = PostgresError(.server, sqlState: "57014", message: "", commandIndex: 0)
        guard case .putOff = queue.failed(busy, queue.remaining(), now: now) else {
            Issue.record("a write that nobody waits for was not put off")
            return
        }
        #expect(queue.putOff.count == 3 && queue.next(now: now) == .waitUntil(now + .milliseconds(50)))
        var turns: [Bool] = []
        let later = now + .seconds(1)
        for number in 10..<14 {
            _ = queue.submit(.numbered(number, deadline: later + .seconds(1)))
            switch queue.take(now: later) {
            case .alone: turns.append(true)
            case .group:
                turns.append(false)
                queue.committed(queue.remaining())
            }
        }
        #expect(turns == [true, false, true, false])
    }
}

extension WriteUnit {
    fileprivate static func numbered(
        _ number: Int,
        call: UInt8 = 0,
        deadline: SteadyInstant?,
        isUndone: Bool = false
    ) -> WriteUnit {
        var undo: (@Sendable () -> [SQLCommand])?
        if isUndone { undo = { [SQLCommand("undo \(number)")] } }
        let callID = UUID(uuidString: "00000000-0000-4000-8000-00000000000\(call)") ?? UUID()
        return WriteUnit(
            callID: callID,
            teamID: Int64(call % 3),
            commands: [SQLCommand("write \(number)"), SQLCommand("write more")],
            moments: [],
            deadline: deadline,
            undo: undo,
            ticket: nil
        )
    }

    /// The number that its first statement names; negative for what takes that unit back.
    fileprivate var number: Int {
        let words = commands[0].sql.split(separator: " ")
        let number = Int(words[1]) ?? 0
        return words[0] == "undo" ? -1 - number : number
    }
}

/// A writer with its callers and its database, at one step after the other.
private struct World {
    private enum Answer: Equatable {
        case written, refused, notWritten, unconfirmed, withdrawn
    }

    private var random: SeededRandom
    private var queue = WriteQueue(capacity: 30)
    private var now = SteadyInstant.now
    private var units: [WriteUnit] = []
    private var wasPutOff: Set<Int> = []
    private var answers: [Int: [Answer]] = [:]
    /// Numbers of units, as the database has taken them.
    private var written: [Int] = []
    private var isHealthy = false
    private var groups: [[Int64]] = []

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func step() {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: submit()
        case 4:
            guard let unit = units.randomElement(using: &random), unit.deadline != nil else { return }
            if queue.withdraw(unit) { answer(unit, .withdrawn) }
        case 5, 6: pass(.milliseconds(Int64.random(in: 1...120, using: &random)))
        default: write()
        }
    }

    /// The database is well from now on, and everything comes to its end.
    mutating func drain() {
        isHealthy = true
        for _ in 0..<200 where queue.next(now: now) != .wait {
            write()
            pass(.milliseconds(200))
        }
    }

    private mutating func submit() {
        let hasDeadline = Int.random(in: 0..<10, using: &random) < 7
        let unit = WriteUnit.numbered(
            units.count,
            call: .random(in: 0..<5, using: &random),
            deadline: hasDeadline ? now + .milliseconds(Int64.random(in: 1...400, using: &random)) : nil,
            isUndone: hasDeadline && Bool.random(using: &random)
        )
        units.append(unit)
        if queue.submit(unit) != nil { answer(unit, .notWritten) }
    }

    private mutating func pass(_ time: Duration) {
        now = now + time
        for wait in queue.endOverdue(now: now) { answer(wait.unit, wait.maybeWritten ? .unconfirmed : .notWritten) }
    }

    /// The ticket's part: whoever was told is not told again.
    private mutating func answer(_ unit: WriteUnit, _ answer: Answer) {
        answers[unit.number, default: []].append(answer)
    }

    private mutating func write() {
        guard queue.next(now: now) == .write else { return }
        switch queue.take(now: now) {
        case .alone(let pending):
            wasPutOff.insert(pending.unit.number)
            guard let error = send([pending]) else { return }
            if [.conflict, .rejected].contains(error.verdict) { return answer(pending.unit, .refused) }
            _ = queue.putOffAgain(pending, now: now)
        case .group:
            groups.append(queue.inFlight.map(\.unit.teamID))
            writeGroup()
            queue.requeue()
        }
    }

    private mutating func writeGroup() {
        while true {
            let group = queue.remaining()
            if group.isEmpty { return }
            guard let error = send(group) else {
                deliver(group)
                continue
            }
            switch queue.failed(error, group, now: now) {
            case .reconnect: return
            case .runAgain, .makePartitions: continue
            case .refuse(let unit): answer(unit, .refused)
            case .putOff: wasPutOff.formUnion(queue.putOff.map(\.unit.number))
            case .oneByOne:
                for pending in group where queue.isInFlight(pending.unit) {
                    guard let error = send([pending]) else {
                        deliver([pending])
                        continue
                    }
                    switch queue.failedAlone(error, pending.unit, now: now) {
                    case .reconnect: return
                    case .refuse(let unit): answer(unit, .refused)
                    case .putOff: wasPutOff.formUnion(queue.putOff.map(\.unit.number))
                    case .runAgain, .makePartitions, .oneByOne: break
                    }
                }
            }
        }
    }

    private mutating func deliver(_ group: [PendingUnit]) {
        queue.committed(group)
        for pending in group { answer(pending.unit, .written) }
    }

    /// One transaction. Time passes while it is under way. Nil: it is committed.
    private mutating func send(_ group: [PendingUnit]) -> PostgresError? {
        let chance = isHealthy ? 0 : Int.random(in: 0..<16, using: &random)
        let index = Int.random(in: 0..<(group.count * 2), using: &random)
        func server(_ state: String, _ index: Int?) -> PostgresError {
            PostgresError(.server, sqlState: state, message: "", commandIndex: index)
        }
        let error: PostgresError? =
            switch chance {
            case 8: PostgresError(.connectionLost, message: "")
            case 9: PostgresError(.timedOut, message: "")
            case 10: server("40P01", index)
            case 11: server("26000", index)
            case 12: server("23514", index)
            case 13: server(Bool.random(using: &random) ? "23505" : "22003", index)
            case 14: server("57014", index)
            case 15: server(Bool.random(using: &random) ? "25006" : "40001", nil)
            default: nil
            }
        // Whose connection is lost may have been served.
        let isWritten = error == nil || (error?.kind != .server && Bool.random(using: &random))
        if isWritten { written += group.map(\.unit.number) }
        if Bool.random(using: &random) { pass(.milliseconds(Int64.random(in: 1...60, using: &random))) }
        return error
    }

    // MARK: - What must hold

    func faults() -> [String] {
        var faults: [String] = []
        if !(queue.waiting.isEmpty && queue.inFlight.isEmpty && queue.putOff.isEmpty) {
            faults.append("units are left")
        }
        if groups.contains(where: { $0.count > WriteQueue.groupLimit || $0 != $0.sorted() }) {
            faults.append("a group is too long, or not in the order of teams")
        }
        for unit in units {
            let number = unit.number
            let isWritten = written.contains(number)
            // Who was told that nothing is confirmed may have another word said to nobody.
            let told = answers[number]?.first
            let undone = -1 - number
            switch told {
            case nil: if unit.deadline != nil || !isWritten { faults.append("nobody was told of \(number)") }
            case .written: if !isWritten { faults.append("\(number) is said to be written") }
            case .notWritten, .withdrawn, .refused:
                if isWritten, told != .refused { faults.append("\(number) is said not to be written") }
                if unit.deadline != nil, answers[number]?.count != 1 { faults.append("\(number) was told twice") }
            case .unconfirmed:
                // What the database will never take is for a person; the log names it.
                guard unit.undo != nil, answers[undone] == nil else { break }
                guard let undoneAt = written.firstIndex(of: undone) else {
                    faults.append("\(number) was not taken back")
                    break
                }
                if let last = written.lastIndex(of: number), last > undoneAt {
                    faults.append("\(number) was written after it was taken back")
                }
            }
            if told != .unconfirmed, written.contains(undone) {
                faults.append("\(number) was taken back for no reason")
            }
        }
        return faults + disorder()
    }

    /// Units of one call that somebody waits for are first written in the order in which they came.
    private func disorder() -> [String] {
        let steady = units.filter { $0.deadline != nil && !wasPutOff.contains($0.number) }
        return Dictionary(grouping: steady, by: \.callID).values.flatMap { units in
            let places = units.compactMap { unit in written.firstIndex(of: unit.number) }
            return places == places.sorted() ? [] : ["units of a call changed places"]
        }
    }
}
