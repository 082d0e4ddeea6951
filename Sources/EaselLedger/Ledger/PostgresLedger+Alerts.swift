package import EaselBase
package import EaselCore
package import Foundation

// MARK: - Alerts

extension PostgresLedger: AlertStore {
    /// - Parameter reader: where a row that cannot be read is set aside; nil where our own statement makes the rows.
    private func rows<Value>(
        _ command: SQLCommand,
        for reader: SetAsideRows.Reader? = nil,
        _ read: @Sendable @escaping ([SQLValue]) throws(PostgresError) -> Value
    ) async throws(LedgerError) -> [Value] where Value: Sendable {
        let setAside = setAside
        return try await workers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            let results = try connection.run([command], deadline: deadline)
            if let reader { return setAside.read(results.first?.rows ?? [], for: reader, read) }
            return try (results.first?.rows ?? []).map { (cells) throws(PostgresError) in try read(cells) }
        }
    }

    private func write(_ commands: [SQLCommand]) async throws(LedgerError) -> Int {
        try await workers.read(limit: options.writeLimit) { connection, deadline throws(PostgresError) in
            try connection.transaction(commands, deadline: deadline).reduce(0) { $0 + $1.affected }
        }
    }

    // MARK: The book

    package func alertStates() async throws(LedgerError) -> [AlertState] {
        try await rows(AlertStatements.states, for: .alertStates) { (cells) throws(PostgresError) in
            try AlertStatements.state(cells)
        }
    }

    package func alertMutes(at moment: Timestamp) async throws(LedgerError) -> [AlertMute] {
        try await rows(AlertStatements.mutes(at: moment)) { (cells) throws(PostgresError) in
            try AlertStatements.mute(cells)
        }
    }

    package func add(_ mute: AlertMute, by actor: String) async throws(LedgerError) {
        _ = try await write([AlertStatements.write(mute), AuditStatements.insert(.muted(mute, by: actor))])
    }

    package func removeMute(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try await audited(on: workers) { connection, deadline throws(PostgresError) in
            let gone = try connection.run([AlertStatements.removeMute(id)], deadline: deadline).first?.rows.first
            guard let gone else { return (false, nil) }
            return (true, .ended(try AlertStatements.mute(gone), by: actor, at: moment))
        }
    }

    package func alertEvents(_ query: AlertEventQuery) async throws(LedgerError) -> [RecordedEvent] {
        let setAside = setAside
        return try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let rows = try connection.run([AlertStatements.events(query)], deadline: deadline).first?.rows ?? []
            let events = setAside.read(rows, for: .alertEvents) { (cells) throws(PostgresError) in
                try AlertStatements.event(cells)
            }
            guard !events.isEmpty else { return [] }
            var byEvent: [UUID: [RecordedEvent.Delivery]] = [:]
            let deliveries = try connection.run(
                [AlertStatements.deliveries(of: events.map(\.id))],
                deadline: deadline
            )
            let readable = setAside.read(deliveries.first?.rows ?? [], for: .alertDeliveries) {
                (cells) throws(PostgresError) in try AlertStatements.delivery(cells)
            }
            for (event, delivery) in readable { byEvent[event, default: []].append(delivery) }
            return events.map { RecordedEvent(event: $0, deliveries: byEvent[$0.id] ?? []) }
        }
    }

    package func record(_ event: AlertEvent, to destinations: [String]) async throws(LedgerError) {
        _ = try await write(AlertStatements.write(event, to: destinations))
    }

    package func replay(events: [UUID]?, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Int {
        try await audited(on: workers) { connection, deadline throws(PostgresError) in
            let command = AlertStatements.replay(events: events, at: moment)
            let count = try connection.run([command], deadline: deadline).first?.affected ?? 0
            let whose = events.map { $0.map(\.text).joined(separator: " ") } ?? "all"
            return (
                count,
                AuditEvent(.replayAlerts, whose, by: actor, at: moment, after: ["replayed": .count(count)])
            )
        }
    }

    // MARK: What is watched

    package func gatewaySigns(within age: Duration) async throws(LedgerError) -> [GatewaySign] {
        try await rows(AlertStatements.signs(within: age), for: .gatewaySigns) { (cells) throws(PostgresError) in
            var row = RowReader(cells)
            return try row.optionalJSON(GatewaySign.self) ?? GatewaySign()
        }
    }

    package func overcharges(since: Timestamp, teamID: Int64?) async throws(LedgerError) -> [Overcharge] {
        try await rows(AlertStatements.overcharges(since: since, teamID: teamID)) { (cells) throws(PostgresError) in
            try AlertStatements.overcharge(cells)
        }
    }

    // MARK: Under the lease

    package func hasEvent(onceKey: String) async throws(LedgerError) -> Bool {
        try await !rows(AlertStatements.hasEvent(onceKey: onceKey)) { (_) throws(PostgresError) in true }.isEmpty
    }

    package func record(
        states: [AlertState],
        events: [(event: AlertEvent, destinations: [String])],
        under lease: Lease,
        for length: Duration
    ) async throws(LedgerError) -> Bool {
        let commands =
            states.map { AlertStatements.write($0) }
            + events.flatMap { AlertStatements.write($0.event, to: $0.destinations) }
        return try await fenced(lease, for: length, commands) != nil
    }

    package func claimDeliveries(
        at moment: Timestamp,
        until: Timestamp,
        limit: Int,
        under lease: Lease,
        for length: Duration
    ) async throws(LedgerError) -> [AlertDelivery]? {
        let isDue = try await rows(AlertStatements.isDue(at: moment)) { (_) throws(PostgresError) in true }
        guard !isDue.isEmpty else { return [] }
        let claim = AlertStatements.claim(at: moment, until: until, limit: limit)
        guard let results = try await fenced(lease, for: length, [claim]) else { return nil }
        return setAside.read(results.last?.rows ?? [], for: .alertDeliveries) { (cells) throws(PostgresError) in
            try AlertStatements.claimed(cells)
        }
    }

    /// The same on a connection of its own, once: a delivery that was taken twice would count two tries.
    private func fenced(
        _ lease: Lease,
        for length: Duration,
        _ commands: [SQLCommand]
    ) async throws(LedgerError) -> [SQLResult]? {
        let now = time.now
        return try await workers.read(
            limit: options.writeLimit,
            isRepeatable: false
        ) { connection, deadline throws(PostgresError) in
            try Self.fenced(commands, by: lease, for: length, at: now, on: connection, deadline)
        }
    }

    package func finish(
        _ delivery: AlertDelivery,
        _ outcome: DeliveryOutcome,
        at moment: Timestamp,
        nextAttemptAt: Timestamp?
    ) async throws(LedgerError) {
        let command = AlertStatements.finish(delivery, outcome, at: moment, nextAttemptAt: nextAttemptAt)
        _ = try await write([command])
    }

    package func forgetAlerts(before moment: Timestamp) async throws(LedgerError) {
        _ = try await write(AlertStatements.forget(before: moment))
    }
}
