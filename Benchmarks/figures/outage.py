"""PostgreSQL goes away under load and comes back (L2): nothing new is spent, and nothing that was told is lost."""
import time

from . import books, client
from .place import Gateway, Place, Postgres
from .providers import Providers
from .report import Report

THREADS = 16
# What the gateway may take to find out that the database is gone, and a little for this machine.
LATEST_REFUSAL = 2.5
BACK_WITHIN = 15
NORMAL = 4
POLICIES = {"runware-first": "order: [runware, ideogram]", "ideogram-first": "order: [ideogram, runware]"}


def run(options):
    report = Report("outage")
    place = Place(options.easel, options.keep)
    try:
        outage(report, place, options)
    finally:
        place.close()
    report.finish()
    return report


def outage(report, place, options):
    providers = Providers.choose(place, options, latency="150ms")
    # Some calls take longer, so that there are always some in flight.
    providers.set_faults([{"on": "submit", "kind": "latency", "extra": "2s", "every": 4}])
    database = Postgres(place)
    kinds = {"runware": ("runware", "async"), "ideogram": ("ideogram", "sync")}
    settings = providers.settings(kinds, timeout="20s")
    settings += "routing:\n  default: runware-first\n  policies:\n"
    settings += "".join(f"    {name}: {{ {text} }}\n" for name, text in POLICIES.items())
    settings += "recovery:\n  interval: 1s\n"
    gateway = Gateway(place, "gateway", settings, database)
    gateway.start()
    key = client.make_team(gateway, "outage")

    def make(chance, tag):
        return client.Order(key, client.remix_body(tag, count=chance.choice([1, 1, 2]),
                                                   policy=chance.choice(list(POLICIES))),
                            respond_async=chance.random() < 0.1)

    report.say(f"{THREADS} clients; PostgreSQL is stopped for {options.seconds} s")
    load = client.Load([gateway.url], make, THREADS, f"outage-{options.seed}")
    time.sleep(NORMAL)
    stopping = time.time()
    database.stop("immediate")
    stopped = time.time()
    time.sleep(options.seconds)
    starting = time.time()
    database.start()
    started = time.time()
    time.sleep(NORMAL + BACK_WITHIN / 3)
    report.check(load.stop(), "every client came to an end")
    answers = load.answers

    in_flight = [a for a in answers if a.sent_at < stopping < a.ended_at]
    # A request that was on its way when the stop was asked for may have been taken or not.
    during = [a for a in answers if stopped < a.sent_at and a.ended_at < starting]
    after = sorted((a for a in answers if a.sent_at > starting), key=lambda a: a.ended_at)
    served = [a for a in after if a.status in (200, 202)]
    report.figure("answers before", client.statuses([a for a in answers if a.ended_at <= stopping]))
    report.figure("in flight at the stop", client.statuses(in_flight))
    report.figure("answers meanwhile", client.statuses(during))
    report.figure("answers after", client.statuses(after))
    unanswered = [a.evidence() for a in answers if a.error]
    report.check(not unanswered, "every request got an answer", unanswered)
    wrong = [a.evidence() for a in in_flight if a.status not in (200, 202) and not a.is_put_off()]
    report.check(in_flight and not wrong, f"{len(in_flight)} calls were in flight at the stop: answered, "
                 "or refused with 503 before anything was sent", wrong)
    wrong = [a.evidence() for a in during if not a.is_put_off()]
    report.check(during and not wrong,
                 f"{len(during)} new requests were answered 503 unavailable with Retry-After", wrong)
    slowest = max((a.took for a in answers if a.status == 503), default=0.0)
    report.figure("slowest 503 s", round(slowest, 2))
    report.check(slowest <= LATEST_REFUSAL, f"the slowest 503 took {slowest:.2f} s",
                 [a.evidence() for a in answers if a.status == 503 and a.took > LATEST_REFUSAL])
    back = served[0].ended_at - started if served else None
    report.figure("served again after s", None if back is None else round(back, 2))
    report.check(back is not None and back <= BACK_WITHIN, "the gateway served again without a restart of its own")
    late = [a.evidence() for a in after
            if back is not None and a.sent_at > served[0].ended_at + 5 and a.status not in (200, 202)]
    report.check(not late, "5 s later every request is served", late)
    report.check(gateway.child.poll() is None, "the gateway never ended")

    log, comparison = settled(gateway, providers, {name: kind for name, (kind, _) in kinds.items()})
    # A refusal says that nothing was spent, so that the books must have nothing of it.
    said = {a.order.tag for a in answers if a.status == 503 and not a.attempts}
    spent = [entry for attempt, entry in comparison.equal + comparison.unknown + comparison.at_bound
             if log.by_call[attempt["call_id"]]["tag"] in said]
    report.check(not spent, "nothing was billed for a request that was refused with 503", map(books.line, spent))
    comparison.report(report)
    books.check_answers(report, log, answers, idempotent=False)
    books.check_program(report, gateway, log)
    report.check(gateway.terminate() == 0, "the gateway ended with 0 after SIGTERM")


def settled(gateway, providers, kinds, within=60):
    """Log and books when nothing is on its way any more."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not gateway.query("SELECT call_id FROM calls WHERE status = 'in_progress'"):
            break
        time.sleep(0.5)
    # The journal may still hold what a finished call adds.
    time.sleep(2)
    log = books.Log(gateway.query, kinds)
    return log, books.Comparison(log, providers.entries(), providers)
