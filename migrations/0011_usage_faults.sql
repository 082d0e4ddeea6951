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
