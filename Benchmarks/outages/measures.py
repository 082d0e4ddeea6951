"""Small sums over answers: shares, medians, percentiles."""
import math
import statistics
from collections import Counter

from figures import client


def median_ms(answers):
    """The median time of the calls that were served, in milliseconds; None without any."""
    times = [answer.took for answer in answers if answer.status == 200]
    return round(statistics.median(times) * 1000, 1) if times else None


def percentile(values, share):
    """The smallest value that so large a share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def percentile_ms(answers, share):
    return round(percentile([answer.took for answer in answers], share) * 1000, 1) if answers else None


def served_share(answers):
    return sum(answer.status == 200 for answer in answers) / len(answers) if answers else 0.0


def not_served(answers):
    """What the others were told, as a table of counts and as evidence."""
    others = [answer for answer in answers if answer.status != 200]
    counts = Counter(f"{a.status or a.error} {a.code or ''}".strip() for a in others)
    return dict(counts), [answer.evidence() for answer in others]


def between(answers, begin, end):
    """Those that were sent within a time."""
    return [answer for answer in answers if begin <= answer.sent_at < end]


def difference(left, right):
    return None if left is None or right is None else round(left - right, 1)


def aim(report, options, holds, text, evidence=()):
    """A check of a time. In a small run it is only told: a few seconds on a busy machine prove no milliseconds."""
    if options.small:
        report.say(f"{text} (told only, the run is small)")
    else:
        report.check(holds, text, evidence)


def paced(key, policy, pause, stopping):
    """Makes orders for a `client.Load`: each caller pauses before a call, so that the callers do not fill the machine.

    `policy` is asked with the caller's chance for the policy of each call.
    """
    def make(chance, tag):
        # Not all at once: the callers would march in step.
        if stopping.wait(pause * chance.uniform(0.5, 1.5)):
            return None
        return client.Order(key, client.remix_body(tag, policy=policy(chance)))
    return make
