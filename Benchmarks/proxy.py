#!/usr/bin/env python3
"""Easel beside nginx on the same machine, in the same run, before the same upstream.

The upstream is an nginx that answers every task at once with a small image. nginx as a proxy only passes requests on;
Easel authenticates, plans, writes admission and settlement to PostgreSQL, proves the image and answers. The ratios say
what that costs. Memory is measured with calls that wait for a slow (simulated) provider.
"""
import argparse
import base64
import json
import os
import resource
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def png(width, height):
    """A small image that is really one."""
    rows = b"".join(b"\0" + bytes((x * 7 + y * 3) % 256 for x in range(width) for _ in range(3)) for y in range(height))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def cpu_seconds(pids):
    total = 0.0
    for pid in pids:
        try:
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
            # Its own time and that of children it has waited for (autovacuum workers end in between).
            total += sum(int(fields[i]) for i in (11, 12, 13, 14)) / TICK
        except FileNotFoundError:
            pass
    return total


def rss_kib(pid):
    return int(open(f"/proc/{pid}/statm").read().split()[1]) * PAGE // 1024


def tree(pid):
    """A process and all below it."""
    found = [pid]
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parent = int(open(f"/proc/{entry}/stat").read().rsplit(")", 1)[1].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == pid and int(entry) != pid:
                found += tree(int(entry))
    return found


class Bench:
    def __init__(self, easel, out, seconds):
        self.easel = os.path.abspath(easel)
        self.out = out
        self.seconds = seconds
        self.work = tempfile.mkdtemp(prefix="easel-bench-")
        os.chmod(self.work, 0o755)
        self.children = []

    def start(self, *command, **options):
        child = subprocess.Popen(command, **options)
        self.children.append(child)
        return child

    def stop(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                try:
                    child.wait(20)
                except subprocess.TimeoutExpired:
                    child.kill()
        shutil.rmtree(self.work, ignore_errors=True)

    # -- the parts

    def nginx(self, name, body):
        prefix = os.path.join(self.work, name)
        os.makedirs(prefix)
        path = os.path.join(prefix, "nginx.conf")
        with open(path, "w") as file:
            file.write(
                f"worker_processes 1; daemon off; pid {prefix}/pid; error_log {prefix}/error.log crit;\n"
                f"events {{ worker_connections 8192; }}\nhttp {{ access_log off; client_max_body_size 64m;\n"
                f"client_body_buffer_size 1m; client_body_temp_path {prefix}/body; proxy_temp_path {prefix}/proxy;\n"
                f"fastcgi_temp_path {prefix}/f; uwsgi_temp_path {prefix}/u; scgi_temp_path {prefix}/s;\n"
                f"keepalive_requests 1000000;\n{body} }}\n"
            )
        return self.start("nginx", "-p", prefix, "-c", path, stderr=subprocess.DEVNULL)

    def gateway(self, name, base_url, delivery, artifacts="none", in_flight=4096):
        data = os.path.join(self.work, name)
        os.makedirs(data)
        port = free_port()
        config = os.path.join(data, "easel.yaml")
        with open(config, "w") as file:
            file.write(
                f"listen: 127.0.0.1:{port}\ndata_dir: {data}\nproviders:\n  runware:\n    kind: runware\n"
                f"    base_url: {base_url}\n    api_key: sandbox-key\n    delivery: {delivery}\n    max_in_flight: {in_flight}\n"
                f"fetch:\n  allow_networks: [127.0.0.0/8]\nartifacts:\n  store: {artifacts}\nlogging:\n  level: warning\n"
            )
        child = self.start(self.easel, "serve", "--config", config, stdout=subprocess.PIPE)
        json.loads(child.stdout.readline())
        url = f"http://127.0.0.1:{port}"
        admin = open(os.path.join(data, "admin-key")).read().strip()
        request = urllib.request.Request(
            url + "/v1/keys", json.dumps({"team": "default"}).encode(), {"Authorization": f"Bearer {admin}"}
        )
        key = json.load(urllib.request.urlopen(request))["key"]
        location = os.path.join(data, "postgres-location")
        cluster = open(location).read().split("\n")[0].strip() if os.path.exists(location) else os.path.join(data, "postgres")
        postmaster = int(open(os.path.join(cluster, "postmaster.pid")).readline())
        return {"url": url, "key": key, "admin": admin, "pid": child.pid, "postmaster": postmaster, "data": data,
                "config": config}

    def ask(self, gateway, method, path, body):
        request = urllib.request.Request(
            gateway["url"] + path, json.dumps(body).encode(),
            {"Authorization": f"Bearer {gateway['admin']}", "Content-Type": "application/json"}, method=method)
        return json.load(urllib.request.urlopen(request))

    def budgeted_key(self, gateway):
        """A key whose calls count in three hard budgets that they never use up: the team's by month, the project's by
        day, and the key's in total."""
        self.ask(gateway, "POST", "/v1/teams", {"name": "budgeted"})
        made = self.ask(gateway, "POST", "/v1/keys", {"team": "budgeted", "project": "bench"})
        for scope, period in (("team:budgeted", "month"), ("project:budgeted/bench", "day"), (f"key:{made['id']}", "total")):
            self.ask(gateway, "PUT", "/v1/budgets",
                     {"scope": scope, "period": period, "limit_usd": "50000000", "hard": True})
        return made["key"]

    def wrk(self, url, connections, key, body, seconds=None):
        environment = dict(os.environ, BODY_FILE=body, API_KEY=key)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds or self.seconds}s", "--timeout", "60s", "-s",
                   os.path.join(os.path.dirname(os.path.abspath(__file__)), "remix.lua"), url]
        text = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        result = json.loads(text.split("RESULT ", 1)[1])
        result["per_second"] = result["requests"] / (result["duration_us"] / 1e6)
        return result

    # -- the measurements

    def throughput(self, rounds):
        image = base64.b64encode(png(64, 64)).decode()
        answer = json.dumps({"data": [{
            "taskType": "imageInference", "imageUUID": "aa2d7c1e-5b1c-4d9f-9a10-0c2f7f6b9e01",
            "imageBase64Data": image, "seed": 7, "cost": 0.06}]}, separators=(",", ":"))
        upstream_port, proxy_port = free_port(), free_port()
        upstream = f"http://127.0.0.1:{upstream_port}"
        self.nginx("upstream", f"server {{ listen 127.0.0.1:{upstream_port} backlog=4096; location / {{ "
                               f"default_type application/json; return 200 '{answer}'; }} }}")
        proxy = self.nginx("proxy", f"upstream up {{ server 127.0.0.1:{upstream_port}; keepalive 256; }}\n"
                                    f"server {{ listen 127.0.0.1:{proxy_port} backlog=4096; location / {{ "
                                    f"proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ''; }} }}")
        gateway = self.gateway("easel", upstream + "/v1", "sync")
        body = os.path.join(self.work, "body.json")
        with open(body, "w") as file:
            json.dump({"model": "ideogram-4.0", "prompt": "a red kite over the harbour", "image": image,
                       "width": 2048, "height": 2048, "output": {"type": "base64", "format": "png"}}, file)
        time.sleep(1)
        remix = gateway["url"] + "/v1/remix"
        budgeted = self.budgeted_key(gateway)
        for key in (gateway["key"], budgeted):
            self.wrk(remix, 16, key, body, 3)
        rows = []
        for connections in (1, 16, 64):
            samples = {"nginx": [], "easel": [], "budgets": []}
            for _ in range(rounds):
                ours = {"gateway": [gateway["pid"]], "postgres": tree(gateway["postmaster"])}
                for name, target, key, pids in (
                    ("nginx", f"http://127.0.0.1:{proxy_port}/v1/remix", gateway["key"], {"proxy": tree(proxy.pid)}),
                    ("easel", remix, gateway["key"], ours),
                    ("budgets", remix, budgeted, ours),
                ):
                    before = {part: cpu_seconds(ids) for part, ids in pids.items()}
                    result = self.wrk(target, connections, key, body)
                    for part, ids in pids.items():
                        spent = cpu_seconds(ids) - before[part]
                        result[f"{part}_cpu_ms_per_call"] = spent * 1000 / max(1, result["requests"])
                    samples[name].append(result)
            row = {"connections": connections}
            for name, results in samples.items():
                row[name] = {key: statistics.median(r[key] for r in results) for key in results[0]}
            rows.append(row)
        logged = self.count(gateway, "select count(*) from calls where status = 'succeeded'")
        sent = self.count(gateway, "select count(*) from attempts where outcome = 'succeeded'")
        return {"rows": rows, "calls_logged": logged, "attempts_logged": sent,
                "rss_mib": rss_kib(gateway["pid"]) / 1024}

    def count(self, gateway, sql):
        text = subprocess.run([self.easel, "db", "psql", sql, "--data-dir", gateway["data"]],
                              capture_output=True, text=True, check=True).stdout
        return int(text.split("\n")[2].strip())

    def waiting(self, calls, delivery):
        """Resident memory with many calls waiting for a provider that takes its time."""
        sandbox = self.start(self.easel, "sandbox", "--port", "0", "--latency", "40s", "--pixel-scale", "16",
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        base = json.loads(sandbox.stdout.readline())["runware"]
        gateway = self.gateway(f"waiting-{delivery}", base, delivery)
        body = os.path.join(self.work, "waiting.json")
        with open(body, "w") as file:
            json.dump({"model": "ideogram-4.0", "prompt": "a red kite", "width": 2048, "height": 2048,
                       "image": base64.b64encode(png(64, 64)).decode()}, file)
        time.sleep(1)
        self.wrk(gateway["url"] + "/healthz", 64, gateway["key"], body, 1)
        before = rss_kib(gateway["pid"])
        environment = dict(os.environ, BODY_FILE=body, API_KEY=gateway["key"])
        load = self.start("wrk", "-t2", f"-c{calls}", "-d50s", "--timeout", "60s", "-s",
                          os.path.join(os.path.dirname(os.path.abspath(__file__)), "remix.lua"),
                          gateway["url"] + "/v1/remix", env=environment, stdout=subprocess.DEVNULL)
        deadline, highest = time.time() + 20, 0
        while time.time() < deadline:
            metrics = urllib.request.urlopen(gateway["url"] + "/metrics").read().decode()
            highest = max(highest, int(next(l for l in metrics.split("\n") if l.startswith("easel_calls_in_flight ")).split()[1]))
            if highest >= calls:
                break
            time.sleep(0.5)
        # What the burst of beginnings used and left is given back within ten seconds.
        time.sleep(12)
        during = rss_kib(gateway["pid"])
        load.kill()
        sandbox.send_signal(signal.SIGTERM)
        return {"delivery": delivery, "calls_waiting": highest, "rss_before_kib": before, "rss_waiting_kib": during,
                "kib_per_call": (during - before) / max(1, highest)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--easel", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--waiting", type=int, default=2000)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    bench = Bench(options.easel, options.out, options.seconds)
    try:
        result = {"throughput": bench.throughput(options.rounds), "waiting": []}
        result["waiting"] = [bench.waiting(options.waiting, delivery) for delivery in ("sync", "async")]
    finally:
        bench.stop()
    with open(os.path.join(options.out, "proxy.json"), "w") as file:
        json.dump(result, file, indent=1)
    show(result)
    show_planner(os.path.join(options.out, "planner.json"), result["throughput"]["rows"])


def show_planner(path, rows):
    """What a plan for ten candidates costs, as a share of the CPU time of a call."""
    if not os.path.exists(path):
        return
    with open(path) as file:
        orderings = json.load(file).values()
    for name, label in (("plan_us", "a plan for ten candidates"), ("plan_and_record_us", "with the writing of its record")):
        times = [ordering[name] for ordering in orderings]
        shares = [max(times) / 10 / row["easel"]["gateway_cpu_ms_per_call"] for row in rows]
        print(f"{label}: {min(times):.1f} to {max(times):.1f} us, at most {min(shares):.1f} to {max(shares):.1f}% of the "
              f"gateway's CPU time for a call")


def show(result):
    print(f"\n{'':14}{'req/s':>9}{'ratio':>7}{'p50 ms':>9}{'p99 ms':>9}{'added p50':>11}{'CPU ms/call':>13}{'PostgreSQL':>12}{'not 200':>9}")
    for row in result["throughput"]["rows"]:
        proxy, easel = row["nginx"], row["easel"]
        print(f"nginx  c={row['connections']:<5}{proxy['per_second']:>9.0f}{1:>7.2f}{proxy['p50_us'] / 1000:>9.2f}"
              f"{proxy['p99_us'] / 1000:>9.2f}{'':>11}{proxy['proxy_cpu_ms_per_call']:>13.3f}{'':>12}{proxy['not_200']:>9.0f}")
        for name, easel in (("easel", easel), ("budgets", row["budgets"])):
            print(f"{name:<7}c={row['connections']:<5}{easel['per_second']:>9.0f}"
                  f"{easel['per_second'] / proxy['per_second']:>7.2f}{easel['p50_us'] / 1000:>9.2f}{easel['p99_us'] / 1000:>9.2f}"
                  f"{(easel['p50_us'] - proxy['p50_us']) / 1000:>11.2f}{easel['gateway_cpu_ms_per_call']:>13.3f}"
                  f"{easel['postgres_cpu_ms_per_call']:>12.3f}{easel['not_200']:>9.0f}")
    for row in result["throughput"]["rows"]:
        easel, budgets = row["easel"], row["budgets"]
        cpu = [sum(side[f"{part}_cpu_ms_per_call"] for part in ("gateway", "postgres")) for side in (budgets, easel)]
        print(f"three hard budgets, c={row['connections']}: {budgets['per_second'] / easel['per_second']:.2f} of the calls a "
              f"second without, {cpu[0] / cpu[1]:.2f} of the CPU time a call, "
              f"{(budgets['p50_us'] - easel['p50_us']) / 1000:+.2f} ms at the median")
    throughput = result["throughput"]
    print(f"logged: {throughput['calls_logged']} calls, {throughput['attempts_logged']} attempts; "
          f"gateway {throughput['rss_mib']:.0f} MiB resident after the load")
    for row in result["waiting"]:
        print(f"waiting ({row['delivery']}): {row['calls_waiting']} calls, {row['kib_per_call']:.1f} KiB each "
              f"({row['rss_before_kib'] / 1024:.0f} -> {row['rss_waiting_kib'] / 1024:.0f} MiB)")


if __name__ == "__main__":
    sys.exit(main())
