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
    ]
}
