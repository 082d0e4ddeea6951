#!/usr/bin/env python3
"""What reports cost at the size of a log: fills a database, rolls it up, and asks for a month by team and provider.

Calls are spread over 90 days and 200 teams of unequal size, in bursts of 40 within a minute as batches make them, with
attempts, failovers, images, projects and tags. Beside the
report stands the same question as a plain query over the log. One machine, one run: read the ratios. The database is made in a
temporary directory and removed.
"""
import argparse
import concurrent.futures
import datetime
import json
import os
import statistics
import subprocess
import sys
import time

from figures import client
from figures.place import Gateway, Place, Postgres

DAYS = 90
TEAMS = 200
# Calls that a team makes in one go.
BURST = 40
# That fill the log at a time.
SESSIONS = 2
# Times that each is asked.
ROUNDS = 21

# One day's calls; the id holds the time, as the gateway's do.
CALLS = """
INSERT INTO calls (team_id, received_at, call_id, key_id, gateway_id, project, tags, policy, model, provider, last_provider,
    status, images_requested, images_delivered, bound_nusd, cost_nusd, estimated_nusd, cost_basis, failover_cost_nusd,
    latency_ms, attempts, failover, settled_at)
SELECT team, at, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(id, 14, 3) || '8' ||
        substr(id, 18))::uuid,
    ('00000000-0000-4000-8000-' || lpad((team * 2 + n %% 2)::text, 12, '0'))::uuid, '00000000-0000-4000-8000-000000000000',
    'project-' || n %% 3, jsonb_build_object('campaign', 'c' || n %% 5), 'failover',
    (ARRAY['ideogram-4.0', 'ideogram-4.0', 'ideogram-3.0', 'ideogram-1.0'])[n %% 4 + 1],
    CASE WHEN n %% 50 <> 0 THEN provider END, provider, CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'succeeded' END,
    n %% 3 + 1, CASE WHEN n %% 50 = 0 THEN 0 ELSE n %% 3 + 1 END, 180000000,
    CASE WHEN n %% 50 = 0 THEN 0 ELSE (n %% 3 + 1) * 60000000 END,
    CASE WHEN provider = 'ideogram' AND n %% 50 <> 0 THEN (n %% 3 + 1) * 60000000 ELSE 0 END,
    CASE WHEN provider = 'ideogram' THEN 'price_book' ELSE 'provider' END, 0,
    (exp(8.3 + 0.6 * (random() + random() + random() + random() - 2) * 1.73))::bigint,
    CASE WHEN n %% 20 = 0 THEN 2 ELSE 1 END, n %% 20 = 0, at + interval '6 seconds'
FROM (
    SELECT b * %(burst)s + i AS n, team, replace(gen_random_uuid()::text, '-', '') AS id,
        date_trunc('milliseconds', begun + i * interval '1.5 seconds') AS at,
        CASE WHEN i %% 10 < 7 THEN 'runware' ELSE 'ideogram' END AS provider
    FROM (
        SELECT b, 1 + floor(%(teams)s * power(random(), 2))::bigint AS team,
            timestamptz '%(day)s' + random() * interval '23 hours 58 minutes' AS begun
        FROM generate_series(0, greatest(1, %(count)s / %(burst)s) - 1) AS b
    ) AS bursts, generate_series(0, least(%(burst)s, %(count)s) - 1) AS i
) AS rows
"""
ATTEMPTS = """
INSERT INTO attempts (team_id, started_at, attempt_id, call_id, ordinal, provider, provider_model, task_id, images_asked,
    images_returned, bound_nusd, price_per_image_nusd, outcome, reason, error_code, http_status, sent, cost_nusd, cost_basis,
    connect_ms, tls_ms, first_byte_ms, total_ms, ended_at)
SELECT team_id, received_at + ordinal * interval '1 ms', md5(call_id::text || ordinal)::uuid, call_id, ordinal,
    CASE WHEN ordinal = attempts THEN last_provider WHEN last_provider = 'runware' THEN 'ideogram' ELSE 'runware' END,
    model, gen_random_uuid(), images_requested, CASE WHEN ordinal = attempts THEN images_delivered ELSE 0 END, 180000000,
    60000000, CASE WHEN ordinal = attempts AND status = 'succeeded' THEN 'succeeded' ELSE 'failed' END,
    CASE WHEN ordinal = attempts AND status = 'succeeded' THEN 'ok' ELSE 'timeout' END,
    CASE WHEN ordinal = attempts AND status = 'succeeded' THEN NULL ELSE 'http_500' END, 200, true,
    CASE WHEN ordinal = attempts THEN cost_nusd ELSE 0 END, cost_basis, 12, 30, latency_ms * 0.9, latency_ms, settled_at
FROM calls, generate_series(1, attempts) AS ordinal
WHERE received_at >= '%(day)s' AND received_at < timestamptz '%(day)s' + interval '1 day'
"""
IMAGES = """
INSERT INTO images (team_id, created_at, image_id, call_id, attempt_id, ordinal, nsfw, copyright, withheld, width, height,
    format, bytes)
SELECT team_id, received_at + interval '5 s', gen_random_uuid(), call_id, md5(call_id::text || attempts)::uuid, ordinal, random() < 0.01,
    CASE WHEN random() < 0.7 THEN 'not_requested' WHEN random() < 0.97 THEN 'clear' ELSE 'flagged' END, false, 1024, 1024,
    'png', 1200000
FROM calls, generate_series(1, images_delivered) AS ordinal
WHERE received_at >= '%(day)s' AND received_at < timestamptz '%(day)s' + interval '1 day'
"""
MARKS = """
INSERT INTO usage_changes (team_id, change_id, bucket, changed_at)
SELECT team_id, gen_random_uuid(), bucket, now()
FROM (SELECT DISTINCT team_id, date_trunc('minute', received_at) AS bucket FROM calls
    WHERE received_at >= '%(day)s' AND received_at < timestamptz '%(day)s' + interval '1 day') AS windows
"""
# Calls that have just ended, in one transaction, with a mark for each as the gateway leaves them.
JUST_ENDED = "date_trunc('milliseconds', now() - interval '6 seconds')"
THE_DAY = "received_at >= '%(day)s' AND received_at < timestamptz '%(day)s' + interval '1 day'"
LOAD = "BEGIN; {}; {}; {}; {}; COMMIT;\n".format(
    CALLS.replace("date_trunc('milliseconds', begun + i * interval '1.5 seconds')", JUST_ENDED).strip(),
    ATTEMPTS.replace(THE_DAY, f"received_at = {JUST_ENDED}").strip(), IMAGES.replace(THE_DAY, f"received_at = {JUST_ENDED}").strip(),
    "INSERT INTO usage_changes (team_id, change_id, bucket, changed_at) SELECT team_id, gen_random_uuid(), "
    f"date_trunc('minute', received_at), now() FROM calls WHERE received_at = {JUST_ENDED}")
