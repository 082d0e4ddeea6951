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
