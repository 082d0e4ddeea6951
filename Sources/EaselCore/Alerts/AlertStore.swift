package import EaselBase
package import Foundation

/// What is recorded of alerts: for people who look, and who mute. `actor` is who does it, for the audit (`AuditActor`).
package protocol AlertBook: Sendable {
    /// What every rule found last, firing or not any more.
    func alertStates() async throws(LedgerError) -> [AlertState]
    /// Mutes that are not over.
    func alertMutes(at moment: Timestamp) async throws(LedgerError) -> [AlertMute]
    func add(_ mute: AlertMute, by actor: String) async throws(LedgerError)
    /// False when there is none of that id.
    func removeMute(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool
    /// Events, the newest first, each with its deliveries.
    func alertEvents(_ query: AlertEventQuery) async throws(LedgerError) -> [RecordedEvent]
    /// Records an event of somebody's making for these destinations: whoever keeps the alerts sends it.
    func record(_ event: AlertEvent, to destinations: [String]) async throws(LedgerError)
    /// Makes dead letters due again, all of them or those of these events; how many.
    func replay(events: [UUID]?, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Int
}

extension AlertBook {
    package func add(_ mute: AlertMute) async throws(LedgerError) { try await add(mute, by: AuditActor.local) }

    package func removeMute(_ id: UUID) async throws(LedgerError) -> Bool {
        try await removeMute(id, by: AuditActor.local, at: TimeSource.system.now)
    }

    package func replay(events: [UUID]?, at moment: Timestamp) async throws(LedgerError) -> Int {
        try await replay(events: events, by: AuditActor.local, at: moment)
    }
}

/// Which events are asked for.
package struct AlertEventQuery: Sendable, Hashable {
    package var eventID: UUID?
    /// Only those with a dead letter.
    package var hasDeadLetter = false
    /// Only those before this one.
    package var before: UUID?
    package var limit: Int

    package init(limit: Int) {
        self.limit = limit
    }
}

/// An event with what became of it.
package struct RecordedEvent: Sendable, Hashable {
    package struct Delivery: Sendable, Hashable {
        package var destination: String
        package var status: AlertDelivery.Status
        package var attempts: Int
        package var nextAttemptAt: Timestamp?
        package var endedAt: Timestamp?
        package var httpStatus: Int?
        package var lastError: String?

        package init(
            destination: String,
            status: AlertDelivery.Status,
            attempts: Int,
            nextAttemptAt: Timestamp?,
            endedAt: Timestamp?,
            httpStatus: Int?,
            lastError: String?
        ) {
            self.destination = destination
            self.status = status
            self.attempts = attempts
            self.nextAttemptAt = nextAttemptAt
            self.endedAt = endedAt
            self.httpStatus = httpStatus
            self.lastError = lastError
        }
    }

    package var event: AlertEvent
    package var deliveries: [Delivery]

    package init(event: AlertEvent, deliveries: [Delivery]) {
        self.event = event
        self.deliveries = deliveries
    }
}

/// A provider's charges beyond its price, and beyond what was held back for them (M2).
package struct Overcharge: Sendable, Hashable {
    package var provider: String
    package var attempts: Int
    /// What was charged beyond the bounds.
    package var excess: Money
    /// The newest of these calls.
    package var callID: UUID
    /// Whether the figures were not believed (`CostBelief`): `excess` is what was claimed, and the attempts count at their
    /// bounds.
    package var isClaim: Bool

    package init(provider: String, attempts: Int, excess: Money, callID: UUID, isClaim: Bool = false) {
        self.isClaim = isClaim
        self.provider = provider
        self.attempts = attempts
        self.excess = excess
        self.callID = callID
    }
}

/// What the one who keeps the alerts reads and writes beside the book. What it writes is fenced by its lease (L4).
package protocol AlertStore: AlertBook, LeaseStore {
    /// What gateways last said of themselves, where that is no older, by the clock of the database.
    func gatewaySigns(within age: Duration) async throws(LedgerError) -> [GatewaySign]
    func overcharges(since: Timestamp, teamID: Int64?) async throws(LedgerError) -> [Overcharge]
    /// Whether there is an event with this key.
    func hasEvent(onceKey: String) async throws(LedgerError) -> Bool
    /// Writes states and events in one transaction, and keeps the lease for that long from now. An event whose key is
    /// taken is left out. False, and nothing is written, when the lease is another's.
    func record(
        states: [AlertState],
        events: [(event: AlertEvent, destinations: [String])],
        under lease: Lease,
        for length: Duration
    ) async throws(LedgerError) -> Bool
    /// Takes what is due, so that it is not due again before `until`; keeps the lease. Nil when the lease is another's.
    func claimDeliveries(
        at moment: Timestamp,
        until: Timestamp,
        limit: Int,
        under lease: Lease,
        for length: Duration
    ) async throws(LedgerError) -> [AlertDelivery]?
    /// How a try ended. Nothing happens when a later try of it has begun.
    func finish(
        _ delivery: AlertDelivery,
        _ outcome: DeliveryOutcome,
        at moment: Timestamp,
        nextAttemptAt: Timestamp?
    ) async throws(LedgerError)
    /// Forgets events that are older, dead letters included, and states that have been calm since.
    func forgetAlerts(before moment: Timestamp) async throws(LedgerError)
}
