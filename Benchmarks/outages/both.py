"""Both providers away: once the breakers are open a call is told 503 at once, and nothing stays reserved."""
import threading
import time
from collections import Counter

from figures import budgets, client
from figures.providers import usd
from figures.report import Report

from . import measures
from .faults import CALLERS, everywhere
from .stage import Journal, Stage

MODES = {"closed": "both ports closed", "500": "both answer 500", "hanging": "neither answers"}
POLICIES = {"tried": "order: [runware, ideogram], attempts: 3, on_unknown: recover_then_next"}
SCOPE = "team:outage"
LATEST_503_MS = 100.0
BACK_WITHIN = 90
# The shortest that the configuration takes: then an attempt whose end nobody can tell is posted at its bound (M7).
UNKNOWN_AFTER = 60
# Who is still unknown is asked about less and less often.
KNOWN_WITHIN = 200


def run(place, postgres, options):
    modes = ["500"] if options.small else list(MODES)  # The quickest.
    return [case(place, postgres, options, mode) for mode in modes]


def case(place, postgres, options, mode):
    report = Report(f"both {mode}")
    stage = Stage(place, postgres, f"both_{mode}", POLICIES, latency=options.latency,
                  more=f"recovery:\n  interval: 1s\n  unknown_after: {UNKNOWN_AFTER}s\n")
    try:
        both(report, stage, options, mode)
    finally:
        stage.close()
    report.finish()
    return report


def go_away(stage, mode):
    if mode == "closed":
        stage.sandbox.stop()
    else:
        stage.sandbox.set_faults(everywhere(kind="status", status=500) if mode == "500" else everywhere(kind="hang"))


def come_back(stage, mode):
    if mode == "closed":
        stage.sandbox.start()
    else:
        stage.sandbox.set_faults([])


def both(report, stage, options, mode):
    gateway = stage.gateway
    key = client.make_team(gateway, "outage")
    budgets.put(gateway, SCOPE, "1000.00")
    # Both time out one after the other, and recovery is tried, before the breakers can know.
    settle = options.settle * 2 if mode == "hanging" else options.settle
    report.say(f"{MODES[mode]}; {CALLERS} callers, {options.seconds:.0f} s")
    journal = Journal(stage.sandbox)
    stopping = threading.Event()
    load = client.Load([gateway.url], measures.paced(key, lambda _: "tried", options.pause, stopping), CALLERS,
                       f"both-{mode}", timeout=60)
    time.sleep(options.warm_up + options.lead)
    away_from = time.time()
    go_away(stage, mode)
    time.sleep(settle + options.seconds - options.lead - options.tail)
    stopping.set()
    until = time.time()
    report.check(load.stop(70), "every client came to an end")
    left = stage.settled()
    journal.stop()
    report.check(not left, "no call is left under way", [f"{left} are"])
    judge(report, options, load.answers, stage.attempts(), journal, away_from, away_from + settle, until)
    check_money(report, stage, load.answers, away_from, mode)
    come_back(stage, mode)
    check_back(report, gateway, key)
    if not options.small:
        check_unknown(report, stage)
    code, found = gateway.verify()
    report.check(code == 0, "easel db verify finds nothing", found)


