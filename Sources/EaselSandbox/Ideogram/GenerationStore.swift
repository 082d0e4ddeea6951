import EaselBase

/// Asynchronous generations by id, as `GET /v1/generations/{id}` sees them.
final class GenerationStore: Sendable {
    private struct Record {
        let account: String
        /// Nil while it is being worked on.
        var answer: JSONValue?
        let created: String
    }

    private let records = Locked<[String: Record]>([:])

    func begin(_ id: String, account: String, created: String) {
        records.withLock { $0[id] = Record(account: account, answer: nil, created: created) }
    }

    func complete(_ id: String, with answer: JSONValue) {
        records.withLock { $0[id]?.answer = answer }
    }

    /// The body of a poll, or nil when this account has no such generation.
    func poll(_ id: String, account: String) -> JSONValue? {
        records.withLock { records in
            guard let record = records[id], record.account == account else { return nil }
            return record.answer
                ?? ["generation_id": .string(id), "status": "pending", "created": .string(record.created)]
        }
    }

    func reset() { records.withLock { $0.removeAll() } }
}
