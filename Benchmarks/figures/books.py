"""Compares the log with the providers' books entry by entry, with itself, and with what clients were told."""
import time
from collections import Counter, defaultdict

from . import client
from .providers import nano, usd

ATTEMPTS = """
    SELECT a.attempt_id, a.call_id, a.ordinal, a.provider, a.provider_model, a.task_id, a.provider_task_id,
        a.provider_request_id, a.images_asked, a.images_returned, a.bound_nusd, a.outcome, a.reason, a.error_code,
        a.http_status, a.sent, a.cost_nusd, a.cost_basis, a.duplicate_risk,
        extract(epoch FROM a.started_at)::float8 AS started
    FROM attempts AS a"""
CALLS = """
    SELECT c.call_id, c.team_id, c.status, c.error_code, c.cost_nusd, c.cost_basis, c.images_requested,
        c.images_delivered, c.attempts, c.policy, c.tags ->> 'figures' AS tag
    FROM calls AS c"""
IMAGES = "SELECT i.call_id, count(*) FILTER (WHERE NOT i.withheld) AS delivered FROM images AS i GROUP BY i.call_id"


class Log:
    """The rows of the log that the comparison is about, as they stand at one moment."""

    def __init__(self, query, kinds):
        # Attempts first: one that is newer than the list of calls would look as if it had none.
        self.attempts = query(ATTEMPTS)
        self.calls = query(CALLS)
        self.delivered = {row["call_id"]: row["delivered"] for row in query(IMAGES)}
        self.kinds = kinds
        self.by_call = {call["call_id"]: call for call in self.calls}
        self.by_tag = defaultdict(list)
        for call in self.calls:
            self.by_tag[call["tag"]].append(call)

    def kind(self, attempt):
        return self.kinds.get(attempt["provider"])


