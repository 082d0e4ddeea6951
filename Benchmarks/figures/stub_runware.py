#!/usr/bin/env python3
"""A small strict Runware whose price can be chosen, with books: POST /v1 as documented, GET /billing.

It takes `imageInference` (synchronous or asynchronous), `getResponse` and `getTaskDetails`, one or several to a
request, and charges every image that it makes, whether or not the client waits for it.
"""
import argparse
import base64
import datetime
import json
import random
import struct
import sys
import threading
import time
import uuid
import zlib
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODELS = {"ideogram:4@remix": "seedImage", "ideogram:4@2": "referenceImages", "ideogram:1@2": "referenceImages"}


def dot():
    """An image of one grey point."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")


IMAGE = dot()


class Refused(Exception):
    def __init__(self, code, message, status=400, **more):
        super().__init__(message)
        self.status = status
        self.error = {"code": code, "message": message, **more}


class Books:
    """Tasks by their id, and what was charged for them."""

    def __init__(self, price, latency):
        self.price, self.latency = price, latency
        self.lock = threading.Lock()
        self.tasks = {}
        self.entries = []

    def take(self, task, account):
        """Accepts a task whose id was never used before."""
        with self.lock:
            if task["taskUUID"].lower() in self.tasks:
                raise Refused("conflictTaskUUID", "The taskUUID was used before.", parameter="taskUUID",
                              taskUUID=task["taskUUID"])
            self.tasks[task["taskUUID"].lower()] = {"account": account, "task": task, "items": None}

    def work(self, task, account, origin):
        """Makes the images and charges them; a task is charged before anybody can see its result."""
        time.sleep(self.latency)
        count = task.get("numberResults", 1)
        items = [self.item(task, origin) for _ in range(count)]
        now = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
        with self.lock:
            self.entries.append({"provider": "runware", "account": account, "model": task["model"],
                                 "task_id": task["taskUUID"].lower(), "images": count,
                                 "cost_usd": f"{self.price * count:f}", "at": now})
            self.tasks[task["taskUUID"].lower()]["items"] = items
        return items

    def item(self, task, origin):
        item = {"taskType": "imageInference", "taskUUID": task["taskUUID"], "imageUUID": str(uuid.uuid4()),
                "seed": random.randrange(1, 2**31)}
        if task.get("includeCost"):
            item["cost"] = float(self.price)
        encoded = base64.b64encode(IMAGE).decode()
        kind = task.get("outputType", "URL")
        if kind == "base64Data":
            item["imageBase64Data"] = encoded
        elif kind == "dataURI":
            item["imageDataURI"] = "data:image/png;base64," + encoded
        else:
            item["imageURL"] = f"{origin}/image/{item['imageUUID']}.png"
        return item

    def known(self, task_id, account):
        with self.lock:
            record = self.tasks.get(task_id.lower())
            return record if record and record["account"] == account else None


def check(task):
    """What the documents demand of an inference, as far as a gateway can get it wrong."""
    place = MODELS.get(task.get("model"))
    if place is None:
        raise Refused("invalidModel", "The model is not available.", parameter="model")
    prompt = task.get("positivePrompt")
    if not isinstance(prompt, str) or not 1 <= len(prompt) <= 2048:
        raise Refused("invalidPositivePrompt", "The prompt is missing or too long.", parameter="positivePrompt")
    if not (task.get("inputs") or {}).get(place):
        raise Refused("missingInputs", f"The parameter 'inputs.{place}' is required.", parameter=f"inputs.{place}")
    count = task.get("numberResults", 1)
    if not isinstance(count, int) or not 1 <= count <= 20:
        raise Refused("invalidNumberResults", "From 1 to 20 results.", parameter="numberResults")
    if task.get("outputFormat", "JPG") != "PNG":
        raise Refused("invalidOutputFormat", "This server makes PNG only.", parameter="outputFormat")


def task_uuid(task):
    text = task.get("taskUUID")
    try:
        value = uuid.UUID(text)
    except (ValueError, TypeError, AttributeError):
        value = None
    if value is None or value.version != 4 or str(value) != text.lower():
        raise Refused("invalidTaskUUID", "The parameter 'taskUUID' must be a UUID v4.", parameter="taskUUID")
    return text


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer is headers and body in two writes, which must not wait for each other.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        books = self.server.books
        if self.path == "/billing":
            with books.lock:
                total = sum((Decimal(entry["cost_usd"]) for entry in books.entries), Decimal(0))
                return self.reply(200, {"entries": list(books.entries), "total_usd": f"{total:f}"})
        if self.path.startswith("/image/"):
            return self.reply(200, IMAGE, "image/png")
        return self.reply(404, {"errors": [{"code": "notFound", "message": "There is nothing here."}]})

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if self.path not in ("/v1", "/v1/"):
                raise Refused("notFound", "There is nothing here.", 404)
            scheme, _, account = self.headers.get("Authorization", "").partition(" ")
            if scheme != "Bearer" or account != self.server.key:
                raise Refused("invalidApiKey", "The key is not valid.", 401)
            try:
                tasks = json.loads(data)
            except ValueError:
                raise Refused("invalidJSON", "The body is not valid JSON.") from None
            if not isinstance(tasks, list) or not tasks or not all(isinstance(task, dict) for task in tasks):
                raise Refused("invalidRequest", "The body must be an array of task objects.")
            items, errors, status = [], [], 200
            for task in tasks:
                try:
                    items += self.perform(task, account)
                except Refused as refused:
                    errors.append({**refused.error, "taskUUID": task.get("taskUUID")})
                    status = refused.status
            # Without errors the key is absent: the official client takes its presence for a failure.
            body = {"data": items, **({"errors": errors} if errors else {})}
            self.reply(200 if items or not errors else status, body)
        except Refused as refused:
            self.reply(refused.status, {"errors": [refused.error]})

    def perform(self, task, account):
        books = self.server.books
        name = task_uuid(task)
        kind = task.get("taskType")
        if kind == "imageInference":
            check(task)
            books.take(task, account)
            origin = f"http://{self.headers['Host']}"
            if task.get("deliveryMethod", "sync") == "async":
                threading.Thread(target=books.work, args=(task, account, origin), daemon=True).start()
                return [{"taskType": kind, "taskUUID": name}]
            return books.work(task, account, origin)
        if kind == "getResponse":
            record = books.known(name, account)
            if record is None or record["task"].get("deliveryMethod", "sync") == "sync":
                return []
            if record["items"] is None:
                return [{"taskType": "imageInference", "taskUUID": name, "status": "processing"}]
            return [{**item, "status": "success"} for item in record["items"]]
        if kind == "getTaskDetails":
            record = books.known(name, account)
            if record is None:
                raise Refused("taskFailedOrNotFound", "There is no such task.", 404)
            return [{"taskType": kind, "taskUUID": name, "response": {"data": record["items"] or []}}]
        raise Refused("invalidTaskType", "The task type is not known.", parameter="taskType")

    def reply(self, status, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that left is no news."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--price", type=Decimal, default=Decimal("0.04"), help="USD an image")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds that a task takes")
    parser.add_argument("--api-key", default="stub-key")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.books = Books(options.price, options.latency)
    server.key = options.api_key
    origin = f"http://127.0.0.1:{server.server_port}"
    print(json.dumps({"event": "ready", "runware": f"{origin}/v1", "billing": f"{origin}/billing"}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
