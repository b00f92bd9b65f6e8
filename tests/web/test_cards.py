"""Character cards: dropped, chosen, refused, taken away."""

import base64
import json
import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.harness.cards import cards_of, entries_of, png
from tests.web.test_pages import cards, dialog


def card(name):
    return {"spec": "chara_card_v3", "spec_version": "3.0", "data": {
        "name": name, "description": "Keeps a lighthouse.", "personality": "calm", "scenario": "", "tags": [],
        "first_mes": "The lamp is lit.", "mes_example": "", "creator_notes": "", "system_prompt": "",
        "post_history_instructions": "", "alternate_greetings": [], "creator": "", "character_version": "",
        "group_only_greetings": [], "extensions": {"mine": {"kept": True}}}}


DROP = """([name, type, text]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, {type}));
  const there = document.querySelector('.dr-main');
  for (const kind of ['dragover', 'drop']) {
    there.dispatchEvent(new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true}));
  }
}"""


def personas(open_tab, **options):
    """A tab with the page that takes cards, when it does."""
    tab = open_tab("#/personas", **options)
    expect(cards(tab).first).to_be_visible()
    return tab


def export(tab, name, label, ending, version=None):
    """What is downloaded as that kind of card."""
    tab.button(f"Export {name} as a card").click()
    dialog(tab).get_by_label("As", exact=True).select_option(label=label)
    if version:
        dialog(tab).get_by_label("Version of the card").select_option(label=version)
    with tab.page.expect_download() as download:
        dialog(tab).get_by_role("button", name="Export", exact=True).click()
    assert download.value.suggested_filename == f"{name.replace(' ', '-')}.{ending}"
    expect(dialog(tab)).to_have_count(0)
    return download.value.path().read_bytes()


def drop(tab, name, type, content):
    tab.page.evaluate(DROP, [name, type, base64.b64encode(content).decode()])


@pytest.mark.parametrize("kind", ["json", "png"])
def test_a_card_is_dropped_and_met(open_tab, kind):
    name = f"Tessa {uuid.uuid4().hex[:6]}"
    text = json.dumps(card(name)).encode()
    tab = personas(open_tab)
    if kind == "json":
        drop(tab, "tessa.json", "application/json", text)
    else:
        drop(tab, "tessa.png", "image/png", png(ccv3=text))
    expect(tab.page.get_by_text(f"{name} is here.")).to_be_visible()
    mine = cards(tab).filter(has_text=name)
    mine.get_by_role("link", name=f"Talk to {name}").click()
    tab.say("What do you keep?")
    expect(tab.answers.last).to_contain_text("lighthouse")


def test_a_card_is_chosen_with_the_keyboard_and_taken_away_whole(open_tab, tmp_path):
    name = f"Ines {uuid.uuid4().hex[:6]}"
    file = tmp_path / "ines.json"
    file.write_text(json.dumps(card(name)))
    tab = personas(open_tab)
    # From here on, so that the browser knows of it when the key is pressed.
    tab.page.on("filechooser", lambda chooser: None)
    tab.button("Choose a card").focus()
    with tab.page.expect_file_chooser() as chooser:
        tab.page.keyboard.press("Enter")
    chooser.value.set_files(file)
    expect(tab.page.get_by_text(f"{name} is here.")).to_be_visible()
    assert json.loads(export(tab, name, "JSON", "json")) == card(name)
    picture = export(tab, name, "Picture (PNG)", "png")
    assert json.loads(cards_of(picture)["ccv3"]) == card(name)
    archive = export(tab, name, "Archive (CHARX)", "charx")
    assert json.loads(entries_of(archive)["card.json"]) == card(name)
    # The other version of the specification, for programs that know no newer one.
    older = json.loads(export(tab, name, "JSON", "json", version="V2"))
    assert older["spec"] == "chara_card_v2" and older["data"]["first_mes"] == "The lamp is lit."


def test_what_was_taken_away_in_each_form_comes_back(open_tab, tmp_path):
    name = f"Onno {uuid.uuid4().hex[:6]}"
    tab = personas(open_tab)
    drop(tab, "onno.json", "application/json", json.dumps(card(name)).encode())
    expect(tab.page.get_by_text(f"{name} is here.")).to_be_visible()
    for label, ending in (("Picture (PNG)", "png"), ("Archive (CHARX)", "charx")):
        content = export(tab, name, label, ending)
        mine = cards(tab).filter(has_text=name)
        mine.get_by_role("button", name="Delete").click()
        dialog(tab).get_by_role("button", name="Delete").click()
        expect(mine).to_have_count(0)
        drop(tab, f"onno.{ending}", "", content)
        expect(tab.page.get_by_text(f"{name} is here.")).to_be_visible()
        assert json.loads(export(tab, name, "JSON", "json")) == card(name)


def test_what_is_no_card_is_refused_in_words(open_tab, client):
    before = len(client.get("/api/personas?ownerId=me").expect(200)["personas"])
    tab = personas(open_tab, expected=["Failed to load resource"])
    drop(tab, "poem.json", "application/json", b'{"roses": "red"}')
    expect(tab.page.locator(".dr-drop .pf-m-danger")).to_be_visible()
    drop(tab, "broken.png", "image/png", b"\x89PNG\r\n\x1a\nbroken")
    expect(tab.page.locator(".dr-drop .pf-m-danger")).to_be_visible()
    assert len(client.get("/api/personas?ownerId=me").expect(200)["personas"]) == before


def test_pictures_of_personas_are_shown_where_they_are_chosen_and_speak(open_tab, client, provider, double):
    persona, name = double
    tab = open_tab()
    asked = []
    tab.page.on("response", lambda response: asked.append((response.request.method, response.status))
                if response.url.endswith("/avatar") else None)
    tab.open("#/personas")
    mine = cards(tab).filter(has_text=name)
    expect(mine.locator("img")).to_have_attribute("src", re.compile("^data:image/svg"))
    tab.button(f"Edit {name}").click()
    dialog(tab).get_by_label("Picture").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": png()})
    tab.button("Save").click()
    expect(dialog(tab)).to_have_count(0)
    assert client.get(f"/api/personas/{persona}").expect(200)["avatarEtag"]
    drawn = re.compile("^data:image/png")
    expect(mine.locator("img")).to_have_attribute("src", drawn)
    tab.open("#/chat")
    expect(tab.page.get_by_role("button", name=name).locator("img")).to_have_attribute("src", drawn)
    tab.page.get_by_role("button", name=name).click()
    tab.say("Hello")
    expect(tab.answers.last.locator("img").first).to_have_attribute("src", drawn)
    # In a room too; and of those who have none nothing is asked for.
    me = client.post("/api/personas", {"name": f"Me {name}", "type": "human"}).expect(201)["personaId"]
    room = client.post("/api/conversations", {"title": "Faces", "personaIds": [me, persona]}).expect(201)["conversationId"]
    client.post(f"/api/conversations/{room}/messages", {"personaId": me, "content": "Hello"}).expect(201)
    tab.open(f"#/rooms/{room}")
    expect(tab.answers.last.locator("img").first).to_have_attribute("src", drawn)
    assert {status for method, status in asked if method == "GET"} == {200}
