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
