"""The chat as a visitor has it."""

import re
import time
import uuid

import pytest
from playwright.sync_api import expect

from tests.harness.program import wait_for
from tests.web.conftest import PHONE


def begin(tab, double):
    """A new chat with the persona that the double speaks for."""
    tab.open("#/chat").page.reload()
    tab.page.get_by_role("button", name=double[1]).click()
    expect(tab.page.get_by_role("heading", name=double[1], level=1)).to_be_visible()


def slow(words, delay=80):
    return {"tokens": [f"{word} " for word in words.split()], "token_delay_ms": delay}


LONG = " ".join(f"word{number}" for number in range(60))
# LONG, of which the last words come when the provider is told to go on.
HELD = {"tokens": [f"word{number} " for number in range(10)] + [{"hold": True}]
        + [f"word{number} " for number in range(10, 60)]}


# --- first visit ----------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Without any provider, as a first `./dev up` has it."""
    from tests.harness.deployment import Embedded
    with Embedded(tmp_path_factory.mktemp("plain") / "data") as deployment:
        yield deployment


def test_a_first_visitor_is_told_of_the_built_in_model_and_chats(open_tab, plain):
    tab = open_tab(base=plain.http, headers={})
    note = tab.page.get_by_text("The built-in model only looks things up")
    expect(note).to_be_visible()
    expect(tab.page.get_by_text("OPENAI_API_KEY=... ./dev up")).to_be_visible()
    tab.say("Where do you live?")
    expect(tab.answers.last).to_contain_text("I live in Tromsø")
    expect(tab.page.get_by_role("heading", name="Maren Solvik", level=1)).to_be_visible()
    expect(tab.page.get_by_role("navigation", name="Chats")).to_contain_text("Where do you live?")
    tab.page.reload()
    expect(tab.answers.last).to_contain_text("I live in Tromsø")
    # Read once, it does not come again.
    tab.button("New chat").click()
    tab.button("I have read this").click()
    tab.open()
    expect(tab.page.get_by_text("Who do you want to talk to?")).to_be_visible()
    expect(note).to_be_hidden()


def test_speaks_german(open_tab):
    tab = open_tab(locale="de-DE")
    expect(tab.page.get_by_text("Mit wem möchten Sie sprechen?")).to_be_visible()
    assert tab.page.evaluate("document.documentElement.lang") == "de"
    tab.button("Darstellung und Sprache").click()
    tab.page.get_by_label("Sprache", exact=True).select_option("en")
    expect(tab.page.get_by_text("Who do you want to talk to?")).to_be_visible()
    tab.page.reload()
    expect(tab.page.get_by_text("Who do you want to talk to?")).to_be_visible()
    assert tab.page.evaluate("document.documentElement.lang") == "en"


def test_is_as_dark_as_the_system_until_told_otherwise(open_tab):
    tab = open_tab(dark=True)
    is_dark = "document.documentElement.classList.contains('pf-v6-theme-dark')"
    assert tab.page.evaluate(is_dark)
    tab.button("Appearance and language").click()
    tab.page.get_by_label("Appearance", exact=True).select_option("light")
    assert not tab.page.evaluate(is_dark)
    tab.page.reload()
    tab.field.wait_for()
    assert not tab.page.evaluate(is_dark)


# --- answers --------------------------------------------------------------------------------------

def test_an_answer_is_shown_while_it_is_made(tab, provider, double):
    provider.script({"tokens": ["# Over", "view\n\n", "- **one**\n", "- two\n", {"hold": True}, "\nEnd."]})
    begin(tab, double)
    tab.say("Go")
    expect(tab.running.locator("strong")).to_have_text("one")
    expect(tab.running).not_to_contain_text("End.")
    provider.release()
    expect(tab.answers.last).to_contain_text("End.")
    expect(tab.running).to_have_count(0)
    expect(tab.answers).to_have_count(1)
    expect(tab.answers.last.locator("h1")).to_have_text("Overview")
    expect(tab.answers.last.locator("li")).to_have_count(2)


def test_code_is_copied(tab, provider, double):
    code = "def f(x):\n    return x < 2 and 'a' or \"b\"\n"
    provider.script({"tokens": [f"Here:\n\n```python\n{code}```\n"]})
    begin(tab, double)
    tab.say("Code please")
    expect(tab.answers.last.locator("pre code")).to_contain_text("return")
    expect(tab.running).to_have_count(0)
    tab.answers.last.get_by_role("button", name="Copy the code").click()
    assert tab.page.evaluate("navigator.clipboard.readText()").strip() == code.strip()
    tab.answers.last.get_by_role("button", name="Copy", exact=True).click()
    assert "```python" in tab.page.evaluate("navigator.clipboard.readText()")


