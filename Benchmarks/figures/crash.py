"""The crash walk: the gateway is killed again and again under load and faults, and then log and books are compared."""
import http.client
import random
import signal
import threading
import time
import urllib.parse

from . import books, budgets, client
from .place import Gateway, Place
from .providers import Providers, usd
from .report import Report

THREADS = 12
# A provider that has no such task is believed after 15 s, and what is unknown is asked about less and less often.
RECOVERY_WITHIN = 90
REPEATS = 50
SCOPE = "team:capped"
MODELS = [("ideogram-4.0", None), ("ideogram-4.0", "turbo"), ("ideogram-3.0", None), ("ideogram-3.0", "turbo"),
          ("ideogram-1.0", None)]

# What may go wrong with a request that costs money. The wrong answers come after the work is done and charged.
SUBMIT = [
    {"kind": "reset_after_executing"}, {"kind": "reset_before_executing"}, {"kind": "hang", "after_executing": True},
    {"kind": "hang"}, {"kind": "truncated_json"}, {"kind": "cut_off"}, {"kind": "garbage"},
    {"kind": "status", "status": 503}, {"kind": "status", "status": 429, "retry_after": 1},
    {"kind": "status", "status": 502}, {"kind": "missing_cost"}, {"kind": "fewer_images", "count": 1},
    {"kind": "latency", "extra": "300ms"}, {"kind": "latency", "extra": "3s"}, {"kind": "refuse_content"},
]
POLL = [{"kind": "status", "status": 503}, {"kind": "truncated_json"}, {"kind": "reset_before_executing"}]
DOWNLOAD = [{"kind": "status", "status": 404}, {"kind": "cut_off"}]


def deliveries(sync):
    second = "sync" if sync else "async"
    return {"runware": ("runware", second), "runware-sync": ("runware", "sync"),
            "ideogram": ("ideogram", "sync"), "ideogram-async": ("ideogram", second)}


POLICIES = {
    "runware-first": "order: [runware, ideogram]", "ideogram-first": "order: [ideogram, runware]",
    "sync-first": "order: [runware-sync, ideogram-async]", "async-first": "order: [ideogram-async, runware-sync]",
    "only-runware": "order: [runware]", "only-runware-sync": "order: [runware-sync]",
    "only-ideogram": "order: [ideogram]", "only-ideogram-async": "order: [ideogram-async]",
    "recover-only": "order: [runware, ideogram-async], on_unknown: recover",
}


def run(options):
    report = Report("crash")
    place = Place(options.easel, options.keep)
    try:
        Walk(report, place, options).walk()
    finally:
        place.close()
    report.finish()
    return report


def fault_rules(chance):
    """A different set for each round. Most requests stay well, so that everything meets everything."""
    rules = []
    for choice, most, route in ((SUBMIT, 3, "submit"), (POLL, 1, "poll"), (DOWNLOAD, 1, "download")):
        for fault in chance.sample(choice, chance.randint(0, most)):
            rule = {"provider": chance.choice(["runware", "ideogram", "any"]), "on": route, **fault}
            # Rules share one draw for each request: a count of their own is what mixes them.
            if chance.random() < 0.5:
                rule["every"] = chance.choice([2, 3, 5, 7])
            else:
                rule["probability"] = chance.choice([0.1, 0.3, 0.5])
            rules.append(rule)
    return rules


