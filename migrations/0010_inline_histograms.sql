-- A row of a busy month with its histogram is little more than 2,000 bytes, from where on PostgreSQL compresses. Reports read
-- these rows many times and unpacking costs; up to a page they stay as they are. Rows that exist are not changed until their
-- window is summed up again.

ALTER TABLE usage_day_summary SET (toast_tuple_target = 8160);
ALTER TABLE usage_month_summary SET (toast_tuple_target = 8160);
ALTER TABLE attempt_day SET (toast_tuple_target = 8160);
ALTER TABLE attempt_month SET (toast_tuple_target = 8160);
