"""The page of a deployment that lets in only whom it knows."""

import pytest
from playwright.sync_api import expect

from tests.harness.deployment import Embedded
from tests.harness.oidc import Issuer

PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


@pytest.fixture(scope="module")
def issuer():
    with Issuer() as running:
        yield running


@pytest.fixture(scope="module")
def production(issuer, tmp_path_factory):
    settings = {
        "DRAMATIS_ENVIRONMENT": "production",
        "DRAMATIS_OIDC_ISSUER": issuer.url,
        "DRAMATIS_OIDC_AUDIENCE": "dramatis",
        "DRAMATIS_TRUSTED_PROXIES": "127.0.0.1",
    }
    with Embedded(tmp_path_factory.mktemp("sign-in") / "data", settings) as deployment:
        yield deployment


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
