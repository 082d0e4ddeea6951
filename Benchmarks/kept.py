#!/usr/bin/env python3
"""Proves that kept connections stay alive whatever the size of what comes over them: bodies around the size at which the
gateway stops reading (256 KiB), in random pieces, again and again on the same connections.

Everything is answered, or the size, the connection and the number of the request are told. The seed is printed; the same
seed sends the same bodies. Gateway, database and simulated providers are made in a temporary directory and removed.
"""
import argparse
import base64
import json
import os
import random
import signal
import socket
import struct
import sys
import threading
import time
import urllib.parse
import zlib

from figures import client
from figures.place import Gateway, Place
from figures.providers import Providers


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--easel", default=".build/release/easel", metavar="PATH", help="the program to be tried")
    parser.add_argument("--bodies", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--smallest", type=int, default=200 << 10, metavar="BYTES")
    parser.add_argument("--largest", type=int, default=400 << 10, metavar="BYTES")
    parser.add_argument("--patience", type=float, default=15, metavar="S", help="how long an answer may take")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--keep", action="store_true", help="keeps the working directory, with the logs")
    options = parser.parse_args()
    if not os.access(options.easel, os.X_OK):
        parser.error(f"there is no program {options.easel}: build it, or name it with --easel")
    return options


def padded(size):
    """An image that is `size` bytes long by a text chunk before its end."""
    image = client.png()
    end = image[-12:]
    text = b"tEXt" + b"Comment\0" + b"x" * (size - len(image) - 20)
    return image[:-12] + struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text)) + end


def request(chance, options, key):
    """A whole request, as multipart or as JSON; most are only explained, which costs nothing and is as large."""
    size = chance.randrange(options.smallest, options.largest)
    path = "/v1/remix" if chance.random() < 0.3 else "/v1/route/explain"
    if chance.random() < 0.5:
        parts = {"model": "ideogram-4.0", "prompt": "a red kite", "width": "2048", "height": "2048"}
        body = b"".join(f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                        for name, value in parts.items())
        body += (b'--B\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n'
                 b"Content-Type: image/png\r\n\r\n" + padded(size) + b"\r\n--B--\r\n")
        kind = "multipart/form-data; boundary=B"
    else:
        fields = client.remix_body("kept")
        fields["image"] = base64.b64encode(padded(size * 3 // 4)).decode()
        body, kind = json.dumps(fields).encode(), "application/json"
    head = (f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n")
    return size, path, head.encode() + body


def send(connection, chance, data):
    """In pieces of any size, with and without pauses."""
    at = 0
    while at < len(data):
        piece = chance.choice([chance.randrange(1, 2000), chance.randrange(1, 70_000), len(data)])
        connection.sendall(data[at:at + piece])
        at += piece
        if chance.random() < 0.05:
            time.sleep(chance.random() * 0.003)


def answer(connection):
    """The status of one answer, which is read to its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise OSError("closed without an answer")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            raise OSError("closed within an answer")
        body += more
    return int(head.split()[1])


class Run:
    def __init__(self, options, url, key):
        self.options, self.key = options, key
        self.address = urllib.parse.urlsplit(url)
        self.lock = threading.Lock()
        self.left, self.answered, self.bad = options.bodies, 0, []

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def work(self, number):
        chance = random.Random(self.options.seed * 1000 + number)
        connection, turn = None, 0
        while self.take():
            if connection is None:
                connection = socket.create_connection((self.address.hostname, self.address.port), self.options.patience)
                turn = 0
            turn += 1
            size, path, data = request(chance, self.options, self.key)
            began = time.monotonic()
            try:
                send(connection, chance, data)
                status = answer(connection)
                problem = None if status == 200 else f"answered {status}"
            except OSError as error:
                problem = f"{type(error).__name__}: {error} after {time.monotonic() - began:.1f} s"
                connection.close()
                connection = None
            with self.lock:
                self.answered += problem is None
                if problem:
                    self.bad.append(f"{path}, {size} bytes, request {turn} on its connection: {problem}")
        if connection:
            connection.close()


def main():
    options = parse()
    options.runware_url = None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"seed {options.seed}")
    place = Place(options.easel, options.keep)
    try:
        providers = Providers.choose(place, options, latency="1ms")
        settings = providers.settings({"runware": ("runware", "sync")}, timeout="20s", in_flight=8)
        gateway = Gateway(place, "gateway", settings)
        gateway.start()
        run = Run(options, gateway.url, client.make_team(gateway, "kept"))
        began = time.monotonic()
        threads = [threading.Thread(target=run.work, args=(number,)) for number in range(options.connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - began
        gateway.terminate()
    finally:
        place.close()
    for line in run.bad[:20]:
        print(line)
    print(f"{run.answered} of {options.bodies} answered over {options.connections} connections in {took:.1f} s")
    print("PASS" if run.answered == options.bodies else "FAIL")
    return 0 if run.answered == options.bodies else 1


if __name__ == "__main__":
    sys.exit(main())
