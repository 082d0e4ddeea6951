package import EaselBase
package import EaselCore

extension PostgresLedger {
    package func recentDurations(since: Timestamp, limit: Int) async throws(LedgerError) -> [RecentDurations] {
        try await workers.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            // The newest calls by their index, and of each only its own rows.
            let result = try connection.run(
                """
                SELECT a.provider, c.model, coalesce(p.parameters ->> 'rendering_speed', 'default'), a.total_ms
                FROM (
                    SELECT team_id, received_at, call_id, model FROM calls
                    WHERE received_at >= $1 AND status IN ('succeeded', 'partial')
                    ORDER BY received_at DESC, call_id DESC LIMIT $2
                ) AS c
                JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id AND a.started_at >= $1
                JOIN call_payloads AS p
                    ON p.team_id = c.team_id AND p.received_at = c.received_at AND p.call_id = c.call_id
                WHERE a.outcome = 'succeeded' AND a.total_ms IS NOT NULL
                ORDER BY c.received_at DESC, c.call_id DESC, a.ordinal DESC
                """,
                [.time(since), .int(Int64(limit))],
                deadline: deadline
            )
            var samples: [RecentDurations.Sample] = []
            for cells in result.rows {
                var row = RowReader(cells)
                let provider = try row.text()
                let model = RemixModel(rawValue: try row.text())
                let speed = RenderingSpeed(rawValue: try row.text())
                // What a later version wrote and this one does not know teaches it nothing.
                guard let model, let speed, let milliseconds = try row.optionalDouble(), milliseconds >= 0 else {
                    continue
                }
                samples.append(
                    RecentDurations.Sample(
                        provider: provider,
                        model: model,
                        speed: speed,
                        duration: .microseconds(Int64(milliseconds * 1000))
                    )
                )
            }
            return RecentDurations.gathered(samples)
        }
    }
}
