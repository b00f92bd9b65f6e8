"""The page of a deployment that lets in only whom it knows."""

import pytest
from playwright.sync_api import expect

from tests.harness.client import Client
from tests.harness.deployment import Embedded
from tests.harness.oidc import Issuer

PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


@pytest.fixture(scope="module")
def issuer():
    with Issuer() as running:
        yield running


def settings(issuer):
    return {
        "DRAMATIS_ENVIRONMENT": "production",
        "DRAMATIS_OIDC_ISSUER": issuer.url,
        "DRAMATIS_OIDC_AUDIENCE": "dramatis",
        "DRAMATIS_TRUSTED_PROXIES": "127.0.0.1",
        "DRAMATIS_ADDRESS_RATE_LIMIT": "off",
    }


@pytest.fixture(scope="module")
def production(issuer, tmp_path_factory):
    with Embedded(tmp_path_factory.mktemp("sign-in") / "data", settings(issuer)) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def with_provider(issuer, tmp_path_factory):
    """The same, where the page is known to the issuer."""
    with Embedded(tmp_path_factory.mktemp("provider") / "data",
                  {**settings(issuer), "DRAMATIS_OIDC_CLIENT_ID": "page"}) as deployment:
        yield deployment


@pytest.fixture
def at_provider(open_tab, with_provider, issuer):
    """A tab that has not signed in, and may go to the issuer."""
    return lambda **options: not_signed_in(open_tab, with_provider, issuer, **options)


