#!/usr/bin/env python3
"""Measures what one hostile request costs the others: how long it is worked on, in the size given and in four times it,
and how long GET /healthz took at worst meanwhile.

Work that grows with its input takes about four times as long for four times the input. Columns: bytes and seconds of the
processor for the small and the large body, their ratio for each byte, and the worst healthz in milliseconds.

The gateway has a database of its own in a temporary directory, which is removed. Nothing is sent to any provider.
"""
import argparse
import http.client
import json
import os
import sys
import threading
import time

from figures.place import Place


def fields(n):
    return "application/json", "/v1/remix", json.dumps({f"unknown_{i}": 1 for i in range(n)})


def policy_nodes(n):
    return "application/json", "/v1/remix", '{"policy":{"a":[' + "0," * n + "0]}}"


def tags(n):
    return "application/json", "/v1/remix", json.dumps({"tags": {f"t{i}": "x" for i in range(n)}})


def nesting(n):
    return "application/json", "/v1/remix", '{"policy":' + "[" * n


def escapes(n):
    return "application/json", "/v1/remix", '{"prompt":"' + "\\u0301" * n + '"}'


def digits(n):
    return "application/json", "/v1/remix", '{"seed":' + "9" * (n * 8) + "}"


def duplicates(n):
    return "application/json", "/v1/remix", "{" + ",".join(['"prompt":"x"'] * n) + "}"


def look_alikes(n):
    boundary = "-" * 70
    body = ("\r\n--" + boundary[:-1]) * (n // 8)
    return f"multipart/form-data; boundary={boundary}", "/v1/remix", body


def parts(n):
    part = '--b\r\nContent-Disposition: form-data; name="tags[x]"\r\n\r\ny\r\n'
    return "multipart/form-data; boundary=b", "/v1/remix", part * (n // 4) + "--b--\r\n"


def simulate(text):
    return "application/json", "/v1/route/simulate", json.dumps({"policy": text})


def policy_keys(n):
    return simulate("order: [ideogram]\n" + "".join(f"unknown_key_{i}: x\n" for i in range(n // 4)))


def policy_uses(n):
    return simulate("when:\n" + "".join(f"  - {{ match: {{ team: t }}, use: nobody{i} }}\n" for i in range(n // 8)))


def policy_chain(n):
    text = "".join(f"    p{i}: {{ when: [], otherwise: p{i + 1} }}\n" for i in range(n // 8))
    return simulate("routing:\n  policies:\n" + text + f"    p{n // 8}: {{ prefer: cost }}\n")


def anchors(n):
    text = "a0: &a0 [x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]\n" for i in range(1, max(3, n // 500)))
    return simulate(text)


def prices(n):
    return "application/json", "/v1/prices", json.dumps({"prices": [{"x": 1}] * n})


CASES = [fields, policy_nodes, tags, nesting, escapes, digits, duplicates, look_alikes, parts, policy_keys, policy_uses,
         policy_chain, anchors, prices]


class Health(threading.Thread):
    """Asks for /healthz again and again and keeps the longest time."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.worst, self.over = address, 0.0, False

    def run(self):
        while not self.over:
            began = time.monotonic()
            send(self.address, "GET", "/healthz")
            self.worst = max(self.worst, time.monotonic() - began)
            time.sleep(0.005)


def send(address, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(*address, timeout=300)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def processor(process):
    with open(f"/proc/{process}/stat") as file:
        parts = file.read().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--easel", default=".build/release/easel", metavar="PATH", help="the program to be tried")
    parser.add_argument("--size", type=int, default=4000, help="members, lines or parts of the small body")
    parser.add_argument("--port", type=int, default=21877)
    parser.add_argument("--only", help="one case")
    arguments = parser.parse_args()
    place = Place(arguments.easel, keep=False)
    address = ("127.0.0.1", arguments.port)
    key = "esl_" + "0123456789abcdef" * 4
    with open(place.path("easel.yaml"), "w") as file:
        file.write(f"listen: 127.0.0.1:{arguments.port}\ndata_dir: {place.path('data')}\nadmin_key: {key}\nproviders:\n"
                   "  ideogram: { kind: ideogram, base_url: 'http://127.0.0.1:9', api_key: no-key-at-all-0123 }\n")
    failed = []
    try:
        gateway = place.start("gateway", [place.easel, "serve", "--config", place.path("easel.yaml")])
        place.ready(gateway, "gateway")
        print(f"{'case':14} {'status':>6} {'bytes':>9} {'cpu s':>7} {'bytes':>9} {'cpu s':>7} {'ratio':>6} {'healthz ms':>10}")
        for case in CASES:
            if arguments.only and case.__name__ != arguments.only:
                continue
            seen = []
            health = Health(address)
            health.start()
            for size in (arguments.size, 4 * arguments.size):
                kind, path, body = case(size)
                headers = {"Authorization": f"Bearer {key}", "Content-Type": kind}
                before = processor(gateway.pid)
                method = "PUT" if path == "/v1/prices" else "POST"
                status, answer = send(address, method, path, body.encode(), headers)
                seen.append((status, len(body), processor(gateway.pid) - before))
                if status >= 500 or len(answer) > 100_000:
                    failed.append(f"{case.__name__}: {status} with {len(answer)} bytes")
            health.over = True
            health.join(5)
            (_, small, first), (status, large, second) = seen
            ratio = (second / large) / (max(first, 0.01) / small)
            print(f"{case.__name__:14} {status:6} {small:9} {first:7.2f} {large:9} {second:7.2f} {ratio:6.1f} "
                  f"{health.worst * 1000:10.0f}")
            # Below a tenth of a second the clock of the processor tells nothing of growth.
            if second > 0.5 and ratio > 3:
                failed.append(f"{case.__name__}: {ratio:.1f} times the work for each byte")
    finally:
        place.close()
    for line in failed:
        print(f"FAIL {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
