#!/usr/bin/env python3
"""What `easel db verify` costs at the size of a log: fills databases of several sizes as reports_size.py does, with budgets of
the organisation, of teams and of keys, and proves each. One machine, one run: read the ratios; a rule that grows with the log
takes as many times longer as the log is larger. The databases are made in a temporary directory and removed.
"""
import argparse
import json
import subprocess
import sys
import time

from figures import client
from figures.place import Place, Postgres
from reports_size import SizedLog, execute

# So many teams have budgets of their own.
WITH_BUDGETS = 50


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--easel", default=".build/release/easel", metavar="PATH")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 400_000, 1_600_000], metavar="CALLS")
    parser.add_argument("--out", metavar="FILE")
    options = parser.parse_args()
    place = Place(options.easel, False, None)
    try:
        rows = measure(place, options)
    finally:
        place.close()
    if options.out:
        with open(options.out, "w") as file:
            json.dump(rows, file, indent=1)


def measure(place, options):
    server = Postgres(place)
    for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '8GB'"):
        execute(server, f"ALTER SYSTEM SET {setting}")
    server.stop("fast")
    server.start()
    rows, smaller = [], None
    for size in sorted(options.sizes):
        log = SizedLog(place, server, size)
        log.prepare(smaller)
        if not smaller:
            set_budgets(log)
        windows(log)
        smaller = log
        began = time.monotonic()
        result = subprocess.run([place.easel, "db", "verify", "--config", log.gateway.config], capture_output=True, text=True)
        rows.append({"calls": size, "verify_s": round(time.monotonic() - began, 2), "status": result.returncode})
        print(f"{size:>12,} calls: {rows[-1]['verify_s']} s, exit code {result.returncode}", flush=True)
        if result.returncode:
            sys.exit(f"{result.stdout[:2000]}\n{result.stderr[:2000]}")
    for before, after in zip(rows, rows[1:]):
        print(f"{after['calls'] / before['calls']:.1f} times the calls take {after['verify_s'] / before['verify_s']:.1f} times as long")
    return rows


def set_budgets(log):
    log.gateway.start()
    scopes = [("org", period) for period in ("day", "week", "month", "total")]
    scopes += [(f"team:team-{number}", period) for number in range(1, WITH_BUDGETS + 1) for period in ("day", "month")]
    for scope, period in scopes:
        status, answer = client.call(log.gateway.url, "PUT", "/v1/budgets", log.gateway.admin_key,
                                     {"scope": scope, "period": period, "limit_usd": "10000000", "hard": False})
        if status != 200:
            sys.exit(f"a budget could not be set: {answer}")
    log.gateway.terminate()


# A window for each budget and each of its periods that has calls, as they would have been opened one after the other.
WINDOWS = """
TRUNCATE budget_windows;
INSERT INTO budget_windows (team_id, budget_id, window_start, window_end, scope, project, key_id, posted_nusd, posted_images,
    reserved_nusd, reserved_images, ceiling_nusd, ceiling_images)
SELECT b.team_id, b.id, begun, CASE b.period WHEN 'total' THEN timestamptz '10000-01-01 00:00:00+00'
        ELSE date_trunc(b.period, begun + CASE b.period WHEN 'day' THEN interval '36 hours' WHEN 'week' THEN interval '8 days'
            ELSE interval '32 days' END, 'UTC') END,
    b.scope, b.project, b.key_id, sum(nusd), sum(images), 0, 0, 9e18::bigint, 0
FROM budgets AS b
JOIN (SELECT team_id, date_trunc('day', received_at, 'UTC') AS day, sum(cost_nusd) AS nusd, sum(images_delivered) AS images
    FROM calls WHERE status <> 'in_progress' GROUP BY 1, 2) AS c ON b.team_id IN (0, c.team_id),
LATERAL (SELECT CASE b.period WHEN 'total' THEN timestamptz 'epoch' ELSE date_trunc(b.period, c.day, 'UTC') END AS begun) AS w
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


def windows(log):
    execute(log.database, WINDOWS)


if __name__ == "__main__":
    main()
