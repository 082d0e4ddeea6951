#!/usr/bin/env python3
"""Looks at the built-in page as people do, in a browser: every view with real data, light and dark, narrow and wide.

    python3 Tests/Page/page.py --url http://127.0.0.1:8080 --key ADMIN-KEY [--only NAME ...] [--filled]

The gateway must be empty and stand before a sandbox, unless --filled says that fill.py has been there. Pictures of every view are
left in --out. Needs playwright, axe-playwright-python and a chromium; exits with 77 where one is missing.
"""
import argparse
import datetime
import decimal
import json
import re
import sys
import traceback
import urllib.error
import urllib.parse
import urllib.request

try:
    import browser
    from axe_playwright_python.sync_playwright import Axe
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)
from fill import HOSTILE, TEAMS, Api, fill, remix

VIEWS = {"overview": "o", "spend": "s", "budgets": "b", "providers": "p", "safety": "f", "calls": "c", "data": "d", "admin": "a"}
QUERIES = {**{name: f"view={name}" for name in VIEWS}, "alerts": "view=admin&tab=alerts", "audit": "view=admin&tab=audit"}
WHEN = "&range=7d&tz=Europe/Berlin"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class House:
    """The gateway that is looked at, and what was put into it."""

    def __init__(self, options):
        self.url, self.out, self.full = options.url, options.out, options.full
        self.admin = Api(options.api or options.url, options.key)
        self.keys = json.loads(options.keys) if options.keys else {}
        self.axe = Axe()

    def call(self, fits):
        for call in self.admin.get("/v1/calls?limit=300")["calls"]:
            if fits(call):
                return call
        raise AssertionError("no such call")

    def check(self, visit, name, has_axe=True):
        """What holds on every view."""
        over = visit.ask("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{name} at {visit.width}: {over} px too wide"
        assert visit.ask("window.inert !== false"), f"{name}: words were taken for markup"
        assert visit.ask("document.querySelectorAll('[onerror], [onclick], script:not([src])').length") == 0, name
        assert not visit.faults, f"{name} at {visit.width} {visit.theme}: {visit.faults}"
        if has_axe:
            found = self.axe.run(visit.page).response["violations"]
            serious = [f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}" for rule in found
                       if rule["impact"] in ("serious", "critical") for node in rule["nodes"][:3]]
            assert not serious, f"{name} at {visit.width} {visit.theme}:\n" + "\n".join(serious)


# MARK: - Before anything has happened

@test
def a_first_visit_says_what_to_do(house, look):
    with look.visit() as visit:
        visit.expected.add(401)
        visit.page.goto(look.url + "/")
        visit.page.wait_for_selector("input[name=key]")
        house.check(visit, "sign-in")
        visit.shot("sign-in")
        visit.page.fill("input[name=key]", "esl_nobody-has-this-key-at-all")
        visit.page.keyboard.press("Enter")
        visit.until("document.querySelector('.fault').textContent.length > 10", what="a wrong key is said to be wrong")
        house.check(visit, "sign-in with a fault")
    with look.visit() as visit:
        visit.sign_in(house.admin.key)
        visit.until("document.querySelector('.first code')?.textContent.startsWith('easel remix')", what="the command to run")
        assert "Nothing has been called yet" in visit.text()
        house.check(visit, "empty overview")
        visit.shot("empty")
        for name, query in QUERIES.items():
            visit.open(query + WHEN)
            house.check(visit, f"empty {name}", has_axe=False)


@test
def the_house_is_filled(house, look):
    house.keys = fill(house.admin)


# MARK: - Every view

def pages(house):
    failed_over = house.call(lambda call: call["failover"] and call["images_delivered"])
    hostile = house.call(lambda call: "<script>" in json.dumps(call["tags"]))
    return {**{name: query + WHEN for name, query in QUERIES.items()}, "day": "view=overview&range=24h&tz=Asia/Kolkata",
            "call": f"view=calls&call={failed_over['id']}", "call-hostile": f"view=calls&call={hostile['id']}"}


@test
def every_view_in_both_themes_and_widths(house, look):
    # Each width and each theme once, or every pair of them.
    pairs = [(1440, "light"), (1440, "dark"), (375, "light"), (375, "dark"), (768, "light")]
    for width, theme in pairs if house.full else [pairs[0], pairs[3]]:
        with look.visit(width, theme) as visit:
            visit.sign_in(house.admin.key)
            for name, query in pages(house).items():
                visit.open(query)
                house.check(visit, name, has_axe=width != 768)
                visit.shot(name)


