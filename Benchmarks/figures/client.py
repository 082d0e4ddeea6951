"""Clients of a gateway: single requests, and a load of many threads that remembers what it was told."""
import base64
import http.client
import itertools
import json
import random
import struct
import threading
import time
import urllib.parse
import zlib
from collections import Counter
from dataclasses import dataclass, field

from .providers import nano


def png(width=64, height=64):
    """A small image that is really one."""
    rows = b"".join(b"\0" + bytes((x * 7 + y * 3) % 256 for x in range(width) for _ in range(3)) for y in range(height))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


IMAGE = base64.b64encode(png()).decode()
SIZES = {"ideogram-4.0": 2048, "ideogram-3.0": 1024, "ideogram-1.0": 1024}


def remix_body(tag, model="ideogram-4.0", count=1, policy=None, speed=None):
    """A request. Its tag finds its row in the log even when no answer ever came."""
    body = {"model": model, "prompt": "a red kite over the harbour", "image": IMAGE, "width": SIZES[model],
            "height": SIZES[model], "output": {"type": "url", "format": "png"}, "tags": {"figures": tag}}
    if count > 1:
        body["count"] = count
    if policy:
        body["policy"] = policy
    if speed:
        body["rendering_speed"] = speed
    return body


def call(url, method, path, key, body=None, timeout=30):
    """One administrative request: status and JSON."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request(method, path, None if body is None else json.dumps(body),
                           {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        response = connection.getresponse()
        data = response.read()
        return response.status, json.loads(data) if data else None
    finally:
        connection.close()


def must(url, method, path, key, body=None):
    status, answer = call(url, method, path, key, body)
    if not 200 <= status < 300:
        raise RuntimeError(f"{method} {path} answered {status}: {answer}")
    return answer


def make_team(gateway, name):
    """A team and a key of it."""
    must(gateway.url, "POST", "/v1/teams", gateway.admin_key, {"name": name})
    return must(gateway.url, "POST", "/v1/keys", gateway.admin_key, {"team": name})["key"]


@dataclass
class Order:
    """What a client sends."""
    key: str
    body: dict
    idempotency_key: str | None = None
    respond_async: bool = False

    @property
    def tag(self):
        return self.body["tags"]["figures"]


@dataclass
class Answer:
    """What a client was told, without the images. `error`: refused, reset, cut or timeout, where no answer came."""
    order: Order
    sent_at: float
    took: float = 0.0
    status: int | None = None
    error: str | None = None
    # Whether the connection had carried a request before: a server may close such a one whenever it is idle.
    kept: bool = False
    call_id: str | None = None
    code: str | None = None
    cost: int | None = None
    basis: str | None = None
    call_status: str | None = None
    images: int = 0
    attempts: list = field(default_factory=list)
    retry_after: str | None = None

    @property
    def ended_at(self):
        return self.sent_at + self.took

    def is_put_off(self):
        return self.status == 503 and self.code == "unavailable" and self.retry_after is not None

    def evidence(self):
        return {"tag": self.order.tag, "status": self.status, "error": self.error, "kept": self.kept,
                "code": self.code, "call_id": self.call_id, "cost": self.cost, "basis": self.basis,
                "took_s": round(self.took, 3)}


def send(connection, order):
    """Sends one remix over a connection that may be kept. Tells apart where it broke."""
    answer = Answer(order, time.time(), kept=connection.sock is not None)
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {order.key}", "Content-Type": "application/json"}
    if order.idempotency_key:
        headers["Idempotency-Key"] = order.idempotency_key
    if order.respond_async:
        headers["Prefer"] = "respond-async"
    stage = "refused"
    try:
        if connection.sock is None:
            connection.connect()
        stage = "reset"
        connection.request("POST", "/v1/remix", json.dumps(order.body), headers)
        response = connection.getresponse()
        stage = "cut"
        data = response.read()
        answer.status = response.status
        answer.retry_after = response.headers.get("Retry-After")
        told(answer, json.loads(data))
    except TimeoutError:
        answer.error = "timeout"
        connection.close()
    except (OSError, http.client.HTTPException, ValueError):
        answer.error = stage
        answer.status = None
        connection.close()
    answer.took = time.monotonic() - began
    return answer


def told(answer, body):
    answer.call_id = body.get("id") or body.get("call_id")
    answer.code = body.get("code")
    answer.cost = nano(body.get("cost_usd"))
    answer.basis = body.get("cost_basis")
    answer.call_status = body["status"] if isinstance(body.get("status"), str) else None
    answer.images = sum(not image["withheld"] for image in body.get("images", []))
    answer.attempts = body.get("attempts", [])


class Load:
    """Threads that send one order after another until stopped, at most `limit` of them together."""

    def __init__(self, urls, make, threads, seed, limit=None, timeout=40, until_refused=False, half_fresh=False,
                 tries=1):
        self.urls, self.make, self.seed, self.timeout = urls, make, seed, timeout
        # half_fresh: every second client opens a connection for each request.
        # tries: how often a request is sent that is answered "not now, ask again".
        self.until_refused, self.half_fresh, self.tries = until_refused, half_fresh, tries
        self.answers = []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.numbers = itertools.count()
        self.limit = limit
        self.workers = [threading.Thread(target=self.work, args=(n,), daemon=True) for n in range(threads)]
        for worker in self.workers:
            worker.start()

    def work(self, number):
        chance = random.Random(f"{self.seed}/{number}")
        parts = urllib.parse.urlsplit(self.urls[number % len(self.urls)])
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=self.timeout)
        while not self.stopping.is_set():
            with self.lock:
                turn = next(self.numbers)
            if self.limit is not None and turn >= self.limit:
                break
            order = self.make(chance, f"{self.seed}-{turn}")
            if order is None:
                break
            for left in reversed(range(self.tries)):
                answer = send(connection, order)
                if self.half_fresh and number % 2:
                    connection.close()
                with self.lock:
                    self.answers.append(answer)
                if not left or not answer.is_put_off() or self.stopping.wait(float(answer.retry_after)):
                    break
            if answer.error and self.until_refused:
                # A gateway that goes away closes idle connections; only one that refuses a new one is gone.
                if answer.error == "refused":
                    break
            elif answer.status in (429, 503) or answer.error:
                # Nobody hammers a server that asks to be left alone; the ones that wait find out when it is back.
                self.stopping.wait(0.1)
        connection.close()

    def wait(self, within):
        """Waits for the end of every thread; False when some still wait for an answer."""
        deadline = time.monotonic() + within
        for worker in self.workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        return not any(worker.is_alive() for worker in self.workers)

    def stop(self, within=60):
        self.stopping.set()
        return self.wait(within)


def statuses(answers):
    """How many answers of each kind, for people."""
    return dict(sorted(Counter(str(answer.status or answer.error) for answer in answers).items()))
