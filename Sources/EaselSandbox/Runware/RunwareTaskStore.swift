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

    private let records = Locked<[String: Record]>([:])

    /// Takes a task in; false when its id was used before.
    func accept(_ record: Record, as taskUUID: String) -> Bool {
        records.withLock { records in
            guard records[taskUUID.lowercased()] == nil else { return false }
            records[taskUUID.lowercased()] = record
            return true
        }
    }

    func isUsed(_ taskUUID: String) -> Bool { records.withLock { $0[taskUUID.lowercased()] != nil } }

    /// One image is there.
    func add(_ item: JSONValue, to taskUUID: String) {
        records.withLock { $0[taskUUID.lowercased()]?.items.append(item) }
    }

    /// Nothing more will come; perhaps because of an error.
    func finish(_ taskUUID: String, error: RunwareError? = nil) {
        records.withLock { records in
            if let error { records[taskUUID.lowercased()]?.errors.append(error) }
            records[taskUUID.lowercased()]?.isFinished = true
        }
    }

    /// The record of a task, if it belongs to this account.
    func record(_ taskUUID: String, account: String) -> Record? {
        records.withLock { records in
            guard let record = records[taskUUID.lowercased()], record.account == account else { return nil }
            return record
        }
    }

    func reset() { records.withLock { $0.removeAll() } }
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
