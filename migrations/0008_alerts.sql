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
