"""What a command prints and returns: figures, checks with their evidence, and one last line."""
import json
import time

SHOWN = 5


class Report:
    """Collects figures and checks of one command. A check that fails shows what it saw, not only that it failed."""

    def __init__(self, name):
        self.name = name
        self.figures = {}
        self.checks = []
        self.notes = []
        self.began = time.monotonic()

    def say(self, text):
        print(f"{self.name}: {text}", flush=True)

    def note(self, text):
        self.notes.append(text)
        self.say(text)

    def figure(self, name, value):
        self.figures[name] = value

    def check(self, holds, text, evidence=()):
        evidence = list(evidence)
        self.checks.append({"holds": bool(holds), "text": text, "evidence": [] if holds else evidence})
        print(f"{'PASS' if holds else 'FAIL'} {self.name}: {text}", flush=True)
        if not holds:
            for item in evidence[:SHOWN]:
                print("     " + (item if isinstance(item, str) else json.dumps(item, default=str)), flush=True)
            if len(evidence) > SHOWN:
                print(f"     ... and {len(evidence) - SHOWN} more", flush=True)
        return bool(holds)

    @property
    def passed(self):
        return bool(self.checks) and all(check["holds"] for check in self.checks)

    def finish(self):
        self.figure("seconds", round(time.monotonic() - self.began, 1))
        width = max(len(name) for name in self.figures)
        for name, value in self.figures.items():
            print(f"  {name:<{width}}  {show(value)}")
        failed = sum(not check["holds"] for check in self.checks)
        text = f"{len(self.checks)} checks" + (f", {failed} failed" if failed else "")
        print(f"{'PASS' if self.passed else 'FAIL'} {self.name} ({text})", flush=True)

    def value(self):
        return {"command": self.name, "passed": self.passed, "figures": self.figures, "checks": self.checks,
                "notes": self.notes}


def show(value):
    if isinstance(value, dict):
        return ", ".join(f"{key} {show(item)}" for key, item in value.items()) or "none"
    return str(value)