def test_an_answer_is_stopped_and_keeps_its_text(tab, provider, client, double):
    provider.script(HELD)
    begin(tab, double)
    tab.say("Tell me a lot")
    expect(tab.running).to_contain_text("word2")
    tab.button("Stop the answer").click()
    expect(tab.page.get_by_text("Stopped by you.")).to_be_visible()
    expect(tab.running).to_have_count(0)
    text = tab.answers.last.inner_text()
    assert "word2" in text and "word50" not in text
    stored = client.get(f"/api/chat/history/{tab.session_id()}").expect(200)["messages"]
    assert [message["role"] for message in stored] == ["user", "assistant"]
    assert stored[1]["metadata"]["finish_reason"] == "cancelled"
    expect(tab.button("Send")).to_be_visible()


def test_a_cut_connection_goes_on_behind_the_last_event(open_tab, gate, provider, client, double):
    tab = open_tab(base=gate.address, expected=["net::ERR", "Failed to load resource"])
    resumed = []
    tab.page.on("request", lambda request: resumed.append(request.headers.get("last-event-id"))
                if request.url.endswith("/stream") else None)
    provider.script(HELD)
    begin(tab, double)
    tab.say("Tell me a lot")
    expect(tab.running).to_contain_text("word9")
    gate.cut()
    expect(tab.running).to_contain_text("The connection is lost")
    provider.release()
    gate.mend()
    expect(tab.running).to_have_count(0, timeout=30_000)
    expect(tab.answers).to_have_count(1)
    assert tab.answers.last.locator("p").first.inner_text().strip() == LONG
    assert any(cursor and re.fullmatch(r"[0-9a-f-]{36}:\d+:\d+", cursor) for cursor in resumed), resumed
    stored = client.get(f"/api/chat/history/{tab.session_id()}").expect(200)["messages"]
    assert [message["role"] for message in stored] == ["user", "assistant"]


def test_a_message_whose_answer_never_came_back_is_said_once(open_tab, gate, provider, client, double):
    tab = open_tab(base=gate.address, expected=["net::ERR", "Failed to load resource"])
    provider.script({**slow("It is here"), "first_delay_ms": 700})
    begin(tab, double)
    gate.swallow_answers()
    asked = provider.counts()["count"]
    tab.say("Are you there?")
    wait_for(lambda: provider.counts()["count"] > asked, "the model to be asked")
    gate.cut()
    gate.mend()
    expect(tab.answers.last).to_contain_text("It is here", timeout=30_000)
    expect(tab.running).to_have_count(0)
    stored = client.get(f"/api/chat/history/{tab.session_id()}").expect(200)["messages"]
    assert [message["content"].strip() for message in stored] == ["Are you there?", "It is here"]


def test_a_reload_in_mid_answer_goes_on(tab, provider, client, double):
    provider.script(HELD)
    begin(tab, double)
    tab.say("Tell me a lot")
    expect(tab.running).to_contain_text("word9")
    tab.page.reload()
    expect(tab.running).to_contain_text("word9")
    provider.release()
    expect(tab.running).to_have_count(0, timeout=30_000)
    expect(tab.answers).to_have_count(1)
    assert tab.answers.last.locator("p").first.inner_text().strip() == LONG
    assert len(client.get(f"/api/chat/history/{tab.session_id()}").expect(200)["messages"]) == 2


def test_two_tabs_show_the_same_answer_as_it_is_made(tab, open_tab, provider, double):
    begin(tab, double)
    tab.say("First")
    expect(tab.running).to_have_count(0)
    other = open_tab(f"#/chat/{tab.session_id()}", context=tab.page.context)
    expect(other.messages).to_have_count(2)
    provider.script(HELD)
    tab.say("Second")
    expect(tab.running).to_contain_text("word9")
    expect(other.running).to_contain_text("word9")
    provider.release()
    expect(other.running).to_have_count(0, timeout=30_000)
    expect(tab.running).to_have_count(0)
    for one in (tab, other):
        expect(one.messages).to_have_count(4)
        expect(one.answers.last).to_contain_text("word59")