class Walk:
    def __init__(self, report, place, options):
        self.report, self.options = report, options
        self.chance = random.Random(options.seed)
        self.providers = Providers.choose(place, options)
        self.kinds = {name: kind for name, (kind, _) in deliveries(options.sync).items()}
        settings = self.providers.settings(deliveries(options.sync), timeout="1500ms")
        settings += "routing:\n  default: runware-first\n  policies:\n"
        settings += "".join(f"    {name}: {{ {text} }}\n" for name, text in POLICIES.items())
        settings += "recovery:\n  interval: 1s\nlogging:\n  level: info\n"
        self.gateway = Gateway(place, "gateway", settings)
        self.answers, self.starts, self.broken, self.died = [], [], [], []
        self.keys, self.unanswered, self.uncertain = {}, [], []
        self.lock = threading.Lock()
        self.has_budgets = False
        self.round = 0

    def walk(self):
        options, report = self.options, self.report
        has_faults = self.providers.set_faults([])
        report.say(f"{options.rounds} rounds with a kill -9 in each, "
                   + ("faults at both providers" if has_faults else "no faults: there is no --faults-url"))
        for self.round in range(1, options.rounds + 1):
            self.one_round(has_faults)
            if self.round % 20 == 0 or self.round == options.rounds:
                report.say(f"round {self.round}: {len(self.answers)} answers, {client.statuses(self.answers)}")
        self.providers.set_faults([])
        self.starts.append(self.gateway.start())
        waited, log, comparison = self.wait_for_recovery()
        report.figure("rounds", options.rounds)
        report.figure("kills", options.rounds)
        report.figure("kills of PostgreSQL", options.rounds // 4 if options.database else 0)
        report.figure("longest start s", round(max(self.starts), 2))
        report.figure("recovery s", round(waited, 1))
        report.figure("requests sent", len(self.answers))
        report.figure("answers", client.statuses(self.answers))
        report.check(not self.died, "it ended only when it was killed", self.died)
        comparison.report(report)
        books.check_answers(report, log, self.answers, self.has_budgets)
        self.check_budgets(log)
        if self.has_budgets:
            self.check_repeats(log)
        books.check_program(report, self.gateway, log)
        code = self.gateway.terminate()
        report.check(code == 0, f"the last gateway ended with {code} after SIGTERM")

    def one_round(self, has_faults):
        # Faults first: they are in force while the calls of the round before are recovered.
        if has_faults:
            self.providers.set_faults(fault_rules(self.chance))
        self.starts.append(self.gateway.start())
        if self.round == 1:
            self.keys = {team: client.make_team(self.gateway, team) for team in ("free", "capped")}
            self.has_budgets = budgets.put(self.gateway, SCOPE, self.limit())
            if not self.has_budgets:
                self.report.note(budgets.NONE + ": M2 is not checked")
        elif self.has_budgets:
            self.look_at_budget()
            # Raised little by little, so that it is nearly used up all the time.
            if self.round % 5 == 0:
                budgets.put(self.gateway, SCOPE, self.limit())
        repeats = self.unanswered[-6:]
        self.unanswered = []
        load = client.Load([self.gateway.url], lambda chance, tag: self.order(chance, tag, repeats), THREADS,
                           f"{self.options.seed}-{self.round}", timeout=15)
        time.sleep(self.chance.uniform(0, 1))
        if self.gateway.child.poll() is not None:
            self.died.append(f"round {self.round}: ended with {self.gateway.child.returncode}")
        if self.options.database and self.round % 4 == 0:
            # Before the gateway, which is to see it go; a moment later it is gone itself.
            self.gateway.signal_embedded(signal.SIGKILL)
            time.sleep(self.chance.uniform(0, 0.3))
        self.gateway.kill()
        load.stop()
        self.answers += load.answers
        if self.has_budgets:
            self.unanswered = [answer.order for answer in load.answers if answer.order.idempotency_key
                               and (answer.error in ("reset", "cut") or answer.status == 409)]
            self.uncertain += self.unanswered

    def check_repeats(self, log):
        """A client that never got its answer asks for it again: it must get that call's, and nothing is bought anew."""
        orders = {order.tag: order for order in self.uncertain if order.tag in log.by_tag}
        before, wrong = len(self.providers.entries()), []
        parts = urllib.parse.urlsplit(self.gateway.url)
        for order in list(orders.values())[-REPEATS:]:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=15)
            answer = client.send(connection, order)
            connection.close()
            call_id = log.by_tag[order.tag][0]["call_id"]
            if answer.call_id != call_id:
                wrong.append({**answer.evidence(), "expected call_id": call_id})
        self.report.check(not wrong, f"{min(len(orders), REPEATS)} repeats after a crash got the answer of their call",
                          wrong)
        after = len(self.providers.entries())
        self.report.check(after == before, f"nothing was billed for them: {after - before} new entries")

    def limit(self):
        return f"{1 + 0.3 * self.round:.2f}"

    def order(self, chance, tag, repeats):
        # A client with a key sends the same again after it got no answer, which must not cost a second time.
        with self.lock:
            if repeats and chance.random() < 0.5:
                return repeats.pop()
        model, speed = chance.choice(MODELS)
        body = client.remix_body(tag, model, chance.choice([1, 1, 1, 2, 3]), chance.choice(list(POLICIES)), speed)
        return client.Order(self.keys[chance.choice(["free", "capped"])], body,
                            tag if chance.random() < 0.3 else None,
                            not self.options.sync and chance.random() < 0.25)

    def look_at_budget(self):
        figures = budgets.read(self.gateway, SCOPE)
        if budgets.over(figures):
            self.broken.append({"round": self.round, **budgets.text(figures)})

    def wait_for_recovery(self):
        """Until nothing is in progress and what Runware can still tell is told, or for as long as that may take."""
        began = time.monotonic()
        while True:
            status, answer = client.call(self.gateway.url, "GET", "/v1/calls?status=in_progress&limit=1",
                                         self.gateway.admin_key)
            waited = time.monotonic() - began
            # Tasks that were on their way when the gateway was killed are charged when they are done.
            if (status == 200 and not answer["calls"] and waited > 4) or waited > RECOVERY_WITHIN:
                log = books.Log(self.gateway.query, self.kinds)
                comparison = books.Comparison(log, self.providers.entries(), self.providers)
                if not (comparison.could_be_known or comparison.missing) or waited > RECOVERY_WITHIN:
                    return waited, log, comparison
            time.sleep(1)

    def check_budgets(self, log):
        if not self.has_budgets:
            return
        self.look_at_budget()
        self.report.check(not self.broken,
                          f"spent + reserved was within the limit after each of {self.round} kills (M2)", self.broken)
        figures = budgets.read(self.gateway, SCOPE)
        self.report.figure("hard budget", budgets.text(figures))
        team = self.gateway.query("SELECT id FROM teams WHERE name = 'capped'")[0]["id"]
        spent = sum(call["cost_nusd"] or 0 for call in log.calls if call["team_id"] == team)
        held = self.gateway.query(
            f"SELECT coalesce(sum(amount_nusd), 0) AS held FROM reservations WHERE team_id = {team}")[0]["held"]
        self.report.check(figures["spent"] == spent and figures["reserved"] == held,
                          f"the budget's figures are the log's: ${usd(spent)} spent, ${usd(held)} reserved",
                          [budgets.text(figures)])
        refused = sum(answer.status == 402 for answer in self.answers)
        self.report.figure("answers 402", refused)
