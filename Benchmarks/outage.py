#!/usr/bin/env python3
"""Proves that callers hardly notice when a provider limps or dies, that nobody waits for one that is known to be away,
and that a busy team does not starve a quiet one.

faults    one provider away in every way, the other healthy; first runware is away, then ideogram:
            closed            its port is closed
            hanging           it takes requests and never answers
            500               it answers 500
            429               it answers 429 without Retry-After, and
            429-retry-after   with it
            garbage           it answers 200 with a page of HTML
            late              it answers --late seconds late, after the provider timeout (2 s), and
            late-patient      before it
both      both away: 503 at once with Retry-After, and nothing stays reserved
fairness  a small team alone, and beside a team with fifty times its load
all       all of it

The figures of `faults`:
  served percent      calls that were told 200, of all that ended after the fault began (aim 99.9)
  added ms            median time of calls sent from --settle seconds after the fault began until it ended, less the
                      median of the same load just before and afterwards, sent only to the healthy provider (aim: at
                      most 5); `added ms beside`: less the median of such calls sent in the same time, which tells a
                      slower machine from a slower path (the same aim)
  tasks seen per call counted by the simulated providers while the fault lasts; `while open`: in the window above
  most attempts       of any one call, by the log (aim: the policy's 3); the providers must not have seen more tasks
                      than the log has attempts
  probes              attempts at the provider since it was back, up to the first that succeeded (aim: 1);
                      `served again after s` is when that one ended, since the provider was back; half a second later
                      calls must go there first again
The 16 callers pause about --pause seconds between calls: a full machine would hide a few milliseconds in its queues.

Each case has a gateway, a database and simulated providers of its own in a temporary directory, which is removed.
"""
import argparse
import json
import os
import signal
import sys

from figures.place import Place, Postgres
from outages import both, fairness, faults
from outages.stage import PROVIDERS

COMMANDS = {"faults": faults.run, "both": both.run, "fairness": fairness.run}
# What --small takes instead of the defaults: a proof that this program works rather than a measurement.
SMALL = {"seconds": 5.5, "control": 1, "warm_up": 0.5, "lead": 1, "tail": 1, "settle": 2.5, "fairness_seconds": 2}
WHOLE = {"seconds": 30, "control": 10, "warm_up": 1.5, "lead": 2, "tail": 5, "settle": 3, "fairness_seconds": 30}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=[*COMMANDS, "all"])
    parser.add_argument("--easel", default=".build/release/easel", metavar="PATH", help="the program to be tried")
    parser.add_argument("--seconds", type=float, help="a case of `faults` and `both`, and each part of `fairness`")
    parser.add_argument("--small", action="store_true",
                        help="one case of each in a few seconds; times are told and not judged")
    parser.add_argument("--fault", action="append", choices=list(faults.FAULTS), dest="faults", help="these only")
    parser.add_argument("--first", action="append", choices=PROVIDERS, help="who is away; both by default")
    parser.add_argument("--pause", type=float, default=0.1, metavar="S", help="of a caller between calls")
    parser.add_argument("--latency", default="50ms", help="how long an image takes")
    parser.add_argument("--late", type=float, default=30, metavar="S", help="how late the late one is")
    parser.add_argument("--settle", type=float, metavar="S", help="from the fault to the open breaker")
    parser.add_argument("--json", metavar="FILE", help="writes figures and checks")
    parser.add_argument("--keep", action="store_true", help="keeps the working directory, with the logs")
    options = parser.parse_args()
    options.fairness_seconds = options.seconds
    for name, value in (SMALL if options.small else WHOLE).items():
        if getattr(options, name, None) is None:
            setattr(options, name, value)
    if options.seconds <= options.lead + options.settle + options.tail:
        parser.error(f"--seconds must be more than {options.lead + options.settle + options.tail:g}: nothing would be "
                     "left of the time with an open breaker")
    options.chosen = bool(options.faults or options.first)
    options.faults, options.first = options.faults or list(faults.FAULTS), options.first or list(PROVIDERS)
    if not os.access(options.easel, os.X_OK):
        parser.error(f"there is no program {options.easel}: build it, or name it with --easel")
    return options


def quiet(postgres):
    """Without fsync: the disk's moods are milliseconds too, and durability is proved elsewhere (figures.py)."""
    with open(os.path.join(postgres.directory, "postgresql.conf"), "a") as file:
        file.write("fsync = off\n")
    postgres.run("pg_ctl", "reload", "-D", postgres.directory)


def table(reports):
    columns = ("served percent", "added ms", "added ms beside", "tasks seen per call, away", "most attempts", "probes",
               "served again after s")
    heads = ("served %", "added ms", "beside", "asked", "most", "probes", "back s")
    print(f"\n{'case':<34}" + "".join(f"{head:>10}" for head in heads) + "  result")
    for report in reports:
        cells = [report.figures.get(column, "") for column in columns]
        failed = sum(not check["holds"] for check in report.checks)
        result = "PASS" if report.passed else f"FAIL ({failed} of {len(report.checks)})"
        print(f"{report.name:<34}" + "".join(f"{'-' if cell is None else cell:>10}" for cell in cells) + f"  {result}")
        for name, value in report.figures.items():
            if name.startswith("503 ms") or name.endswith("ratio"):
                print(f"    {name}: {value}")


def main():
    options = parse()
    # An end by signal takes the way of every other end: children are stopped and the directory is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    reports = []
    place = Place(options.easel, options.keep)
    try:
        postgres = Postgres(place)
        quiet(postgres)
        for name in COMMANDS if options.command == "all" else [options.command]:
            reports += COMMANDS[name](place, postgres, options)
    finally:
        place.close()
    passed = all(report.passed for report in reports)
    table(reports)
    print("PASS" if passed else "FAIL", options.command)
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"passed": passed, "cases": [report.value() for report in reports]}, file, indent=1, default=str)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
