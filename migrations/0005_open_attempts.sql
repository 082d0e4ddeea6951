-- What recovery looks for: attempts of which something is still to find out.
CREATE INDEX attempts_open ON attempts (started_at)
    WHERE outcome = 'unknown' OR (outcome = 'partial' AND cost_basis = 'unknown');
DROP INDEX attempts_unknown;
