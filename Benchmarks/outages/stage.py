"""What a case needs: simulated providers with a journal, a database and a gateway, all fresh, so that no case inherits
an open breaker, a learnt latency or a task that is still late from the one before."""
import http.client
import json
import random
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

from figures import client
from figures.place import Gateway, psql
from figures.providers import moment

PROVIDERS = ("runware", "ideogram")
DELIVERIES = {"runware": "async", "ideogram": "sync"}
# Ideogram works on ten requests of one key at a time.
IN_FLIGHT = {"runware": 32, "ideogram": 10}
KEY = "sandbox-key"


def other(provider):
    return PROVIDERS[1 - PROVIDERS.index(provider)]


def free_pair():
    """Two neighbouring free ports below those that the system hands out: a port that is closed for a while in a case
    must not be taken by somebody's outgoing connection meanwhile."""
    for _ in range(200):
        port = random.SystemRandom().randrange(20_000, 32_000)
        try:
            for number in (port, port + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", number))
            return port
        except OSError:
            continue
    raise RuntimeError("there are no two free ports side by side")


class Sandbox:
    """`easel sandbox` as a process. It can be stopped and started at the same addresses."""

    def __init__(self, place, name, latency):
        self.place, self.name = place, name
        self.port = free_pair()
        self.command = [place.easel, "sandbox", "--port", str(self.port), "--pixel-scale", "16", "--latency", latency,
                        "--api-key", KEY]
        self.child = None
        self.start()

    def start(self):
        self.child = self.place.start(self.name, self.command)
        said = self.place.ready(self.child, self.name)
        self.addresses = {provider: said[provider] for provider in PROVIDERS}

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()
        self.place.children.remove(self.child)

    def control(self, path, away=None, body=None):
        """A question to the sandbox itself, at the port of a provider that is not away."""
        parts = urllib.parse.urlsplit(self.addresses["runware" if away != "runware" else "ideogram"])
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{parts.netloc}/sandbox/{path}", data,
                                         {"Content-Type": "application/json"}, method="PUT" if data else "GET")
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def set_faults(self, rules, away=None):
        self.control("faults", away, rules)


class Journal:
    """Every request that the sandbox has seen, read in time: it keeps the last 500 only.

    An entry is written when the request is answered (a hanging one at once, a late one when it is late).
    """

    def __init__(self, sandbox, away=None):
        self.sandbox, self.away = sandbox, away
        self.entries, self.seen, self.lost = [], 0, 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.stopping.wait(0.25):
            self.read()

    def read(self):
        try:
            value = self.sandbox.control("requests", self.away)
        except (OSError, http.client.HTTPException):
            return
        fresh = value["total"] - self.seen
        self.seen = value["total"]
        self.lost += max(0, fresh - len(value["last"]))
        for entry in value["last"][-fresh:] if fresh else []:
            # Runware has one address for tasks and questions; only a task names a model.
            is_task = entry["method"] == "POST" and (entry["provider"] == "ideogram" or entry["model"] is not None)
            self.entries.append((entry["provider"], is_task, moment(entry["at"])))

    def stop(self):
        self.stopping.set()
        self.thread.join(30)
        self.read()

    def count(self, provider, is_task=True, begin=0.0, end=float("inf")):
        return sum(entry[0] == provider and entry[1] == is_task and begin <= entry[2] < end for entry in self.entries)


class States:
    """What GET /v1/providers says of a provider's health, asked twice a second."""

    def __init__(self, gateway, key, provider):
        self.gateway, self.key, self.provider = gateway, key, provider
        self.seen = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.stopping.wait(0.5):
            try:
                status, answer = client.call(self.gateway.url, "GET", "/v1/providers", self.key)
            except (OSError, http.client.HTTPException, ValueError):
                continue
            for item in answer.get("providers", []) if status == 200 else []:
                if item["name"] == self.provider:
                    state = item.get("breaker") or item.get("state")
                    self.seen.append((time.time(), state if isinstance(state, str) else json.dumps(state)))

    def stop(self):
        self.stopping.set()
        self.thread.join(30)

    def within(self, begin, end):
        counts = {}
        for at, state in self.seen:
            if begin <= at < end:
                counts[state] = counts.get(state, 0) + 1
        return counts


class Database:
    """A database of its own at a server that several cases share."""

    def __init__(self, postgres, name):
        if postgres.run("createdb", "-h", postgres.directory, "-U", "easel", name):
            raise RuntimeError(f"the database {name} could not be made")
        self.url = f"postgresql://easel@/{name}?host={postgres.directory}"

    def query(self, statement):
        return psql(self.url, statement)


class Stage:
    """Sandbox, database and gateway of one case. `policies` maps names to the text of a policy."""

    def __init__(self, place, postgres, name, policies, latency="50ms", timeout="2s", providers=PROVIDERS,
                 fetch="2s", in_flight=None, deliveries=None, more=""):
        self.sandbox = Sandbox(place, f"{name}-sandbox", latency)
        self.database = Database(postgres, name)
        lines = ["shutdown_grace: 5s", "providers:"]
        for provider in providers:
            lines += [f"  {provider}:", f"    kind: {provider}", f"    base_url: {self.sandbox.addresses[provider]}",
                      f"    api_key: {KEY}", f"    delivery: {(deliveries or DELIVERIES)[provider]}",
                      f"    timeout: {timeout}", f"    max_in_flight: {(in_flight or IN_FLIGHT)[provider]}"]
        lines += ["fetch:", "  allow_networks: [127.0.0.0/8]", f"  timeout: {fetch}", "artifacts:", "  store: none",
                  "logging:", "  level: warning", "routing:", f"  default: {next(iter(policies))}", "  policies:"]
        lines += [f"    {policy}: {{ {text} }}" for policy, text in policies.items()]
        self.gateway = Gateway(place, f"{name}-gateway", "\n".join(lines) + "\n" + more, self.database)
        self.gateway.start()

    def attempts(self):
        """The log's attempts with their call's tag and policy; times are seconds since 1970."""
        return self.database.query("""
            SELECT a.call_id, a.ordinal, a.provider, a.outcome, a.error_code, a.sent, c.policy, c.status,
                c.tags ->> 'figures' AS tag, extract(epoch FROM c.received_at)::float8 AS received,
                extract(epoch FROM a.started_at)::float8 AS started, extract(epoch FROM a.ended_at)::float8 AS ended
            FROM attempts AS a JOIN calls AS c ON c.team_id = a.team_id AND c.call_id = a.call_id
            ORDER BY a.started_at""")

    def settled(self, within=30):
        """Waits until no call is under way any more; how many still are."""
        deadline = time.monotonic() + within
        while True:
            left = self.database.query("SELECT call_id FROM calls WHERE status = 'in_progress'")
            if not left or time.monotonic() > deadline:
                return len(left)
            time.sleep(0.5)

    def close(self):
        if self.gateway.terminate(30) is None:
            self.gateway.kill()
        self.sandbox.stop()