@test
def what_can_be_touched_is_large_enough(house, look):
    with look.visit(375, "light", has_touch=True) as visit:
        visit.sign_in(house.admin.key)
        for name, query in pages(house).items():
            visit.open(query)
            small = visit.ask("""[...document.querySelectorAll('button, select, summary, .choice a, .views a, input:not([type=checkbox],[type=radio])')]
                .filter((one) => one.checkVisibility() && !one.closest('.unseen') && one.getBoundingClientRect().height < 39.5)
                .map((one) => one.outerHTML.slice(0, 120))""")
            assert not small, f"{name}: {small}"


@test
def tables_stand_behind_the_charts(house, look):
    with look.visit() as visit:
        visit.sign_in(house.admin.key)
        for name in ["overview", "spend", "providers", "safety"]:
            visit.open(QUERIES[name] + WHEN)
            charts = visit.ask("[...document.querySelectorAll('.chart')].map((chart) => [chart.querySelectorAll('canvas').length, chart.querySelectorAll('tbody tr').length])")
            assert charts and all(canvas == 1 and rows > 0 for canvas, rows in charts), f"{name}: {charts}"
            visit.page.keyboard.press("t")
            assert visit.ask("[...document.querySelectorAll('.chart .figures')].every((one) => one.getBoundingClientRect().height > 40)"), name
            house.check(visit, name + " with tables")
            visit.page.keyboard.press("t")


@test
def the_first_view_is_light(house, look):
    with look.visit() as visit:
        visit.sign_in(house.admin.key)
        visit.requests.clear()
        visit.page.goto(look.url + "/")
        visit.page.wait_for_selector(".foot")
        visit.settle()
        visit.page.wait_for_timeout(1500)
        data = [request for request in visit.requests if "/v1/" in request.url]
        assert len(data) <= 5, [request.url for request in data]
        sizes = visit.ask("performance.getEntriesByType('resource').map((one) => [one.name, one.transferSize, one.decodedBodySize])")
        scripts = {name: size for name, _, size in sizes if name.endswith(".js") and not name.endswith("/chart.js")}
        assert scripts and sum(scripts.values()) < 150_000, sum(scripts.values())
        overview = [size for name, size, _ in sizes if "/v1/overview" in name]
        assert overview and max(overview) <= 30_000, overview


# MARK: - What words do

@test
def words_of_others_are_inert(house, look):
    """Every text of every answer, made hostile on its way, on every view."""
    plain = re.compile(r"^[a-z_]*(id|_at|at|day|hour|from|to|since|until|usd|timezone|state|status|outcome|period|level|kind|role|on|action|copyright|breaker|severity|scope|"
                       r"cost_basis|last_outcome|key|expires_at|url|type|next_cursor|on_refusal|on_unknown|key_id|window_start|resets_at)$")

    def spoil(value, name=""):
        if isinstance(value, dict):
            return {key: spoil(part, key) for key, part in value.items()}
        if isinstance(value, list):
            return [spoil(part, name) for part in value]
        if isinstance(value, str) and not (plain.match(name) and name != "key"):
            return value + HOSTILE
        return value

    def answer(route):
        response = route.fetch()
        if "json" not in response.headers.get("content-type", "") or response.status != 200:
            return route.fulfill(response=response)
        body = response.json()
        return route.fulfill(response=response, json=body if "/v1/session" in route.request.url else spoil(body))

    with look.visit() as visit:
        visit.sign_in(house.admin.key)
        visit.page.route(re.compile(r"/(v1/(?!events)|readyz)"), answer)
        for name, query in pages(house).items():
            visit.open(query)
            house.check(visit, f"hostile {name}", has_axe=False)
            if name in ("overview", "spend", "calls", "call", "admin", "providers", "alerts"):
                assert "<script>" in visit.text("main"), f"{name} shows none of the words"
            visit.shot(f"hostile-{name}")
        # What is in the address is somebody else's word too.
        visit.page.unroute(re.compile(r"/(v1/(?!events)|readyz)"))
        for key in ["q", "team", "provider", "by", "call", "tz", "view", "from", "tab", "budget"]:
            visit.expected |= {400, 403, 404}
            visit.open(f"view=calls&{key}={urllib.parse.quote(HOSTILE)}")
            house.check(visit, f"hostile {key}", has_axe=False)


# MARK: - The keyboard and the address