class Comparison:
    """The books beside the log.

    Each entry must be one attempt's, and that attempt must have its cost to the nanodollar. What a provider cannot tell
    any more must stand as unknown, with a bound that is no less than what was billed.
    """

    def __init__(self, log, entries, providers=None):
        self.log, self.entries, self.providers = log, entries, providers
        self.equal, self.unknown, self.at_bound = [], [], []
        self.missing, self.different, self.zero, self.could_be_known = [], [], [], []
        self.unnamed = []
        self.taken = {}
        self.twice = []
        self.find()
        self.unplaced = self.place_unnamed()

    def find(self):
        names = defaultdict(dict)
        for attempt in self.log.attempts:
            kind = self.log.kind(attempt)
            ids = (["task_id"] if kind == "runware" else ["provider_task_id", "provider_request_id"])
            for name in ids:
                if attempt[name]:
                    names[kind][attempt[name].lower()] = attempt
        for entry in self.entries:
            attempt = names[entry.provider].get(entry.task_id)
            if attempt is None:
                (self.missing if entry.provider == "runware" else self.unnamed).append(entry)
                continue
            if attempt["attempt_id"] in self.taken:
                self.twice.append(pair(attempt, entry))
                continue
            self.taken[attempt["attempt_id"]] = entry
            self.judge(attempt, entry)

    def judge(self, attempt, entry):
        cost, bound = attempt["cost_nusd"], attempt["bound_nusd"]
        if cost == entry.cost:
            self.equal.append((attempt, entry))
        elif cost == 0:
            self.zero.append(pair(attempt, entry))
        elif attempt["cost_basis"] == "unknown" and bound is not None and bound >= entry.cost and (
                cost is None and attempt["outcome"] == "unknown" or cost == bound):
            (self.unknown if cost is None else self.at_bound).append((attempt, entry))
            if entry.provider == "runware" and self.providers and self.providers.runware_can_tell(
                    attempt["task_id"], attempt["images_asked"]):
                self.could_be_known.append(pair(attempt, entry))
        else:
            self.different.append(pair(attempt, entry))

    def place_unnamed(self):
        """Entries of tasks whose names no answer ever carried: each must fit an unknown attempt of its own.

        Returns the entries that fit none, by a greatest matching: an attempt may stand for an entry when it was begun
        a little before, asked for as many images and holds as much money.
        """
        free = [attempt for attempt in self.log.attempts
                if self.log.kind(attempt) == "ideogram" and attempt["attempt_id"] not in self.taken
                and attempt["cost_basis"] in ("unknown", None) and attempt["outcome"] in ("unknown", "pending")]
        self.free_unknown = free
        # The tightest fit first, so that few have to move again.
        free = sorted(free, key=lambda attempt: (attempt["bound_nusd"] or 0, -attempt["started"]))
        fitting = {entry: [attempt for attempt in free if fits(attempt, entry)] for entry in self.unnamed}
        holder = {}

        def place(entry, seen):
            for attempt in fitting[entry]:
                name = attempt["attempt_id"]
                if name in seen:
                    continue
                seen.add(name)
                if name not in holder or place(holder[name][1], seen):
                    holder[name] = (attempt, entry)
                    return True
            return False

        unplaced = [entry for entry in self.unnamed if not place(entry, set())]
        self.placed = list(holder.values())
        return unplaced

    def charged_for_nothing(self):
        """Attempts that the log says were charged and that are in nobody's books."""
        return [attempt for attempt in self.log.attempts
                if attempt["attempt_id"] not in self.taken and attempt["cost_nusd"]
                and attempt["cost_basis"] in ("provider", "price_book")]

    def report(self, report):
        """The figures and the checks."""
        log, entries = self.log, self.entries
        report.figure("calls", len(log.calls))
        report.figure("calls by status", dict(Counter(call["status"] for call in log.calls)))
        report.figure("attempts", len(log.attempts))
        report.figure("attempts by outcome", dict(Counter(attempt["outcome"] for attempt in log.attempts)))
        report.figure("attempts by basis", dict(Counter(attempt["cost_basis"] or "none" for attempt in log.attempts)))
        report.figure("billed entries", len(entries))
        report.figure("billed usd", usd(sum(entry.cost for entry in entries)))
        report.figure("equal to the nanodollar", len(self.equal))
        report.figure("equal usd", usd(sum(entry.cost for _, entry in self.equal)))
        listed = self.unknown + self.at_bound + self.placed
        report.figure("billed, listed as unknown", len(listed))
        report.figure("  by name, no amount yet", len(self.unknown))
        report.figure("  by name, amount is the bound", len(self.at_bound))
        report.figure("  without a name", len(self.placed))
        report.figure("  billed usd", usd(sum(entry.cost for _, entry in listed)))
        report.figure("  bound usd", usd(sum(attempt["bound_nusd"] or 0 for attempt, _ in listed)))
        report.figure("unknown and not billed", sum(
            attempt["outcome"] == "unknown" and attempt["attempt_id"] not in self.taken for attempt in log.attempts)
            - len(self.placed))
        report.check(not self.missing, f"each of {len(entries)} billed entries has its attempt in the log",
                     map(line, self.missing))
        report.check(not self.different, "no attempt shows another cost than was billed", self.different)
        report.check(not self.zero, "nothing that was billed stands at $0", self.zero)
        report.check(not self.could_be_known, "what the provider can still tell is not left unknown",
                     self.could_be_known)
        bound = sum(attempt["bound_nusd"] or 0 for attempt in self.free_unknown)
        billed = sum(entry.cost for entry in self.unnamed)
        report.check(
            not self.unplaced and bound >= billed,
            f"{len(self.unnamed)} billed entries without a name (${usd(billed)}) fit as many of "
            f"{len(self.free_unknown)} unknown attempts (bounds ${usd(bound)})", map(line, self.unplaced))
        nothing = self.charged_for_nothing()
        report.check(not nothing, "nothing is in the log as charged that was not billed", nothing)
        report.check(not self.twice, "no attempt stands for two billed entries", self.twice)
        odd = self_contradictions(log)
        report.check(not odd, "every settled call costs what its attempts cost, and has its images", odd)
        doubled = doubles(log)
        report.check(not doubled, "every task id, attempt and ordinal is in the log once, with one call", doubled)


def fits(attempt, entry):
    # The provider's clock may be another one's, and a task may have waited before it was sent.
    return (-2 <= entry.at - attempt["started"] <= 60 and attempt["images_asked"] >= entry.images
            and attempt["bound_nusd"] is not None and attempt["bound_nusd"] >= entry.cost)


