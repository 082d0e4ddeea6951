-- Sums of the log by minute, hour and day, so that reports do not grow with it. They replace the empty tables of 0001.

DROP TABLE usage_minute, usage_hour, usage_day;

-- Windows whose part of the log was written to and is not summed up yet: one row for each write, in the transaction of
-- the write, so that none can be missed. The reporting daemon takes away what it has seen.
CREATE TABLE usage_changes (
    team_id bigint NOT NULL,
    change_id uuid NOT NULL,
    -- The minute in which the call was received.
    bucket timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, change_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
-- The newest windows first, also where many wait.
CREATE INDEX usage_changes_bucket ON usage_changes (bucket, team_id);

-- Hours and days that are to be summed up again from the finer windows, once they are over.
CREATE TABLE usage_pending (
    team_id bigint NOT NULL,
    level text NOT NULL CHECK (level IN ('hour', 'day')),
    bucket timestamptz NOT NULL,
    PRIMARY KEY (team_id, level, bucket)
);
CREATE INDEX usage_pending_bucket ON usage_pending (level, bucket);

-- A histogram is six bytes for each bucket: its number in two, its count in four. A number below 128 is its own bucket;
-- above, every power of two has 64 (LatencyHistogram).
-- One expression over its argument, so that the planner puts it in place of the call.
CREATE FUNCTION easel_bucket(duration bigint) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN duration < 128 THEN greatest(duration, 0)::integer
        ELSE least((floor(ln(duration::double precision) / 0.6931471805599453)::integer - 6) * 64
            + (duration >> (floor(ln(duration::double precision) / 0.6931471805599453)::integer - 6)), 2303)::integer
        END
$$;

CREATE FUNCTION easel_histogram_sum(histograms bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(int2send(bucket::smallint) || int4send(least(count, 2147483647)::integer), ''
        ORDER BY bucket), ''::bytea)
    FROM (
        SELECT get_byte(histograms, i * 6) * 256 + get_byte(histograms, i * 6 + 1) AS bucket,
            sum(get_byte(histograms, i * 6 + 2) * 16777216::bigint + get_byte(histograms, i * 6 + 3) * 65536
                + get_byte(histograms, i * 6 + 4) * 256 + get_byte(histograms, i * 6 + 5)) AS count
        FROM generate_series(0, length(histograms) / 6 - 1) AS i GROUP BY 1
    ) AS counts
$$;

-- Calls, pictures and latencies count for the provider that delivered, or the last one asked; costs and what is said of
-- attempts for the provider of each attempt. An absent dimension is ''. tags_id: a hash of the tags, which may be long.
CREATE TABLE usage_minute (
    team_id bigint NOT NULL,
    bucket timestamptz NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    project text NOT NULL,
    key_id uuid NOT NULL,
    tags_id uuid NOT NULL,
    tags jsonb NOT NULL,
    calls bigint NOT NULL,
    succeeded bigint NOT NULL,
    partial bigint NOT NULL,
    refused bigint NOT NULL,
    failed bigint NOT NULL,
    images bigint NOT NULL,
    failovers bigint NOT NULL,
    failover_cost_nusd bigint NOT NULL,
    cost_nusd bigint NOT NULL,
    estimated_nusd bigint NOT NULL,
    reconciled_nusd bigint NOT NULL,
    hedges bigint NOT NULL,
    hedge_cost_nusd bigint NOT NULL,
    unpriced_attempts bigint NOT NULL,
    unknown_attempts bigint NOT NULL,
    pictures bigint NOT NULL,
    withheld bigint NOT NULL,
    nsfw_images bigint NOT NULL,
    nsfw_clear bigint NOT NULL,
    copyright_checked bigint NOT NULL,
    copyright_flagged bigint NOT NULL,
    copyright_undetermined bigint NOT NULL,
    latency_histogram bytea NOT NULL,
    PRIMARY KEY (team_id, bucket, provider, model, project, key_id, tags_id)
) PARTITION BY RANGE (bucket);
CREATE INDEX usage_minute_bucket ON usage_minute (bucket);
CREATE TABLE usage_hour (LIKE usage_minute INCLUDING ALL);
CREATE TABLE usage_day (LIKE usage_minute INCLUDING ALL);

-- The same without project, key and tags: what most reports ask for, in a fraction of the rows.
CREATE TABLE usage_hour_summary (LIKE usage_minute);
ALTER TABLE usage_hour_summary DROP COLUMN project, DROP COLUMN key_id, DROP COLUMN tags_id, DROP COLUMN tags,
    ADD PRIMARY KEY (team_id, bucket, provider, model);
CREATE INDEX usage_hour_summary_bucket ON usage_hour_summary (bucket);
CREATE TABLE usage_day_summary (LIKE usage_hour_summary INCLUDING ALL);

-- Attempts of settled calls, by the minute in which their call was received. The phases are in microseconds.
CREATE TABLE attempt_minute (
    team_id bigint NOT NULL,
    bucket timestamptz NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    -- '' for those that ended without one.
    error_code text NOT NULL,
    attempts bigint NOT NULL,
    sent bigint NOT NULL,
    succeeded bigint NOT NULL,
    partial bigint NOT NULL,
    refused bigint NOT NULL,
    failed bigint NOT NULL,
    unknown bigint NOT NULL,
    images bigint NOT NULL,
    cost_nusd bigint NOT NULL,
    wasted_nusd bigint NOT NULL,
    total_histogram bytea NOT NULL,
    first_byte_histogram bytea NOT NULL,
    tls_histogram bytea NOT NULL,
    connect_histogram bytea NOT NULL,
    dns_histogram bytea NOT NULL,
    PRIMARY KEY (team_id, bucket, provider, model, error_code)
) PARTITION BY RANGE (bucket);
CREATE INDEX attempt_minute_bucket ON attempt_minute (bucket);
CREATE TABLE attempt_hour (LIKE attempt_minute INCLUDING ALL);
CREATE TABLE attempt_day (LIKE attempt_minute INCLUDING ALL);

-- What stands in the log already is summed up by the daemon's first passes.
INSERT INTO usage_changes (team_id, change_id, bucket, changed_at)
SELECT team_id, gen_random_uuid(), bucket, now()
FROM (SELECT DISTINCT team_id, date_trunc('minute', received_at) AS bucket FROM calls) AS windows;