@test
def everything_by_keyboard(house, look):
    with look.visit() as visit:
        visit.sign_in(house.admin.key)
        press = visit.page.keyboard.press
        visit.open(QUERIES["data"] + WHEN)
        for name, letter in VIEWS.items():
            press("g")
            press(letter)
            visit.until(f"location.search.includes('view={name}')", what=f"g {letter}")
            visit.settle()
            assert visit.ask("document.activeElement.tagName") == "H1", f"{name}: the heading has the focus"
        press("/")
        visit.until("document.activeElement.type === 'search'", what="/ goes to the search")
        press("Escape")
        visit.settle()
        press("ArrowDown")
        press("ArrowDown")
        second = visit.ask("document.activeElement.closest('tr').rowIndex")
        assert second == 2, second
        press("Enter")
        visit.until("location.search.includes('call=')", what="Enter opens")
        visit.settle()
        house.check(visit, "call", has_axe=False)
        press("Escape")
        visit.until("!location.search.includes('call=')", what="Escape closes")
        visit.settle()
        press("?")
        visit.until("document.querySelector('dialog[open]') !== null", what="? lists the keys")
        house.check(visit, "keys of the keyboard")
        press("Escape")
        visit.until("document.querySelector('dialog[open]') === null", what="Escape closes the list")
        # A tab through the whole view meets everything that can be used, in the order in which it stands.
        for name in ["overview", "budgets", "spend"]:
            visit.open(QUERIES[name] + WHEN)
            visit.ask("document.body.focus()")
            wanted = visit.ask("""(() => { let radios = 0; window.wanted = [...document.querySelectorAll('a[href], button, select, input, summary, [tabindex="0"]')]
                .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0 && !(one.type === 'radio' && !one.checked));
                return window.wanted.length; })()""")
            seen = []
            for _ in range(wanted + 10):
                press("Tab")
                seen.append(visit.ask("window.wanted.indexOf(document.activeElement)"))
            missed = sorted(set(range(wanted)) - set(seen))
            assert not missed, f"{name}: {[visit.ask(f'window.wanted[{index}].outerHTML.slice(0, 120)') for index in missed[:5]]}"
            order = [index for index in seen if index >= 0][:wanted]
            assert order == sorted(order), f"{name}: the order of the focus"


@test
def the_address_holds_the_whole_state(house, look):
    with look.visit() as visit:
        visit.sign_in(house.admin.key)
        visit.open("view=spend" + WHEN)
        visit.until("document.querySelectorAll('select.teams option').length > 5", what="the teams")
        visit.page.select_option("select.teams", "design")
        visit.settle()
        visit.page.select_option("select[aria-label='Time range']", "month")
        visit.settle()
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(visit.page.url).query)
        assert query == {"view": ["spend"], "range": ["month"], "team": ["design"], "tz": ["Europe/Berlin"]}, query
        figure = visit.text(".stat-value")
        visit.page.reload()
        visit.page.wait_for_selector(".foot")
        visit.settle()
        assert visit.text(".stat-value") == figure
        assert visit.ask("document.querySelector('select.teams').value") == "design"
        visit.page.go_back()
        visit.settle()
        assert "range=7d" in visit.page.url and "team=design" in visit.page.url
        visit.page.go_back()
        visit.settle()
        assert "team=" not in visit.page.url
        # The switch of the theme stays.
        visit.page.check("input[name=theme][value=dark]", force=True)
        visit.page.reload()
        visit.page.wait_for_selector(".foot")
        assert visit.ask("getComputedStyle(document.body).color") == "rgb(232, 235, 239)"
        assert visit.ask("document.querySelector('input[name=theme]:checked').value") == "dark"


@test
def figures_lead_to_their_calls(house, look):
    with look.visit() as visit:
        visit.sign_in(house.admin.key)
        visit.open("view=overview" + WHEN)
        visit.page.click("text=/\\d+ failed over/")
        visit.settle()
        shown = visit.ask("[...document.querySelectorAll('.calls tbody tr')].length")
        known = sum(1 for call in house.admin.get("/v1/calls?limit=500&since=7d")["calls"] if call["failover"])
        assert shown == known, (shown, known)
        visit.open("view=calls&q=" + urllib.parse.quote("campaign=spring") + WHEN)
        rows = visit.ask("[...document.querySelectorAll('.calls tbody tr')].map((row) => row.textContent)")
        assert rows and all("campaign=spring" in row for row in rows), rows[:3]


# MARK: - Figures

