"""One provider away in every way there is, while the other is healthy.

Phases of a case, with 16 callers that each send one call after another with a short pause between:

control   every call names only the healthy provider (policy `healthy`)
lead      calls by the policy that is tried: the provider that will go away, then the healthy one (`tried`); from here
          on one call in four still goes by `healthy`, as a control beside the others
fault     the provider is away
after     the provider is back; the load goes on until calls are served by it again, and a while longer
control   once more, so that a machine that became slower meanwhile does not look like a slower path
"""
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass

from figures import client
from figures.report import Report

from . import measures
from .stage import PROVIDERS, Journal, Stage, States, other

CALLERS = 16
ATTEMPTS = 3
SERVED_AIM = 0.999
ADDED_AIM_MS = 5.0
BACK_WITHIN = 90
RETRY_AFTER = 3


@dataclass(frozen=True)
class Fault:
    """A way to be away. `rules` get the provider's name; `patient`: the answer comes within the provider timeout."""
    text: str
    rules: tuple
    late: bool = False
    patient: bool = False


def everywhere(**rule):
    return tuple({"on": route, **rule} for route in ("submit", "poll", "download"))


FAULTS = {
    "closed": Fault("port closed", ({"kind": "connect_refused"},)),
    "hanging": Fault("no answer", everywhere(kind="hang")),
    "500": Fault("HTTP 500", everywhere(kind="status", status=500)),
    "429": Fault("429 without Retry-After", everywhere(kind="status", status=429)[:2]),
    "429-retry-after": Fault(f"429 with Retry-After: {RETRY_AFTER}",
                             everywhere(kind="status", status=429, retry_after=RETRY_AFTER)[:2]),
    "garbage": Fault("200 with HTML", everywhere(kind="garbage")),
    "late": Fault("late, after the timeout", ({"kind": "latency"},), late=True),
    "late-patient": Fault("late, within the timeout", ({"kind": "latency"},), late=True, patient=True),
}


def run(place, postgres, options):
    """The reports of all cases that the options choose."""
    chosen = [(name, first) for first in options.first for name in options.faults]
    if options.small and not options.chosen:
        chosen = [("500", "runware")]
    return [case(place, postgres, options, name, first) for name, first in chosen]


def case(place, postgres, options, name, first):
    report = Report(f"faults {name} {first}")
    fault = FAULTS[name]
    policies = {"tried": f"order: [{first}, {other(first)}], attempts: {ATTEMPTS}, on_unknown: recover_then_next",
                "healthy": f"order: [{other(first)}]"}
    timeout = f"{options.late + 10:.0f}s" if fault.patient else "2s"
    stage = Stage(place, postgres, "faults_" + name.replace("-", "_") + "_" + first, policies,
                  latency=options.latency, timeout=timeout, fetch="20s" if fault.patient else "2s")
    try:
        Case(report, stage, options, fault, first).run()
    finally:
        stage.close()
    report.finish()
    return report


