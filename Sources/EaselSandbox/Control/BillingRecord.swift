package import EaselBase
package import EaselCore

/// One task that a provider executed and charged for.
package struct BillingEntry: Sendable, Equatable {
    /// Who charged.
    package let provider: ProviderKind
    /// The key of the account. Keys of the sandbox are no secrets.
    package let account: String
    /// The provider's name of the model.
    package let model: String
    /// Runware's `taskUUID`; at Ideogram the request id or generation id.
    package let taskID: String
    /// Images charged for.
    package let images: Int
    /// What all its images cost together.
    package let cost: Money
    /// When it was charged.
    package let at: Timestamp

    package init(
        provider: ProviderKind,
        account: String,
        model: String,
        taskID: String,
        images: Int,
        cost: Money,
        at: Timestamp
    ) {
        self.provider = provider
        self.account = account
        self.model = model
        self.taskID = taskID
        self.images = images
        self.cost = cost
        self.at = at
    }
}

/// The providers' own books: what every executed task cost, whether or not the client ever learned of it.
package final class BillingRecord: Sendable {
    private struct State {
        var entries: [BillingEntry] = []
        var taskIDs: Set<String> = []
    }

    private let state = Locked(State())

    /// Empty books.
    package init() {}

    /// Charges a task. A task that is in the books already is not charged again.
    ///
    /// Tests charge here what did not come through a client of theirs.
    package func charge(_ entry: BillingEntry) {
        guard entry.images > 0 else { return }
        state.withLock { state in
            guard state.taskIDs.insert("\(entry.provider.rawValue) \(entry.taskID)").inserted else { return }
            state.entries.append(entry)
        }
    }

    /// All entries in the order of charging.
    package var entries: [BillingEntry] { state.withLock { $0.entries } }

    /// What all entries cost together.
    package var total: Money { entries.reduce(.zero) { $0 + $1.cost } }

    func reset() { state.withLock { $0 = State() } }

    /// The body of `GET /sandbox/billing`.
    var json: JSONValue {
        let entries = entries
        return [
            "entries": .array(
                entries.map { entry in
                    [
                        "provider": .string(entry.provider.rawValue), "account": .string(entry.account),
                        "model": .string(entry.model), "task_id": .string(entry.taskID),
                        "images": .integer(entry.images), "cost_usd": .string(entry.cost.usd),
                        "at": .string(entry.at.text(fractionDigits: 6)),
                    ]
                }
            ),
            "total_usd": .string(entries.reduce(Money.zero) { $0 + $1.cost }.usd),
        ]
    }
}