@test
def money_is_exact(house, look):
    """What the page writes is what the report says, digit for digit."""
    with look.visit() as visit:
        visit.sign_in(house.admin.key)
        visit.open("view=overview&range=7d&tz=UTC")
        first = (datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=6)).isoformat()
        totals = house.admin.get(f"/v1/reports/usage?from={first}&timezone=UTC&group_by=")["totals"]
        title = visit.ask("document.querySelector('.stat-value .figure').title")
        exact = re.match(r"\$([\d,.]+)", title)[1].rstrip(".,").replace(",", "")
        assert decimal.Decimal(exact) == decimal.Decimal(totals["cost_usd"]), (title, totals["cost_usd"])
        assert re.sub(r"\D", "", visit.text(".stat:nth-child(2) .stat-value")) == str(totals["calls"])
        cases = {"0": "$0.00", "0.06": "$0.0600", "0.00004": "$0.0000", "0.99996": "$1.0000", "1": "$1.00", "1284.205": "$1,284.21", "-0.5": "\u2212$0.5000",
                 "9007199254740993.01": "$9,007,199,254,740,993.01", "999999.994999999": "$999,999.99"}
        got = visit.ask("import('/assets/format.js').then((f) => Object.fromEntries(%s.map((text) => [text, f.money(text)])))" % json.dumps(list(cases)))
        assert got == cases, got
        sums = visit.ask("import('/assets/format.js').then((f) => [f.sum(['0.1', '0.2']), f.moneyExact('0.060028146'), f.decimal(f.nanos('-3.000000001')), f.moneyPer('1', 3)])")
        assert sums == ["0.3", "$0.060028146", "-3.000000001", "0.333333333"], sums
        days = visit.ask("import('/assets/format.js').then((f) => [f.startOfDay('Europe/Berlin', '2026-03-29'), f.startOfDay('Europe/Berlin', '2026-03-30'), "
                         "f.startOfDay('Asia/Kolkata', '2026-01-01'), f.startOfDay('America/St_Johns', '2026-11-01'), f.dayBefore('2026-03-01', 1)])")
        assert days == ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2025-12-31T18:30:00Z", "2026-11-01T02:30:00Z", "2026-02-28"], days


@test
def a_call_is_told_as_a_time_line(house, look):
    call = house.call(lambda call: call["failover"] and call["status"] == "succeeded")
    whole = house.admin.get("/v1/calls/" + call["id"])
    with look.visit(permissions=["clipboard-read", "clipboard-write"]) as visit:
        visit.sign_in(house.admin.key)
        visit.open("view=calls&call=" + call["id"])
        lanes = visit.ask("[...document.querySelectorAll('.lane')].map((lane) => lane.innerText)")
        assert sum("Attempt" in lane for lane in lanes) == len(whole["attempts"]), lanes
        assert any("Admission" in lane for lane in lanes)
        text = visit.text("main")
        for attempt in whole["attempts"]:
            assert attempt["provider"] in text
        assert "the provider said so" in text or "estimated from the price book" in text
        for word in ["Translation", "Plan", "number 1 of the policy", whole["prompt"][:20]]:
            assert word in text, word
        assert not visit.ask("document.querySelector('.raw pre').checkVisibility()"), "the JSON is folded away"
        visit.page.click("text=Copy id")
        assert visit.ask("navigator.clipboard.readText()") == call["id"]
        visit.page.click("text=Copy curl")
        assert visit.ask("navigator.clipboard.readText()").endswith("/v1/calls/" + call["id"])
        loaded = visit.ask("""Promise.all([...document.querySelectorAll('.pictures img')].map(async (image) => { image.loading = 'eager'; await image.decode().catch(() => {}); return image.naturalWidth; }))""")
        assert loaded and all(width > 0 for width in loaded), loaded


# MARK: - Live, and what goes wrong

@test
def calls_appear_as_they_end(house, look):
    with look.visit() as visit:
        visit.sign_in(house.admin.key)
        visit.open("view=calls" + WHEN)
        visit.until("document.querySelector('.live').textContent.includes('Live')", what="the stream")
        first = visit.text(".calls tbody tr:first-child")
        status, made = remix(Api(house.admin.url, house.keys["design"]), "a call that just ended")
        assert status == 200, made
        visit.until("!document.querySelector('.pill').hidden", what="the pill")
        assert visit.text(".calls tbody tr:first-child") == first, "nothing moves while it is read"
        visit.shot("pill")
        visit.page.click(".pill")
        visit.until(f"document.querySelector('.calls tbody tr:first-child a').href.includes('{made['id']}')", what="the new call")


