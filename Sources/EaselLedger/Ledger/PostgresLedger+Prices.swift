package import EaselBase
package import EaselCore
package import Foundation

// MARK: - The price book

extension PostgresLedger {
    static let priceSQL = """
        SELECT provider, model, rendering_speed, character_reference, per_image_nusd, effective_from, source
        FROM prices ORDER BY provider, model, rendering_speed, character_reference, effective_from
        """

    package func prices() async throws(LedgerError) -> [PriceEntry] {
        try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            try Self.prices(try connection.run(Self.priceSQL, deadline: deadline))
        }
    }

    static func prices(_ result: SQLResult) throws(PostgresError) -> [PriceEntry] {
        var entries: [PriceEntry] = []
        for cells in result.rows {
            var row = RowReader(cells)
            if let entry = try price(&row) { entries.append(entry) }
        }
        return entries
    }

    /// Nil for a model or a speed that this program does not know: a newer program's line.
    private static func price(_ row: inout RowReader) throws(PostgresError) -> PriceEntry? {
        let provider = try row.text()
        let model = RemixModel(rawValue: try row.text())
        let speed = try row.optionalText()
        let known = speed.flatMap(RenderingSpeed.init(rawValue:))
        let characterReference = try row.bool()
        let perImage = try row.optionalMoney()
        let effectiveFrom = try row.time()
        let source = try row.text()
        guard let model, speed == nil || known != nil else { return nil }
        return PriceEntry(
            provider: provider,
            model: model,
            renderingSpeed: known,
            characterReference: characterReference,
            perImage: perImage ?? .zero,
            effectiveFrom: effectiveFrom,
            source: source
        )
    }

    @discardableResult
    package func setPrices(
        _ entries: [PriceEntry],
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> PriceWriting {
        try await changeTerms { connection, deadline throws(PostgresError) in
            let existing = try Self.prices(try connection.run(Self.priceSQL, deadline: deadline))
            let written = PriceBook.written(entries, over: existing)
            let before = Dictionary(existing.map { ($0.place, $0.perImage) }, uniquingKeysWith: { first, _ in first })
            for entry in written {
                let key: [SQLValue] = [
                    .text(entry.provider), .text(entry.model.rawValue), .text(entry.renderingSpeed?.rawValue),
                    .bool(entry.characterReference), .time(entry.effectiveFrom),
                ]
                _ = try connection.run(
                    [
                        SQLCommand(
                            """
                            INSERT INTO prices (provider, model, rendering_speed, character_reference, effective_from,
                                per_image_nusd, source)
                            VALUES ($1, $2, $3, $4, $5, $6, $7)
                            ON CONFLICT (provider, model, rendering_speed, character_reference, effective_from)
                            DO UPDATE SET per_image_nusd = excluded.per_image_nusd, source = excluded.source
                            """,
                            key + [.money(entry.perImage), .text(entry.source)]
                        ),
                        SQLCommand(
                            """
                            INSERT INTO price_changes (provider, model, rendering_speed, character_reference,
                                effective_from, id, old_nusd, new_nusd, changed_at, changed_by)
                            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                            """,
                            key + [
                                .uuid(UUIDv7.mint(at: moment)), .money(before[entry.place]), .money(entry.perImage),
                                .time(moment), .text(actor),
                            ]
                        ),
                    ],
                    deadline: deadline
                )
            }
            if !written.isEmpty {
                let lines = written.map { (entry: $0, before: before[$0.place]) }
                let event = AuditEvent.prices(lines, by: actor, at: moment)
                _ = try connection.run([AuditStatements.insert(event)], deadline: deadline)
            }
            return .success(PriceWriting(changed: written))
        }
    }

    package func priceChanges(limit: Int) async throws(LedgerError) -> [PriceChange] {
        try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            var changes: [PriceChange] = []
            let result = try connection.run(
                """
                SELECT provider, model, rendering_speed, character_reference, new_nusd, effective_from, '', old_nusd,
                    changed_at, changed_by
                FROM price_changes ORDER BY changed_at DESC, id DESC LIMIT $1
                """,
                [.int(limit)],
                deadline: deadline
            )
            for cells in result.rows {
                var row = RowReader(cells)
                guard let entry = try Self.price(&row) else { continue }
                changes.append(
                    PriceChange(
                        entry: entry,
                        before: try row.optionalMoney(),
                        changedAt: try row.time(),
                        changedBy: try row.text()
                    )
                )
            }
            return changes
        }
    }

    // MARK: - Past estimates

    package func estimates(
        since: Timestamp,
        after cursor: UUID?,
        limit: Int
    ) async throws(LedgerError) -> [EstimatedAttempt] {
        let setAside = setAside
        return try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            var cursor = cursor
            var found: [EstimatedAttempt] = []
            while true {
                let wanted = limit - found.count
                let rows = try Self.estimates(since, after: cursor, limit: wanted, on: connection, deadline)
                found += setAside.read(rows, for: .estimates) { (cells) throws(PostgresError) in
                    try Self.estimate(cells)
                }
                guard rows.count == wanted, found.count < limit, case .uuid(let last?) = rows.last?.first else {
                    return found
                }
                cursor = last
            }
        }
    }

    private static func estimates(
        _ since: Timestamp,
        after cursor: UUID?,
        limit: Int,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> [[SQLValue]] {
        try connection.run(
            """
            SELECT a.attempt_id, a.call_id, a.team_id, c.received_at, a.started_at, a.provider, c.model,
                coalesce(p.parameters ->> 'rendering_speed', 'default'),
                p.parameters ? 'character_reference_images', a.images_returned, a.price_per_image_nusd, a.cost_nusd,
                a.reconciliation_id IS NOT NULL
            FROM attempts AS a
            JOIN calls AS c ON c.team_id = a.team_id AND c.call_id = a.call_id
                AND c.received_at <= a.started_at + interval '1 hour'
                AND c.received_at >= a.started_at - interval '7 days'
            JOIN call_payloads AS p
                ON p.team_id = c.team_id AND p.received_at = c.received_at AND p.call_id = c.call_id
            WHERE a.started_at >= $1 AND ($2::uuid IS NULL OR a.attempt_id > $2) AND c.status <> 'in_progress'
                AND a.outcome IN ('succeeded', 'partial') AND a.images_returned > 0
                AND (a.cost_basis = 'price_book' OR (a.cost_nusd IS NULL AND a.reason = 'ok'))
            ORDER BY a.attempt_id LIMIT $3
            """,
            [.time(since), .uuid(cursor), .int(limit)],
            deadline: deadline
        )
        .rows
    }

    private static func estimate(_ cells: [SQLValue]) throws(PostgresError) -> EstimatedAttempt {
        var row = RowReader(cells)
        let attemptID = try row.uuid()
        let callID = try row.uuid()
        return EstimatedAttempt(
            attemptID: attemptID,
            key: CallKey(teamID: try row.int64(), receivedAt: try row.time(), callID: callID),
            startedAt: try row.time(),
            provider: try row.text(),
            model: try row.word(RemixModel.self),
            speed: try row.word(RenderingSpeed.self),
            characterReference: try row.bool(),
            imagesReturned: try row.int(),
            price: try row.optionalMoney(),
            cost: try row.optionalMoney(),
            isReconciled: try row.bool()
        )
    }

    package func reprice(_ repricing: Repricing) async throws(LedgerError) {
        _ = try await writers.write(
            callID: repricing.callID,
            teamID: repricing.teamID,
            commands: ResolutionStatements.reprice(
                repricing,
                locks: budgetLocks(teamID: repricing.teamID, receivedAt: repricing.receivedAt)
            ),
            moments: [repricing.receivedAt] + repricing.lines.map(\.startedAt),
            limit: options.writeLimit
        )
    }
}
