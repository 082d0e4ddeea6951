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
