/// What `db verify` asks about the end of a call: whether who delivered, how it ended and what failing over cost are what its
/// attempts and images say, and whether races have two sides.
enum CallVerify {
    /// A failover is told by its attempts alone only where there was no race: whether the first side had failed, or was late,
    /// is what the gateway saw. What cannot be is found: none where somebody had to be asked next, one where nobody else was
    /// asked, and one where the first side delivered everything.
    static func end(calls: String, attempts: String, images: String) -> String {
        """
        SELECT c.team_id, c.call_id,
            format('call: %s by %s, failover %s for %s; its attempts: %s by %s, other providers %s (%s raced) for %s',
                c.status, c.provider, c.failover, c.failover_cost_nusd, s.status, s.winner, s.others, s.rivals, s.wasted)
                AS detail
        FROM (
            SELECT c.team_id, c.received_at, c.call_id, coalesce(a.giver, a.keeper) AS winner, a.others, a.rivals, a.nexts, a.wasted,
                CASE WHEN c.images_delivered >= c.images_requested THEN 'succeeded'
                    WHEN c.images_delivered > 0 THEN 'partial'
                    WHEN a.giver IS NULL AND a.keeper IS NOT NULL THEN 'refused' ELSE 'failed' END AS status,
                coalesce(a.giver, a.keeper) = a.first AND a.is_first_well AS is_first_enough
            FROM calls AS c JOIN (
                SELECT team_id, call_id, min(first) AS first,
                    (array_agg(provider ORDER BY ordinal DESC) FILTER (WHERE given))[1] AS giver,
                    (array_agg(provider ORDER BY ordinal DESC) FILTER (WHERE given IS NOT NULL))[1] AS keeper,
                    count(*) FILTER (WHERE provider <> first) AS others,
                    count(*) FILTER (WHERE provider <> first AND race IS NOT NULL) AS rivals,
                    -- One without an end came to light when its call had ended, and is looked into.
                    count(*) FILTER (WHERE provider <> first AND race IS NULL AND ended_at IS NOT NULL) AS nexts,
                    bool_and(outcome = 'succeeded') FILTER (WHERE provider = first) AS is_first_well,
                    CASE WHEN NOT coalesce(bool_or(cost_nusd IS NULL) FILTER (WHERE is_vain), false)
                        THEN coalesce(sum(cost_nusd) FILTER (WHERE is_vain), 0) END AS wasted
                FROM (
                    SELECT a.team_id, a.call_id, a.ordinal, a.provider, a.race, a.outcome, a.cost_nusd, a.ended_at, i.given,
                        a.outcome NOT IN ('succeeded', 'partial') OR (a.race IS NOT NULL AND i.given IS NULL) AS is_vain,
                        first_value(a.provider) OVER (PARTITION BY a.team_id, a.call_id ORDER BY a.ordinal) AS first
                    FROM attempts AS a LEFT JOIN (
                        SELECT team_id, call_id, attempt_id, bool_or(NOT withheld) AS given
                        FROM images WHERE \(images) GROUP BY team_id, call_id, attempt_id
                    ) AS i ON i.team_id = a.team_id AND i.call_id = a.call_id AND i.attempt_id = a.attempt_id
                    WHERE \(attempts)
                ) AS p GROUP BY team_id, call_id
            ) AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
            WHERE \(calls) AND c.status <> 'in_progress'
        ) AS s JOIN calls AS c ON c.team_id = s.team_id AND c.received_at = s.received_at AND c.call_id = s.call_id
        WHERE c.provider IS DISTINCT FROM s.winner
            OR (c.status <> s.status AND NOT (c.status = 'refused' AND s.status = 'failed'))
            OR (s.nexts > 0 AND NOT c.failover) OR (s.others = 0 AND c.failover)
            OR (s.others = s.rivals AND c.failover AND s.is_first_enough)
            -- One that was taken back before anything was sent has no figure.
            OR (c.failover_cost_nusd IS DISTINCT FROM s.wasted AND NOT (c.failover_cost_nusd IS NULL AND s.wasted = 0))
        """
    }

    static func races(calls: String, attempts: String) -> String {
        """
        SELECT c.team_id, c.call_id,
            format('%s attempts of %s first, %s of %s second', a.firsts, a.first_provider, a.seconds, a.second_provider)
                AS detail
        FROM calls AS c JOIN (
            SELECT team_id, call_id, count(*) FILTER (WHERE race = 'first') AS firsts,
                count(*) FILTER (WHERE race = 'second') AS seconds,
                count(DISTINCT provider) FILTER (WHERE race = 'first') AS first_providers,
                count(DISTINCT provider) FILTER (WHERE race = 'second') AS second_providers,
                min(provider) FILTER (WHERE race = 'first') AS first_provider,
                min(provider) FILTER (WHERE race = 'second') AS second_provider,
                max(ordinal) FILTER (WHERE race = 'first') AS last_first,
                min(ordinal) FILTER (WHERE race = 'second') AS first_second
            FROM attempts AS t WHERE race IS NOT NULL AND \(attempts) GROUP BY team_id, call_id
        ) AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
        WHERE \(calls) AND (a.firsts = 0 OR a.seconds = 0 OR a.first_providers <> 1 OR a.second_providers <> 1
            OR a.first_provider = a.second_provider OR a.last_first >= a.first_second)
        """
    }
}