def judge(report, options, answers, attempts, journal, away_from, opened, until):
    """Calls that asked a provider are probes (or came before the breakers knew) and are told apart by the log."""
    asked = {row["tag"] for row in attempts}
    late = measures.between(answers, opened, until)
    quick = [a for a in late if a.order.tag not in asked]
    probes = [a for a in late if a.order.tag in asked]
    good = [a for a in quick if a.status == 503 and a.code == "unavailable" and int(a.retry_after or 0) >= 1]
    report.figure("answers while away", client.statuses([a for a in answers if a.ended_at >= away_from]))
    report.figure("calls since open", len(late))
    report.figure("  that asked nobody", len(quick))
    report.figure("  that asked a provider", len(probes))
    report.figure("  their answers", client.statuses(probes))
    report.figure("Retry-After told", dict(Counter(a.retry_after for a in good)))
    report.figure("tasks seen since open", {name: journal.count(name, True, opened, until)
                                            for name in ("runware", "ideogram")})
    wrong = [a.evidence() for a in quick if a not in good]
    report.check(quick and not wrong, f"{len(quick)} calls asked nobody and were told 503 unavailable with Retry-After",
                 wrong)
    share = len(probes) / max(1, len(late))
    report.check(late and share <= 0.05, f"{len(probes)} of {len(late)} calls asked a provider all the same "
                 "(aim: probes only, at most 5%)")
    wrong = [a.evidence() for a in probes if a.status not in (502, 503)]
    report.check(not wrong, f"those {len(probes)} were told 502 or 503", wrong)
    p50, p99 = measures.percentile_ms(good, 0.5), measures.percentile_ms(good, 0.99)
    report.figure("503 ms p50", p50)
    report.figure("503 ms p99", p99)
    report.figure("503 ms most", measures.percentile_ms(good, 1))
    measures.aim(report, options, p99 is not None and p99 <= LATEST_503_MS,
                 f"503 came at once: p50 {p50} ms, p99 {p99} ms (aim {LATEST_503_MS:g} ms)")


def check_money(report, stage, answers, away_from, mode):
    """Nothing is reserved for calls that have ended; only attempts whose end nobody can tell keep theirs (M7)."""
    held = stage.database.query("""
        SELECT r.call_id, r.reason, r.amount_nusd, extract(epoch FROM r.received_at)::float8 AS received
        FROM reservations AS r""")
    report.figure("reservations", dict(Counter(row["reason"] for row in held)))
    told = {a.call_id: a for a in answers if a.call_id and a.status == 503 and not a.attempts}
    wrong = [{**row, **told[row["call_id"]].evidence()} for row in held if row["call_id"] in told]
    report.check(not wrong, f"none of {sum(a.status == 503 for a in answers)} calls that were told 503 keeps a "
                 "reservation", wrong)
    wrong = [row for row in held if row["reason"] != "unknown_attempt"]
    report.check(not wrong, "no call that has ended keeps a reservation, but for attempts whose end is unknown",
                 wrong)
    if mode != "hanging":
        # Those that were being worked on when both went away may be unknown; refused connections and errors are not.
        wrong = [row for row in held if row["received"] > away_from + 0.5]
        report.check(not wrong, "no attempt is unknown that began when both were away", wrong)
    figures = budgets.read(stage.gateway, SCOPE)
    report.figure("budget", budgets.text(figures))
    amount = sum(row["amount_nusd"] or 0 for row in held)
    report.check(figures["reserved"] == amount, f"the budget shows ${usd(figures['reserved'])} reserved, the table "
                 f"holds ${usd(amount)}")


def check_back(report, gateway, key):
    """One call after another until one is served."""
    began = time.monotonic()
    tries = 0
    while time.monotonic() - began < BACK_WITHIN:
        status, _ = client.call(gateway.url, "POST", "/v1/remix", key, client.remix_body(f"back-{tries}"))
        tries += 1
        if status == 200:
            report.figure("served again after s", round(time.monotonic() - began, 2))
            return report.check(True, f"a call was served {time.monotonic() - began:.1f} s after they were back")
        time.sleep(0.2)
    return report.check(False, f"a call was served within {BACK_WITHIN} s after they were back")


def check_unknown(report, stage):
    """What is not known is found out or posted at its bound in time; then nothing is reserved at all."""
    began = time.monotonic()
    held = None
    while time.monotonic() - began < KNOWN_WITHIN:
        held = stage.database.query("SELECT call_id, reason FROM reservations")
        if not held:
            break
        time.sleep(1)
    figures = budgets.read(stage.gateway, SCOPE)
    report.figure("nothing reserved after s", round(time.monotonic() - began, 1))
    report.figure("budget at the end", budgets.text(figures))
    report.check(not held and figures["reserved"] == 0,
                 f"{time.monotonic() - began:.0f} s later (unknown_after is {UNKNOWN_AFTER} s) nothing is reserved",
                 held or [])
