"""The provider servers of a run: the sandbox, our own stub, or servers that somebody else runs."""
import json
import os
import re
import sys
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


def nano(usd):
    """Whole nanodollars of a decimal text; None stays None."""
    return None if usd is None else int(Decimal(str(usd)) * 1_000_000_000)


def usd(nanodollars):
    return f"{Decimal(nanodollars) / 1_000_000_000:f}"


def moment(text):
    """Seconds since 1970 of an RFC 3339 text, whatever the number of its fraction's digits."""
    text = re.sub(r"\.(\d{1,6})\d*", lambda match: "." + match.group(1).ljust(6, "0"), text)
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@dataclass(frozen=True)
class Entry:
    """One line of a provider's books."""
    provider: str
    task_id: str
    model: str
    images: int
    cost: int
    at: float


class Providers:
    """Addresses of the providers, and their books since this run began."""

    def __init__(self, runware, ideogram, billing, faults, key):
        self.runware, self.ideogram, self.key = runware, ideogram, key
        self.billing_url, self.faults_url = billing, faults
        # Servers of somebody else may have a past, which is no business of this run.
        self.before = {(entry.provider, entry.task_id) for entry in self.all_entries()}

    @classmethod
    def choose(cls, place, options, latency="30ms", stub_price=None):
        """Those that the options name; otherwise the sandbox, or our own Runware that bills `stub_price` an image."""
        if options.runware_url:
            return cls(options.runware_url, options.ideogram_url, options.billing_url, options.faults_url,
                       options.provider_key)
        if stub_price is not None:
            program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stub_runware.py")
            child = place.start("runware", [sys.executable, program, "--port", "0", "--price", str(stub_price)])
            said = place.ready(child, "runware")
            return cls(said["runware"], None, said["billing"], None, "stub-key")
        # Small images: what is proved here does not depend on pixels, and painting them takes time.
        child = place.start("sandbox", [place.easel, "sandbox", "--port", "0", "--pixel-scale", "16",
                                        "--latency", latency])
        said = place.ready(child, "sandbox")
        return cls(said["runware"], said["ideogram"], said["control"] + "/billing", said["control"] + "/faults",
                   "sandbox-key")

    def all_entries(self):
        with urllib.request.urlopen(self.billing_url, timeout=30) as response:
            book = json.load(response)
        return [Entry(item["provider"], item["task_id"].lower(), item.get("model", ""), item["images"],
                      nano(item["cost_usd"]), moment(item["at"])) for item in book["entries"]]

    def entries(self):
        return [entry for entry in self.all_entries() if (entry.provider, entry.task_id) not in self.before]

    def set_faults(self, rules):
        """Puts fault rules in force; False where the servers take none."""
        if not self.faults_url:
            return False
        request = urllib.request.Request(self.faults_url, json.dumps(rules).encode(),
                                         {"Content-Type": "application/json"}, method="PUT")
        urllib.request.urlopen(request, timeout=30).close()
        return True

    def runware_can_tell(self, task_id, asked):
        """Whether Runware still knows how a task ended: an error, or every image that was asked for."""
        for kind in ("getResponse", "getTaskDetails"):
            request = urllib.request.Request(
                self.runware, json.dumps([{"taskType": kind, "taskUUID": task_id}]).encode(),
                {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"})
            try:
                with urllib.request.urlopen(request, timeout=30) as response:
                    answer = json.load(response)
            except (OSError, ValueError):
                continue
            for reply in [answer] + [item["response"] for item in answer.get("data", []) if "response" in item]:
                done = [item for item in reply.get("data", []) if item.get("status", "success") == "success"
                        and any(name in item for name in ("imageURL", "imageBase64Data", "imageDataURI"))]
                if len(done) >= asked or (reply.get("errors") and not done):
                    return True
        return False

    def settings(self, deliveries, timeout="2s", in_flight=32):
        """The `providers` of a configuration; `deliveries` maps a name to kind and delivery."""
        lines = ["providers:"]
        for name, (kind, delivery) in deliveries.items():
            lines += [f"  {name}:", f"    kind: {kind}", f"    base_url: {getattr(self, kind)}",
                      f"    api_key: {self.key}", f"    delivery: {delivery}", f"    timeout: {timeout}",
                      # Ideogram works on ten requests of one key at a time.
                      f"    max_in_flight: {in_flight if kind == 'runware' else 5}"]
        return "\n".join(lines) + "\nfetch:\n  allow_networks: [127.0.0.0/8]\n"
