"""Many clients at several gateways race for the last of one hard budget (M2)."""
import time
from decimal import Decimal

from . import books, budgets, client
from .place import Gateway, Place, Postgres
from .providers import Providers, nano, usd
from .report import Report

SCOPE = "team:race"
FROZEN_S = 2.6
# So long an admission waits for the database at least before its request is put off.
WRITE_LIMIT_S = 2


def run(options):
    report = Report("race")
    place = Place(options.easel, options.keep)
    try:
        race(report, place, options)
    finally:
        place.close()
    report.finish()
    return report


def race(report, place, options):
    cap, price = Decimal(options.cap), Decimal(options.price)
    expected = min(options.requests, int(cap // price))
    providers = Providers.choose(place, options, stub_price=price)
    database = Postgres(place)
    settings = providers.settings({"runware": ("runware", "sync")}, timeout="30s", in_flight=256)
    settings += "artifacts:\n  store: none\nlogging:\n  level: warning\n"
    gateways = [Gateway(place, f"gateway{n + 1}", settings, database) for n in range(options.gateways)]
    for gateway in gateways:
        gateway.start()
    report.say(f"{len(gateways)} gateway(s), {options.requests} requests by {options.concurrency} clients, "
               f"${price} each, hard budget ${cap}")
    key = client.make_team(gateways[0], "race")
    has_budgets = budgets.put(gateways[0], SCOPE, str(cap))
    if has_budgets:
        client.must(gateways[0].url, "PUT", "/v1/prices", gateways[0].admin_key, {"prices": [
            {"provider": "runware", "model": "ideogram-4.0", "rendering_speed": "default", "usd_per_image": str(price),
             "effective_from": "2025-01-01T00:00:00Z"}]})
    else:
        report.note(budgets.NONE + ": only log and books are compared")
    watch = budgets.Watch(gateways, SCOPE) if has_budgets else None

    # A gateway whose database takes seconds for a commit, as beside other programs, puts a request off.
    load = client.Load([gateway.url for gateway in gateways],
                       lambda _, tag: client.Order(key, client.remix_body(tag)), options.concurrency,
                       f"race-{options.seed}", limit=options.requests, timeout=90, tries=20)
    met = []
    for _ in range(options.freezes):
        # Long enough for an admission to be given up that the server commits afterwards.
        met.append(database.freeze(FROZEN_S))
        time.sleep(0.7)
    ended = load.wait(180)
    report.check(ended, "every client came to an end")
    answers = load.answers
    report.figure("answers", client.statuses(answers))
    if watch:
        watch.stop()
        check_budget(report, gateways, watch, answers, options, expected, expected * nano(price))
    entries = providers.entries()
    if has_budgets:
        report.check(sum(entry.cost for entry in entries) == expected * nano(price),
                     f"the provider billed ${usd(sum(entry.cost for entry in entries))}, "
                     f"which is {expected} x ${price}")
    log = books.Log(database.query, {"runware": "runware"})
    if options.freezes:
        back = [call for call in log.calls if call["status"] == "failed" and call["error_code"] == "unavailable"]
        report.check(all(met) and back, f"{options.freezes} times PostgreSQL stood still, at {met} connections; "
                                        f"{len(back)} admissions were taken back")
    books.Comparison(log, entries, providers).report(report)
    books.check_answers(report, log, answers, idempotent=False)
    books.check_program(report, gateways[0], log)
    codes = [gateway.terminate() for gateway in gateways]
    report.check(not any(codes), f"exit codes {codes}")
    aside = [name for gateway in gateways for name in gateway.set_aside()]
    report.check(not aside, "no gateway has set anything aside in its journal", aside)


def check_budget(report, gateways, watch, answers, options, expected, spent):
    done = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 402 and answer.code == "budget_exceeded"]
    put_off = [answer for answer in answers if answer.is_put_off()]
    ended = len(answers) - len(put_off)
    others = [answer.evidence() for answer in answers if answer not in done + refused + put_off]
    report.check(len(done) == expected, f"{len(done)} of {ended} requests were served, {expected} could be paid",
                 [answer.evidence() for answer in done])
    report.check(len(done) + len(refused) == options.requests and not others,
                 f"the other {len(refused)} were answered 402 budget_exceeded, none otherwise", others)
    report.figure("put off and sent again", len(put_off))
    hasty = [answer.evidence() for answer in put_off if answer.took < WRITE_LIMIT_S * 0.9] if not options.freezes else []
    report.check(not hasty, "nobody was put off but by a database that was slow", hasty)
    report.figure("budget readings meanwhile", watch.readings)
    report.figure("highest spent + reserved", usd(watch.highest))
    report.check(watch.readings and not watch.broken,
                 f"spent + reserved stayed within the limit in {watch.readings} readings", watch.broken)
    for gateway in gateways:
        figures = budgets.read(gateway, SCOPE)
        report.check(figures["spent"] == spent and figures["reserved"] == 0,
                     f"{gateway.name} shows ${usd(figures['spent'])} spent and ${usd(figures['reserved'])} reserved",
                     [budgets.text(figures)])
