"""SIGTERM under load: what was accepted is answered and settled, and the gateway ends with 0."""
import random
import time

from . import books, client
from .outage import POLICIES
from .place import Gateway, Place, Postgres
from .providers import Providers
from .report import Report

THREADS = 16
GRACE = 20


def run(options):
    report = Report("sigterm")
    place = Place(options.easel, options.keep)
    try:
        sigterm(report, place, options)
    finally:
        place.close()
    report.finish()
    return report


def sigterm(report, place, options):
    chance = random.Random(options.seed)
    # Most calls are short, so that requests come in at the very moment of the signal; some are in flight in any case.
    providers = Providers.choose(place, options, latency="20ms")
    providers.set_faults([{"on": "submit", "kind": "latency", "extra": "2s", "every": 40}])
    # A database of our own: an embedded one ends with its gateway, and the log is to be read afterwards.
    database = Postgres(place)
    deliveries = {"runware": ("runware", "async"), "ideogram": ("ideogram", "sync")}
    settings = providers.settings(deliveries, timeout="20s")
    settings += f"shutdown_grace: {GRACE}s\nrouting:\n  default: runware-first\n  policies:\n"
    settings += "".join(f"    {name}: {{ {text} }}\n" for name, text in POLICIES.items())
    gateway = Gateway(place, "gateway", settings, database)
    report.say(f"{options.stops} times: SIGTERM while {THREADS} clients send")
    answers, codes, took, in_flight, key = [], [], [], 0, None
    for number in range(options.stops):
        gateway.start()
        key = key or client.make_team(gateway, "sigterm")

        def make(chance, tag):
            return client.Order(key, client.remix_body(tag, count=chance.choice([1, 1, 2]),
                                                       policy=chance.choice(list(POLICIES))),
                                respond_async=chance.random() < 0.1)

        load = client.Load([gateway.url], make, THREADS, f"sigterm-{options.seed}-{number}", until_refused=True,
                           half_fresh=True)
        time.sleep(chance.uniform(1.5, 3))
        asked = time.time()
        codes.append(gateway.terminate(GRACE + 30))
        took.append(time.time() - asked)
        report.check(load.stop(30), f"stop {number + 1}: every client came to an end")
        answers += load.answers
        in_flight += sum(a.sent_at < asked < a.ended_at for a in load.answers)
    log = books.Log(database.query, {name: kind for name, (kind, _) in deliveries.items()})
    report.figure("answers", client.statuses(answers))
    report.figure("in flight at the signals", in_flight)
    report.figure("longest end s", round(max(took), 2))
    report.check(all(code == 0 for code in codes), f"exit codes {codes}")
    report.check(max(took) <= GRACE + 2, f"it ended within its grace: {max(took):.1f} s of {GRACE} s")
    cut = [a.evidence() for a in answers if a.error in ("cut", "timeout")]
    report.check(not cut, "no answer was broken off", cut)
    # A connection may be closed before its request is read; then nothing of it may be in the log.
    dropped = [a for a in answers if a.error in ("reset", "refused")]
    accepted = [{**a.evidence(), "row": log.by_tag[a.order.tag]} for a in dropped if a.order.tag in log.by_tag]
    report.figure("not accepted", client.statuses(dropped))
    # A kept connection may be closed whenever it is idle, and clients know; a new one that was taken is to be answered.
    reset = [a.evidence() for a in dropped if a.error == "reset"]
    report.figure("  reset on a kept connection", sum(item["kept"] for item in reset))
    fresh = [item for item in reset if not item["kept"]]
    report.figure("  reset on a new connection", len(fresh))
    report.check(not fresh, f"no new connection was taken and then reset: {len(fresh)} in {options.stops} stops", fresh)
    report.check(not accepted, "every request that was accepted got an answer", accepted)
    other = [a.evidence() for a in answers if a.status and a.status not in (200, 202) and not a.is_put_off()]
    report.check(in_flight and not other, f"{in_flight} calls in flight: answered, or refused with 503 and Retry-After",
                 other)
    books.Comparison(log, providers.entries(), providers).report(report)
    books.check_answers(report, log, answers, idempotent=False)
    books.check_program(report, gateway, log)