OPEN = """
SELECT (EXISTS (SELECT 1 FROM usage_changes)
    OR EXISTS (SELECT 1 FROM usage_pending WHERE level = 'month' AND bucket < date_trunc('month', now())))::integer AS open
"""
NAIVE = """
SELECT t.name, coalesce(c.provider, c.last_provider) AS provider, count(*), sum(images_delivered), sum(cost_nusd) AS cost,
    percentile_disc(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY latency_ms)
FROM calls AS c JOIN teams AS t ON t.id = c.team_id
WHERE received_at >= '%(from)s 00:00:00+00' AND received_at < '%(to)s 00:00:00+00' AND status <> 'in_progress' GROUP BY 1, 2
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--easel", default=".build/release/easel", metavar="PATH")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 10_000_000], metavar="CALLS")
    parser.add_argument("--rate", type=int, default=500, metavar="CALLS", help="a second, in the test of freshness; 0: none")
    parser.add_argument("--seconds", type=float, default=30, help="of that test")
    parser.add_argument("--out", metavar="FILE")
    parser.add_argument("--place", metavar="DIR", help="work there and keep it; sizes that it holds are only measured again, and the test of "
                                                    "freshness adds its calls to the largest")
    options = parser.parse_args()
    place = Place(options.easel, False, options.place)
    try:
        rows = measure(place, options)
    finally:
        place.close()
    if options.out:
        with open(options.out, "w") as file:
            json.dump(rows, file, indent=1)


def execute(database, statement):
    result = subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", database.url, "-c", statement],
                            capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"psql: {result.stderr.strip()}")


def measure(place, options):
    server = Postgres(place)
    # A log of this size is loaded once, and read: the settings are those of a small server with little to lose.
    for setting in ("shared_buffers = '512MB'", "fsync = off", "full_page_writes = off", "max_wal_size = '8GB'",
                    "work_mem = '64MB'", "random_page_cost = 1.1"):
        execute(server, f"ALTER SYSTEM SET {setting}")
    server.stop("fast")
    server.start()
    logs, smaller = [], None
    for size in sorted(options.sizes):
        log = SizedLog(place, server, size)
        log.prepare(smaller)
        logs.append(log)
        smaller = log
    rows = ask(logs)
    show(rows)
    if options.rate:
        last = logs[-1]
        last.gateway.start()
        rows[-1]["freshness"] = freshness(place, last.gateway, last.reporter, last.database, options)
        print("{rate} calls a second: {calls} calls in {seconds} s; each was in the report {worst_s} s after its commit at the "
              "latest ({median_s} s at the median), the rollups {rollup_lag_s} s behind at most".format(**rows[-1]["freshness"]))
    return rows


class SizedLog:
    """A database with so many calls, and a gateway and a reporter for it."""

    def __init__(self, place, server, size):
        self.server, self.size, self.name = server, size, f"calls_{size}"
        self.database = server.database(self.name)
        settings = "providers:\n  runware: { kind: runware, base_url: 'http://127.0.0.1:9/v1', api_key: none }\nrouting:\n" \
                   "  default: one\n  policies:\n    one: { order: [runware] }\n"
        self.gateway = Gateway(place, f"gateway-{size}", settings, self.database, only="gateway")
        self.reporter = Gateway(place, f"reporter-{size}", settings, self.database, only="reporter")
        self.note = place.path(f"{self.name}.json")

    def prepare(self, smaller):
        """Fills the database, on top of a copy of a smaller one, and sums it up, unless a note says that all of it is done."""
        if os.path.exists(self.note):
            with open(self.note) as file:
                self.made = json.load(file)
            return
        self.server.run("dropdb", "--if-exists", "-h", self.server.directory, "-U", "easel", self.name)
        self.server.create(self.name, smaller.name if smaller else "template0")
        fill = self.fill(self.size - (smaller.size if smaller else 0), not smaller)
        print(f"{self.size:,} calls: filled in {fill} s", flush=True)
        self.made = {"calls": self.size, "fill_s": fill, "rollup_s": self.roll_up()}
        print(f"{self.size:,} calls: rolled up in {self.made['rollup_s']} s", flush=True)
        with open(self.note, "w") as file:
            json.dump(self.made, file)

    def fill(self, count, is_new):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        days = [today - datetime.timedelta(days=age) for age in range(DAYS, 0, -1)]
        began = time.monotonic()
        if is_new:
            self.gateway.start()
            self.gateway.terminate()
            execute(self.database, f"INSERT INTO teams (name, created_at) SELECT 'team-' || n, now() "
                                   f"FROM generate_series(1, {TEAMS}) AS n")

        # A copy of an older place has none for the days since.
        for month in sorted({(day.year, day.month) for day in days}):
            partition(self.database, *month)

        def fill_day(day):
            values = {"day": f"{day} 00:00:00+00", "count": count // DAYS, "teams": TEAMS, "burst": BURST}
            execute(self.database, "; ".join(text % values for text in (CALLS, *only_new(), MARKS)))

        with concurrent.futures.ThreadPoolExecutor(SESSIONS) as sessions:
            list(sessions.map(fill_day, days))
        execute(self.database, "VACUUM ANALYZE")
        return round(time.monotonic() - began)

    def roll_up(self):
        began = time.monotonic()
        self.reporter.start()
        while self.database.query(OPEN)[0]["open"]:
            time.sleep(0.5)
        rolled = round(time.monotonic() - began)
        self.reporter.terminate()
        execute(self.database, "VACUUM ANALYZE")
        return rolled


def freshness(place, gateway, reporter, database, options):
    """Calls end at a steady rate while the day's report is asked for again and again: how long until each call is in it."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    path = f"/v1/reports/usage?from={today}&group_by=team,provider"
    batch, pause = options.rate // 5, 0.2
    reporter.start()
    writer = subprocess.Popen(["psql", "-Xqt", "-v", "ON_ERROR_STOP=1", database.url], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True, bufsize=1)
    def counted():
        status, body = client.call(gateway.url, "GET", path, gateway.admin_key)
        if status != 200:
            sys.exit(f"the report: {status} {body}")
        return body["totals"]["calls"]

    def write(begin):
        for number in range(int(options.seconds / pause)):
            time.sleep(max(0, begin + number * pause - time.monotonic()))
            writer.stdin.write(LOAD % {"count": batch, "teams": TEAMS, "burst": 1, "day": "2000-01-01"} + "\\echo done\n")
            writer.stdin.flush()
            if writer.stdout.readline().strip() != "done":
                sys.exit("the writer failed")
            commits.append((time.monotonic(), (number + 1) * batch))

    base, commits, waits, lags = counted(), [], [], []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        writing = pool.submit(write, began)
        waiting = 0
        while not writing.done() or waiting < len(commits):
            shown = counted() - base
            now = time.monotonic()
            while waiting < len(commits) and commits[waiting][1] <= shown:
                waits.append(max(0, now - commits[waiting][0]))
                waiting += 1
            lags.append(database.query("SELECT coalesce(extract(epoch FROM now() - min(changed_at)), 0)::float8 AS lag "
                                       "FROM usage_changes")[0]["lag"])
        writing.result()
        took = commits[-1][0] - began
    writer.stdin.close()
    writer.wait()
    reporter.terminate()
    return {"rate": round(len(commits) * batch / took), "calls": len(commits) * batch, "seconds": round(took, 1),
            "worst_s": round(max(waits), 2), "median_s": round(statistics.median(waits), 2), "rollup_lag_s": round(max(lags), 2),
            "reports": len(lags)}


