"""The reporting daemon is killed and frozen under load; afterwards the rollups are what the log says."""
import random
import signal
import time

from . import client
from .place import Gateway, Place, Postgres
from .providers import Providers
from .report import Report

THREADS = 12
# A lease lasts 5 s: whoever is frozen for longer has lost it when it wakes.
FROZEN_FOR = 7
REPORTERS = 2


def run(options):
    report = Report("rollups")
    place = Place(options.easel, options.keep)
    try:
        rollups(report, place, options)
    finally:
        place.close()
    report.finish()
    return report


def rollups(report, place, options):
    chance = random.Random(options.seed)
    providers = Providers.choose(place, options, latency="20ms")
    providers.set_faults([{"on": "submit", "kind": "status", "status": 500, "every": 15}])
    database = Postgres(place)
    settings = providers.settings({"runware": ("runware", "async"), "ideogram": ("ideogram", "sync")}, timeout="20s")
    gateway = Gateway(place, "gateway", settings, database, only="gateway")
    gateway.start()
    daemons = [Gateway(place, f"reporter-{number}", settings, database, only="reporter") for number in range(REPORTERS)]
    for daemon in daemons:
        daemon.start()
    keys = [client.make_team(gateway, f"team-{number}") for number in range(5)]

    def make(chance, tag):
        return client.Order(chance.choice(keys), client.remix_body(tag, count=chance.choice([1, 1, 2, 3])))

    load = client.Load([gateway.url], make, THREADS, f"rollups-{options.seed}")
    report.say(f"{options.rollup_seconds:g} s: {THREADS} clients send, {REPORTERS} reporters are killed and frozen")
    done = {"killed": 0, "killed twice": 0, "frozen": 0}
    frozen = {}
    lags = []
    end = time.monotonic() + options.rollup_seconds
    while time.monotonic() < end:
        time.sleep(chance.uniform(0.3, 0.9))
        if not frozen:
            lags.append(lag(database))
        for daemon, until in list(frozen.items()):
            if time.monotonic() > until:
                daemon.child.send_signal(signal.SIGCONT)
                del frozen[daemon]
        daemon = chance.choice(daemons)
        what = chance.choice(["killed", "killed", "killed twice", "frozen", "nothing"])
        if daemon in frozen or what == "nothing" or (what == "frozen" and frozen):
            continue
        done[what] += 1
        if what == "frozen":
            daemon.child.send_signal(signal.SIGSTOP)
            frozen[daemon] = time.monotonic() + FROZEN_FOR
            continue
        daemon.kill()
        daemon.start()
        if what == "killed twice":
            time.sleep(chance.uniform(0, 0.4))
            daemon.kill()
            daemon.start()
    for daemon in frozen:
        daemon.child.send_signal(signal.SIGCONT)
    report.check(load.stop(60), "every client came to an end")
    answered = [answer for answer in load.answers if answer.status]
    waited = settle(database)
    report.figure("calls", len(answered))
    report.figure("answers", client.statuses(load.answers))
    report.figure("reporters", done)
    report.figure("epochs", database.query("SELECT epoch FROM daemon_state")[0]["epoch"])
    report.figure("longest lag ms", max(lags) if lags else 0)
    report.figure("rolled up after s", waited)
    report.check(done["killed"] + done["killed twice"] > 0 and done["frozen"] > 0, f"reporters came and went: {done}")
    report.check(waited is not None, "what was written is rolled up within 30 s of the end")
    code, found = gateway.verify()
    report.check(code == 0, "easel db verify: rollups are the log, to the nanodollar and the image", found)
    compare(report, gateway, database)


def lag(database):
    """How old the oldest write is that no rollup has taken in, in milliseconds."""
    query = "SELECT coalesce(extract(epoch FROM now() - min(changed_at)) * 1000, 0)::bigint AS ms FROM usage_changes"
    return database.query(query)[0]["ms"]


def settle(database):
    """Seconds until nothing is left to do but what waits for the end of its hour or day; None when it never is."""
    began = time.monotonic()
    while time.monotonic() - began < 30:
        if database.query("SELECT count(*) AS open FROM usage_changes")[0]["open"] == 0:
            return round(time.monotonic() - began, 2)
        time.sleep(0.1)
    return None


SUMS = """
SELECT count(*) AS calls, sum(images_delivered)::bigint AS images,
    (SELECT coalesce(sum(cost_nusd), 0)::bigint FROM attempts) AS nusd,
    count(*) FILTER (WHERE failover) AS failovers
FROM calls WHERE status <> 'in_progress'
"""
ROLLED = """
SELECT sum(calls)::bigint AS calls, sum(images)::bigint AS images, sum(cost_nusd)::bigint AS nusd,
    sum(failovers)::bigint AS failovers
FROM usage_minute
"""


def compare(report, gateway, database):
    log, rolled = database.query(SUMS)[0], database.query(ROLLED)[0]
    report.check(log == rolled, f"sums of the minutes: {rolled}", [f"the log says {log}"])
    path = "/v1/reports/usage?from=2d&group_by=team,provider"
    status, body = client.call(gateway.url, "GET", path, gateway.admin_key)
    totals = body.get("totals", {})
    shown = {"calls": totals.get("calls"), "images": totals.get("images"),
             "nusd": round(float(totals.get("cost_usd", "-1")) * 1e9), "failovers": totals.get("failovers")}
    report.check(status == 200 and shown == log, "the report over HTTP says the same", [f"{status}: {shown}", str(log)])