def doubles(log):
    found = []
    for what, key in (("task id", lambda a: a["task_id"]), ("attempt", lambda a: a["attempt_id"]),
                      ("ordinal", lambda a: (a["call_id"], a["ordinal"]))):
        found += [f"{what} {name} is there {count} times"
                  for name, count in Counter(map(key, log.attempts)).items() if count > 1]
    found += [f"attempt {attempt['attempt_id']} has no call" for attempt in log.attempts
              if attempt["call_id"] not in log.by_call]
    return found


def self_contradictions(log):
    """The sums that `db verify` makes too, made again here: a proof should not rest on the program that it is about."""
    costs = defaultdict(list)
    for attempt in log.attempts:
        costs[attempt["call_id"]].append(attempt["cost_nusd"])
    found = []
    for row in log.calls:
        if row["status"] == "in_progress":
            continue
        own = costs[row["call_id"]]
        total = sum(cost or 0 for cost in own)
        # Zeros beside an attempt that nobody knows of are no sum.
        expected = None if total == 0 and None in own else total
        if row["cost_nusd"] != expected or row["images_delivered"] != log.delivered.get(row["call_id"], 0):
            found.append({"call": row, "attempts": own, "images": log.delivered.get(row["call_id"], 0)})
    return found


def line(entry):
    return {"billed": {**vars(entry), "cost": usd(entry.cost)}}


def pair(attempt, entry):
    return {**line(entry), "attempt": attempt}


def check_answers(report, log, answers, idempotent):
    """Every answer that a client got is in the log, as it was told; nothing was done twice for one request."""
    lost, wrong, doubled = [], [], []
    for answer in answers:
        # What ended without an image is in the log too; a call that was refused at the door need not be.
        if not answer.call_id or answer.status not in (200, 202, 422, 502, 504):
            continue
        row = log.by_call.get(answer.call_id)
        if row is None:
            lost.append(answer.evidence())
        elif answer.status == 200 and not agrees(answer, row, log):
            wrong.append({**answer.evidence(), "row": row})
    for tag, rows in log.by_tag.items():
        sent = sum(answer.order.tag == tag for answer in answers) if len(rows) > 1 else 1
        # A repeat under the same Idempotency-Key is the same call; without keys each sending is one of its own.
        if len(rows) > (1 if idempotent else max(1, sent)):
            doubled.append({"tag": tag, "sent": sent, "calls": [row["call_id"] for row in rows]})
    told = sum(answer.status in (200, 202) for answer in answers)
    report.check(not lost, f"each of {told} answers with 200 or 202, and each failed call, is in the log", lost)
    report.check(not wrong, "status, images and cost of every answer are the log's", wrong)
    report.check(not doubled, "no request has become two calls", doubled)


def agrees(answer, row, log):
    """An amount that was told as unknown may be found out later, and then only grows; any other stands."""
    if row["status"] != answer.call_status or row["images_delivered"] != answer.images:
        return False
    if answer.basis != "unknown":
        return row["cost_nusd"] == answer.cost
    known = {attempt["attempt_id"]: attempt for attempt in log.attempts if attempt["call_id"] == answer.call_id}
    for said in answer.attempts:
        attempt = known.get(said["id"])
        if attempt is None:
            return False
        if said["cost_basis"] != "unknown" and attempt["cost_nusd"] != nano(said["cost_usd"]):
            return False
    return (row["cost_nusd"] or 0) >= (answer.cost or 0) or row["cost_nusd"] is None


def check_program(report, gateway, log):
    """What the program says of itself: nothing is left over, its report shows the log's sums, and it finds no fault."""
    running = [call for call in log.calls if call["status"] == "in_progress"]
    report.check(not running, "no call is left in progress", running)
    if gateway.child.poll() is None:
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400))
        totals = client.must(gateway.url, "GET", f"/v1/reports/usage?from={day}&group_by=team",
                             gateway.admin_key)["totals"]
        cost = sum(call["cost_nusd"] or 0 for call in log.calls)
        report.check(totals["calls"] == len(log.calls) and nano(totals["cost_usd"]) == cost,
                     f"the usage report shows the log's {len(log.calls)} calls and ${usd(cost)}", [totals])
    aside = gateway.set_aside()
    report.check(not aside, "nothing was set aside in the journal", aside)
    code, said = gateway.verify()
    report.check(code == 0, f"easel db verify: {said[0]}", said)