def not_signed_in(open_tab, deployment, issuer, **options):
    return open_tab(base=deployment.http, headers=PROXIED, others=(issuer.url + "/",),
                    expected=["Failed to load resource"], **options)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A deployment whose issuer has no place to sign out at, and that issuer."""
    with Issuer(end_session=False) as running, \
            Embedded(tmp_path_factory.mktemp("short") / "data",
                     {**settings(running), "DRAMATIS_OIDC_CLIENT_ID": "page"}) as deployment:
        yield deployment, running


def tokens_of(tab):
    """The answers with tokens that the tab will get."""
    tokens = []
    tab.page.on("response", lambda response: tokens.append(response.json())
                if response.url.endswith("/api/auth/token") else None)
    return tokens


def refresh(deployment, token):
    return Client(deployment.http).request(
        "POST", "/api/auth/token", {"grantType": "refresh_token", "refreshToken": token}, PROXIED)


def sign_in(tab, issuer, user="alice"):
    tab.button(f"Sign in at {issuer.url.removeprefix('http://')}").click()
    tab.page.get_by_label("Name").fill(user)
    tab.page.get_by_role("button", name="Let me in").click()
    tab.field.wait_for()


KEPT = """JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href,
                          history.state, performance.getEntriesByType('navigation').map((entry) => entry.name)])"""


def test_signs_in_with_a_token_that_only_the_page_keeps(open_tab, production, issuer):
    tab = open_tab(base=production.http, headers=PROXIED, expected=["Failed to load resource"])
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(tab.button("Sign in")).to_be_disabled()
    tab.page.get_by_label("Key or token").fill("not.a.token")
    tab.button("Sign in").click()
    expect(tab.page.get_by_text("You are not signed in")).to_be_visible()
    token = issuer.token("alice")
    tab.page.get_by_label("Key or token").fill(token)
    tab.button("Sign in").click()
    tab.say("Where do you live?")
    expect(tab.answers.last).to_contain_text("Tromsø")
    kept = tab.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert token not in kept
    chat = tab.page.evaluate("location.hash")
    tab.page.reload()
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()
    tab.page.get_by_label("Key or token").fill(token)
    tab.button("Sign in").click()
    expect(tab.answers.last).to_contain_text("Tromsø")
    assert tab.page.evaluate("location.hash") == chat
    tab.button("Sign out").click()
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(tab.page.get_by_text("Tromsø")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_at_the_sign_in(at_provider, axe, dark):
    tab = at_provider(dark=dark)
    expect(tab.page.get_by_role("button", name="Sign in at")).to_be_visible()
    assert axe(tab.page) == []


def test_signs_in_at_the_provider_and_keeps_its_tokens_to_itself(at_provider, with_provider, issuer):
    tab = at_provider()
    tokens = tokens_of(tab)
    tab.open("#/memories")
    asked_away = []
    tab.page.on("request", lambda request: asked_away.append(request)
                if request.url.startswith(issuer.url) and not request.is_navigation_request() else None)
    tab.button(f"Sign in at {issuer.url.removeprefix('http://')}").click()
    tab.page.get_by_label("Name").fill("alice")
    tab.page.get_by_role("button", name="Let me in").click()
    # Back where it left.
    expect(tab.page.get_by_role("heading", name="Memories", level=1)).to_be_visible()
    assert tab.page.evaluate("location.href") == f"http://{with_provider.http}/#/memories"
    assert asked_away == []
    assert len(tokens) == 1
    kept = tab.page.evaluate(KEPT)
    for secret in (tokens[0]["accessToken"], tokens[0]["refreshToken"], tokens[0]["idToken"]):
        assert secret not in kept
    assert "verifier" not in kept
    tab.open("#/chat")
    tab.say("Where do you live?")
    expect(tab.answers.last).to_contain_text("Tromsø")


def sign_out(tab):
    """To the provider and back, where another document than this one asks who it is."""
    here = tab.page.evaluate("window.isSignedIn = true, location.origin")
    tab.button("Sign out").click()
    tab.page.wait_for_function("here => location.origin === here && !window.isSignedIn", arg=here)
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_reload_signs_in_again_without_a_question(at_provider, issuer):
    tab = at_provider()
    sign_in(tab, issuer)
    tab.say("Where do you live?")
    expect(tab.answers.last).to_contain_text("Tromsø")
    chat = tab.page.evaluate("location.hash")
    # Not waited for until it has loaded: the page goes on to the provider before.
    tab.page.reload(wait_until="commit")
    expect(tab.answers.last).to_contain_text("Tromsø")
    assert tab.page.evaluate("location.hash") == chat
    # Signed out, a reload leaves it so, and the provider asks who it is.
    sign_out(tab)
    sign_in(tab, issuer, "bob")
    expect(tab.page.get_by_text("No chats yet")).to_be_visible()
    sign_out(tab)
    tab.page.reload()
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_who_signs_out_is_signed_out_at_the_provider_too(at_provider, with_provider, issuer):
    tab = at_provider()
    tokens = tokens_of(tab)
    sign_in(tab, issuer)
    assert refresh(with_provider, tokens[0]["refreshToken"]).status == 200
    before = issuer.sign_outs()
    sign_out(tab)
    # There and back, without a trace of who it was.
    assert tab.page.evaluate("location.href") == f"http://{with_provider.http}/"
    assert issuer.sign_outs() == before + 1
    refused = refresh(with_provider, tokens[0]["refreshToken"])
    assert (refused.status, refused.json()["code"]) == (400, "SIGN_IN_REFUSED")
    assert tokens[0]["idToken"] not in tab.page.evaluate(KEPT)
    # The provider does not know anybody any more.
    tab.button(f"Sign in at {issuer.url.removeprefix('http://')}").click()
    expect(tab.page.get_by_label("Name")).to_be_visible()


def test_where_the_provider_has_no_place_for_it_the_tokens_are_void_all_the_same(open_tab, short):
    deployment, issuer = short
    tab = not_signed_in(open_tab, deployment, issuer)
    tokens = tokens_of(tab)
    sign_in(tab, issuer)
    assert refresh(deployment, tokens[0]["refreshToken"]).status == 200
    left = []
    tab.page.on("framenavigated", lambda frame: left.append(frame.url))
    with tab.page.expect_response("**/api/auth/revoke") as revoked:
        tab.button("Sign out").click()
    assert revoked.value.json() == {"revoked": True}
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert left == []
    assert refresh(deployment, tokens[0]["refreshToken"]).status == 400


def test_a_provider_that_cannot_be_told_is_named_and_the_page_signs_out(open_tab, short):
    deployment, issuer = short
    tab = not_signed_in(open_tab, deployment, issuer)
    sign_in(tab, issuer)
    tab.page.route("**/api/auth/revoke", lambda route: route.fulfill(
        status=503, content_type="application/problem+json", body='{"status": 503, "code": "UNAVAILABLE"}'))
    tab.button("Sign out").click()
    expect(tab.page.get_by_text("You are signed out here, but your identity provider could not be told.")).to_be_visible()
    expect(tab.page.get_by_label("Key or token")).to_be_visible()
    expect(tab.button("Sign out")).to_have_count(0)


def test_who_came_with_a_key_signs_out_without_the_provider(at_provider, issuer):
    tab = at_provider()
    tab.page.get_by_label("Key or token").fill(issuer.token("alice"))
    tab.button("Sign in").click()
    tab.field.wait_for()
    asked = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.button("Sign out").click()
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert [url for url in asked if "revoke" in url or url.startswith(issuer.url)] == []


def test_a_token_that_ends_is_renewed_once_for_all_who_wait(at_provider, issuer):
    # The page renews 20 s before the end.
    issuer.lifetime(21)
    try:
        tab = at_provider()
        sign_in(tab, issuer)
        before = issuer.exchanges()
        issuer.lifetime(300)
        tab.page.wait_for_timeout(1500)
        tab.open("#/status")  # asks for several things at once
        expect(tab.page.get_by_text("conversation: serves")).to_be_visible()
        assert issuer.exchanges() == before + 1
        tab.open("#/goals")
        expect(tab.page.get_by_text("No goals", exact=True)).to_be_visible()
        assert issuer.exchanges() == before + 1
    finally:
        issuer.lifetime(300)


def test_a_renewal_that_is_refused_leads_to_the_sign_in(at_provider, issuer):
    issuer.lifetime(21)
    try:
        tab = at_provider()
        sign_in(tab, issuer)
    finally:
        issuer.lifetime(300)
    tab.page.wait_for_timeout(1500)
    tab.page.route("**/api/auth/token", lambda route: route.fulfill(
        status=400, content_type="application/problem+json", body='{"status": 400, "code": "SIGN_IN_REFUSED"}'))
    tab.page.context.clear_cookies()  # at the provider, too
    tab.open("#/goals")
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(tab.page.get_by_label("Key or token")).to_be_visible()


def test_whoever_goes_back_at_the_provider_is_told_so(at_provider, issuer):
    tab = at_provider()
    tab.button(f"Sign in at {issuer.url.removeprefix('http://')}").click()
    tab.page.get_by_role("button", name="Go back").click()
    expect(tab.page.get_by_text("The identity provider did not let you in.")).to_be_visible()
    expect(tab.page.get_by_text("the user went back")).to_be_visible()
    assert "error" not in tab.page.evaluate("location.href")


def test_a_code_that_somebody_else_sends_is_not_taken(at_provider, with_provider, issuer):
    before = issuer.exchanges()
    tab = at_provider()
    tab.page.goto(f"http://{with_provider.http}/?code=stolen&state=guessed")
    expect(tab.page.get_by_text("This sign-in was not begun in this tab.")).to_be_visible()
    assert "stolen" not in tab.page.evaluate("location.href")
    assert issuer.exchanges() == before


def test_without_an_answer_of_the_provider_a_key_still_signs_in(open_tab, issuer, tmp_path):
    with Issuer() as away, Embedded(tmp_path / "data", {**settings(away), "DRAMATIS_OIDC_CLIENT_ID": "page"}) as alone:
        away.__exit__()
        tab = open_tab(base=alone.http, headers=PROXIED, expected=["Failed to load resource"])
        expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(tab.page.get_by_text("Dramatis could not do this.")).to_be_visible()
        expect(tab.button("Try again")).to_be_visible()
        expect(tab.page.get_by_label("Key or token")).to_be_visible()


def test_a_shared_chat_is_read_by_whoever_is_nobody(at_provider, with_provider, issuer):
    client = Client(with_provider.http)
    alice = {**PROXIED, "Authorization": f"Bearer {issuer.token('alice')}"}
    session = client.request("POST", "/api/chat", {"message": "Where do you live?"}, alice).expect(200)["session_id"]
    link = client.request("POST", f"/api/history/{session}/share", {}, alice).expect(201)["url"].rpartition("/")[2]
    tab = at_provider()
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()
    tab.open(f"#/shared/{link}")
    expect(tab.answers.last).to_contain_text("Tromsø")
    tab.page.reload()
    expect(tab.answers.last).to_contain_text("Tromsø")
    expect(tab.page.get_by_role("heading", name="Sign in")).to_have_count(0)
