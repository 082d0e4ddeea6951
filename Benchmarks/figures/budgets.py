"""Budgets over HTTP: set, read, and watched while others spend."""
import itertools
import threading
import time

from . import client
from .providers import nano, usd

NONE = "no budgets in this program"


def put(gateway, scope, limit, period="month"):
    """Sets a hard budget. False where the program has none."""
    status, answer = client.call(gateway.url, "PUT", "/v1/budgets", gateway.admin_key,
                                 {"scope": scope, "period": period, "limit_usd": limit, "hard": True})
    if status in (404, 405):
        return False
    if not 200 <= status < 300:
        raise RuntimeError(f"PUT /v1/budgets answered {status}: {answer}")
    return True


def read(gateway, scope):
    """Limit, spent and reserved in nanodollars."""
    return find(client.must(gateway.url, "GET", "/v1/budgets", gateway.admin_key), scope)


def find(answer, scope):
    for budget in answer["budgets"]:
        if budget["scope"] == scope:
            return {name: nano(budget[f"{name}_usd"]) for name in ("limit", "spent", "reserved")}
    raise RuntimeError(f"GET /v1/budgets does not show {scope}: {answer}")


def over(figures):
    return figures["spent"] + figures["reserved"] > figures["limit"]


def text(figures):
    return {name: usd(value) for name, value in figures.items()}


class Watch:
    """Reads a budget again and again while it is spent: M2 is a promise about every moment, not about the end."""

    def __init__(self, gateways, scope):
        self.gateways, self.scope = gateways, scope
        self.readings, self.highest, self.broken = 0, 0, []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        try:
            self.watch()
        except Exception as error:  # Whatever ends the watch is a fault of the proof or of the program.
            self.broken.append({"at": time.time(), "error": repr(error)})

    def watch(self):
        turns = itertools.cycle(self.gateways)
        while not self.stopping.is_set():
            gateway = next(turns)
            status, answer = client.call(gateway.url, "GET", "/v1/budgets", gateway.admin_key)
            if status == 503 and answer["code"] == "unavailable":
                # The database is frozen or away.
                self.stopping.wait(0.1)
                continue
            if status != 200:
                self.broken.append({"at": time.time(), "status": status, "answer": answer})
                return
            figures = find(answer, self.scope)
            self.readings += 1
            self.highest = max(self.highest, figures["spent"] + figures["reserved"])
            if over(figures):
                self.broken.append({"at": time.time(), **text(figures)})
            self.stopping.wait(0.01)

    def stop(self):
        self.stopping.set()
        self.thread.join(30)