@test
def a_part_that_fails_leaves_the_rest(house, look):
    with look.visit() as visit:
        visit.sign_in(house.admin.key)
        problem = {"status": 503, "title": "Unavailable", "code": "unavailable", "detail": "The ledger is away."}
        visit.expected.add(503)
        visit.page.route("**/v1/reports/diff*", lambda route: route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem)))
        visit.open("view=spend" + WHEN)
        assert "The ledger is away." in visit.text(".trouble") and visit.ask("document.querySelectorAll('.trouble').length") == 1
        assert visit.ask("document.querySelectorAll('canvas').length") == 1
        house.check(visit, "a part that failed")
        visit.page.unroute("**/v1/reports/diff*")
        visit.page.click(".trouble button")
        visit.until("!document.querySelector('.trouble')", what="try again")
        # A refresh that fails keeps the figures and says how old they are.
        visit.page.route("**/v1/reports/*", lambda route: route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem)))
        figure = visit.text(".stat-value")
        visit.page.keyboard.press("r")
        visit.until("document.querySelectorAll('.panel-body > .stale').length > 1", what="stale figures are said to be")
        assert visit.text(".stat-value") == figure and "reading them again failed" in visit.text("main")
        visit.shot("stale")


# MARK: - Who may what

@test
def a_member_sees_only_its_own(house, look):
    others = house.call(lambda call: call["team"] == "marketing")
    with look.visit() as visit:
        visit.sign_in(house.keys["design"])
        visit.expected |= {403, 404}
        assert "Admin" not in visit.text(".views")
        for name in ["overview", "spend", "budgets", "providers", "safety", "calls", "data"]:
            visit.open(QUERIES[name] + WHEN)
            house.check(visit, f"member's {name}", has_axe=name == "overview")
            shown = visit.text("main")
            assert not [team for team in TEAMS if team != "design" and re.search(rf"\b{team}\b", shown)], f"{name}: another team's"
        visit.open("view=admin")
        assert "for admins" in visit.text("main")
        visit.open("view=spend&team=marketing" + WHEN)
        assert "only its own" in visit.text("main")
        visit.open("view=calls&call=" + others["id"])
        assert "There is no call" in visit.text("main")
        answers = visit.ask("""Promise.all(['/v1/reports/usage?team=marketing', '/v1/overview?team=marketing&from=7d', '/v1/calls?team=marketing', '/v1/calls/%s', '/v1/keys', '/v1/audit', '/v1/alerts']
            .map(async (path) => (await fetch(path)).status))""" % others["id"])
        assert answers == [403, 403, 403, 404, 403, 403, 403], answers
        overview = visit.ask("fetch('/v1/overview?from=7d').then((answer) => answer.json())")
        assert {row["team"] for row in overview["by_team_day"]} <= {"design"} and not overview["alerts"], overview["by_team_day"][:3]


@test
def the_session_is_out_of_reach(house, look):
    with look.visit() as visit:
        visit.sign_in(house.admin.key)
        cookie = next(one for one in visit.context.cookies() if one["name"] == "easel_session")
        assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["path"] == "/", cookie
        assert house.admin.key not in visit.ask("JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}, document.documentElement.outerHTML])")
        policy = visit.context.request.get(look.url + "/", headers={"Accept": "text/html"}).headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy, policy
        body = {"scope": "team:design", "period": "week", "limit_usd": "7"}
        fields = {"Cookie": f"easel_session={cookie['value']}", "Content-Type": "application/json"}
        for more in [{"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://elsewhere.example"}, {}]:
            request = urllib.request.Request(look.url + "/v1/budgets", method="PUT", data=json.dumps(body).encode(), headers={**fields, **more})
            try:
                urllib.request.urlopen(request)
                raise AssertionError(f"a change was taken with {more}")
            except urllib.error.HTTPError as refused:
                assert refused.code == 403, (refused.code, more)
        assert not [one for one in house.admin.get("/v1/budgets")["budgets"] if one["scope"] == "team:design" and one["period"] == "week"]
        visit.page.click("text=Sign out")
        visit.page.wait_for_selector("input[name=key]")
        visit.expected.add(401)
        assert visit.ask("fetch('/v1/session').then((answer) => answer.status)") == 401