def only_new():
    """Attempts and images of calls that have none yet."""
    return [text.rstrip() + f" AND NOT EXISTS (SELECT 1 FROM {table} AS p WHERE p.team_id = calls.team_id AND p.call_id = "
            "calls.call_id)" for text, table in ((ATTEMPTS, "attempts"), (IMAGES, "images"))]


def partition(database, year, month):
    first, following = f"{year}-{month:02}-01", f"{year + month // 12}-{month % 12 + 1:02}-01"
    for table in ("calls", "call_payloads", "attempts", "images"):
        execute(database, f"CREATE TABLE IF NOT EXISTS {table}_{year}_{month:02} PARTITION OF {table} "
                          f"FOR VALUES FROM ('{first} 00:00:00+00') TO ('{following} 00:00:00+00')")


def ask(logs):
    """Asks all of them in turn, so that what else the machine does falls on all of them."""
    for log in logs:
        log.gateway.start()
    first, following = month()
    whole = f"/v1/reports/usage?from={first}T00:00:00Z&to={following}T00:00:00Z&group_by=team,provider"
    times, rolling = {log: [] for log in logs}, {log: [] for log in logs}
    bodies = {}
    for _ in range(ROUNDS):
        for log in logs:
            bodies[log] = timed(log, whole, times[log])
            timed(log, "/v1/reports/usage?from=30d&group_by=team,provider", rolling[log])
    rows = []
    for log in logs:
        log.gateway.terminate()
        began = time.monotonic()
        naive = log.database.query(NAIVE % {"from": first, "to": following})
        naive_ms = (time.monotonic() - began) * 1000
        told = sorted((row["name"], row["provider"], row["count"], row["cost"]) for row in naive)
        shown = sorted((row["team"], row["provider"], row["calls"], round(float(row["cost_usd"]) * 1e9))
                       for row in bodies[log]["rows"])
        if told != shown:
            sys.exit(f"the report and the log differ: {set(told) ^ set(shown)}"[:2000])
        sizes = log.database.query(
            "SELECT pg_database_size(current_database()) AS bytes, (SELECT count(*) FROM usage_minute) AS minutes, "
            "(SELECT count(*) FROM usage_day_summary) AS summaries")[0]
        rows.append(log.made | {
            "report_ms": round(statistics.median(times[log]), 1), "first_ms": round(times[log][0], 1),
            "rolling_ms": round(statistics.median(rolling[log]), 1), "naive_ms": round(naive_ms), "rows": len(shown),
            "database_mib": sizes["bytes"] >> 20, "minutes": sizes["minutes"], "day_summaries": sizes["summaries"]})
    return rows


def month():
    """The last month that is over, as its first day and that of the month after it."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    following = today.replace(day=1)
    return (following - datetime.timedelta(days=1)).replace(day=1), following


def timed(log, path, times):
    began = time.monotonic()
    status, body = client.call(log.gateway.url, "GET", path, log.gateway.admin_key)
    times.append((time.monotonic() - began) * 1000)
    if status != 200:
        sys.exit(f"the report: {status} {body}")
    return body


def show(rows):
    first = rows[0]
    for row in rows:
        ratio = f", {row['report_ms'] / first['report_ms']:.2f} of that at {first['calls']:,}" if row is not first else ""
        print(f"{row['calls']:,} calls ({row['database_mib']:,} MiB): filled in {row['fill_s']} s, rolled up in {row['rollup_s']} s; a month by "
              f"team and provider ({row['rows']} rows) in {row['report_ms']} ms (the first time {row['first_ms']}){ratio}; "
              f"the last 30 days in {row['rolling_ms']} ms; the month over the log {row['naive_ms']} ms", flush=True)


if __name__ == "__main__":
    main()
