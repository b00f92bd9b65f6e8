"""What the chat says and does where something is wrong."""

import pytest
from playwright.sync_api import expect

from tests.harness.provider import BROKEN
from tests.web.test_chat import begin


def test_a_failed_answer_is_explained_and_tried_again(open_tab, provider, client, double):
    tab = open_tab(expected=["Failed to load resource"])
    provider.script(BROKEN, default={"tokens": ["Now it works."]})
    begin(tab, double)
    tab.say("Try")
    expect(tab.page.get_by_text("The model’s provider did not answer")).to_be_visible()
    expect(tab.page.get_by_text("Your message is stored.")).to_be_visible()
    tab.button("Try again").click()
    expect(tab.answers.last).to_contain_text("Now it works.")
    stored = client.get(f"/api/chat/history/{tab.session_id()}").expect(200)["messages"]
    assert [message["role"] for message in stored] == ["user", "assistant"]


def test_what_was_refused_is_said_again_to_the_same_persona(open_tab, provider, client, double):
    tab = open_tab(expected=["Failed to load resource"])
    provider.script(default={"tokens": ["It is me."]})
    begin(tab, double)
    tab.page.route("**/api/chat", lambda route: route.fulfill(
        status=429, content_type="application/problem+json",
        body='{"status": 429, "code": "BUDGET_EXCEEDED", "detail": "the budget is spent"}'))
    tab.say("Are you there?")
    expect(tab.page.get_by_text("The budget is spent.")).to_be_visible()
    tab.page.unroute("**/api/chat")
    tab.button("Try again").click()
    expect(tab.answers.last).to_contain_text("It is me.")
    expect(tab.page.get_by_role("heading", name=double[1], level=1)).to_be_visible()
    assert client.get(f"/api/session/{tab.session_id()}").expect(200)["persona_id"] == double[0]


def test_a_chat_that_is_not_there_says_so_and_can_begin(open_tab, dramatis):
    tab = open_tab("#/chat/nobody-has-begun-this", expected=["Failed to load resource"])
    expect(tab.page.get_by_text("Nothing has been said here")).to_be_visible()
    tab.say("Where do you live?")
    expect(tab.page.get_by_text("Nothing has been said here")).to_have_count(0)
    expect(tab.answers.last).to_contain_text("I live in")


@pytest.mark.parametrize("seen", [False, True])
def test_a_server_that_is_away_is_said_and_waited_for(open_tab, gate, seen):
    tab = open_tab(base=gate.address, expected=["net::ERR", "Failed to load resource", "preload CSS", "dynamically imported"])
    if seen:  # its code is there, what it shows is not
        tab.open("#/memories")
        expect(tab.page.get_by_text("Nothing is remembered yet")).to_be_visible()
        tab.open("#/chat")
    gate.cut()
    tab.page.get_by_role("link", name="Memories").click()
    expect(tab.page.get_by_text("No connection to Dramatis.")).to_be_visible()
    gate.mend()
    tab.button("Try again").first.click()
    expect(tab.page.get_by_text("Nothing is remembered yet")).to_be_visible()


def test_a_message_over_the_limit_is_not_sent(tab):
    tab.field.fill("x" * 8001)
    expect(tab.page.get_by_role("alert").filter(has_text="8,001")).to_be_visible()
    expect(tab.button("Send")).to_be_disabled()
