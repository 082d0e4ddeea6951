// Made by scripts/embed-migrations.sh from migrations/; a test compares the two.
// swift-format-ignore-file

/// The migrations that this program carries, in order.
enum MigrationFiles {
    static let all: [Migration] = [
        Migration(
            version: 1,
            name: "0001_core",
            sql: ##"""
-- The core tables of Easel. Plain PostgreSQL 15, ready for Citus: high-volume tables carry team_id first in every key,
-- there are no triggers, no serial ids and no foreign keys towards them (manifest.toml names the class of each table).
-- Money is whole nanodollars in bigint; NULL means "not known" and never zero (M1).

CREATE TABLE teams (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    hash bytea NOT NULL UNIQUE,
    prefix text NOT NULL,
    team_id bigint NOT NULL,
    project text,
    role text NOT NULL CHECK (role IN ('member', 'admin')),
    expires_at timestamptz,
    requests_per_minute bigint,
    max_concurrent bigint,
    inline_policies boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX api_keys_team ON api_keys (team_id);

-- A provider is a name of the configuration or a kind (runware, ideogram), which serves every account of that kind.
CREATE TABLE prices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text NOT NULL,
    model text NOT NULL,
    rendering_speed text,
    character_reference boolean NOT NULL DEFAULT false,
    per_image_nusd bigint NOT NULL CHECK (per_image_nusd >= 0),
    effective_from timestamptz NOT NULL,
    source text NOT NULL DEFAULT '',
    UNIQUE NULLS NOT DISTINCT (provider, model, rendering_speed, character_reference, effective_from)
);

-- posted_nusd + reserved_nusd <= limit_nusd for every hard budget (M2). A budget of the whole organisation has team 0.
CREATE TABLE budgets (
    team_id bigint NOT NULL,
    id uuid NOT NULL,
    scope text NOT NULL CHECK (scope IN ('org', 'team', 'project', 'key')),
    project text,
    key_id uuid,
    period text NOT NULL CHECK (period IN ('day', 'week', 'month', 'total')),
    limit_nusd bigint NOT NULL CHECK (limit_nusd >= 0),
    hard boolean NOT NULL DEFAULT true,
    warn_at jsonb NOT NULL DEFAULT '[]',
    timezone text NOT NULL DEFAULT 'UTC',
    posted_nusd bigint NOT NULL DEFAULT 0,
    reserved_nusd bigint NOT NULL DEFAULT 0,
    window_start timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id)
);

-- One row for each call that holds money back (M3); it stays while an attempt of the call is unknown (M7).
-- amount_nusd is NULL where the plan had an unpriced candidate.
CREATE TABLE reservations (
    team_id bigint NOT NULL,
    call_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    gateway_id uuid,
    amount_nusd bigint,
    reason text NOT NULL CHECK (reason IN ('in_progress', 'unknown_attempt')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, call_id)
);

-- One row for each call of a client.
CREATE TABLE calls (
    team_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    call_id uuid NOT NULL,
    key_id uuid NOT NULL,
    gateway_id uuid NOT NULL,
    project text,
    tags jsonb NOT NULL DEFAULT '{}',
    policy text NOT NULL,
    model text NOT NULL,
    copyright_detection boolean NOT NULL DEFAULT false,
    provider text,
    last_provider text,
    status text NOT NULL,
    error_code text,
    images_requested integer NOT NULL CHECK (images_requested > 0),
    images_delivered integer NOT NULL DEFAULT 0,
    bound_nusd bigint,
    cost_nusd bigint,
    estimated_nusd bigint,
    cost_basis text,
    failover_cost_nusd bigint,
    latency_ms bigint,
    attempts integer NOT NULL DEFAULT 0,
    failover boolean NOT NULL DEFAULT false,
    client_gone boolean NOT NULL DEFAULT false,
    settled_at timestamptz,
    PRIMARY KEY (team_id, received_at, call_id)
) PARTITION BY RANGE (received_at);
CREATE INDEX calls_newest ON calls (received_at, call_id);
CREATE INDEX calls_in_progress ON calls (received_at) WHERE status = 'in_progress';

-- What belongs to a call and is read rarely, apart from the hot table.
CREATE TABLE call_payloads (
    team_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    call_id uuid NOT NULL,
    prompt text,
    parameters jsonb NOT NULL,
    plan jsonb NOT NULL,
    translation jsonb,
    PRIMARY KEY (team_id, received_at, call_id)
) PARTITION BY RANGE (received_at);

-- One row for each time a provider is asked; written before its first byte leaves (M4).
-- task_id is our name of the task, provider_task_id the provider's own.
CREATE TABLE attempts (
    team_id bigint NOT NULL,
    started_at timestamptz NOT NULL,
    attempt_id uuid NOT NULL,
    call_id uuid NOT NULL,
    ordinal integer NOT NULL CHECK (ordinal > 0),
    provider text NOT NULL,
    provider_model text NOT NULL,
    task_id uuid NOT NULL,
    provider_task_id text,
    provider_request_id text,
    images_asked integer NOT NULL,
    images_returned integer NOT NULL DEFAULT 0,
    bound_nusd bigint,
    price_per_image_nusd bigint,
    duplicate_risk boolean NOT NULL DEFAULT false,
    outcome text NOT NULL,
    reason text,
    error_code text,
    http_status integer,
    sent boolean,
    cost_nusd bigint,
    cost_basis text,
    dns_ms double precision,
    connect_ms double precision,
    tls_ms double precision,
    first_byte_ms double precision,
    total_ms double precision,
    ended_at timestamptz,
    extra jsonb,
    PRIMARY KEY (team_id, started_at, attempt_id)
) PARTITION BY RANGE (started_at);
CREATE INDEX attempts_call ON attempts (team_id, call_id);
CREATE INDEX attempts_unknown ON attempts (started_at) WHERE outcome = 'unknown';

-- One row for each output picture.
CREATE TABLE images (
    team_id bigint NOT NULL,
    created_at timestamptz NOT NULL,
    image_id uuid NOT NULL,
    call_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    ordinal integer NOT NULL CHECK (ordinal > 0),
    seed bigint,
    nsfw boolean,
    copyright text NOT NULL,
    withheld boolean NOT NULL,
    width integer,
    height integer,
    format text,
    bytes bigint,
    sha256 bytea,
    provider_image_id text,
    artifact text,
    cost_nusd bigint,
    PRIMARY KEY (team_id, created_at, image_id)
) PARTITION BY RANGE (created_at);
CREATE INDEX images_call ON images (team_id, call_id);

-- Sums of the log by window, recomputed and overwritten, never added to (L3). An absent dimension is '' so that keys
-- are unique. latency_histogram counts calls by logarithmic bucket and can be added up.
CREATE TABLE usage_minute (
    team_id bigint NOT NULL,
    bucket timestamptz NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    project text NOT NULL,
    key_id uuid NOT NULL,
    tags jsonb NOT NULL,
    calls bigint NOT NULL,
    succeeded bigint NOT NULL,
    partial bigint NOT NULL,
    refused bigint NOT NULL,
    failed bigint NOT NULL,
    images bigint NOT NULL,
    cost_nusd bigint NOT NULL,
    estimated_nusd bigint NOT NULL,
    failovers bigint NOT NULL,
    failover_cost_nusd bigint NOT NULL,
    nsfw_images bigint NOT NULL,
    copyright_checked bigint NOT NULL,
    copyright_flagged bigint NOT NULL,
    copyright_undetermined bigint NOT NULL,
    unpriced_attempts bigint NOT NULL,
    unknown_attempts bigint NOT NULL,
    latency_histogram bigint[] NOT NULL,
    PRIMARY KEY (team_id, bucket, provider, model, project, key_id, tags)
);
CREATE TABLE usage_hour (LIKE usage_minute INCLUDING ALL);
CREATE TABLE usage_day (LIKE usage_minute INCLUDING ALL);

-- Which gateways live; the calls of a silent one are taken over.
CREATE TABLE gateways (
    gateway_id uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL
);

-- Lease of the one reporting daemon, with a fencing epoch (L4).
CREATE TABLE daemon_state (
    name text PRIMARY KEY,
    holder uuid,
    epoch bigint NOT NULL DEFAULT 0,
    expires_at timestamptz,
    watermark timestamptz
);

CREATE VIEW calls_usd AS
SELECT c.*,
    c.cost_nusd / 1000000000.0 AS cost_usd,
    c.estimated_nusd / 1000000000.0 AS estimated_usd,
    c.failover_cost_nusd / 1000000000.0 AS failover_cost_usd
FROM calls AS c;

CREATE VIEW attempts_usd AS
SELECT a.*,
    a.cost_nusd / 1000000000.0 AS cost_usd,
    a.bound_nusd / 1000000000.0 AS bound_usd,
    a.price_per_image_nusd / 1000000000.0 AS price_per_image_usd
FROM attempts AS a;

"""##
        ),
        Migration(
            version: 2,
            name: "0002_prices",
            sql: ##"""
-- The prices known when this was written, one picture each, in nanodollars. What is not listed is unpriced (M1).
-- Each line says in `source` how sure it is. Runware passes Ideogram's prices through and reports the cost of every
-- task itself, so its lines serve as upper bound and as the estimate where a report is missing.

INSERT INTO prices (provider, model, rendering_speed, character_reference, per_image_nusd, effective_from, source)
VALUES
    ('ideogram', 'ideogram-4.0', 'turbo', false, 30000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-4.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'confirmed by a quote, 2026-10'),
    ('ideogram', 'ideogram-4.0', 'quality', false, 100000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-3.0', 'turbo', false, 30000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-3.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'confirmed by a quote, 2026-10'),
    ('ideogram', 'ideogram-3.0', 'quality', false, 90000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-3.0', 'turbo', true, 100000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-3.0', 'default', true, 150000000, '2025-01-01T00:00:00Z', 'confirmed by a quote, 2026-10'),
    ('ideogram', 'ideogram-3.0', 'quality', true, 200000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-1.0', 'turbo', false, 20000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-06'),
    ('ideogram', 'ideogram-1.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'inferred, not seen in a source'),
    ('ideogram', 'ideogram-1.0', 'quality', false, 60000000, '2025-01-01T00:00:00Z', 'inferred: the default price'),
    ('runware', 'ideogram-4.0', 'turbo', false, 30000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-4.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-4.0', 'quality', false, 100000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-3.0', 'turbo', false, 30000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-3.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'pass-through, confirmed by replies'),
    ('runware', 'ideogram-3.0', 'quality', false, 90000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-3.0', 'turbo', true, 100000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-3.0', 'default', true, 150000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-3.0', 'quality', true, 200000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-1.0', 'turbo', false, 20000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-1.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-1.0', 'quality', false, 60000000, '2025-01-01T00:00:00Z', 'pass-through, inferred: the default price')
ON CONFLICT DO NOTHING;

"""##
        ),
        Migration(
            version: 3,
            name: "0003_budgets",
            sql: ##"""
-- Budgets that cannot be overspent, idempotency keys, and the book of changes to prices and budgets.

-- One row. Whoever changes prices, budgets or what a team may do raises the version in the same transaction, under
-- LOCK TABLE terms IN EXCLUSIVE MODE; whoever spends or posts holds ROW SHARE. So an admission is made with the terms in
-- force or not at all, and the sums of a new budget miss nothing that is on its way (M2).
CREATE TABLE terms (
    name text PRIMARY KEY,
    version bigint NOT NULL
);
INSERT INTO terms (name, version) VALUES ('spending', 1);

ALTER TABLE teams ADD COLUMN allow_unpriced boolean NOT NULL DEFAULT false;

-- The figures of a budget stand in its windows. A limit is in nanodollars or in images, never both.
ALTER TABLE budgets
    DROP COLUMN posted_nusd,
    DROP COLUMN reserved_nusd,
    DROP COLUMN window_start,
    ALTER COLUMN limit_nusd DROP NOT NULL,
    ADD COLUMN limit_images bigint CHECK (limit_images >= 0),
    ADD COLUMN raise_nusd bigint CHECK (raise_nusd >= 0),
    ADD COLUMN raise_images bigint CHECK (raise_images >= 0),
    ADD COLUMN raise_from timestamptz,
    ADD COLUMN raise_until timestamptz,
    ADD CONSTRAINT budgets_one_unit CHECK ((limit_nusd IS NULL) <> (limit_images IS NULL)),
    ADD CONSTRAINT budgets_raise_ends CHECK ((raise_from IS NULL) = (raise_until IS NULL) AND raise_from < raise_until);
CREATE UNIQUE INDEX budgets_scope ON budgets
    (team_id, scope, project, key_id, period, (limit_nusd IS NULL)) NULLS NOT DISTINCT;

-- One row for each window of a budget in which a call was received. posted: the calls' cost; reserved: what their
-- reservations hold. A call belongs to the window of its received_at, however late it is settled.
-- ceiling: the highest that posted + reserved could rightly come to, for db verify. unreserved: posted without having
-- been reserved, where a provider charged more than its price or a team may spend unpriced.
CREATE TABLE budget_windows (
    team_id bigint NOT NULL,
    budget_id uuid NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    scope text NOT NULL,
    project text,
    key_id uuid,
    posted_nusd bigint NOT NULL DEFAULT 0,
    reserved_nusd bigint NOT NULL DEFAULT 0,
    posted_images bigint NOT NULL DEFAULT 0,
    reserved_images bigint NOT NULL DEFAULT 0,
    ceiling_nusd bigint NOT NULL DEFAULT 0,
    ceiling_images bigint NOT NULL DEFAULT 0,
    unreserved_nusd bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (team_id, budget_id, window_start)
) WITH (fillfactor = 50);

ALTER TABLE reservations ADD COLUMN images bigint NOT NULL DEFAULT 0;

-- What was changed, when and by whom: kept when the budget itself is gone.
CREATE TABLE budget_changes (
    team_id bigint NOT NULL,
    budget_id uuid NOT NULL,
    change_id uuid NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    change jsonb NOT NULL,
    PRIMARY KEY (team_id, budget_id, change_id)
);

CREATE TABLE price_changes (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    model text NOT NULL,
    rendering_speed text,
    character_reference boolean NOT NULL,
    effective_from timestamptz NOT NULL,
    old_nusd bigint,
    new_nusd bigint,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL
);

-- Which call a caller's Idempotency-Key stands for.
CREATE TABLE idempotency_keys (
    team_id bigint NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    call_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, key)
);

-- recovered: settled by recovery, which knows less than the gateway that ran the call; that one's word replaces it.
ALTER TABLE calls ADD COLUMN recovered boolean NOT NULL DEFAULT false;
ALTER TABLE call_payloads
    ADD COLUMN idempotency_key text,
    ADD COLUMN error_detail text,
    ADD COLUMN answer jsonb;

DROP VIEW calls_usd;
CREATE VIEW calls_usd AS
SELECT c.*,
    c.cost_nusd / 1000000000.0 AS cost_usd,
    c.estimated_nusd / 1000000000.0 AS estimated_usd,
    c.failover_cost_nusd / 1000000000.0 AS failover_cost_usd
FROM calls AS c;

CREATE VIEW budgets_usd AS
SELECT b.team_id, b.id, b.scope, b.project, b.key_id, b.period, b.hard, b.timezone, w.window_start, w.window_end,
    b.limit_nusd / 1000000000.0 AS limit_usd,
    w.posted_nusd / 1000000000.0 AS spent_usd,
    w.reserved_nusd / 1000000000.0 AS reserved_usd
FROM budgets AS b JOIN budget_windows AS w ON w.team_id = b.team_id AND w.budget_id = b.id;

"""##
        ),
        Migration(
            version: 4,
            name: "0004_reconciliation",
            sql: ##"""
-- Comparisons of the log with the providers' own figures, day by day (UTC) and model by model.

-- provider_nusd is NULL where a figure of the provider's could not be understood (M1). Both ends of the days are included.
CREATE TABLE reconciliations (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    from_day date NOT NULL,
    to_day date NOT NULL,
    source text NOT NULL,
    created_at timestamptz NOT NULL,
    log_nusd bigint NOT NULL,
    estimated_nusd bigint NOT NULL,
    provider_nusd bigint,
    equal_rows bigint NOT NULL,
    explained_rows bigint NOT NULL,
    unexplained_rows bigint NOT NULL,
    foreign_usage jsonb NOT NULL,
    remarks jsonb NOT NULL
);
CREATE INDEX reconciliations_newest ON reconciliations (created_at, id);

-- model is '' where the day is compared as a whole.
CREATE TABLE reconciliation_rows (
    reconciliation_id uuid NOT NULL,
    day date NOT NULL,
    model text NOT NULL,
    log_models jsonb NOT NULL,
    log_nusd bigint NOT NULL,
    estimated_nusd bigint NOT NULL,
    provider_nusd bigint,
    log_requests bigint NOT NULL,
    log_images bigint NOT NULL,
    provider_requests bigint,
    provider_images bigint,
    status text NOT NULL CHECK (status IN ('equal', 'explained', 'unexplained')),
    unexplained_nusd bigint,
    explanations jsonb NOT NULL,
    PRIMARY KEY (reconciliation_id, day, model)
);

-- The last comparison in which the attempt's day and model came out equal or explained.
ALTER TABLE attempts ADD COLUMN reconciliation_id uuid;

DROP VIEW attempts_usd;
CREATE VIEW attempts_usd AS
SELECT a.*,
    a.cost_nusd / 1000000000.0 AS cost_usd,
    a.bound_nusd / 1000000000.0 AS bound_usd,
    a.price_per_image_nusd / 1000000000.0 AS price_per_image_usd
FROM attempts AS a;

"""##
        ),
        Migration(
            version: 5,
            name: "0005_open_attempts",
            sql: ##"""
-- What recovery looks for: attempts of which something is still to find out.
CREATE INDEX attempts_open ON attempts (started_at)
    WHERE outcome = 'unknown' OR (outcome = 'partial' AND cost_basis = 'unknown');
DROP INDEX attempts_unknown;

"""##
        ),
        Migration(
            version: 6,
            name: "0006_shadow",
            sql: ##"""
-- Shadows: the request of a call, sent once to a second provider for comparison, with a budget of its own.
-- They are kept apart: no call, attempt, picture, team budget or usage figure knows of them.

-- One row for each shadow, written before its first byte leaves (M4). While cost_nusd is NULL the day's window holds the
-- bound back (M7).
CREATE TABLE shadows (
    team_id bigint NOT NULL,
    started_at timestamptz NOT NULL,
    shadow_id uuid NOT NULL,
    call_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    window_start timestamptz NOT NULL,
    gateway_id uuid NOT NULL,
    lease_ends_at timestamptz NOT NULL,
    policy text NOT NULL,
    model text NOT NULL,
    rendering_speed text NOT NULL,
    copyright_detection boolean NOT NULL,
    provider text NOT NULL,
    provider_model text NOT NULL,
    task_id uuid NOT NULL,
    provider_task_id text,
    provider_request_id text,
    images_asked integer NOT NULL CHECK (images_asked > 0),
    bound_nusd bigint NOT NULL CHECK (bound_nusd >= 0),
    price_per_image_nusd bigint NOT NULL,
    outcome text NOT NULL,
    reason text,
    error_code text,
    http_status integer,
    sent boolean,
    cost_nusd bigint CHECK (cost_nusd >= 0),
    cost_basis text,
    first_byte_ms double precision,
    total_ms double precision,
    ended_at timestamptz,
    images_returned integer NOT NULL DEFAULT 0,
    withheld integer NOT NULL DEFAULT 0,
    nsfw_images integer NOT NULL DEFAULT 0,
    nsfw_checked integer NOT NULL DEFAULT 0,
    copyright_checked integer NOT NULL DEFAULT 0,
    copyright_flagged integer NOT NULL DEFAULT 0,
    copyright_undetermined integer NOT NULL DEFAULT 0,
    PRIMARY KEY (team_id, started_at, shadow_id)
) PARTITION BY RANGE (started_at);
CREATE INDEX shadows_call ON shadows (team_id, call_id);
CREATE INDEX shadows_received ON shadows (received_at);
CREATE INDEX shadows_open ON shadows (started_at) WHERE cost_nusd IS NULL;

-- What the shadows of a policy have cost on a day, UTC, at whatever provider. A shadow counts for the day of its started_at.
-- ceiling: the highest limit of the day, and what a provider charged beyond its price (M2's exception).
CREATE TABLE shadow_windows (
    policy text NOT NULL,
    window_start timestamptz NOT NULL,
    ceiling_nusd bigint NOT NULL,
    posted_nusd bigint NOT NULL DEFAULT 0 CHECK (posted_nusd >= 0),
    reserved_nusd bigint NOT NULL DEFAULT 0 CHECK (reserved_nusd >= 0),
    PRIMARY KEY (policy, window_start),
    CONSTRAINT shadow_windows_within_ceiling CHECK (posted_nusd + reserved_nusd <= ceiling_nusd)
) WITH (fillfactor = 50);

CREATE VIEW shadows_usd AS
SELECT s.*,
    s.cost_nusd / 1000000000.0 AS cost_usd,
    s.bound_nusd / 1000000000.0 AS bound_usd,
    s.price_per_image_nusd / 1000000000.0 AS price_per_image_usd
FROM shadows AS s;

-- Everything that a provider was asked for and may bill, which is what its figures are compared with.
CREATE VIEW provider_requests AS
SELECT team_id, provider, provider_model, started_at, ended_at, attempt_id, call_id, images_returned, sent, cost_nusd,
    cost_basis, bound_nusd
FROM attempts
UNION ALL
SELECT team_id, provider, provider_model, started_at, ended_at, shadow_id, call_id, images_returned, sent, cost_nusd,
    cost_basis, bound_nusd
FROM shadows;

"""##
        ),
        Migration(
            version: 7,
            name: "0007_rollups",
            sql: ##"""
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

"""##
        ),
        Migration(
            version: 8,
            name: "0008_alerts",
            sql: ##"""
-- Alerts: what rules found, what people were told of it, and whether it arrived.

-- How a gateway stands, told with each sign of life: {providers: [{name, state, cause?, reason?}], journalPending}.
ALTER TABLE gateways ADD COLUMN sign jsonb;
-- By the clock of the database: those of gateways differ.
ALTER TABLE gateways ADD COLUMN signed_at timestamptz;

-- Charges beyond what was held back for them are rare, and are asked for often.
CREATE INDEX attempts_overcharged ON attempts (started_at) WHERE cost_nusd > bound_nusd;

-- The last finding of each rule about each subject that ever fired. level 0: not any more.
CREATE TABLE alert_states (
    rule text NOT NULL,
    subject text NOT NULL,
    instance text NOT NULL,
    level integer NOT NULL CHECK (level >= 0),
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    value text NOT NULL,
    summary text NOT NULL,
    details jsonb NOT NULL,
    since timestamptz NOT NULL,
    calm_since timestamptz,
    -- Whether people know that it fires.
    told boolean NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (rule, subject)
);

-- Changes, tests and scheduled reports. The id is what receivers tell a repeat by.
CREATE TABLE alert_events (
    event_id uuid PRIMARY KEY,
    type text NOT NULL,
    happened_at timestamptz NOT NULL,
    rule text NOT NULL,
    subject text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    title text NOT NULL,
    body text NOT NULL,
    data jsonb NOT NULL,
    -- Set where the same must not be recorded twice, as a week's report.
    once_key text UNIQUE,
    muted boolean NOT NULL
);

-- One row for each destination of an event. A pending one is due at next_attempt_at; a dead one was given up and is kept.
CREATE TABLE alert_deliveries (
    delivery_id uuid PRIMARY KEY,
    event_id uuid NOT NULL,
    destination text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'delivered', 'dead')),
    attempts integer NOT NULL,
    next_attempt_at timestamptz,
    ended_at timestamptz,
    http_status integer,
    last_error text,
    CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL))
);
CREATE UNIQUE INDEX alert_deliveries_event ON alert_deliveries (event_id, destination);
CREATE INDEX alert_deliveries_due ON alert_deliveries (next_attempt_at) WHERE status = 'pending';
CREATE INDEX alert_deliveries_dead ON alert_deliveries (event_id) WHERE status = 'dead';

-- Nobody is told of a rule, or of one subject of it, until then.
CREATE TABLE alert_mutes (
    mute_id uuid PRIMARY KEY,
    rule text NOT NULL,
    subject text,
    muted_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);

"""##
        ),
        Migration(
            version: 9,
            name: "0009_months",
            sql: ##"""
-- Sums by month, so that a report of a month reads one row where it read thirty.

ALTER TABLE usage_pending DROP CONSTRAINT usage_pending_level_check;
ALTER TABLE usage_pending ADD CHECK (level IN ('hour', 'day', 'month'));

CREATE TABLE usage_month (LIKE usage_day INCLUDING ALL);
CREATE TABLE usage_month_summary (LIKE usage_day_summary INCLUDING ALL);
CREATE TABLE attempt_month (LIKE attempt_day INCLUDING ALL);

-- What is summed up by day already is summed up by the daemon's next passes.
INSERT INTO usage_pending (team_id, level, bucket)
SELECT DISTINCT team_id, 'month', date_trunc('month', bucket, 'UTC') FROM usage_day;

"""##
        ),
        Migration(
            version: 10,
            name: "0010_inline_histograms",
            sql: ##"""
-- A row of a busy month with its histogram is little more than 2,000 bytes, from where on PostgreSQL compresses. Reports read
-- these rows many times and unpacking costs; up to a page they stay as they are. Rows that exist are not changed until their
-- window is summed up again.

ALTER TABLE usage_day_summary SET (toast_tuple_target = 8160);
ALTER TABLE usage_month_summary SET (toast_tuple_target = 8160);
ALTER TABLE attempt_day SET (toast_tuple_target = 8160);
ALTER TABLE attempt_month SET (toast_tuple_target = 8160);

"""##
        ),
        Migration(
            version: 11,
            name: "0011_usage_faults",
            sql: ##"""
-- Windows that could not be summed up, such as one whose sum leaves the range of its column: they are left out until
-- their next turn, and hold up no other window. Reports and `db verify` name them.
CREATE TABLE usage_faults (
    team_id bigint NOT NULL,
    level text NOT NULL CHECK (level IN ('minute', 'hour', 'day', 'month')),
    bucket timestamptz NOT NULL,
    -- The database's own words, without values.
    reason text NOT NULL,
    tries integer NOT NULL,
    failed_at timestamptz NOT NULL,
    retry_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, level, bucket)
);

