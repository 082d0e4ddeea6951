-- Sums by month, so that a report of a month reads one row where it read thirty.

ALTER TABLE usage_pending DROP CONSTRAINT usage_pending_level_check;
ALTER TABLE usage_pending ADD CHECK (level IN ('hour', 'day', 'month'));

CREATE TABLE usage_month (LIKE usage_day INCLUDING ALL);
CREATE TABLE usage_month_summary (LIKE usage_day_summary INCLUDING ALL);
CREATE TABLE attempt_month (LIKE attempt_day INCLUDING ALL);

-- What is summed up by day already is summed up by the daemon's next passes.
INSERT INTO usage_pending (team_id, level, bucket)
SELECT DISTINCT team_id, 'month', date_trunc('month', bucket, 'UTC') FROM usage_day;
