"""Fills a gateway that stands before a sandbox with what a page has to show: several teams, failovers, refusals, flagged
images, attempts whose end is not known, budgets in every state, a firing alert, and words that would run if they were markup."""
import concurrent.futures
import json
import random
import urllib.error
import urllib.request

# Would leave a mark behind wherever it is taken for markup or for code.
HOSTILE = '<script>window.inert=false</script>"><img src=x onerror="window.inert=false">\'};window.inert=false//'
TEAMS = ["design", "marketing", "search", "studio", "research", "print-shop"]
# A word for the sandbox, and how often it is said.
WORDS = [("", 12), ("sandbox:error=503@runware", 3), ("sandbox:refuse", 1), ("sandbox:copyright", 2), ("sandbox:unsafe", 2),
         ("sandbox:no_cost", 1), ("sandbox:fewer=1", 2), ("sandbox:page=403@runware", 1), ("sandbox:error=500", 1)]
PNG = ("iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAT0lEQVR42u3PQQkAAAgEsEtnHOOY1wi+hcEKLNXzWgQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
       "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQELgtZVKEt0Nh3IwAAAABJRU5ErkJggg==")


class Api:
    """The gateway's HTTP interface with one key."""

    def __init__(self, url, key):
        self.url, self.key = url.rstrip("/"), key

    def send(self, method, path, body=None, fields=None):
        request = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", "Bearer " + self.key)
        if body is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (fields or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text else None

    def get(self, path):
        status, body = self.send("GET", path)
        assert status == 200, f"GET {path}: {status} {body}"
        return body


def remix(api, prompt, **more):
    return api.send("POST", "/v1/remix", {"model": "ideogram-4.0", "prompt": prompt, "image": PNG, "safety_check": True, **more})


def fill(admin, calls=60, seed=7):
    """Makes teams, keys, budgets and calls. The keys of the teams by their names."""
    keys = {}
    for team in TEAMS:
        admin.send("POST", "/v1/teams", {"name": team})
        status, made = admin.send("POST", "/v1/keys", {"team": team, "project": "spring"})
        assert status == 201, made
        keys[team] = made["key"]

    def one(number):
        chance = random.Random(seed * 1000 + number)
        team = chance.choices(TEAMS, weights=[6, 4, 3, 2, 2, 1])[0]
        word = chance.choices([word for word, _ in WORDS], weights=[weight for _, weight in WORDS])[0]
        # Where nobody knows how an attempt ended, the caller does not wait for the end of the search.
        more = {"deadline": "30s", "count": chance.choice([1, 1, 2, 3]), "tags": {"campaign": chance.choice(["spring", "autumn"])},
                "copyright_detection": chance.random() < 0.7, "rendering_speed": chance.choice(["default", "turbo", "quality"])}
        prompt = f"a lighthouse at dusk, number {number} {word}"
        if number % 9 == 0:
            more.update(tags={"note": HOSTILE, HOSTILE[:40]: "x"}, project=HOSTILE[:120])
            prompt = HOSTILE + " " + prompt
        return remix(Api(admin.url, keys[team]), prompt, **more)[0]

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(one, range(calls)))
    assert answers.count(200) > calls // 3, answers
    for body in [
        {"scope": "org", "period": "month", "limit_usd": "100", "hard": False, "warn_at": [50, 80]},
        {"scope": "team:design", "period": "day", "limit_usd": "20", "warn_at": [5, 80], "timezone": "Europe/Berlin"},
        {"scope": "team:marketing", "period": "month", "limit_usd": "0.10", "warn_at": [80]},
        {"scope": "team:studio", "period": "total", "limit_images": 5000},
        {"scope": "project:search/spring", "period": "week", "limit_usd": "5"},
    ]:
        status, answer = admin.send("PUT", "/v1/budgets", body)
        assert status == 200, answer
    return keys