@test
def admins_do_what_they_do_often(house, look):
    with look.visit() as visit, look.visit() as other:
        visit.sign_in(house.admin.key)
        # A key, shown once.
        visit.open("view=admin")
        visit.page.click("text=Make a key")
        visit.page.fill("input[name=team]", "no-such-team")
        visit.expected |= {400, 404}
        visit.page.click("text=Make it")
        visit.until("document.querySelector('.fault').textContent.length > 3", what="the fault at its field")
        house.check(visit, "making a key")
        visit.page.fill("input[name=team]", "studio")
        visit.page.click("text=Make it")
        visit.page.wait_for_selector("[data-secret]")
        key = visit.text("[data-secret]").strip()
        house.check(visit, "a key, shown once")
        visit.page.click("text=I have copied it")
        visit.settle()
        assert key not in visit.ask("document.documentElement.outerHTML + JSON.stringify({...localStorage})")
        other.sign_in(key)
        assert "studio" in other.text(".who")
        prefix = next(one["prefix"] for one in house.admin.get("/v1/keys?team=studio")["keys"] if key.startswith(one["prefix"]))
        visit.page.click(f"tr:has-text('{prefix}') button")
        visit.page.click("dialog button[type=submit]")
        visit.until(f"[...document.querySelectorAll('tr')].some((row) => row.textContent.includes('{prefix}') && row.textContent.includes('revoked'))", what="revoked")
        other.expected.add(401)
        other.page.wait_for_timeout(6000)
        other.page.keyboard.press("r")
        other.page.wait_for_selector("input[name=key]", timeout=20_000)
        # A budget, with a preview that changes nothing.
        visit.open("view=budgets&tz=UTC")
        visit.page.click("text=Set a budget")
        visit.page.fill("input[name=scope]", "research")
        visit.page.fill("input[name=limit_usd]", "0.01")
        visit.page.click("text=Show who is affected")
        visit.page.wait_for_selector(".affected")
        house.check(visit, "who is affected")
        visit.shot("affected")
        of_research = lambda: [one for one in house.admin.get("/v1/budgets")["budgets"] if one["scope"] == "team:research"]
        assert not of_research(), "a preview changes nothing"
        visit.page.click("dialog button[type=submit]:visible")
        visit.until("!document.querySelector('dialog')", what="set")
        visit.settle()
        assert of_research()[0]["limit_usd"] == "0.01"
        visit.page.click(".budget-card:has-text('Team research') >> text=Raise")
        visit.page.fill("input[name=by_usd]", "2.50")
        visit.page.fill("input[name=until]", (datetime.date.today() + datetime.timedelta(days=3)).isoformat())
        house.check(visit, "raising")
        visit.page.click("text=Raise it")
        visit.until("!document.querySelector('dialog')", what="raised")
        assert of_research()[0]["limit_now_usd"] == "2.51", of_research()
        # A mute.
        visit.open("view=admin&tab=alerts&tz=UTC")
        if house.admin.get("/v1/alerts")["rules"]:
            visit.page.click("text=Mute >> nth=0")
            visit.page.click("dialog button[type=submit]")
            visit.until("!document.querySelector('dialog')", what="muted")
            visit.settle()
            assert house.admin.get("/v1/alerts")["mutes"]
        # Each of it in the audit log, without a secret.
        text = json.dumps(house.admin.get("/v1/audit?limit=100"))
        assert key not in text and house.admin.key not in text
        visit.open("view=admin&tab=audit&tz=UTC")
        shown = visit.text("main").lower()
        for word in ["key", "budget", "team:research"]:
            assert word in shown, (word, shown[:800])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, metavar="URL", help="of the page")
    parser.add_argument("--api", metavar="URL", help="of the gateway, if it is not the same")
    parser.add_argument("--key", required=True, help="an admin's")
    parser.add_argument("--keys", metavar="JSON", help="members' keys by team, with --filled")
    parser.add_argument("--filled", action="store_true")
    parser.add_argument("--full", action="store_true", help="every view in every pair of width and theme")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--out", default="out/page", metavar="DIR")
    options = parser.parse_args()
    if not browser.CHROMIUM:
        print("skipped: there is no chromium")
        sys.exit(77)
    house = House(options)
    failed = []
    with browser.Browser(options.url, options.out) as look:
        for one in TESTS:
            if options.only and one.__name__ not in options.only:
                continue
            if options.filled and one in (a_first_visit_says_what_to_do, the_house_is_filled):
                continue
            try:
                one(house, look)
                print("passed", one.__name__, flush=True)
            except Exception:
                failed.append(one.__name__)
                print("FAILED", one.__name__, flush=True)
                traceback.print_exc(file=sys.stdout)
    print(f"{len(failed)} failed: {', '.join(failed)}" if failed else "all passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
