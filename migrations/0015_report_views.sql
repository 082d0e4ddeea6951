-- Views for people and programs that read figures with SQL: dashboards, notebooks, finance. Their names and columns stay when
-- tables change. They say what `easel report` says, from the same sums and the same reading of what is not summed up yet
-- (L5), and show no prompt, secret or byte of an image. docs/dashboards.md tells how to let somebody read them.

-- Found without going through the log: the rare rows that people look for.
CREATE INDEX calls_failovers ON calls (received_at) WHERE failover;
CREATE INDEX images_flagged ON images (created_at) WHERE nsfw OR copyright = 'flagged' OR withheld;

-- MARK: Who reads what

-- Which database role may read whose figures; NULL: everybody's. Not a setting of the session, which whoever writes the SQL
-- can change.
CREATE TABLE report_readers (
    role_name text PRIMARY KEY,
    team_id bigint
);

-- A SECURITY DEFINER function looks for tables where this migration makes them, before the reader's temporary ones.
DO $outer$
BEGIN
    EXECUTE format($make$
        -- The one team whose figures the role that logged in may read; NULL: all, also for the owner of the tables; -1: none.
        CREATE FUNCTION report_team() RETURNS bigint LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER
        SET search_path = %1$I, pg_temp AS $$
            SELECT CASE
                WHEN pg_has_role(session_user, current_user, 'MEMBER') THEN NULL
                WHEN EXISTS (SELECT 1 FROM report_readers WHERE role_name = session_user AND team_id IS NULL) THEN NULL
                ELSE coalesce((SELECT team_id FROM report_readers WHERE role_name = session_user), -1) END
        $$
    $make$, current_schema());
END $outer$;

-- Lets a role read the views: of one team, or of all. The role must exist; called again after an update that adds views.
CREATE FUNCTION report_allow(reader text, team text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
    view record;
BEGIN
    IF team IS NOT NULL THEN
        SELECT id INTO found FROM teams WHERE name = team;
        IF found IS NULL THEN RAISE EXCEPTION 'there is no team named %', team; END IF;
    END IF;
    DELETE FROM report_readers WHERE role_name = reader;
    INSERT INTO report_readers (role_name, team_id) VALUES (reader, found);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reader);
    FOR view IN
        SELECT c.relname FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'v' AND c.relname LIKE 'report\_%'
    LOOP
        EXECUTE format('GRANT SELECT ON %I TO %I', view.relname, reader);
    END LOOP;
END $$;

