import EaselBase
import Foundation

/// The tasks that were accepted, by `taskUUID`: what `getResponse`, `getTaskDetails` and the check for conflicts look at.
final class RunwareTaskStore: Sendable {
    struct Record: Sendable {
        let account: String
        let request: JSONValue
        let isAsynchronous: Bool
        /// The ids that the images have or will have, in order.
        let imageUUIDs: [String]
        let startedAt: SteadyInstant
        let expected: Duration
        var items: [JSONValue] = []
        var errors: [RunwareError] = []
        var isFinished = false
    }

    private struct State {
        var records: [String: Record] = [:]
        var order: [String] = []
        var head = 0
    }

    /// Older tasks are forgotten: nobody says how long the service remembers, and a load test must not fill the memory.
    private static let kept = 20_000

    private let state = Locked(State())

    /// Takes a task in; false when its id was used before.
    func accept(_ record: Record, as taskUUID: String) -> Bool {
        state.withLock { state in
            let id = taskUUID.lowercased()
            guard state.records[id] == nil else { return false }
            state.records[id] = record
            state.order.append(id)
            if state.order.count - state.head > Self.kept {
                state.records[state.order[state.head]] = nil
                state.head += 1
                if state.head > Self.kept {
                    state.order.removeFirst(state.head)
                    state.head = 0
                }
            }
            return true
        }
    }

    func isUsed(_ taskUUID: String) -> Bool { state.withLock { $0.records[taskUUID.lowercased()] != nil } }

    /// One image is there.
    func add(_ item: JSONValue, to taskUUID: String) {
        state.withLock { $0.records[taskUUID.lowercased()]?.items.append(item) }
    }

    /// Nothing more will come; perhaps because of an error.
    func finish(_ taskUUID: String, error: RunwareError? = nil) {
        state.withLock { state in
            if let error { state.records[taskUUID.lowercased()]?.errors.append(error) }
            state.records[taskUUID.lowercased()]?.isFinished = true
        }
    }

    /// The record of a task, if it belongs to this account.
    func record(_ taskUUID: String, account: String) -> Record? {
        state.withLock { state in
            guard let record = state.records[taskUUID.lowercased()], record.account == account else { return nil }
            return record
        }
    }

    func reset() { state.withLock { $0 = State() } }
}

extension RunwareTaskStore.Record {
    /// What a poll sees: the finished images, and the unfinished ones with their progress in per cent.
    func poll(_ taskUUID: String, now: SteadyInstant) -> (items: [JSONValue], errors: [JSONValue]) {
        var answer = items.map { item -> JSONValue in
            guard var members = item.objectValue else { return item }
            members["status"] = "success"
            return .object(members)
        }
        if !isFinished {
            let share = now.since(startedAt).secondsAsDouble / Swift.max(expected.secondsAsDouble, 0.001)
            let progress = Swift.min(99, Int(share * 100))
            for uuid in imageUUIDs.dropFirst(items.count) {
                answer.append([
                    "taskType": "imageInference", "taskUUID": .string(taskUUID), "status": "processing",
                    "imageUUID": .string(uuid), "progress": .integer(progress),
                ])
            }
        }
        let failures = errors.map { error -> JSONValue in
            var error = error.about(taskUUID)
            error.status = "error"
            return error.json
        }
        return (answer, failures)
    }

    /// The archived reply of `getTaskDetails`.
    var archived: JSONValue {
        var members: [String: JSONValue] = ["data": .array(items)]
        if !errors.isEmpty { members["errors"] = .array(errors.map(\.json)) }
        return .object(members)
    }
}