-- Attempts whose provider claimed a cost beyond belief; the alert `overcharge` tells of them.
CREATE INDEX attempts_claims ON attempts (started_at) WHERE extra ? 'easel_claimed_cost_usd';

"""##
        ),
        Migration(
            version: 12,
            name: "0012_races",
            sql: ##"""
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

"""##
        ),
        Migration(
            version: 13,
            name: "0013_projects",
            sql: ##"""
-- Whether the calls of a key may name no other project than its own, and which projects a team has; NULL: any.
ALTER TABLE api_keys ADD COLUMN project_bound boolean NOT NULL DEFAULT false;
ALTER TABLE teams ADD COLUMN known_projects jsonb;

-- Names are kept in NFC from now on. A budget whose name is composed anew where one of that name stands already keeps its
-- old spelling, which no call has any more. What was logged stays as it was written.
DO $$
BEGIN
    IF current_setting('server_encoding') = 'UTF8' THEN
        UPDATE api_keys SET project = normalize(project, NFC) WHERE project IS NOT NFC NORMALIZED;
        UPDATE budgets AS b SET project = normalize(b.project, NFC)
        WHERE b.project IS NOT NFC NORMALIZED AND NOT EXISTS (
            SELECT 1 FROM budgets AS o
            WHERE o.team_id = b.team_id AND o.id <> b.id AND o.scope = b.scope AND o.period = b.period
                AND (o.limit_nusd IS NULL) = (b.limit_nusd IS NULL)
                AND normalize(o.project, NFC) = normalize(b.project, NFC));
        UPDATE budget_windows AS w SET project = b.project
        FROM budgets AS b WHERE b.team_id = w.team_id AND b.id = w.budget_id AND b.project IS DISTINCT FROM w.project;
    END IF;
END $$;

"""##
        ),
        Migration(
            version: 14,
            name: "0014_page",
            sql: ##"""
-- Who is signed in at the built-in page. The cookie's value is nowhere, only its SHA-256 (S1); the key's hash says whose
-- session it is, so that it ends with the key.
CREATE TABLE sessions (
    hash bytea PRIMARY KEY,
    key_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_key ON sessions (key_hash, created_at);

-- Who changed what and when. Ids are of version 7, so that they are in the order of time. Secrets are never among the values.
CREATE TABLE audit_events (
    event_id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    actor_key_id uuid,
    actor_team text,
    action text NOT NULL,
    subject text NOT NULL,
    before jsonb,
    after jsonb
);

-- Calls in the order in which they ended, for those who follow the log.
CREATE INDEX calls_settled ON calls (settled_at) WHERE settled_at IS NOT NULL;

"""##
        ),
        Migration(
            version: 15,
            name: "0015_report_views",
            sql: ##"""
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

"""##
        ),
    ]
}
