"""Chats that others read, that are not kept, and that go on from elsewhere."""

import re

from playwright.sync_api import expect

from tests.web.test_chat import begin
from tests.web.test_pages import dialog


def test_a_chat_is_shared_read_without_an_account_and_revoked(open_tab, provider, client, double):
    tab = open_tab()
    provider.script({"tokens": ["It is **blue**."]})
    begin(tab, double)
    tab.say("Which colour is the sky?")
    expect(tab.answers.last).to_contain_text("It is blue.")
    expect(tab.running).to_have_count(0)
    tab.button("Share this chat").click()
    expect(dialog(tab).get_by_text("There is no link to this chat.")).to_be_visible()
    tab.button("Make a link").click()
    link = dialog(tab).get_by_label("The link, shown this once").input_value()
    share = client.get(f"/api/history/{tab.session_id()}/share").expect(200)["shares"]
    assert len(share) == 1 and share[0]["expires_at"]
    base = f"http://{tab.base.removeprefix('http://')}/"
    assert link.startswith(base)

    # Nobody: no account, no token; and it asks for nothing but what is shared.
    reader = open_tab(link.removeprefix(base), headers={"Authorization": "Bearer local:reader"},
                      expected=["Failed to load resource"])
    asked = []
    reader.page.on("request", lambda request: asked.append(request.url.removeprefix(base)))
    reader.page.reload()
    expect(reader.page.get_by_role("heading", name="Which colour is the sky?", level=1)).to_be_visible()
    expect(reader.messages).to_have_count(2)
    expect(reader.answers.locator("strong", has_text="blue")).to_be_visible()
    expect(reader.field).to_have_count(0)
    assert [path for path in asked if path.startswith("api/") and not path.startswith("api/shared/")] == []

    # What comes later is not in it.
    dialog(tab).get_by_role("button", name="Close", exact=True).last.click()
    provider.script({"tokens": ["And green."]})
    tab.say("And the sea?")
    expect(tab.answers.last).to_contain_text("And green.")
    reader.page.reload()
    expect(reader.messages).to_have_count(2)

    tab.button("Share this chat").click()
    dialog(tab).get_by_role("button", name=re.compile("Revoke the link")).click()
    expect(dialog(tab).get_by_text("There is no link to this chat.")).to_be_visible()
    reader.page.reload()
    expect(reader.page.get_by_text("The link is wrong, has expired or was revoked.")).to_be_visible()


def test_a_temporary_chat_leaves_nothing(open_tab, provider, client, double):
    tab = open_tab()
    provider.script({"tokens": ["Your secret is safe."]}, {"tokens": ["Still."]})
    tab.page.get_by_role("button", name=double[1]).click()
    tab.page.get_by_label("Temporary chat").check()
    tab.say("I have a secret")
    expect(tab.answers.last).to_contain_text("Your secret is safe.")
    expect(tab.page.get_by_text("temporary", exact=True)).to_be_visible()
    session = client.get(f"/api/session/{tab.session_id()}").expect(200)
    assert session["temporary"] is True and session["persona_name"] == double[1]
    expect(tab.button("Share this chat")).to_have_count(0)
    tab.say("Is it?")
    expect(tab.answers.last).to_contain_text("Still.")
    expect(tab.messages).to_have_count(4)
    gone = tab.session_id()
    tab.button("End and delete").click()
    expect(tab.page.get_by_text("Who do you want to talk to?")).to_be_visible()
    assert client.get(f"/api/history/{gone}").status == 404
    assert client.get("/api/memories").expect(200)["memories"] == []


def test_a_chat_goes_on_from_an_earlier_message_in_another(open_tab, provider, client, double):
    tab = open_tab()
    provider.script({"tokens": ["One."]}, {"tokens": ["Two."]}, {"tokens": ["Other."]})
    begin(tab, double)
    for text, answer in (("First", "One."), ("Second", "Two.")):
        tab.say(text)
        expect(tab.answers.last).to_contain_text(answer)
        expect(tab.running).to_have_count(0)
    origin = tab.session_id()
    tab.answers.first.get_by_role("button", name="Go on from here in a new chat").click()
    expect(tab.messages).to_have_count(2)
    assert tab.session_id() != origin
    tab.say("Something else")
    expect(tab.answers.last).to_contain_text("Other.")
    expect(tab.messages).to_have_count(4)
    assert len(client.get(f"/api/history/{origin}").expect(200)["messages"]) == 4