def test_another_browser_waits_for_what_it_did_not_begin(tab, open_tab, provider, double, user):
    provider.script(HELD)
    begin(tab, double)
    tab.say("Tell me")
    expect(tab.running).to_contain_text("word2 ")
    other = open_tab(f"#/chat/{tab.session_id()}")  # with a store of its own
    expect(other.running).to_have_count(1)
    provider.release()
    expect(other.answers.last).to_contain_text("word59", timeout=30_000)
    expect(other.running).to_have_count(0)


# --- hostile content ------------------------------------------------------------------------------

HOSTILE = """<script>window.hacked = 1</script>
<img src=x onerror="window.hacked = 2">
<iframe src="https://evil.example/"></iframe>
<style>body { display: none }</style>

![tracker](https://evil.example/pixel.png) and ![by name][pixel]

[click](javascript:window.hacked=3) [data](data:text/html,<script>window.hacked=4</script>)
[out](https://evil.example/page) <a href="javascript:window.hacked=5" onclick="window.hacked=6">x</a>

| a | b |
|---|---|
| <svg onload=window.hacked=7> | **bold** |

[pixel]: https://evil.example/other.png

<div style="position:fixed;inset:0">over everything</div>
"""


@pytest.mark.parametrize("whose", ["answer", "message"])
def test_hostile_markdown_and_html_are_text(tab, provider, double, whose):
    text = HOSTILE if whose == "answer" else "fine"
    provider.script({"tokens": [text[start:start + 7] for start in range(0, len(text), 7)]})
    begin(tab, double)
    tab.say("Attack" if whose == "answer" else HOSTILE)
    expect(tab.running).to_have_count(0)
    shown = tab.answers.last if whose == "answer" else tab.messages.first
    expect(shown).to_contain_text("<script>window.hacked = 1</script>")
    expect(shown).to_contain_text('<img src=x onerror="window.hacked = 2">')
    expect(shown.locator("script, iframe, style, svg[onload], object, embed")).to_have_count(0)
    assert shown.locator(".pf-chatbot__message-response img").count() == 0
    for link in shown.locator(".pf-chatbot__message-response a").all():
        assert re.match(r"https://evil\.example/|$", link.get_attribute("href") or ""), link
        assert "noopener" in (link.get_attribute("rel") or "")
    if whose == "answer":
        expect(shown.get_by_text("Picture: tracker")).to_be_visible()
        expect(shown.locator("td strong")).to_have_text("bold")
    for link in shown.get_by_text("click", exact=True).all():
        link.click(modifiers=[])
    assert tab.page.evaluate("window.hacked") is None


# --- history --------------------------------------------------------------------------------------

def fill_history(dramatis, client, count):
    """A session with so many messages, as many chats would make them."""
    session = client.post("/api/chat", {"message": "Where do you live?"}).expect(200)["session_id"]
    columns = [row[1] for row in dramatis.execute("conversation", "pragma table_info(messages)")]
    conversation = dramatis.execute(
        "conversation", "select conversation_id from {schema}.conversations where session_id = "
                        f"'{session}'")[0][0]
    values = {"sequence": "n", "message_id": "printf('%08d-0000-7000-8000-%012d', n, n)",
              "content": "'Message number ' || n || case when n % 7 = 0 then "
                         "' with ' || replace(hex(zeroblob(200)), '0', 'word ') else '' end"}
    selected = ", ".join(values.get(column, column) for column in columns)
    dramatis.execute("conversation", f"""
        with recursive numbers(n) as (select 3 union all select n + 1 from numbers where n < {count})
        insert into {{schema}}.messages ({', '.join(columns)})
        select {selected} from numbers join {{schema}}.messages as m
          on m.conversation_id = '{conversation}' and m.sequence = 2 - n % 2
        where m.sequence <= 2""".replace("select sequence", "select n"))
    dramatis.execute("conversation", f"update {{schema}}.conversations set last_sequence = {count} "
                                     f"where conversation_id = '{conversation}'")
    return session


def scroll_up_to(tab, text, seconds):
    """As fast as pages come in; whether it came."""
    return tab.page.evaluate("""async ([text, seconds]) => {
      const box = document.querySelector('.pf-chatbot__messagebox');
      const end = Date.now() + seconds * 1000;
      while (Date.now() < end && !box.textContent.includes(text)) {
        box.scrollTop = 0;
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
      return box.textContent.includes(text);
    }""", [text, seconds])


