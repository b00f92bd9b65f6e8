"""A browser on the real program: Debian's Chromium through Playwright.

    def test_something(page, dramatis):
        page.say("Hello")
        page.answer.wait_for()

Whatever a test does, the page must not log an error, break its content security policy, or ask
anybody but the program itself.
"""

import contextlib
import pathlib
import uuid

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.harness.deployment import Embedded
from tests.harness.network import Gate

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 800}

# Told by the browser itself, for styles and scripts as for everything that is fetched.
WATCH_POLICY = """
  window.violations = [];
  document.addEventListener('securitypolicyviolation', (event) =>
    window.violations.push(event.violatedDirective + ' ' + event.blockedURI));
"""

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def dramatis(tmp_path_factory, shared_provider):
    """All in one program, as `./dev up` starts it; `openai/double` is the provider double."""
    settings = {**shared_provider.settings(), "DRAMATIS_MODEL": "local"}
    with Embedded(tmp_path_factory.mktemp("web") / "data", settings) as deployment:
        yield deployment


class Tab:
    """A page of Dramatis, with what its tests do most."""

    def __init__(self, page, base, expected=(), others=()):
        self.page = page
        self.base = base
        self.problems = []
        page.set_default_timeout(15_000)
        # Beginnings of what the browser may complain of, in a test that breaks something.
        self.expected = list(expected)
        # Where else it may go: to the issuer's sign-in.
        self.allowed = (base + "/", "data:", *others)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("console", self._heard)
        page.on("request", self._asked)

    def _heard(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.type}: {message.text}")

    def _asked(self, request):
        if not request.url.startswith(self.allowed):
            self.problems.append(f"asked for {request.url}")

    def open(self, place=""):
        self.page.goto(f"{self.base}/{place}")
        self.page.locator("main").wait_for()
        return self

    def check(self):
        violations = self.page.evaluate("window.violations || []")
        problems = [problem for problem in self.problems
                    if not any(text in problem for text in self.expected)]
        assert violations == []
        assert problems == []

    # --- parts of the page ---

    @property
    def field(self):
        return self.page.locator(".pf-chatbot__message-bar textarea")

    @property
    def messages(self):
        return self.page.locator(".pf-chatbot__message")

    @property
    def answers(self):
        return self.page.locator(".pf-chatbot__message--bot")

    @property
    def running(self):
        """The answer that is being made."""
        return self.page.locator(".dr-answer")

    def say(self, text):
        self.field.fill(text)
        self.field.press("Enter")

    def button(self, name, **options):
        return self.page.get_by_role("button", name=name, exact=True, **options)

    def session_id(self):
        return self.page.evaluate("location.hash").removeprefix("#/chat/")


@pytest.fixture
def open_tab(chromium, dramatis, user):
    """open_tab("#/rooms", dark=True): a tab of this test's user; all are checked at the end."""
    with contextlib.ExitStack() as stack:
        tabs = []
        contexts = {}

        def open_tab(place="", *, base=None, dark=False, size=WIDE, locale="en-GB", context=None, expected=(),
                     headers=None, others=()):
            base = f"http://{base or dramatis.http}"
            if context is None:
                context = chromium.new_context(
                    viewport=size, locale=locale, color_scheme="dark" if dark else "light",
                    extra_http_headers=headers if headers is not None
                    else {"Authorization": f"Bearer local:{user}"},
                    permissions=["clipboard-read", "clipboard-write"])
                context.add_init_script(WATCH_POLICY)
                stack.callback(context.close)
            tab = Tab(context.new_page(), base, expected, others)
            tabs.append(tab)
            return tab.open(place)

        yield open_tab
        for tab in tabs:
            if not tab.page.is_closed():
                tab.check()


@pytest.fixture
def tab(open_tab):
    return open_tab()


@pytest.fixture
def gate(dramatis):
    """The way to the program, to be cut."""
    gate = Gate(dramatis.http)
    yield gate
    gate.close()


def new_double(client, first_name, biography):
    """A persona of this user's that the provider double speaks for: its id and name."""
    name = f"{first_name} {uuid.uuid4().hex[:6]}"
    persona = client.post("/api/personas", {
        "name": name, "type": "ai_agent", "biography": biography,
        "modelConfig": {"model": "openai/double"}}).expect(201)
    return persona["personaId"], name


@pytest.fixture
def double(client):
    return new_double(client, "Double", "I speak through a scripted provider.")


@pytest.fixture(scope="session")
def axe():
    """axe(page): what axe-core finds wrong with the page as it is now."""
    script = (ROOT / "build" / "tools" / "web" / "axe.min.js").read_text()

    def run(page):
        # Through the debugger: the page's policy lets no script of others in.
        page.evaluate(script + "; undefined")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"
                for violation in found["violations"] for node in violation["nodes"]]

    return run
