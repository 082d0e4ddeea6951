"""The page in Debian's chromium, with what every test asks of it: no error in the console, no request that leaves the origin."""
import os
import shutil
import urllib.parse

from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("EASEL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ZONE = "Europe/Berlin"


class Browser:
    def __init__(self, url, out):
        self.url, self.out = url.rstrip("/"), out
        os.makedirs(out, exist_ok=True)

    def __enter__(self):
        self.play = sync_playwright().start()
        self.chromium = self.play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        return self

    def __exit__(self, *_):
        self.chromium.close()
        self.play.stop()

    def visit(self, width=1440, theme="light", height=None, **more):
        return Visit(self, width, theme, height or (812 if width < 500 else 900), more)


class Visit:
    """One visitor with cookies of its own."""

    def __init__(self, browser, width, theme, height, more):
        self.browser, self.width, self.theme = browser, width, theme
        self.context = browser.chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme, locale="en-US",
                                                    timezone_id=ZONE, **more)
        self.page = self.context.new_page()
        self.faults, self.requests = [], []
        # Answers that a test brings about on purpose, which chromium writes into the console too.
        self.expected = set()
        self.page.on("console", self.heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", self.asked)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.context.close()
        if kind is None:
            assert not self.faults, self.faults

    def heard(self, message):
        if message.type not in ("error", "warning"):
            return
        if "status of" in message.text and any(f"status of {status}" in message.text for status in self.expected):
            return
        self.faults.append(f"console: {message.text} ({message.location.get('url', '')})")

    def asked(self, request):
        target = urllib.parse.urlsplit(request.url)
        own = urllib.parse.urlsplit(self.browser.url)
        if target.scheme not in ("data", "blob") and target.netloc != own.netloc:
            self.faults.append(f"leaves the origin: {request.url}")
        self.requests.append(request)

    def sign_in(self, key, path="/"):
        # Whether somebody is signed in is answered with 401 where nobody is.
        self.expected.add(401)
        self.page.goto(self.browser.url + path)
        self.page.wait_for_selector("input[name=key]", timeout=20_000)
        self.page.fill("input[name=key]", key)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(".foot", timeout=20_000)
        self.settle()
        self.expected.discard(401)
        return self

    def open(self, query):
        self.page.goto(f"{self.browser.url}/?{query}")
        self.page.wait_for_selector(".foot", timeout=20_000)
        return self.settle()

    def settle(self, seconds=30):
        """Waits until nothing of the view is loading."""
        for _ in range(seconds * 10):
            if self.ask("!!document.querySelector('.view') && !document.querySelector('.view .skeleton, main[aria-busy=true], .view [aria-busy=true]')"):
                break
            self.page.wait_for_timeout(100)
        else:
            raise AssertionError(f"still loading after {seconds} s: {self.page.url}")
        self.page.wait_for_timeout(250)
        return self

    def ask(self, expression):
        return self.page.evaluate(expression)

    def text(self, selector="body"):
        return self.page.inner_text(selector)

    def shot(self, name):
        self.page.screenshot(path=f"{self.browser.out}/{name}-{self.width}-{self.theme}.png", full_page=True)

    def until(self, expression, seconds=15, what=None):
        for _ in range(seconds * 10):
            if self.ask(expression):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"not so after {seconds} s: {what or expression}")
