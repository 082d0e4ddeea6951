#!/usr/bin/env python3
"""Proves that the figures are true: what the log says is what the providers billed, whatever happens in between.

race     many clients at one or three gateways spend a hard budget to the last cent and not further
crash    the gateway is killed again and again under load and faults; then log and books are compared entry by entry
outage   PostgreSQL is stopped under load and started again
sigterm  the gateway is asked to end under load
rollups  reporting daemons are killed and frozen under load; then the rollups are compared with the log
all      all of it, with a table at the end

Without addresses the sandbox of the same program is the provider (in `race` a small server whose price can be chosen).
Any other provider servers will do that keep a billing record: GET on --billing-url answers
{"entries": [{"provider", "account", "model", "task_id", "images", "cost_usd", "at"}], "total_usd"}, and --faults-url
takes the sandbox's fault rules by PUT. Everything is made in a temporary directory and removed.
"""
import argparse
import json
import os
import random
import signal
import sys

from figures import crash, outage, race, rollups, sigterm

COMMANDS = {"race": race.run, "crash": crash.run, "outage": outage.run, "sigterm": sigterm.run,
            "rollups": rollups.run}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--easel", default=".build/release/easel", metavar="PATH", help="the program to be tried")
    shared.add_argument("--runware-url", metavar="URL", help="base URL of a Runware server")
    shared.add_argument("--ideogram-url", metavar="URL", help="base URL of an Ideogram server")
    shared.add_argument("--billing-url", metavar="URL", help="their billing record")
    shared.add_argument("--faults-url", metavar="URL", help="where fault rules are PUT; without it there are none")
    shared.add_argument("--provider-key", default="sandbox-key", metavar="KEY", help="the key that they accept")
    shared.add_argument("--seed", type=int, help="repeats the choices of an earlier run")
    shared.add_argument("--out", metavar="FILE", help="writes figures and checks as JSON")
    shared.add_argument("--keep", action="store_true", help="keeps the working directory, with the logs")
    options = {
        "race": [("--gateways", dict(type=int, default=1)), ("--cap", dict(default="1.00", metavar="USD")),
                 ("--price", dict(default="0.04", metavar="USD", help="what the provider bills for an image")),
                 ("--requests", dict(type=int, default=200)), ("--concurrency", dict(type=int, default=50)),
                 ("--freezes", dict(type=int, default=0, help="how often PostgreSQL is stopped in the middle for 2.6 s"))],
        "crash": [("--rounds", dict(type=int, default=200)),
                  ("--sync", dict(action="store_true", help="every provider answers synchronously")),
                  ("--database", dict(action="store_true", help="kills PostgreSQL too, in every fourth round"))],
        "outage": [("--seconds", dict(type=float, default=30))],
        "sigterm": [("--stops", dict(type=int, default=5))],
        "rollups": [("--rollup-seconds", dict(type=float, default=60, metavar="SECONDS"))],
    }
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in [*options, "all"]:
        command = commands.add_parser(name, parents=[shared])
        for flag, details in options.get(name) or sum(options.values(), []):
            command.add_argument(flag, **details)
    chosen = parser.parse_args()
    if chosen.runware_url and not chosen.billing_url:
        parser.error("--runware-url needs --billing-url: without books there is nothing to compare")
    if bool(chosen.runware_url) != bool(chosen.ideogram_url) and chosen.command != "race":
        parser.error("--runware-url and --ideogram-url go together")
    if not os.access(chosen.easel, os.X_OK):
        parser.error(f"there is no program {chosen.easel}: build it, or name it with --easel")
    return chosen


def runs(options):
    """The commands with their options; `all` races at one gateway, at three, and at three whose database stalls, and
    crashes with both deliveries."""
    if options.command != "all":
        return [(options.command, options)]
    changed = [("race", {"gateways": 1}), ("race", {"gateways": 3}), ("race", {"gateways": 3, "freezes": 5}),
               ("crash", {"sync": False}), ("crash", {"sync": True}), ("outage", {}), ("sigterm", {}), ("rollups", {})]
    return [(name, argparse.Namespace(**{**vars(options), **change})) for name, change in changed]


def main():
    options = parse()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1, 2**31)
    # An end by signal takes the way of every other end: children are stopped and the directory is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Matching entries with attempts walks along chains, which may be long.
    sys.setrecursionlimit(20_000)
    print(f"seed {options.seed}", flush=True)
    reports = []
    for name, chosen in runs(options):
        reports.append(COMMANDS[name](chosen))
    passed = all(report.passed for report in reports)
    if options.command == "all":
        print(f"\n{'command':<10}{'checks':>8}{'failed':>8}{'seconds':>9}  result")
        for report in reports:
            failed = sum(not check["holds"] for check in report.checks)
            print(f"{report.name:<10}{len(report.checks):>8}{failed:>8}{report.figures['seconds']:>9}  "
                  f"{'PASS' if report.passed else 'FAIL'}")
        print("PASS" if passed else "FAIL", "all")
    if options.out:
        with open(options.out, "w") as file:
            values = [report.value() for report in reports]
            json.dump({"seed": options.seed, "passed": passed, "commands": values}, file, indent=1, default=str)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