class Case:
    def __init__(self, report, stage, options, fault, first):
        self.report, self.stage, self.options, self.fault, self.first = report, stage, options, fault, first
        self.policy_now = "healthy"
        self.seconds = options.seconds
        if fault.late and not fault.patient:
            # The provider goes on working on what it was sent first; that must be over before it is called healthy.
            self.seconds = max(self.seconds, options.late + 12)

    def policy(self, chance):
        if self.policy_now == "healthy":
            return "healthy"
        return "healthy" if chance.random() < 0.25 else "tried"

    def rules(self):
        extra = {"extra": f"{self.options.late:.0f}s"} if self.fault.late else {}
        return [{"provider": self.first, **rule, **extra} for rule in self.fault.rules]

    def run(self):
        options, sandbox = self.options, self.stage.sandbox
        key = client.make_team(self.stage.gateway, "outage")
        self.report.say(f"{self.fault.text}; {CALLERS} callers, {self.seconds:.0f} s")
        journal = Journal(sandbox, away=self.first)
        states = States(self.stage.gateway, key, self.first)
        stopping = threading.Event()
        load = client.Load([self.stage.gateway.url], measures.paced(key, self.policy, options.pause, stopping), CALLERS,
                           self.report.name.replace(" ", "-"), timeout=options.late + 60)
        time.sleep(options.warm_up)
        self.control_from = time.time()
        time.sleep(options.control)
        self.control_until = time.time()
        self.policy_now = "tried"
        time.sleep(options.lead)
        self.fault_from = time.time()
        sandbox.set_faults(self.rules(), away=self.first)
        time.sleep(self.seconds - options.lead - options.tail)
        sandbox.set_faults([], away=self.first)
        self.fault_until = time.time()
        self.wait_for_recovery(load)
        self.policy_now = "healthy"
        self.control_again_from = time.time()
        time.sleep(options.control)
        stopping.set()
        ended = load.stop(options.late + 70)
        self.report.check(ended, "every client came to an end")
        self.stage.settled()
        if self.fault.late:
            # The journal has a late request only when it is answered.
            time.sleep(max(0.0, self.fault_until + options.late + 1 - time.time()))
        states.stop()
        journal.stop()
        self.judge(load.answers, journal, states, self.stage.attempts())

    def wait_for_recovery(self, load):
        """Goes on until a call was served by the provider that is back, and `tail` seconds at least."""
        deadline = time.time() + BACK_WITHIN
        back = None
        while time.time() < deadline and back is None:
            time.sleep(0.1)
            with load.lock:
                recent = load.answers[-500:]
            if any(a.sent_at > self.fault_until and a.status == 200 and a.attempts
                   and a.attempts[-1]["provider"] == self.first for a in recent):
                back = time.time()
        time.sleep(max(1.5, self.fault_until + self.options.tail - time.time()))

    # What it came to

    def judge(self, answers, journal, states, attempts):
        self.tried = [a for a in answers if a.order.body["policy"] == "tried"]
        self.healthy = [a for a in answers if a.order.body["policy"] == "healthy"]
        self.judge_success()
        self.judge_latency(states)
        self.judge_requests(journal, attempts)
        if not self.fault.patient:
            self.judge_recovery([row for row in attempts if row["policy"] == "tried"])

    def judge_success(self):
        touched = [a for a in self.tried if a.ended_at >= self.fault_from]
        share = measures.served_share(touched)
        others, evidence = measures.not_served(touched)
        self.report.figure("calls since the fault", len(touched))
        self.report.figure("served percent", round(share * 100, 3))
        self.report.figure("others", others)
        self.report.figure("others of the control", measures.not_served(self.healthy)[0])
        self.report.check(share >= SERVED_AIM, f"{share * 100:.2f}% of {len(touched)} calls were served "
                          f"(aim {SERVED_AIM * 100}%)", evidence)

    def judge_latency(self, states):
        begin, end = self.fault_from + self.options.settle, self.fault_until
        opened = measures.between(self.tried, begin, end)
        here = measures.median_ms(opened)
        control = measures.between(self.healthy, self.control_from, self.control_until)
        again = measures.between(self.healthy, self.control_again_from, float("inf"))
        before, around = measures.median_ms(control), measures.median_ms(control + again)
        beside = measures.median_ms(measures.between(self.healthy, begin, end))
        added, added_beside = measures.difference(here, around), measures.difference(here, beside)
        self.report.figure("calls in the open window", len(opened))
        self.report.figure("median ms open", here)
        self.report.figure("median ms control before", before)
        self.report.figure("median ms control after", measures.median_ms(again))
        self.report.figure("median ms control beside", beside)
        self.report.figure("added ms", added)
        self.report.figure("added ms beside", added_beside)
        self.report.figure("p99 ms open", measures.percentile_ms(opened, 0.99))
        self.report.figure("slowest call ms", measures.percentile_ms(self.tried, 1))
        self.report.figure("states told in the fault", states.within(self.fault_from, self.fault_until))
        if self.fault.patient:
            return  # Nothing fails, so that no breaker need open.
        since = f"median {here} ms from {self.options.settle:g} s after the fault began"
        for more, value, where in ((added, around, "before and after"), (added_beside, beside, "beside")):
            measures.aim(self.report, self.options, more is not None and more <= ADDED_AIM_MS,
                         f"{since}: {more} ms more than the control {where} ({value} ms); aim {ADDED_AIM_MS} ms")

    def judge_requests(self, journal, attempts):
        begin, end = self.fault_from, self.fault_until
        tried = max(1, len(measures.between(self.tried, begin, end)))
        total = max(1, len(measures.between(self.tried + self.healthy, begin, end)))
        asked, away = other(self.first), self.first
        self.report.figure("tasks seen per call, away", round(journal.count(away, True, begin, end) / tried, 3))
        self.report.figure("tasks seen per call, healthy", round(journal.count(asked, True, begin, end) / total, 3))
        self.report.figure("questions and downloads, away", journal.count(away, False, begin, end))
        self.report.figure("tasks seen while open, away", journal.count(away, True, begin + self.options.settle, end))
        rounds = Counter(row["tag"] for row in attempts)
        most = max(rounds.values(), default=0)
        self.report.figure("attempts of a call", dict(sorted(Counter(rounds.values()).items())))
        self.report.figure("most attempts", most)
        self.report.check(0 < most <= ATTEMPTS, f"no call asked more than {ATTEMPTS} times: the most is {most}",
                          [tag for tag, count in rounds.items() if count > ATTEMPTS])
        seen = {name: journal.count(name) for name in PROVIDERS}
        sent = {name: sum(row["provider"] == name and row["sent"] is not False for row in attempts)
                for name in PROVIDERS}
        self.report.figure("tasks seen", seen)
        self.report.figure("attempts sent by the log", sent)
        self.report.figure("journal entries lost", journal.lost)
        self.report.check(all(seen[name] <= sent[name] for name in PROVIDERS) and not journal.lost,
                          f"the providers saw no task that the log does not know: {seen} seen, {sent} sent")

    def judge_recovery(self, attempts):
        """Probes are the attempts at the provider since it was back, up to the end of the first that succeeded."""
        here = [row for row in attempts if row["provider"] == self.first and row["started"] >= self.fault_until]
        good = [row for row in here if row["outcome"] == "succeeded"]
        if not good:
            self.report.figure("probes", None)
            self.report.check(False, f"the provider served again within {BACK_WITHIN} s")
            return
        first_end = min(row["ended"] for row in good)
        probes = [row for row in here if row["started"] <= first_end]
        calls = defaultdict(list)
        for row in attempts:
            if row["received"] > first_end + 0.5:
                calls[row["tag"]].append(row)
        first_asked = [min(rows, key=lambda row: row["ordinal"])["provider"] for rows in calls.values()]
        share = first_asked.count(self.first) / len(first_asked) if first_asked else 0.0
        self.report.figure("probes", len(probes))
        self.report.figure("served again after s", round(first_end - self.fault_until, 2))
        self.report.figure("percent sent there from then on", round(share * 100, 1))
        self.report.check(len(probes) == 1, f"{len(probes)} probe(s) until it served again, "
                          f"{first_end - self.fault_until:.1f} s after it was back (aim: one)")
        self.report.check(share >= 0.99, f"half a second later {share * 100:.1f}% of {len(first_asked)} calls went "
                          "there first")