-- Takes it back.
CREATE FUNCTION report_forbid(reader text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    view record;
BEGIN
    DELETE FROM report_readers WHERE role_name = reader;
    FOR view IN
        SELECT c.relname FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'v' AND c.relname LIKE 'report\_%'
    LOOP
        EXECUTE format('REVOKE SELECT ON %I FROM %I', view.relname, reader);
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION report_allow, report_forbid FROM PUBLIC;

-- MARK: Percentiles

-- What a histogram counts, by the middle of each bucket (LatencyHistogram).
CREATE FUNCTION report_buckets(histogram bytea) RETURNS TABLE (middle bigint, count bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100 AS $$
    SELECT CASE WHEN b.bucket < 128 THEN b.bucket
            ELSE ((b.bucket - (b.bucket / 64 - 1) * 64)::bigint << (b.bucket / 64 - 1)) + (1::bigint << (b.bucket / 64 - 1)) / 2
        END, b.count
    FROM (
        SELECT least(get_byte(histogram, i * 6) * 256 + get_byte(histogram, i * 6 + 1), 2303) AS bucket,
            sum(get_byte(histogram, i * 6 + 2) * 16777216::bigint + (get_byte(histogram, i * 6 + 3) * 65536
                + get_byte(histogram, i * 6 + 4) * 256 + get_byte(histogram, i * 6 + 5)))::bigint AS count
        FROM generate_series(0, length(histogram) / 6 - 1) AS i GROUP BY 1
    ) AS b ORDER BY b.bucket
$$;

-- For each share (0 to 1) the least duration that at least this share of all reach at most; NULL where none is counted.
CREATE FUNCTION report_percentiles(histogram bytea, shares double precision[]) RETURNS double precision[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    WITH running AS MATERIALIZED (
        SELECT b.middle, sum(b.count) OVER (ORDER BY b.middle)::double precision AS upto FROM report_buckets(histogram) AS b
    ), whole AS (SELECT max(upto) AS count FROM running)
    SELECT array_agg(
        (SELECT min(r.middle) FROM running AS r
            WHERE r.upto >= least(greatest(ceil(s.share * whole.count), 1), whole.count))::double precision
        ORDER BY s.place)
    FROM whole, unnest(shares) WITH ORDINALITY AS s(share, place)
$$;

CREATE FUNCTION report_percentile(histogram bytea, share double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT (report_percentiles(histogram, ARRAY[share]))[1] $$;

-- MARK: What is not summed up yet (UsageEdges)

-- Minutes whose part of the log was written to and is not summed up: none of those that cannot be, and none at all where
-- there are too many of them.
CREATE VIEW easel_open_minutes AS
SELECT u.team_id, u.bucket FROM usage_changes AS u
WHERE NOT EXISTS (SELECT 1 FROM usage_faults AS f
        WHERE f.team_id = u.team_id AND f.level = 'minute' AND f.bucket = u.bucket)
    AND (SELECT count(*) FROM (
        SELECT 1 FROM usage_changes AS n
        WHERE NOT EXISTS (SELECT 1 FROM usage_faults AS f
            WHERE f.team_id = n.team_id AND f.level = 'minute' AND f.bucket = n.bucket)
        GROUP BY n.bucket, n.team_id LIMIT 5001) AS windows) <= 5000
GROUP BY u.team_id, u.bucket;

-- Hours and days that finer windows know more of.
CREATE VIEW easel_open_hours AS
SELECT team_id, bucket FROM usage_pending WHERE level = 'hour'
UNION SELECT team_id, date_trunc('hour', bucket, 'UTC') FROM easel_open_minutes;

CREATE VIEW easel_open_days AS
SELECT team_id, bucket FROM usage_pending WHERE level = 'day'
UNION SELECT team_id, date_trunc('day', bucket, 'UTC') FROM easel_open_hours;

-- The figures of those minutes, from the log: the text of `UsageLog`, which a test holds against it. Functions, because a
-- statement of their own is planned for the months that are read, and costs nothing where nothing is open.
DO $outer$
BEGIN
    EXECUTE format($make$
CREATE FUNCTION easel_open_usage() RETURNS TABLE (
    team_id bigint, bucket timestamptz, provider text, model text, project text, key_id uuid, tags_id uuid, tags jsonb,
    calls bigint, succeeded bigint, partial bigint, refused bigint, failed bigint, images bigint, cost_nusd bigint,
    estimated_nusd bigint, reconciled_nusd bigint, failovers bigint, failover_cost_nusd bigint, hedges bigint,
    hedge_cost_nusd bigint, nsfw_images bigint, copyright_checked bigint, copyright_flagged bigint,
    copyright_undetermined bigint, pictures bigint, withheld bigint, nsfw_clear bigint, unpriced_attempts bigint,
    unknown_attempts bigint, latency_histogram bytea)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 100 SECURITY DEFINER SET search_path = %1$I, pg_temp AS $$
DECLARE
    first timestamptz;
    last timestamptz;
    own bigint := report_team();
BEGIN
    SELECT min(m.bucket), max(m.bucket) + interval '1 minute' INTO first, last FROM easel_open_minutes AS m
    WHERE own IS NULL OR m.team_id = own;
    IF first IS NULL THEN RETURN; END IF;
    RETURN QUERY EXECUTE $query$
        WITH open AS MATERIALIZED (
            SELECT m.team_id, m.bucket FROM easel_open_minutes AS m WHERE $3 IS NULL OR m.team_id = $3
        ), c AS MATERIALIZED (
            SELECT c.team_id, date_trunc('minute', c.received_at) AS bucket,
                coalesce(c.provider, c.last_provider, '') AS provider, c.model, coalesce(c.project, '') AS project, c.key_id,
                md5(c.tags::text)::uuid AS tags_id, c.tags, c.call_id, c.status, c.images_delivered, c.latency_ms, c.failover,
                c.failover_cost_nusd, c.provider AS winner FROM open AS o JOIN calls AS c ON c.team_id = o.team_id
                AND c.received_at >= o.bucket AND c.received_at < o.bucket + interval '1 minute'
            WHERE c.received_at >= $1 AND c.received_at < $2 AND c.status <> 'in_progress'
        )
        SELECT team_id, bucket, provider, model, project, key_id, tags_id, tags,
            count(*) AS calls, count(*) FILTER (WHERE c.status = 'succeeded') AS succeeded,
            count(*) FILTER (WHERE c.status = 'partial') AS partial, count(*) FILTER (WHERE c.status = 'refused') AS refused,
            count(*) FILTER (WHERE c.status = 'failed') AS failed, coalesce(sum(c.images_delivered), 0)::bigint AS images,
            0::bigint AS cost_nusd, 0::bigint AS estimated_nusd, 0::bigint AS reconciled_nusd,
            count(*) FILTER (WHERE c.failover) AS failovers,
            coalesce(sum(c.failover_cost_nusd), 0)::bigint AS failover_cost_nusd, 0::bigint AS hedges,
            0::bigint AS hedge_cost_nusd, 0::bigint AS nsfw_images, 0::bigint AS copyright_checked,
            0::bigint AS copyright_flagged, 0::bigint AS copyright_undetermined, 0::bigint AS pictures,
            0::bigint AS withheld, 0::bigint AS nsfw_clear, 0::bigint AS unpriced_attempts, 0::bigint AS unknown_attempts, ''::bytea AS latency_histogram
        FROM c AS c GROUP BY team_id, bucket, provider, model, project, key_id, tags_id, tags
        UNION ALL
        SELECT team_id, bucket, provider, model, project, key_id, tags_id, tags,
            0::bigint AS calls, 0::bigint AS succeeded, 0::bigint AS partial, 0::bigint AS refused, 0::bigint AS failed,
            0::bigint AS images, 0::bigint AS cost_nusd, 0::bigint AS estimated_nusd, 0::bigint AS reconciled_nusd,
            0::bigint AS failovers, 0::bigint AS failover_cost_nusd, 0::bigint AS hedges, 0::bigint AS hedge_cost_nusd,
            0::bigint AS nsfw_images, 0::bigint AS copyright_checked, 0::bigint AS copyright_flagged,
            0::bigint AS copyright_undetermined, 0::bigint AS pictures, 0::bigint AS withheld, 0::bigint AS nsfw_clear,
            0::bigint AS unpriced_attempts, 0::bigint AS unknown_attempts,
            string_agg(int2send(slot::smallint) || int4send(count::integer), '' ORDER BY slot)
        FROM (
            SELECT team_id, bucket, provider, model, project, key_id, tags_id, tags, easel_bucket(latency_ms) AS slot, count(*) AS count
            FROM c WHERE latency_ms IS NOT NULL GROUP BY team_id, bucket, provider, model, project, key_id, tags_id, tags, slot
        ) AS slots GROUP BY team_id, bucket, provider, model, project, key_id, tags_id, tags
        UNION ALL
        SELECT c.team_id, c.bucket, a.provider, c.model, c.project, c.key_id, c.tags_id, c.tags,
            0::bigint AS calls, 0::bigint AS succeeded, 0::bigint AS partial, 0::bigint AS refused, 0::bigint AS failed,
            0::bigint AS images, coalesce(sum(a.cost_nusd), 0)::bigint AS cost_nusd,
            coalesce(sum(a.cost_nusd) FILTER (WHERE a.cost_basis IN ('price_book', 'unknown')), 0)::bigint AS estimated_nusd,
            coalesce(sum(a.cost_nusd) FILTER (WHERE a.reconciliation_id IS NOT NULL), 0)::bigint AS reconciled_nusd,
            0::bigint AS failovers, 0::bigint AS failover_cost_nusd,
            count(DISTINCT a.call_id) FILTER (WHERE a.race = 'second' AND a.sent) AS hedges,
            coalesce(sum(a.cost_nusd) FILTER (WHERE c.winner IS DISTINCT FROM a.provider AND (a.race IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM images AS i WHERE i.team_id = a.team_id AND i.call_id = a.call_id
                AND i.attempt_id = a.attempt_id AND i.created_at >= $1 - interval '1 hour' AND i.created_at < $2 + interval '7 days'))), 0)::bigint AS hedge_cost_nusd,
            0::bigint AS nsfw_images, 0::bigint AS copyright_checked, 0::bigint AS copyright_flagged,
            0::bigint AS copyright_undetermined, 0::bigint AS pictures, 0::bigint AS withheld, 0::bigint AS nsfw_clear,
            count(*) FILTER (WHERE a.sent AND a.outcome <> 'pending' AND a.cost_nusd IS NULL
            AND NOT (a.outcome = 'unknown' AND a.bound_nusd IS NOT NULL)) AS unpriced_attempts,
            count(*) FILTER (WHERE a.outcome = 'unknown') AS unknown_attempts, ''::bytea
        FROM c AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
        WHERE a.started_at >= $1 - interval '1 hour' AND a.started_at < $2 + interval '7 days' GROUP BY c.team_id, c.bucket, a.provider, c.model, c.project, c.key_id, c.tags_id, c.tags
        UNION ALL
        SELECT c.team_id, c.bucket, c.provider, c.model, c.project, c.key_id, c.tags_id, c.tags,
            0::bigint AS calls, 0::bigint AS succeeded, 0::bigint AS partial, 0::bigint AS refused, 0::bigint AS failed,
            0::bigint AS images, 0::bigint AS cost_nusd, 0::bigint AS estimated_nusd, 0::bigint AS reconciled_nusd,
            0::bigint AS failovers, 0::bigint AS failover_cost_nusd, 0::bigint AS hedges, 0::bigint AS hedge_cost_nusd,
            count(*) FILTER (WHERE i.nsfw) AS nsfw_images,
            count(*) FILTER (WHERE i.copyright <> 'not_requested') AS copyright_checked,
            count(*) FILTER (WHERE i.copyright = 'flagged') AS copyright_flagged,
            count(*) FILTER (WHERE i.copyright = 'undetermined') AS copyright_undetermined, count(*) AS pictures,
            count(*) FILTER (WHERE i.withheld) AS withheld, count(*) FILTER (WHERE NOT i.nsfw) AS nsfw_clear,
            0::bigint AS unpriced_attempts, 0::bigint AS unknown_attempts, ''::bytea
        FROM c AS c JOIN images AS i ON i.team_id = c.team_id AND i.call_id = c.call_id
        WHERE i.created_at >= $1 - interval '1 hour' AND i.created_at < $2 + interval '7 days' GROUP BY c.team_id, c.bucket, c.provider, c.model, c.project, c.key_id, c.tags_id, c.tags
    $query$ USING first, last, own;
END $$
    $make$, current_schema());

    EXECUTE format($make$
CREATE FUNCTION easel_open_attempts() RETURNS TABLE (
    team_id bigint, bucket timestamptz, provider text, model text, error_code text,
    attempts bigint, sent bigint, succeeded bigint, partial bigint, refused bigint, failed bigint, unknown bigint,
    images bigint, cost_nusd bigint, wasted_nusd bigint,
    total_histogram bytea, first_byte_histogram bytea, tls_histogram bytea, connect_histogram bytea,
    dns_histogram bytea)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 100 SECURITY DEFINER SET search_path = %1$I, pg_temp AS $$
DECLARE
    first timestamptz;
    last timestamptz;
    own bigint := report_team();
BEGIN
    SELECT min(m.bucket), max(m.bucket) + interval '1 minute' INTO first, last FROM easel_open_minutes AS m
    WHERE own IS NULL OR m.team_id = own;
    IF first IS NULL THEN RETURN; END IF;
    RETURN QUERY EXECUTE $query$
        WITH open AS MATERIALIZED (
            SELECT m.team_id, m.bucket FROM easel_open_minutes AS m WHERE $3 IS NULL OR m.team_id = $3
        ), c AS MATERIALIZED (
            SELECT c.team_id, date_trunc('minute', c.received_at) AS bucket,
                coalesce(c.provider, c.last_provider, '') AS provider, c.model, coalesce(c.project, '') AS project, c.key_id,
                md5(c.tags::text)::uuid AS tags_id, c.tags, c.call_id, c.status, c.images_delivered, c.latency_ms, c.failover,
                c.failover_cost_nusd, c.provider AS winner FROM open AS o JOIN calls AS c ON c.team_id = o.team_id
                AND c.received_at >= o.bucket AND c.received_at < o.bucket + interval '1 minute'
            WHERE c.received_at >= $1 AND c.received_at < $2 AND c.status <> 'in_progress'
        )
        SELECT f.*, coalesce(h.total_histogram, ''::bytea) AS total_histogram, coalesce(h.first_byte_histogram, ''::bytea) AS first_byte_histogram,
            coalesce(h.tls_histogram, ''::bytea) AS tls_histogram, coalesce(h.connect_histogram, ''::bytea) AS connect_histogram, coalesce(h.dns_histogram, ''::bytea) AS dns_histogram
        FROM (
            SELECT c.team_id, c.bucket, a.provider, c.model, left(coalesce(a.error_code, ''), 64) AS error_code,
                count(*) AS attempts, count(*) FILTER (WHERE a.sent) AS sent,
                count(*) FILTER (WHERE a.outcome = 'succeeded') AS succeeded,
                count(*) FILTER (WHERE a.outcome = 'partial') AS partial,
                count(*) FILTER (WHERE a.outcome = 'refused') AS refused,
                count(*) FILTER (WHERE a.outcome = 'failed') AS failed,
                count(*) FILTER (WHERE a.outcome = 'unknown') AS unknown,
                coalesce(sum(a.images_returned), 0)::bigint AS images, coalesce(sum(a.cost_nusd), 0)::bigint AS cost_nusd,
                coalesce(sum(a.cost_nusd) FILTER (WHERE a.outcome NOT IN ('succeeded', 'partial') OR (a.race IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM images AS i WHERE i.team_id = a.team_id AND i.call_id = a.call_id
                AND i.attempt_id = a.attempt_id AND i.created_at >= $1 - interval '1 hour' AND i.created_at < $2 + interval '7 days'))), 0)::bigint AS wasted_nusd
            FROM c AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
            WHERE a.started_at >= $1 - interval '1 hour' AND a.started_at < $2 + interval '7 days' GROUP BY 1, 2, 3, 4, 5
        ) AS f LEFT JOIN (
            SELECT team_id, bucket, provider, model, error_code,
                coalesce(string_agg(int2send(slot::smallint) || int4send(count::integer), '' ORDER BY slot)
                    FILTER (WHERE phase = 'total'), ''::bytea) AS total_histogram,
                coalesce(string_agg(int2send(slot::smallint) || int4send(count::integer), '' ORDER BY slot)
                    FILTER (WHERE phase = 'first_byte'), ''::bytea) AS first_byte_histogram,
                coalesce(string_agg(int2send(slot::smallint) || int4send(count::integer), '' ORDER BY slot)
                    FILTER (WHERE phase = 'tls'), ''::bytea) AS tls_histogram,
                coalesce(string_agg(int2send(slot::smallint) || int4send(count::integer), '' ORDER BY slot)
                    FILTER (WHERE phase = 'connect'), ''::bytea) AS connect_histogram,
                coalesce(string_agg(int2send(slot::smallint) || int4send(count::integer), '' ORDER BY slot)
                    FILTER (WHERE phase = 'dns'), ''::bytea) AS dns_histogram
            FROM (
                SELECT c.team_id, c.bucket, a.provider, c.model, left(coalesce(a.error_code, ''), 64) AS error_code, p.phase,
                    easel_bucket(round(p.ms * 1000)::bigint) AS slot, count(*) AS count
                FROM c AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id,
                    LATERAL (VALUES ('total', a.total_ms), ('first_byte', a.first_byte_ms), ('tls', a.tls_ms), ('connect', a.connect_ms), ('dns', a.dns_ms)) AS p(phase, ms)
                WHERE a.started_at >= $1 - interval '1 hour' AND a.started_at < $2 + interval '7 days' AND p.ms IS NOT NULL AND a.sent
                GROUP BY 1, 2, 3, 4, 5, 6, 7
            ) AS slots GROUP BY 1, 2, 3, 4, 5
        ) AS h USING (team_id, bucket, provider, model, error_code)
    $query$ USING first, last, own;
END $$
    $make$, current_schema());
END $outer$;

-- MARK: Sums of each length

-- For calls, for calls with all that is known of them, and for attempts: windows that are summed up, and the others from
-- finer ones and from the log. Each window is an index range of its own.
DO $outer$
DECLARE
    usage_figures text[] := ARRAY[
        'calls', 'succeeded', 'partial', 'refused', 'failed', 'images', 'cost_nusd', 'estimated_nusd',
        'reconciled_nusd', 'failovers', 'failover_cost_nusd', 'hedges', 'hedge_cost_nusd', 'nsfw_images',
        'copyright_checked', 'copyright_flagged', 'copyright_undetermined', 'pictures', 'withheld', 'nsfw_clear',
        'unpriced_attempts', 'unknown_attempts'];
    attempt_figures text[] := ARRAY[
        'attempts', 'sent', 'succeeded', 'partial', 'refused', 'failed', 'unknown', 'images', 'cost_nusd',
        'wasted_nusd'];
    family record;
    figures text;
    adding text;
    closed_minutes text;
    part text;
BEGIN
    FOR family IN
        SELECT * FROM (VALUES
            ('usage', 'usage_minute', 'usage_hour_summary', 'usage_day_summary', 'easel_open_usage()',
                'provider, model', usage_figures, ARRAY['latency_histogram']),
            ('usage_detail', 'usage_minute', 'usage_hour', 'usage_day', 'easel_open_usage()',
                'provider, model, project, key_id, tags_id, tags', usage_figures, ARRAY['latency_histogram']),
            ('attempts', 'attempt_minute', 'attempt_hour', 'attempt_day', 'easel_open_attempts()',
                'provider, model, error_code', attempt_figures,
                ARRAY['total_histogram', 'first_byte_histogram', 'tls_histogram', 'connect_histogram', 'dns_histogram'])
        ) AS f(name, minutes, hours, days, log, keys, sums, histograms)
    LOOP
        figures := array_to_string(family.sums || family.histograms, ', ');
        SELECT string_agg(format('sum(%1$I)::bigint AS %1$I', sum), ', ') INTO adding FROM unnest(family.sums) AS sum;
        SELECT adding || ', ' || string_agg(format('string_agg(%1$I, ''''::bytea) AS %1$I', name), ', ') INTO adding
        FROM unnest(family.histograms) AS name;
        -- NOT IN, which is hashed whatever the planner believes of tables that are empty most of the time.
        closed_minutes := '(s.team_id, s.bucket) NOT IN (SELECT m.team_id, m.bucket FROM easel_open_minutes AS m)';
        EXECUTE format(
            'CREATE VIEW easel_%1$s_minute AS
            SELECT team_id, bucket, %3$s, %5$s FROM (
                SELECT team_id, bucket, %3$s, %4$s FROM %2$I AS s WHERE %6$s
                UNION ALL SELECT team_id, bucket, %3$s, %4$s FROM %7$s AS u
            ) AS f GROUP BY team_id, bucket, %3$s',
            family.name, family.minutes, family.keys, figures, adding, closed_minutes, family.log);
        -- OFFSET 0: each window by itself, by its index.
        part := format(
            'FROM easel_open_hours AS o CROSS JOIN LATERAL (
                SELECT * FROM %1$I AS t WHERE t.team_id = o.team_id AND t.bucket >= o.bucket
                    AND t.bucket < o.bucket + interval ''1 hour'' OFFSET 0) AS s
            WHERE %2$s', family.minutes, closed_minutes);
        EXECUTE format(
            'CREATE VIEW easel_%1$s_hour AS
            SELECT team_id, bucket, %3$s, %4$s FROM %2$I AS s
            WHERE (s.team_id, s.bucket) NOT IN (SELECT h.team_id, h.bucket FROM easel_open_hours AS h)
            UNION ALL SELECT team_id, bucket, %3$s, %5$s FROM (
                SELECT o.team_id, o.bucket, %3$s, %4$s %6$s
                UNION ALL SELECT team_id, date_trunc(''hour'', bucket, ''UTC''), %3$s, %4$s FROM %7$s AS u
            ) AS f GROUP BY team_id, bucket, %3$s',
            family.name, family.hours, family.keys, figures, adding, part, family.log);
        EXECUTE format(
            'CREATE VIEW easel_%1$s_day AS
            SELECT team_id, bucket, %3$s, %4$s FROM %2$I AS s
            WHERE (s.team_id, s.bucket) NOT IN (SELECT d.team_id, d.bucket FROM easel_open_days AS d)
            UNION ALL SELECT team_id, bucket, %3$s, %5$s FROM (
                SELECT o.team_id, o.bucket, %3$s, %4$s FROM easel_open_days AS o CROSS JOIN LATERAL (
                    SELECT * FROM %8$I AS t WHERE t.team_id = o.team_id AND t.bucket >= o.bucket
                        AND t.bucket < o.bucket + interval ''24 hours'' OFFSET 0) AS s
                WHERE (s.team_id, s.bucket) NOT IN (SELECT h.team_id, h.bucket FROM easel_open_hours AS h)
                UNION ALL SELECT o.team_id, date_trunc(''day'', o.bucket, ''UTC''), %3$s, %4$s %6$s
                UNION ALL SELECT team_id, date_trunc(''day'', bucket, ''UTC''), %3$s, %4$s FROM %7$s AS u
            ) AS f GROUP BY team_id, bucket, %3$s',
            family.name, family.days, family.keys, figures, adding, part, family.log, family.hours);
    END LOOP;
END $outer$;

-- The same for readers: by names, in dollars as well, and only what the reader may see. security_barrier: no function of a
-- reader's own is asked about a row before that. Of each length alike.
DO $outer$
DECLARE
    length text;
    readable text := 'WHERE (SELECT report_team() IS NULL) OR u.team_id = (SELECT report_team())';
    usage_columns text := 'u.calls, u.succeeded, u.partial, u.refused, u.failed, u.images,
        u.cost_nusd, u.estimated_nusd, u.cost_nusd - u.estimated_nusd AS provider_nusd, u.reconciled_nusd,
        u.failover_cost_nusd, u.hedge_cost_nusd, u.cost_nusd * 1e-9 AS cost_usd, u.estimated_nusd * 1e-9 AS estimated_usd,
        (u.cost_nusd - u.estimated_nusd) * 1e-9 AS provider_usd, u.reconciled_nusd * 1e-9 AS reconciled_usd,
        u.failover_cost_nusd * 1e-9 AS failover_cost_usd, u.hedge_cost_nusd * 1e-9 AS hedge_cost_usd,
        u.failovers, u.hedges, u.pictures, u.withheld, u.nsfw_images, u.nsfw_images + u.nsfw_clear AS nsfw_checked,
        u.copyright_checked, u.copyright_flagged, u.copyright_undetermined,
        u.copyright_checked - u.copyright_undetermined AS copyright_judged,
        u.unpriced_attempts, u.unknown_attempts, u.latency_histogram';
BEGIN
    FOREACH length IN ARRAY ARRAY['minute', 'hour', 'day'] LOOP
        EXECUTE format(
            'CREATE VIEW report_usage_%1$s WITH (security_barrier) AS
            SELECT u.bucket AS time, t.name AS team, nullif(u.provider, '''') AS provider, u.model, %2$s
            FROM easel_usage_%1$s AS u JOIN teams AS t ON t.id = u.team_id %3$s', length, usage_columns, readable);
        EXECUTE format(
            'CREATE VIEW report_usage_detail_%1$s WITH (security_barrier) AS
            SELECT u.bucket AS time, t.name AS team, nullif(u.provider, '''') AS provider, u.model,
                nullif(u.project, '''') AS project, u.key_id, u.tags, %2$s
            FROM easel_usage_detail_%1$s AS u JOIN teams AS t ON t.id = u.team_id %3$s', length, usage_columns, readable);
        EXECUTE format(
            'CREATE VIEW report_attempts_%1$s WITH (security_barrier) AS
            SELECT u.bucket AS time, t.name AS team, u.provider, u.model, nullif(u.error_code, '''') AS error_code,
                u.attempts, u.sent, u.succeeded, u.partial, u.refused, u.failed, u.unknown, u.images,
                u.cost_nusd, u.wasted_nusd, u.cost_nusd * 1e-9 AS cost_usd, u.wasted_nusd * 1e-9 AS wasted_usd,
                u.total_histogram, u.first_byte_histogram, u.tls_histogram, u.connect_histogram, u.dns_histogram
            FROM easel_attempts_%1$s AS u JOIN teams AS t ON t.id = u.team_id %2$s', length, readable);
    END LOOP;
END $outer$;

-- MARK: The log, row by row

CREATE VIEW report_calls WITH (security_barrier) AS
SELECT c.received_at AS time, c.settled_at AS ended_at, c.call_id, t.name AS team, c.project, c.key_id, c.tags, c.policy,
    c.model, coalesce(c.provider, c.last_provider) AS provider, c.status, c.error_code, c.images_requested,
    c.images_delivered AS images, c.cost_nusd, c.cost_nusd * 1e-9 AS cost_usd, c.estimated_nusd,
    c.estimated_nusd * 1e-9 AS estimated_usd, c.cost_basis, c.failover_cost_nusd,
    c.failover_cost_nusd * 1e-9 AS failover_cost_usd, c.latency_ms, c.attempts, c.failover, c.copyright_detection,
    c.client_gone
FROM calls AS c JOIN teams AS t ON t.id = c.team_id
WHERE (SELECT report_team() IS NULL) OR c.team_id = (SELECT report_team());

CREATE VIEW report_attempts WITH (security_barrier) AS
SELECT a.started_at AS time, a.ended_at, a.attempt_id, a.call_id, a.ordinal, t.name AS team, a.provider, a.provider_model,
    a.outcome, a.reason, a.error_code, a.http_status, a.sent, a.race, a.images_asked, a.images_returned, a.cost_nusd,
    a.cost_nusd * 1e-9 AS cost_usd, a.bound_nusd, a.bound_nusd * 1e-9 AS bound_usd, a.cost_basis,
    a.reconciliation_id IS NOT NULL AS reconciled, a.dns_ms, a.connect_ms, a.tls_ms, a.first_byte_ms, a.total_ms
FROM attempts AS a JOIN teams AS t ON t.id = a.team_id
WHERE (SELECT report_team() IS NULL) OR a.team_id = (SELECT report_team());

CREATE VIEW report_failovers WITH (security_barrier) AS
SELECT c.received_at AS time, c.settled_at AS ended_at, c.call_id, t.name AS team, c.project, c.model, c.status,
    f.provider AS from_provider, f.error_code, coalesce(c.provider, c.last_provider) AS to_provider, c.failover_cost_nusd,
    c.failover_cost_nusd * 1e-9 AS failover_cost_usd, c.latency_ms
FROM calls AS c JOIN teams AS t ON t.id = c.team_id
LEFT JOIN LATERAL (
    SELECT a.provider, a.error_code FROM attempts AS a
    WHERE a.team_id = c.team_id AND a.call_id = c.call_id AND a.started_at >= c.received_at - interval '1 hour'
        AND a.started_at < c.received_at + interval '168 hours'
    ORDER BY a.ordinal LIMIT 1) AS f ON true
WHERE c.failover AND c.status <> 'in_progress'
    AND ((SELECT report_team() IS NULL) OR c.team_id = (SELECT report_team()));

CREATE VIEW report_flagged WITH (security_barrier) AS
SELECT i.created_at AS time, i.image_id, i.call_id, t.name AS team, f.provider, f.provider_model, i.nsfw, i.copyright,
    i.withheld
FROM images AS i JOIN teams AS t ON t.id = i.team_id
LEFT JOIN LATERAL (
    SELECT a.provider, a.provider_model FROM attempts AS a
    WHERE a.team_id = i.team_id AND a.call_id = i.call_id AND a.attempt_id = i.attempt_id
        AND a.started_at >= i.created_at - interval '168 hours' AND a.started_at < i.created_at + interval '1 hour'
    LIMIT 1) AS f ON true
WHERE (i.nsfw OR i.copyright = 'flagged' OR i.withheld)
    AND ((SELECT report_team() IS NULL) OR i.team_id = (SELECT report_team()));

-- MARK: How things stand

CREATE VIEW report_teams WITH (security_barrier) AS
SELECT t.name AS team, t.created_at FROM teams AS t
WHERE (SELECT report_team() IS NULL) OR t.id = (SELECT report_team());

-- Each with its window of now; one in which no call was received yet begins by the calendar of its zone.
CREATE VIEW report_budgets WITH (security_barrier) AS
SELECT f.budget_id, f.scope, f.kind, f.team, f.project, f.key_id, f.period, f.timezone, f.hard, f.window_start,
    CASE WHEN f.period <> 'total' THEN f.window_end END AS resets_at,
    f.limit_nusd, f.spent_nusd, f.reserved_nusd, greatest(0, f.limit_nusd - f.spent_nusd - f.reserved_nusd) AS remaining_nusd,
    f.limit_nusd * 1e-9 AS limit_usd, f.spent_nusd * 1e-9 AS spent_usd, f.reserved_nusd * 1e-9 AS reserved_usd,
    greatest(0, f.limit_nusd - f.spent_nusd - f.reserved_nusd) * 1e-9 AS remaining_usd,
    f.limit_images, f.spent_images, f.reserved_images,
    greatest(0, f.limit_images - f.spent_images - f.reserved_images) AS remaining_images,
    CASE WHEN f.limit_nusd IS NOT NULL THEN (f.spent_nusd + f.reserved_nusd)::double precision / nullif(f.limit_nusd, 0)
        ELSE (f.spent_images + f.reserved_images)::double precision / nullif(f.limit_images, 0) END AS used_ratio,
    f.is_raised
FROM (
    SELECT b.id AS budget_id, b.scope AS kind, t.name AS team, b.project, b.key_id, b.period, b.timezone, b.hard, r.is_raised,
        CASE b.scope WHEN 'org' THEN 'org' WHEN 'team' THEN 'team:' || t.name
            WHEN 'project' THEN 'project:' || t.name || '/' || b.project ELSE 'key:' || b.key_id END AS scope,
        b.limit_nusd + CASE WHEN r.is_raised THEN coalesce(b.raise_nusd, 0) ELSE 0 END AS limit_nusd,
        b.limit_images + CASE WHEN r.is_raised THEN coalesce(b.raise_images, 0) ELSE 0 END AS limit_images,
        coalesce(w.posted_nusd, 0) AS spent_nusd, coalesce(w.reserved_nusd, 0) AS reserved_nusd,
        coalesce(w.posted_images, 0) AS spent_images, coalesce(w.reserved_images, 0) AS reserved_images,
        coalesce(w.window_start, CASE WHEN b.period = 'total' THEN timestamptz 'epoch'
            ELSE date_trunc(b.period, now(), b.timezone) END) AS window_start,
        coalesce(w.window_end, CASE WHEN b.period <> 'total' THEN (date_trunc(b.period, now() AT TIME ZONE b.timezone)
            + ('1 ' || b.period)::interval) AT TIME ZONE b.timezone END) AS window_end
    FROM budgets AS b LEFT JOIN teams AS t ON t.id = b.team_id
    LEFT JOIN budget_windows AS w ON w.team_id = b.team_id AND w.budget_id = b.id
        AND w.window_start <= now() AND w.window_end > now()
    CROSS JOIN LATERAL (
        SELECT coalesce(b.raise_from <= now() AND b.raise_until > now(), false) AS is_raised) AS r
    WHERE (SELECT report_team() IS NULL) OR b.team_id = (SELECT report_team())
) AS f;

CREATE VIEW report_budget_windows WITH (security_barrier) AS
SELECT w.window_start AS time, CASE WHEN b.period <> 'total' THEN w.window_end END AS resets_at, b.id AS budget_id,
    CASE b.scope WHEN 'org' THEN 'org' WHEN 'team' THEN 'team:' || t.name
        WHEN 'project' THEN 'project:' || t.name || '/' || b.project ELSE 'key:' || b.key_id END AS scope,
    t.name AS team, b.period, b.limit_nusd, w.posted_nusd AS spent_nusd, w.reserved_nusd, w.unreserved_nusd,
    b.limit_nusd * 1e-9 AS limit_usd, w.posted_nusd * 1e-9 AS spent_usd, w.reserved_nusd * 1e-9 AS reserved_usd,
    w.unreserved_nusd * 1e-9 AS unreserved_usd, b.limit_images, w.posted_images AS spent_images, w.reserved_images
FROM budgets AS b JOIN budget_windows AS w ON w.team_id = b.team_id AND w.budget_id = b.id
LEFT JOIN teams AS t ON t.id = b.team_id
WHERE (SELECT report_team() IS NULL) OR b.team_id = (SELECT report_team());

-- What each gateway says of each provider; one that is silent for 20 s does not count.
CREATE VIEW report_providers WITH (security_barrier) AS
SELECT g.gateway_id, g.signed_at AS time, p.member ->> 'name' AS provider, p.member ->> 'state' AS state,
    p.member ->> 'cause' AS cause, p.member ->> 'reason' AS reason,
    CASE p.member ->> 'state' WHEN 'ok' THEN 0 WHEN 'slow' THEN 0 WHEN 'probing' THEN 1 ELSE 2 END AS breaker
FROM gateways AS g CROSS JOIN LATERAL jsonb_array_elements(g.sign -> 'providers') AS p(member)
WHERE g.signed_at >= now() - interval '20 seconds' AND coalesce((SELECT report_team()), 1) > 0;

-- When a provider was given up and taken back, as the alerts of the kinds provider_down and credit_exhausted found.
CREATE VIEW report_breaker_changes WITH (security_barrier) AS
SELECT e.happened_at AS time, regexp_replace(e.subject, '^provider:', '') AS provider, e.data ->> 'on' AS kind,
    e.data ->> 'state' AS state, e.severity, e.title
FROM alert_events AS e
WHERE e.data ->> 'on' IN ('provider_down', 'credit_exhausted') AND coalesce((SELECT report_team()), 1) > 0;

-- Alerts are about every team: for those who may read all.
CREATE VIEW report_alerts WITH (security_barrier) AS
SELECT s.rule, s.subject, s.severity, s.level, s.value, s.summary, s.since, s.updated_at
FROM alert_states AS s WHERE s.level > 0 AND (SELECT report_team() IS NULL);

CREATE VIEW report_alert_events WITH (security_barrier) AS
SELECT e.happened_at AS time, e.event_id, e.type, e.rule, e.subject, e.severity, e.title, e.muted
FROM alert_events AS e WHERE (SELECT report_team() IS NULL);

-- Calls under way, whose attempts no sum counts yet.
CREATE VIEW report_calls_in_progress WITH (security_barrier) AS
SELECT c.received_at AS time, c.call_id, t.name AS team, c.model, c.attempts,
    count(*) FILTER (WHERE a.sent AND a.outcome <> 'pending' AND a.cost_nusd IS NULL
        AND NOT (a.outcome = 'unknown' AND a.bound_nusd IS NOT NULL)) AS unpriced_attempts,
    count(*) FILTER (WHERE a.outcome = 'unknown') AS unknown_attempts
FROM calls AS c JOIN teams AS t ON t.id = c.team_id
LEFT JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
    AND a.started_at >= c.received_at - interval '1 hour' AND a.started_at < c.received_at + interval '168 hours'
WHERE c.status = 'in_progress' AND ((SELECT report_team() IS NULL) OR c.team_id = (SELECT report_team()))
GROUP BY c.received_at, c.call_id, t.name, c.model, c.attempts;

-- What the figures of a day lack.
CREATE VIEW report_data_quality WITH (security_barrier) AS
SELECT f.time, f.team, sum(f.unpriced_attempts)::bigint AS unpriced_attempts,
    sum(f.unknown_attempts)::bigint AS unknown_attempts, sum(f.unsummed_windows)::bigint AS unsummed_windows
FROM (
    SELECT time, team, unpriced_attempts, unknown_attempts, 0::bigint AS unsummed_windows FROM report_usage_day
    WHERE unpriced_attempts > 0 OR unknown_attempts > 0
    UNION ALL
    SELECT date_trunc('day', time, 'UTC'), team, unpriced_attempts, unknown_attempts, 0 FROM report_calls_in_progress
    WHERE unpriced_attempts > 0 OR unknown_attempts > 0
    UNION ALL
    SELECT date_trunc('day', u.bucket, 'UTC'), t.name, 0, 0, 1 FROM usage_faults AS u JOIN teams AS t ON t.id = u.team_id
    WHERE (SELECT report_team() IS NULL) OR u.team_id = (SELECT report_team())
) AS f GROUP BY f.time, f.team;

-- One row: how far the figures are behind, and what waits.
CREATE VIEW report_health WITH (security_barrier) AS
SELECT now() AS time,
    CASE WHEN EXISTS (SELECT 1 FROM usage_changes) AND NOT EXISTS (SELECT 1 FROM easel_open_minutes)
        THEN coalesce(ceil(extract(epoch FROM now() - (SELECT min(u.changed_at) FROM usage_changes AS u
            WHERE NOT EXISTS (SELECT 1 FROM usage_faults AS f WHERE f.team_id = u.team_id AND f.level = 'minute'
                AND f.bucket = u.bucket))))::bigint, 0) ELSE 0 END AS report_lag_s,
    coalesce(extract(epoch FROM now() - (SELECT min(changed_at) FROM usage_changes)), 0)::double precision AS rollup_lag_s,
    (SELECT count(*) FROM (SELECT 1 FROM usage_changes GROUP BY team_id, bucket LIMIT 100000) AS w) AS open_windows,
    (SELECT count(*) FROM usage_faults) AS unsummed_windows,
    (SELECT coalesce(sum((sign ->> 'journalPending')::bigint), 0)::bigint FROM gateways
        WHERE signed_at >= now() - interval '20 seconds') AS journal_pending,
    (SELECT coalesce(sum((sign ->> 'journalSetAside')::bigint), 0)::bigint FROM gateways
        WHERE signed_at >= now() - interval '20 seconds') AS journal_set_aside,
    (SELECT count(*) FROM gateways WHERE signed_at >= now() - interval '20 seconds') AS gateways,
    coalesce((SELECT expires_at > now() FROM daemon_state WHERE name = 'rollups'), false) AS reporter_alive
WHERE coalesce((SELECT report_team()), 1) > 0;

-- MARK: What they are

COMMENT ON TABLE report_readers IS 'Database roles that may read the views report_*, and the team whose figures each sees; NULL: all.';
COMMENT ON FUNCTION report_team IS 'The team whose figures the role that logged in may read; NULL: all; -1: none.';
COMMENT ON FUNCTION report_allow IS 'Lets a database role read the views report_*: of one team, or of all.';
COMMENT ON FUNCTION report_forbid IS 'Takes back what report_allow gave.';
COMMENT ON FUNCTION report_buckets IS 'What a histogram counts: the middle of each bucket, and how many lie in it.';
COMMENT ON FUNCTION report_percentiles IS 'The percentiles of a histogram for ascending shares from 0 to 1; add histograms up by string_agg(histogram, '''').';
COMMENT ON FUNCTION report_percentile IS 'One percentile of a histogram; add histograms up by string_agg(histogram, '''').';

COMMENT ON VIEW report_usage_minute IS 'Figures of ended calls by minute, team, provider and model.';
COMMENT ON VIEW report_usage_hour IS 'Figures of ended calls by hour, team, provider and model.';
COMMENT ON VIEW report_usage_day IS 'Figures of ended calls by day (UTC), team, provider and model.';
COMMENT ON VIEW report_usage_detail_minute IS 'The same by minute, and by project, key and tags.';
COMMENT ON VIEW report_usage_detail_hour IS 'The same by hour, and by project, key and tags.';
COMMENT ON VIEW report_usage_detail_day IS 'The same by day (UTC), and by project, key and tags.';
COMMENT ON VIEW report_attempts_minute IS 'Figures of the attempts of ended calls by minute, team, provider, model and error.';
COMMENT ON VIEW report_attempts_hour IS 'Figures of the attempts of ended calls by hour, team, provider, model and error.';
COMMENT ON VIEW report_attempts_day IS 'Figures of the attempts of ended calls by day (UTC), team, provider, model and error.';
COMMENT ON VIEW report_calls IS 'One row for each call, without its prompt.';
COMMENT ON VIEW report_attempts IS 'One row for each time a provider was asked.';
COMMENT ON VIEW report_failovers IS 'One row for each ended call that another provider took over.';
COMMENT ON VIEW report_flagged IS 'One row for each image that was flagged or withheld.';
COMMENT ON VIEW report_teams IS 'The teams.';
COMMENT ON VIEW report_budgets IS 'Each budget with what is spent and reserved in its current window.';
COMMENT ON VIEW report_budget_windows IS 'Each window of each budget in which a call was received.';
COMMENT ON VIEW report_providers IS 'The state of each provider, as each living gateway sees it.';
COMMENT ON VIEW report_breaker_changes IS 'When a provider was given up and when it came back, as alerts found; only where the configuration has alerts.';
COMMENT ON VIEW report_alerts IS 'Alerts that fire; only for readers of all teams.';
COMMENT ON VIEW report_alert_events IS 'What people were told; only for readers of all teams.';
COMMENT ON VIEW report_calls_in_progress IS 'Calls under way, whose figures no other view counts.';
COMMENT ON VIEW report_data_quality IS 'What the figures of a day (UTC) lack, by team; no row where nothing is missing.';
COMMENT ON VIEW report_health IS 'One row: how far the figures are behind the log, and what waits.';

DO $outer$
DECLARE
    told record;
BEGIN
    FOR told IN
        SELECT c.relname AS view, a.attname AS name, (array_agg(d.comment ORDER BY d.place DESC))[1] AS comment
        FROM (VALUES
            -- A pattern of views, a column, what it is; the last that fits counts.
            (1, '.*', 'time', 'When it happened.'),
            (2, 'report_(usage|attempts).*_(minute|hour|day)', 'time', 'The start of the window in which the calls were received.'),
            (3, 'report_(calls|calls_in_progress|failovers)', 'time', 'When the call was received.'),
            (4, 'report_attempts', 'time', 'When the attempt began.'),
            (5, 'report_flagged', 'time', 'When the image came.'),
            (6, 'report_budget_windows', 'time', 'The start of the window.'),
            (7, 'report_data_quality', 'time', 'The start of the day.'),
            (8, 'report_providers', 'time', 'When the gateway said so.'),
            (9, 'report_health', 'time', 'Now.'),
            (10, '.*', 'team', 'The team whose key was used.'),
            (11, 'report_budget.*', 'team', 'The team that the budget belongs to; NULL for the whole organisation.'),
            (12, 'report_teams', 'team', 'The name of the team.'),
            (13, '.*', 'provider', 'The provider.'),
            (14, 'report_usage.*', 'provider',
                'The provider that delivered, or was asked last; for costs and attempts, the one that was asked.'),
            (15, 'report_attempts.*', 'provider', 'The provider that was asked.'),
            (16, 'report_calls', 'provider', 'The provider that delivered, or was asked last.'),
            (17, '.*', 'model', 'The model that was requested.'),
            (18, '.*', 'provider_model', 'The provider''s name of the model.'),
            (19, '.*', 'project', 'The project of the request or of its key.'),
            (20, '.*', 'key_id', 'The key that was used.'),
            (21, 'report_budgets', 'key_id', 'The key that the budget is for.'),
            (22, 'report_budgets', 'project', 'The project that the budget is for.'),
            (23, '.*', 'tags', 'The tags of the request.'),
            (24, '.*', 'policy', 'The policy that planned the call.'),
            (25, '.*', 'status', 'How the call ended, or in_progress.'),
            (26, '.*', 'error_code', 'How it failed; NULL if it did not.'),
            (27, 'report_failovers', 'error_code', 'How the first attempt failed.'),
            (28, 'report_usage.*', 'calls', 'Calls that have ended.'),
            (29, 'report_usage.*', 'succeeded', 'Calls that delivered every image requested.'),
            (30, 'report_usage.*', 'partial', 'Calls that delivered only some of the images.'),
            (31, 'report_usage.*', 'refused', 'Calls that a provider refused on content grounds.'),
            (32, 'report_usage.*', 'failed', 'Calls that failed.'),
            (33, '.*', 'images', 'Images that were delivered.'),
            (34, 'report_usage.*', 'cost', 'What the calls cost, estimates included.'),
            (35, 'report_usage.*', 'estimated', 'The part of the cost that no provider confirmed.'),
            (36, 'report_usage.*', 'provider_cost', 'The part of the cost that the provider''s own replies stated.'),
            (37, 'report_usage.*', 'reconciled', 'The part of the cost that a comparison with the provider''s figures confirmed.'),
            (38, 'report_usage.*', 'failovers', 'Calls that another provider took over.'),
            (39, 'report_usage.*', 'failover_cost', 'The cost of attempts that delivered nothing.'),
            (40, 'report_usage.*', 'hedges', 'Calls for which a second provider was asked while the first was late.'),
            (41, 'report_usage.*', 'hedge_cost', 'The cost of attempts that lost such a race; part of the failover cost.'),
            (42, '.*', 'nsfw_images', 'Images that the provider flagged as not safe for work.'),
            (43, '.*', 'nsfw_checked', 'Images that the provider checked for safety: what NSFW rates are a share of.'),
            (44, '.*', 'copyright_checked', 'Images that the provider was asked to check for copyright, and could check.'),
            (45, '.*', 'copyright_flagged', 'Images that the provider flagged for copyright.'),
            (46, '.*', 'copyright_undetermined', 'Checked images without a verdict, such as those withheld without a reason.'),
            (47, '.*', 'copyright_judged', 'Checked images with a verdict: what copyright rates are a share of.'),
            (48, '.*', 'pictures', 'Images that came back, including withheld ones.'),
            (49, 'report_usage.*', 'withheld', 'Images that the provider made but withheld.'),
            (50, '.*', 'unpriced_attempts', 'Attempts without a cost because there is no price.'),
            (51, '.*', 'unknown_attempts', 'Attempts that were sent and whose outcome is not known.'),
            (52, '.*', 'latency_histogram', 'Milliseconds that calls took, for report_percentiles.'),
            (53, 'report_attempts_.*', 'attempts', 'Times a provider was asked.'),
            (54, 'report_attempts_.*', 'sent', 'Attempts that were sent to the provider.'),
            (55, 'report_attempts_.*', 'succeeded', 'Attempts that delivered everything requested.'),
            (56, 'report_attempts_.*', 'partial', 'Attempts that delivered only part of it.'),
            (57, 'report_attempts_.*', 'refused', 'Attempts that were refused on content grounds.'),
            (58, 'report_attempts_.*', 'failed', 'Attempts that failed.'),
            (59, 'report_attempts_.*', 'unknown', 'Attempts whose outcome is not known.'),
            (60, 'report_attempts_.*', 'images', 'Images that came back.'),
            (61, 'report_attempts_.*', 'cost', 'What its attempts cost.'),
            (62, '.*', 'wasted', 'The cost of attempts that delivered nothing.'),
            (63, '.*', 'total_histogram', 'Microseconds from the first thing done to the last byte, of sent attempts.'),
            (64, '.*', 'first_byte_histogram', 'Microseconds from the request''s last byte to the answer''s first.'),
            (65, '.*', 'tls_histogram', 'Microseconds of TLS handshakes.'),
            (66, '.*', 'connect_histogram', 'Microseconds of TCP connections.'),
            (67, '.*', 'dns_histogram', 'Microseconds of name look-ups.'),
            (68, '.*', 'ended_at', 'When it ended; NULL while it has not.'),
            (69, '.*', 'call_id', 'The call.'),
            (70, '.*', 'attempt_id', 'The attempt.'),
            (71, '.*', 'image_id', 'The image.'),
            (72, '.*', 'ordinal', 'Which attempt of the call it is, from 1.'),
            (73, 'report_calls', 'images_requested', 'Images that were requested.'),
            (74, 'report_calls', 'cost', 'What the call cost, estimates included; NULL where it is not known.'),
            (75, 'report_calls', 'estimated', 'The part of the cost that no provider confirmed.'),
            (76, '.*', 'cost_basis', 'Who says what it cost: provider, price_book or unknown.'),
            (77, 'report_calls', 'failover_cost', 'The cost of its attempts that delivered nothing.'),
            (78, 'report_failovers', 'failover_cost', 'The cost of its attempts that delivered nothing.'),
            (79, '.*', 'latency_ms', 'Milliseconds from the request to its settlement.'),
            (80, 'report_calls.*', 'attempts', 'Times a provider was asked.'),
            (81, 'report_calls', 'failover', 'Whether another provider took over.'),
            (82, '.*', 'copyright_detection', 'Whether copyright detection was requested.'),
            (83, '.*', 'client_gone', 'Whether the client had left before the answer.'),
            (84, '.*', 'outcome', 'How the attempt ended, or pending.'),
            (85, 'report_attempts', 'reason', 'Why it ended like this.'),
            (86, '.*', 'http_status', 'The status of the provider''s last answer.'),
            (87, 'report_attempts', 'sent', 'Whether the request was sent.'),
            (88, '.*', 'race', 'Its side of a race of two providers; NULL without one.'),
            (89, '.*', 'images_asked', 'Images that it asked for.'),
            (90, '.*', 'images_returned', 'Images that came back.'),
            (91, 'report_attempts', 'cost', 'What it cost; NULL where it is not known.'),
            (92, 'report_attempts', 'bound', 'The most it was to cost.'),
            (93, 'report_attempts', 'reconciled', 'Whether a comparison with the provider''s figures confirmed its cost.'),
            (94, '.*', 'dns_ms', 'Milliseconds of the name look-up.'),
            (95, '.*', 'connect_ms', 'Milliseconds of the TCP connection.'),
            (96, '.*', 'tls_ms', 'Milliseconds of the TLS handshake.'),
            (97, '.*', 'first_byte_ms', 'Milliseconds from the request''s last byte to the answer''s first.'),
            (98, '.*', 'total_ms', 'Milliseconds from the first thing done to the last byte.'),
            (99, '.*', 'from_provider', 'The provider that was asked first.'),
            (100, '.*', 'to_provider', 'The provider that delivered, or was asked last.'),
            (101, '.*', 'nsfw', 'Whether the provider flagged it as not safe for work; NULL where it did not check.'),
            (102, '.*', 'copyright', 'not_requested, clear, flagged or undetermined.'),
            (103, 'report_flagged', 'withheld', 'Whether the provider made it but withheld it.'),
            (104, '.*', 'created_at', 'When it was made.'),
            (105, '.*', 'budget_id', 'The budget.'),
            (106, '.*', 'scope', 'What it limits: org, team:NAME, project:TEAM/NAME or key:ID.'),
            (107, 'report_budgets', 'kind', 'The kind of scope: org, team, project or key.'),
            (108, '.*', 'period', 'day, week, month or total.'),
            (109, '.*', 'timezone', 'The zone by whose calendar windows begin and end.'),
            (110, '.*', 'hard', 'Whether it stops spending; a soft one only counts and warns.'),
            (111, '.*', 'window_start', 'The start of the current window.'),
            (112, '.*', 'resets_at', 'The end of the window; NULL for a budget that never resets.'),
            (113, 'report_budgets', 'limit', 'The limit of now, with a raise that is in force.'),
            (114, 'report_budget_windows', 'limit', 'The limit without raises.'),
            (115, 'report_budget.*', 'spent', 'What the window''s calls cost, estimates and bounds of unknown attempts included.'),
            (116, 'report_budget.*', 'reserved', 'What calls under way and unknown attempts hold back.'),
            (117, 'report_budgets', 'remaining', 'What may still be reserved.'),
            (118, '.*', 'unreserved', 'The part of what is spent that was never reserved.'),
            (119, 'report_budgets', 'limit_images', 'The same for a budget that counts images; NULL for one of money.'),
            (120, 'report_budget_windows', 'limit_images', 'The same for a budget that counts images; NULL for one of money.'),
            (121, 'report_budget.*', 'spent_images', 'Images delivered in the window.'),
            (122, 'report_budget.*', 'reserved_images', 'Images that calls under way may still deliver.'),
            (123, 'report_budgets', 'remaining_images', 'Images that may still be reserved.'),
            (124, '.*', 'used_ratio', 'Spent and reserved as a share of the limit; NULL for a limit of zero.'),
            (125, '.*', 'is_raised', 'Whether a raise is in force.'),
            (126, '.*', 'gateway_id', 'The gateway that says so.'),
            (127, 'report_providers', 'state', 'ok, slow, probing, cooling_down or down.'),
            (128, '.*', 'cause', 'Why it is not asked.'),
            (129, 'report_providers', 'reason', 'The same in words.'),
            (130, '.*', 'breaker', '0: it is asked; 1: it is tried again; 2: it is not asked.'),
            (131, 'report_breaker_changes', 'kind', 'provider_down or credit_exhausted.'),
            (132, 'report_breaker_changes', 'state', 'firing: it was given up; resolved: it is back.'),
            (133, '.*', 'severity', 'info, warning or critical.'),
            (134, '.*', 'title', 'What people were told, in a line.'),
            (135, '.*', 'rule', 'The rule.'),
            (136, '.*', 'subject', 'What it is about, as team:design.'),
            (137, '.*', 'level', 'How far it has gone: 1, or the threshold in percent.'),
            (138, '.*', 'value', 'The figure, as people read it.'),
            (139, '.*', 'summary', 'The finding in a sentence.'),
            (140, '.*', 'since', 'Since when it fires.'),
            (141, '.*', 'updated_at', 'When it was looked at last.'),
            (142, '.*', 'event_id', 'The event.'),
            (143, '.*', 'type', 'alert.fired, alert.changed, alert.resolved, alert.test or report.ready.'),
            (144, '.*', 'muted', 'Whether nobody was told.'),
            (145, '.*', 'unsummed_windows', 'Minutes, hours, days and months of a team that cannot be summed up and are left out.'),
            (146, '.*', 'report_lag_s', 'Seconds by which reports and these views are behind the log: 0 but after a great backlog.'),
            (147, '.*', 'rollup_lag_s', 'Seconds since the oldest write to the log that is not summed up.'),
            (148, '.*', 'open_windows', 'Minutes of a team that are read from the log because they are not summed up yet.'),
            (149, '.*', 'journal_pending', 'Writes that wait in journals of living gateways for the database.'),
            (150, '.*', 'journal_set_aside', 'Writes that a person has to look at.'),
            (151, '.*', 'gateways', 'Gateways that gave a sign of life in the last 20 s.'),
            (152, '.*', 'reporter_alive', 'Whether a reporting daemon keeps the sums.')
        ) AS d(place, views, name, comment)
        JOIN pg_class AS c ON c.relkind = 'v' AND c.relnamespace = current_schema()::regnamespace
            AND c.relname LIKE 'report\_%' AND c.relname ~ ('^' || d.views || '$')
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
        -- Money stands in two units.
            AND a.attname::text IN (d.name, d.name || '_nusd', d.name || '_usd', replace(d.name, 'provider_cost', 'provider_usd'),
                replace(d.name, 'provider_cost', 'provider_nusd'))
        GROUP BY c.relname, a.attname
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', told.view, told.name, told.comment
            || CASE WHEN told.name LIKE '%\_nusd' THEN ' In nanodollars.' WHEN told.name LIKE '%\_usd' THEN ' In dollars.' ELSE '' END);
    END LOOP;
END $outer$;
