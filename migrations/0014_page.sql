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
