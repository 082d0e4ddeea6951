import EaselBase
import EaselCore

/// One statement for one stretch of the log.
struct VerifyTask: Sendable {
    let check: DatabaseVerify.Check
    let step: VerifyStep
    let stretch: VerifyStretch
}

/// What is still to be looked at and what was found, for the connections that share the work.
final class VerifyBoard: Sendable {
    private struct State {
        var waiting: ArraySlice<VerifyTask>
        var done = 0
        var findings: [DatabaseVerify.Check: [DatabaseVerify.Finding]] = [:]
    }

    private let state: Locked<State>
    private let steps: Int
    private let limit: Int
    private let progress: @Sendable (DatabaseVerify.Progress) -> Void

    /// - Parameters:
    ///   - limit: findings of each rule.
    ///   - progress: told before each step, of one step at a time.
    init(_ tasks: [VerifyTask], limit: Int, progress: @escaping @Sendable (DatabaseVerify.Progress) -> Void) {
        state = Locked(State(waiting: tasks[...]))
        steps = tasks.count
        self.limit = limit
        self.progress = progress
    }

    /// What to look at next, and how many findings its rule may still have; nil: nothing is left. A rule with enough of them
    /// is not looked at further.
    func next() -> (task: VerifyTask, left: Int)? {
        state.withLock { state in
            while let task = state.waiting.popFirst() {
                progress(DatabaseVerify.Progress(check: task.check, done: state.done, steps: steps))
                state.done += 1
                let left = limit - (state.findings[task.check]?.count ?? 0)
                if left > 0 { return (task, left) }
            }
            return nil
        }
    }

    /// Two steps of a rule may run at a time: together they may find more than was asked for.
    func found(_ findings: [DatabaseVerify.Finding], by check: DatabaseVerify.Check) {
        state.withLock { state in
            let all = state.findings[check, default: []] + findings
            state.findings[check] = Array(all.prefix(limit))
        }
    }

    /// Nothing more is looked at.
    func stop() { state.withLock { $0.waiting = [] } }

    /// In the order of the rules.
    var findings: [DatabaseVerify.Finding] {
        state.withLock { state in DatabaseVerify.Check.allCases.flatMap { state.findings[$0] ?? [] } }
    }
}

/// A stretch of the log that is looked at with one statement.
struct VerifyStretch: Sendable, Hashable {
    let from: Timestamp
    /// Not included.
    let to: Timestamp

    /// After everything.
    static let end = BudgetWindow.always.end
    /// Stretches of whole days (UTC) that together reach from a moment to the end.
    static func cover(since: Timestamp, calls: [(day: Timestamp, calls: Int)], most: Int) -> [VerifyStretch] {
        var stretches: [VerifyStretch] = []
        var from = since
        var sum = 0
        for (day, count) in calls {
            if sum > 0, sum + count > most, day > from {
                stretches.append(VerifyStretch(from: from, to: day))
                from = day
                sum = 0
            }
            sum += count
        }
        return stretches + [VerifyStretch(from: from, to: end)]
    }
}
