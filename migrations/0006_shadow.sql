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
