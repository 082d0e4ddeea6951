-- Races of two providers (hedges). The side of an attempt is a column that is written when the second provider is asked, and
-- no longer a key among the provider's own members that is written when the call ends: a gateway that stops in between knew
-- of no race, and its figures lacked it.
ALTER TABLE attempts ADD COLUMN race text;

DROP VIEW attempts_usd;
CREATE VIEW attempts_usd AS
SELECT a.*,
    a.cost_nusd / 1000000000.0 AS cost_usd,
    a.bound_nusd / 1000000000.0 AS bound_usd,
    a.price_per_image_nusd / 1000000000.0 AS price_per_image_usd
FROM attempts AS a;

UPDATE attempts SET
    race = CASE WHEN extra ->> 'easel_hedge' LIKE 'first%' THEN 'first' ELSE 'second' END,
    extra = nullif(extra - 'easel_hedge', '{}'::jsonb)
WHERE extra ->> 'easel_hedge' IS NOT NULL;

-- What a lost side cost bought nothing, also where its pictures came in the end.
UPDATE calls AS c SET failover_cost_nusd = w.wasted
FROM (
    SELECT p.team_id, p.call_id, CASE WHEN NOT coalesce(bool_or(p.cost_nusd IS NULL) FILTER (WHERE p.is_vain), false)
        THEN coalesce(sum(p.cost_nusd) FILTER (WHERE p.is_vain), 0)::bigint END AS wasted
    FROM (
        SELECT a.team_id, a.call_id, a.cost_nusd, a.outcome NOT IN ('succeeded', 'partial') OR (
            a.race IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM images AS i
                WHERE i.team_id = a.team_id AND i.call_id = a.call_id AND i.attempt_id = a.attempt_id)) AS is_vain
        FROM attempts AS a
        JOIN (SELECT DISTINCT team_id, call_id FROM attempts WHERE race IS NOT NULL) AS r
            ON r.team_id = a.team_id AND r.call_id = a.call_id
    ) AS p GROUP BY p.team_id, p.call_id
) AS w
WHERE c.team_id = w.team_id AND c.call_id = w.call_id AND c.status <> 'in_progress';

-- The sums of their minutes are made again.
INSERT INTO usage_changes (team_id, change_id, bucket, changed_at)
SELECT w.team_id, gen_random_uuid(), w.bucket, now()
FROM (
    SELECT DISTINCT c.team_id, date_trunc('minute', c.received_at) AS bucket
    FROM calls AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
    WHERE a.race IS NOT NULL
) AS w;