def few(tab):
    """What is out of sight leaves the page, as soon as the browser comes to it."""
    tab.page.wait_for_function(
        "() => document.querySelectorAll('.pf-chatbot__message').length < 120")


def test_of_ten_thousand_messages_only_those_in_sight_are_in_the_page(open_tab, dramatis, client):
    session = fill_history(dramatis, client, 10_000)
    tab = open_tab(f"#/chat/{session}")
    expect(tab.page.get_by_text("Message number 10000")).to_be_visible()
    box = tab.page.get_by_role("region", name="Messages")
    assert scroll_up_to(tab, "Message number 9601", 100)
    few(tab)
    expect(tab.page.get_by_text("Message number 10000")).to_have_count(0)
    box.evaluate("box => { box.scrollTop = box.scrollHeight / 2 }")
    tab.page.wait_for_function("""() => [...document.querySelectorAll('.pf-chatbot__message')].some((message) =>
      message.getBoundingClientRect().top > 0 && message.getBoundingClientRect().top < innerHeight)""")
    few(tab)
    tab.button("To the newest message").click()
    expect(tab.page.get_by_text("Message number 10000")).to_be_in_viewport(timeout=20_000)


@pytest.mark.long
def test_ten_thousand_messages_are_scrolled_through(open_tab, dramatis, client, capsys):
    session = fill_history(dramatis, client, 10_000)
    tab = open_tab(f"#/chat/{session}")
    expect(tab.page.get_by_text("Message number 10000")).to_be_visible()
    begun = time.monotonic()
    assert scroll_up_to(tab, "Where do you live?", 600)
    with capsys.disabled():
        print(f"\n10,000 messages: scrolled to the first in {time.monotonic() - begun:.1f} s")
    # The last page came in above what was in sight, which stayed there.
    tab.page.locator(".pf-chatbot__messagebox").evaluate("box => { box.scrollTop = 0 }")
    expect(tab.messages.first).to_contain_text("Where do you live?")
    few(tab)


def test_earlier_messages_come_in_above_without_moving_the_view(open_tab, dramatis, client):
    session = fill_history(dramatis, client, 300)
    tab = open_tab(f"#/chat/{session}")
    expect(tab.page.get_by_text("Message number 300")).to_be_visible()
    moved = tab.page.evaluate("""async () => {
      const box = document.querySelector('.pf-chatbot__messagebox');
      const shown = () => [...document.querySelectorAll('.pf-chatbot__message')].find(
        (message) => message.getBoundingClientRect().top > 150);
      const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
      box.scrollTop = 2000;
      await pause(300);
      const height = box.scrollHeight;
      box.scrollTop = 900;
      const message = shown(), top = message.getBoundingClientRect().top;
      for (let round = 0; round < 200 && box.scrollHeight === height; ++round) await pause(20);
      await pause(200);
      return [box.scrollHeight > height, Math.abs(message.getBoundingClientRect().top - top)];
    }""")
    assert moved[0] and moved[1] < 4, moved


def test_chats_are_found_and_deleted(tab, client):
    for text in ("About the zeppelin", "About the lighthouse"):
        client.post("/api/chat", {"message": text}).expect(200)
    tab.page.reload()
    chats = tab.page.get_by_role("navigation", name="Chats")
    expect(chats.get_by_role("link")).to_have_count(2)
    tab.page.get_by_label("Search titles and messages").fill("zeppelin")
    expect(chats.get_by_role("link")).to_have_count(1)
    expect(tab.page.get_by_text("1 chats found")).to_be_attached()
    tab.page.get_by_label("Search titles and messages").fill("submarine")
    expect(tab.page.get_by_text("Nothing found")).to_be_visible()
    tab.page.get_by_label("Search titles and messages").fill("")
    chats.get_by_role("link", name=re.compile("zeppelin")).click()
    expect(tab.messages).to_have_count(2)
    tab.button("Delete this chat").click()
    tab.page.get_by_role("dialog").get_by_role("button", name="Delete this chat").click()
    expect(chats.get_by_role("link")).to_have_count(1)
    assert len(client.get("/api/history").expect(200)["conversations"]) == 1


# --- how it is used -------------------------------------------------------------------------------

