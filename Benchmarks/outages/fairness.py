"""A team with few calls beside one with fifty times as many, at a provider that takes four at a time.

Wait is the time of a call less the service time, which is the median of lone calls. The same small team is measured
alone and beside the big one. A burst of 4 hardly waits when it is alone, so that a ratio of waits would divide by
noise: there the whole times are compared instead. Both ratios are printed in any case.
"""
import http.client
import statistics
import threading
import time
import urllib.parse

from figures import client
from figures.report import Report

from . import measures
from .stage import Stage

PLACES = 4
BIG = 200
RATIO_AIM = 2.0
# Name, calls at a time, seconds from one burst to the next.
BURSTS = (("4 each second", 4, 1.0), ("20 at a time", 20, 3.0))
SMALL_BIG = 50


class Bursts:
    """Callers that all send at the same moments. One that is not back in time leaves a burst out."""

    def __init__(self, url, key, name, size, period, count):
        self.url, self.key, self.name, self.period, self.count = url, key, name, period, count
        self.answers = []
        self.lock = threading.Lock()
        self.began = time.monotonic() + 0.3
        self.callers = [threading.Thread(target=self.work, args=(n,), daemon=True) for n in range(size)]
        for caller in self.callers:
            caller.start()

    def work(self, number):
        parts = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
        for turn in range(self.count):
            wait = self.began + turn * self.period - time.monotonic()
            if wait < -0.1:
                continue
            time.sleep(max(0.0, wait))
            answer = client.send(connection, client.Order(
                self.key, client.remix_body(f"{self.name}-{turn}-{number}", policy="only")))
            with self.lock:
                self.answers.append(answer)
        connection.close()

    def wait(self):
        for caller in self.callers:
            caller.join(self.count * self.period + 130)
        return self.answers


def run(place, postgres, options):
    report = Report("fairness")
    stage = Stage(place, postgres, "fairness", {"only": "order: [runware]"}, latency="100ms", timeout="60s",
                  providers=("runware",), in_flight={"runware": PLACES}, deliveries={"runware": "sync"})
    try:
        fairness(report, stage, options)
    finally:
        stage.close()
    report.finish()
    return [report]


def fairness(report, stage, options):
    url = stage.gateway.url
    small, big = client.make_team(stage.gateway, "small"), client.make_team(stage.gateway, "big")
    lone = Bursts(url, small, "lone", 1, 0.2, 8 if options.small else 20).wait()[3:]
    service = statistics.median(answer.took for answer in lone)
    capacity = PLACES / service
    report.figure("service time ms", round(service * 1000, 1))
    report.figure("capacity calls per s", round(capacity, 1))
    patterns = BURSTS[:1] if options.small else BURSTS

    def bursts(where):
        found = {}
        for name, size, period in patterns:
            count = max(2, round(options.fairness_seconds / period))
            report.say(f"{name}, {where}")
            found[name] = Bursts(url, small, f"{where}-{size}", size, period, count).wait()
        return found

    alone = bursts("alone")
    load = client.Load([url], lambda _, tag: client.Order(big, client.remix_body(tag, policy="only")),
                       SMALL_BIG if options.small else BIG, "big", timeout=120)
    time.sleep(1 if options.small else 2)
    began = time.time()
    beside = bursts("beside")
    ended = time.time()
    report.check(load.stop(130), "every client of the big team came to an end")
    for name, _, _ in patterns:
        compare(report, options, name, service, alone[name], beside[name])
    done = [a for a in load.answers if a.status == 200 and began <= a.ended_at < ended]
    ours = [a for answers in beside.values() for a in answers if a.status == 200]
    report.figure("big: calls per s", round(len(done) / (ended - began), 1))
    report.figure("both teams: calls per s", round((len(done) + len(ours)) / (ended - began), 1))
    report.figure("big: answers", client.statuses(load.answers))
    report.figure("big: p95 ms", measures.percentile_ms(done, 0.95))


def compare(report, options, name, service, alone, beside):
    waits, times = [], []
    for answers in (alone, beside):
        took = [answer.took for answer in answers]
        waits.append(measures.percentile([max(0.0, time - service) for time in took], 0.95))
        times.append(measures.percentile(took, 0.95))
    others, evidence = measures.not_served(alone + beside)
    report.check(not others, f"{name}: all {len(alone)} + {len(beside)} calls of the small team were served", evidence)
    of_waits = waits[1] / waits[0] if waits[0] else float("inf")
    of_times = times[1] / times[0]
    does_wait = waits[0] >= service / 2
    for label, values, ratio in (("wait", waits, of_waits), ("time", times, of_times)):
        report.figure(f"{name}: p95 {label} ms alone, beside, ratio",
                      f"{values[0] * 1000:.0f}, {values[1] * 1000:.0f}, {ratio:.2f}")
    judged, values = (of_waits, waits) if does_wait else (of_times, times)
    report.figure(f"{name}: ratio", round(judged, 2))
    measures.aim(report, options, judged <= RATIO_AIM,
                 f"{name}: p95 {'wait' if does_wait else 'time'} {values[0] * 1000:.0f} ms alone, "
                 f"{values[1] * 1000:.0f} ms beside the big team: {judged:.2f} times (aim {RATIO_AIM})")