def test_works_with_the_keyboard_alone(tab, provider, double):
    provider.script({"tokens": ["By keyboard."]}, default={"tokens": ["By keyboard."]})
    page = tab.page

    def reach(name, backwards=False):
        for _ in range(60):
            page.keyboard.press("Shift+Tab" if backwards else "Tab")
            label = page.evaluate("(document.activeElement?.ariaLabel || document.activeElement?.innerText || '').trim()")
            if label.startswith(name):
                return
        raise AssertionError(f"the keyboard does not reach {name}")

    page.reload()
    expect(tab.field).to_be_focused()
    expect(tab.page.get_by_role("button", name=double[1])).to_be_visible()
    reach(double[1], backwards=True)
    page.keyboard.press("Enter")
    expect(tab.field).to_be_focused()
    page.keyboard.type("Hello")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("there")
    page.keyboard.press("Enter")
    expect(tab.answers.last).to_contain_text("By keyboard.")
    expect(tab.messages.first).to_contain_text("Hello\nthere")
    expect(tab.field).to_be_focused()
    reach("Copy", backwards=True)
    page.keyboard.press("Enter")
    assert page.evaluate("navigator.clipboard.readText()") == "By keyboard."
    page.reload()
    expect(tab.field).to_be_focused()
    reach("New chat", backwards=True)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Who do you want to talk to?")).to_be_visible()
    reach("Memories", backwards=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Memories")).to_be_visible()


def test_whoever_hears_the_page_is_told_the_answer_once(tab, provider, double):
    provider.script(slow("I am told as a whole", 50))
    begin(tab, double)
    tab.say("Speak")
    expect(tab.running).to_have_count(0)
    said = tab.page.locator(".pf-chatbot__messagebox-announcement")
    expect(said).to_have_text(f"{double[1]} says: I am told as a whole")
    assert said.get_attribute("aria-live") == "polite"
    # The pieces are not: the message itself is no live region.
    expect(tab.page.locator(".pf-chatbot__message[aria-live]")).to_have_count(0)


def test_fits_a_phone(open_tab, provider, double):
    tab = open_tab(size=PHONE)
    provider.script({"tokens": ["```\n" + "long line " * 40 + "\nend\n```\n\n| a | b |\n|---|---|\n| " + "x" * 90
                                + " | y |\n"]})
    begin(tab, double)
    tab.say("Wide things")
    expect(tab.running).to_have_count(0)
    expect(tab.answers.last).to_contain_text("long line")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tab.button("Show chats").click()
    link = tab.page.get_by_role("navigation", name="Chats").get_by_role("link", name=re.compile("Wide things"))
    link.click()
    expect(link).to_be_hidden()
    tab.button("Menu").click()
    tab.page.get_by_role("link", name="Memories").click()
    expect(tab.page.get_by_role("heading", name="Memories")).to_be_visible()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


# --- how it begins --------------------------------------------------------------------------------

@pytest.fixture
def host(client):
    """A persona that can begin in three ways: its id and name."""
    name = f"Host {uuid.uuid4().hex[:6]}"
    persona = client.post("/api/personas", {
        "name": name, "type": "ai_agent", "biography": "I greet.", "nickname": "Hosty",
        "greeting": "Hello, {{user}}. I am **{{char}}**.", "alternateGreetings": ["*bows* Good evening.", "What a day."],
        "modelConfig": {"model": "openai/double"}}).expect(201)
    return persona["personaId"], name


def test_a_chat_begins_with_the_greeting(tab, provider, client, host):
    client.put("/api/profile", {"displayName": "Ada"}).expect(200)
    provider.script({"tokens": ["Fine."]})
    begin(tab, host)
    expect(tab.answers).to_contain_text("Hello, Ada. I am Hosty.")
    expect(tab.page.get_by_text("Beginning 1 of 3")).to_be_visible()
    tab.say("How are you?")
    # Before the answer and after it, once, at the beginning.
    expect(tab.answers.last).to_contain_text("Fine.")
    expect(tab.running).to_have_count(0)
    expect(tab.messages).to_have_count(3)
    expect(tab.messages.first).to_contain_text("Hello, Ada. I am Hosty.")
    stored = client.get(f"/api/chat/history/{tab.session_id()}").expect(200)["messages"]
    assert [message["content"] for message in stored] == ["Hello, Ada. I am **Hosty**.", "How are you?", "Fine."]


def test_another_greeting_is_chosen(tab, provider, client, host, double):
    provider.script({"tokens": ["Indeed."]})
    begin(tab, host)
    expect(tab.button("The beginning before")).to_be_disabled()
    tab.button("The next beginning").click()
    expect(tab.answers).to_contain_text("bows Good evening.")
    expect(tab.answers.locator("em")).to_have_text("bows")
    tab.button("The next beginning").click()
    expect(tab.answers).to_contain_text("What a day.")
    expect(tab.button("The next beginning")).to_be_disabled()
    # Another persona begins in its own way.
    tab.page.get_by_role("button", name=double[1]).click()
    expect(tab.answers).to_have_count(0)
    tab.page.get_by_role("button", name=host[1]).click()
    expect(tab.page.get_by_text("Beginning 3 of 3")).to_be_visible()
    tab.button("The beginning before").click()
    tab.say("Good evening to you")
    expect(tab.answers.last).to_contain_text("Indeed.")
    expect(tab.messages).to_have_count(3)
    stored = client.get(f"/api/chat/history/{tab.session_id()}").expect(200)["messages"]
    assert [message["content"] for message in stored] == ["*bows* Good evening.", "Good evening to you", "Indeed."]


# --- another answer, other words ------------------------------------------------------------------

def test_a_message_is_answered_again_and_one_answer_chosen(tab, provider, client, double):
    provider.script({"tokens": ["The first."]}, {"tokens": ["The second ", {"hold": True}, "one takes its time"]}, {"tokens": ["The third."]})
    begin(tab, double)
    tab.say("Go")
    expect(tab.answers.last).to_contain_text("The first.")
    tab.button("Answer again").click()
    expect(tab.running).to_contain_text("The second")
    expect(tab.answers.filter(has_text="The first.")).to_have_count(0)
    provider.release()
    expect(tab.running).to_have_count(0)
    expect(tab.answers).to_have_count(1)
    expect(tab.page.get_by_text("Answer 2 of 2")).to_be_visible()
    tab.button("The answer before").click()
    expect(tab.answers.last).to_contain_text("The first.")
    expect(tab.page.get_by_text("Answer 1 of 2")).to_be_visible()
    expect(tab.button("The answer before")).to_be_disabled()
    stored = client.get(f"/api/chat/history/{tab.session_id()}").expect(200)["messages"]
    assert [message["content"] for message in stored] == ["Go", "The first."]
    tab.page.reload()
    expect(tab.page.get_by_text("Answer 1 of 2")).to_be_visible()
    tab.say("On")
    expect(tab.answers.last).to_contain_text("The third.")
    expect(tab.page.get_by_text("Answer 1 of 2")).to_have_count(0)


def test_a_reload_while_a_message_is_answered_again_goes_on(tab, provider, client, double):
    provider.script({"tokens": ["The first."]}, HELD)
    begin(tab, double)
    tab.say("Go")
    expect(tab.answers.last).to_contain_text("The first.")
    tab.button("Answer again").click()
    expect(tab.running).to_contain_text("word9")
    tab.page.reload()
    expect(tab.running).to_contain_text("word9")
    provider.release()
    expect(tab.running).to_have_count(0, timeout=30_000)
    expect(tab.answers).to_have_count(1)
    expect(tab.answers.last).to_contain_text("word59")
    expect(tab.page.get_by_text("Answer 2 of 2")).to_be_visible()


def test_a_message_is_edited_and_sent_again_in_a_chat_of_its_own(tab, provider, client, double):
    provider.script({"tokens": ["About cats."]}, {"tokens": ["More."]}, slow("About dogs then", 100))
    begin(tab, double)
    tab.say("Cats?")
    expect(tab.answers.last).to_contain_text("About cats.")
    tab.say("More?")
    expect(tab.answers.last).to_contain_text("More.")
    expect(tab.running).to_have_count(0)
    first = tab.session_id()
    tab.messages.filter(has_text="More?").get_by_role("button", name="Edit and send again").click()
    tab.page.get_by_role("dialog").get_by_label("Your message").fill("And dogs?")
    tab.page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(tab.answers.last).to_contain_text("About dogs then")
    expect(tab.running).to_have_count(0)
    assert tab.session_id() != first
    stored = client.get(f"/api/chat/history/{tab.session_id()}").expect(200)["messages"]
    assert [message["content"].strip() for message in stored] == ["Cats?", "About cats.", "And dogs?",
                                                                  "About dogs then"]
    assert len(client.get(f"/api/chat/history/{first}").expect(200)["messages"]) == 4
