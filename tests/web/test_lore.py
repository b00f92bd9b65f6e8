"""Lore of personas on the page: read, written, imported, given to others; and that answers know it."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import PHONE, new_double
from tests.web.test_pages import cards, dialog


@pytest.fixture
def keeper(client):
    return new_double(client, "Tessa", "I keep a lighthouse.")


def book_of(client, keeper):
    return client.get(f"/api/personas/{keeper[0]}/lore").expect(200)


def write(tab, keys, content):
    tab.button("New entry").click()
    dialog(tab).get_by_label("Words that it waits for").fill(keys)
    dialog(tab).get_by_label("What the persona is told").fill(content)
    tab.button("Save").click()
    expect(dialog(tab)).to_have_count(0)


def choose(tab, file):
    with tab.page.expect_file_chooser() as chooser:
        tab.button("Import a book").click()
    chooser.value.set_files(file)


def test_lore_is_written_changed_told_and_taken_back(open_tab, provider, client, keeper):
    tab = open_tab("#/personas")
    tab.page.get_by_role("link", name=f"Lore of {keeper[1]}").click()
    expect(tab.page.get_by_role("heading", name=f"Lore of {keeper[1]}", level=1)).to_be_visible()
    expect(tab.page.get_by_text("No lore yet")).to_be_visible()
    tab.button("New entry").click()
    expect(tab.button("Save")).to_be_disabled()
    dialog(tab).get_by_label("Words that it waits for").fill("storm\n/gales?/i")
    dialog(tab).get_by_label("What the persona is told").fill("The great storm of 1953 broke the lantern.")
    dialog(tab).get_by_text("More", exact=True).click()
    dialog(tab).get_by_label("Stays for so many messages").fill("2")
    dialog(tab).get_by_label("Where it stands").select_option(label="among the messages")
    dialog(tab).get_by_label("So many messages before the end").fill("1")
    dialog(tab).get_by_label("Whole words only").check()
    tab.button("Save").click()
    expect(cards(tab)).to_contain_text("The great storm of 1953")
    entry = book_of(client, keeper)["entries"][0]
    assert entry["keys"] == ["storm", "/gales?/i"]
    assert (entry["sticky"], entry["position"], entry["depth"], entry["wholeWords"]) == (2, "at_depth", 1, True)

    # A turn of the persona is told it.
    provider.script({"tokens": ["It broke the lantern."]})
    client.post("/api/chat", {"message": "Was there a storm?", "persona_id": keeper[0]}).expect(200)
    assert "The great storm of 1953" in json.dumps(provider.requests()[-1])

    tab.button("Edit storm, /gales?/i").click()
    expect(dialog(tab).get_by_label("Words that it waits for")).to_have_value("storm\n/gales?/i")
    dialog(tab).get_by_label("What the persona is told").fill("No storm was great.")
    dialog(tab).get_by_label("In use").uncheck()
    tab.button("Save").click()
    expect(cards(tab)).to_contain_text("No storm was great.")
    expect(cards(tab)).to_contain_text("not in use")
    entry = book_of(client, keeper)["entries"][0]
    assert (entry["enabled"], entry["sticky"], entry["depth"]) == (False, 2, 1)
    tab.page.reload()
    tab.button("Delete storm, /gales?/i").click()
    dialog(tab).get_by_role("button", name="Delete").click()
    expect(tab.page.get_by_text("No lore yet")).to_be_visible()
    assert book_of(client, keeper).get("entries", []) == []


CARD_BOOK = {"spec": "chara_card_v3", "data": {"name": "x", "character_book": {
    "name": "Harbour", "scan_depth": 3, "extensions": {}, "entries": [
        {"keys": ["net"], "secondary_keys": ["blue"], "selective": True, "content": "Nets are blue.", "enabled": True,
         "insertion_order": 7, "position": "after_char", "name": "nets",
         "extensions": {"selectiveLogic": 3, "sticky": 4, "probability": 30, "match_whole_words": True}}]}}}
LOREBOOK = {"spec": "lorebook_v3", "data": {"entries": [
    {"keys": ["/sto(rm|ne)s?/i"], "content": "Storms.", "enabled": False, "insertion_order": 1, "use_regex": True,
     "extensions": {"position": 4, "depth": 2, "role": 2}}]}}
WORLD_INFO = {"entries": {"0": {
    "uid": 0, "key": ["gull", "tern"], "keysecondary": [], "comment": "Birds", "content": "Gulls steal.",
    "constant": False, "selective": True, "selectiveLogic": 0, "order": 100, "position": 1, "disable": False,
    "probability": 100, "useProbability": True, "depth": 4, "sticky": None, "cooldown": 2, "delay": 0,
    "caseSensitive": None, "matchWholeWords": True, "excludeRecursion": True, "scanDepth": None, "role": None}}}


def test_books_of_cards_and_of_sillytavern_are_imported(open_tab, client, keeper, tmp_path):
    tab = open_tab(f"#/lore/{keeper[0]}")
    expect(tab.page.get_by_text("No lore yet")).to_be_visible()
    for number, document in enumerate((CARD_BOOK, LOREBOOK, WORLD_INFO), 1):
        file = tmp_path / f"book{number}.json"
        file.write_text(json.dumps(document))
        choose(tab, file)
        expect(tab.page.get_by_text(f"Entries of book{number}.json that are in the book now: 1")).to_be_visible()
        expect(cards(tab)).to_have_count(number)
    book = book_of(client, keeper)
    nets, storms, birds = book["entries"]
    assert (book["name"], book["scanDepth"]) == ("Harbour", 3)
    assert {name: nets[name] for name in ("keys", "secondaryKeys", "secondaryLogic", "content", "insertionOrder",
                                          "position", "sticky", "probability", "wholeWords", "name")} == {
        "keys": ["net"], "secondaryKeys": ["blue"], "secondaryLogic": "all", "content": "Nets are blue.",
        "insertionOrder": 7, "position": "after_char", "sticky": 4, "probability": 30, "wholeWords": True, "name": "nets"}
    assert (storms["enabled"], storms["useRegex"]) == (False, True)
    assert (storms["position"], storms["depth"], storms["role"]) == ("at_depth", 2, "assistant")
    assert (birds["keys"], birds["name"], birds["content"]) == (["gull", "tern"], "Birds", "Gulls steal.")
    assert (birds["position"], birds["cooldown"], birds["insertionOrder"]) == ("after_char", 2, 100)
    assert birds["wholeWords"] and birds["excludeRecursion"] and "probability" not in birds


def test_the_page_reads_a_cards_book_as_the_server_does(open_tab, client, keeper, tmp_path):
    """The same document, as a card that is imported and as a book."""
    document = {**CARD_BOOK, "spec_version": "3.0", "data": {**CARD_BOOK["data"], "name": f"Card {keeper[1]}"}}
    document["data"]["character_book"]["entries"] += LOREBOOK["data"]["entries"]
    whole = client.post("/api/personas/import", document).expect(201)["persona"]["personaId"]
    file = tmp_path / "card.json"
    file.write_text(json.dumps(document))
    tab = open_tab(f"#/lore/{keeper[0]}")
    choose(tab, file)
    expect(cards(tab)).to_have_count(2)

    def entries(persona):
        read = client.get(f"/api/personas/{persona}/lore").expect(200)["entries"]
        return [{name: value for name, value in entry.items()
                 if name != "entryId" and value not in (False, 0, "", []) and (name, value) != ("enabled", True)}
                for entry in read]

    assert entries(keeper[0]) == entries(whole)


def test_what_is_no_book_is_refused_in_words(open_tab, client, keeper, tmp_path):
    tab = open_tab(f"#/lore/{keeper[0]}")
    for name, text in (("poem.json", '{"roses": "red"}'), ("broken.json", "{")):
        file = tmp_path / name
        file.write_text(text)
        choose(tab, file)
        expect(tab.page.get_by_text("That is no book of lore")).to_be_visible()
    assert book_of(client, keeper).get("entries", []) == []


def test_lore_that_is_not_there_or_not_yours_says_what_to_do(open_tab, dramatis, user, keeper):
    tab = open_tab("#/lore/019b76da-0300-7033-b0fd-4d55560ebade", expected=["Failed to load resource"])
    expect(tab.page.get_by_text("There is no such persona")).to_be_visible()
    tab.open("#/lore")
    expect(tab.page.get_by_text("There is no such persona")).to_be_visible()
    other = dramatis.client(f"{user}-other")
    public = other.post("/api/personas", {"name": "Open", "type": "ai_agent", "isPublic": True}).expect(201)["personaId"]
    tab.open(f"#/lore/{public}")
    expect(tab.page.get_by_text("This lore is not yours to read")).to_be_visible()
    expect(tab.button("New entry")).to_have_count(0)
    tab.page.get_by_role("link", name="To the personas").click()
    tab.page.get_by_role("link", name=f"Lore of {keeper[1]}").click()
    expect(tab.page.get_by_text("No lore yet")).to_be_visible()


def test_a_book_is_given_to_another_persona(open_tab, client, keeper):
    other = client.post("/api/personas", {"name": f"Second {keeper[1]}", "type": "ai_agent"}).expect(201)
    client.put(f"/api/personas/{other['personaId']}/lore", {"entries": [{"keys": ["own"], "content": "Mine."}]}).expect(200)
    client.put(f"/api/personas/{keeper[0]}/lore", {"entries": [{"keys": ["net"], "content": "Nets."}]}).expect(200)
    tab = open_tab(f"#/lore/{keeper[0]}")
    tab.button("Give to another persona").click()
    dialog(tab).get_by_label("To", exact=True).select_option(label=other["name"])
    dialog(tab).get_by_role("button", name="Give", exact=True).click()
    expect(tab.page.get_by_text(f"{other['name']} has these entries now.")).to_be_visible()
    theirs = client.get(f"/api/personas/{other['personaId']}/lore").expect(200)["entries"]
    assert [entry["content"] for entry in theirs] == ["Mine.", "Nets."]
    assert len(book_of(client, keeper)["entries"]) == 1


def test_what_somebody_else_wrote_meanwhile_is_not_lost(open_tab, client, keeper):
    tab = open_tab(f"#/lore/{keeper[0]}", expected=["Failed to load resource"])
    expect(tab.page.get_by_text("No lore yet")).to_be_visible()
    client.put(f"/api/personas/{keeper[0]}/lore", {"entries": [{"keys": ["a"], "content": "Elsewhere."}]}).expect(200)
    tab.button("New entry").click()
    dialog(tab).get_by_label("Words that it waits for").fill("b")
    dialog(tab).get_by_label("What the persona is told").fill("Here.")
    tab.button("Save").click()
    expect(dialog(tab).get_by_text("changed meanwhile", exact=False)).to_be_visible()
    expect(dialog(tab).get_by_label("What the persona is told")).to_have_value("Here.")
    dialog(tab).get_by_role("button", name="Try again").click()
    expect(dialog(tab)).to_have_count(0)
    expect(cards(tab)).to_have_count(2)
    assert [entry["content"] for entry in book_of(client, keeper)["entries"]] == ["Elsewhere.", "Here."]


def test_the_settings_of_a_book_are_changed(open_tab, client, keeper):
    tab = open_tab(f"#/lore/{keeper[0]}")
    tab.button("Settings of the book").click()
    dialog(tab).get_by_label("Messages looked through").fill("7")
    dialog(tab).get_by_label("Most tokens of it in a prompt").fill("300")
    dialog(tab).get_by_label("Texts of entries lead to further entries").check()
    tab.button("Save").click()
    expect(dialog(tab)).to_have_count(0)
    book = book_of(client, keeper)
    assert (book["scanDepth"], book["tokenBudget"], book["recursiveScanning"]) == (7, 300, True)


def test_lore_is_written_with_the_keyboard_alone(open_tab, client, keeper):
    tab = open_tab(f"#/lore/{keeper[0]}")
    expect(tab.page.get_by_text("No lore yet")).to_be_visible()
    keys = tab.page.keyboard

    def reach(label):
        """Tab by Tab."""
        for _ in range(40):
            focused = tab.page.evaluate("""() => {
              const element = document.activeElement;
              const label = element.labels?.[0]?.innerText ?? '';
              return (element.getAttribute('aria-label') ?? (label || element.innerText || '')).trim();
            }""")
            if focused.startswith(label):
                return
            keys.press("Tab")
        raise AssertionError(f"{label} is out of reach")

    reach("New entry")
    keys.press("Enter")
    reach("Words that it waits for")
    keys.type("tide")
    reach("What the persona is told")
    keys.type("It comes twice.")
    reach("Save")
    keys.press("Enter")
    expect(cards(tab)).to_contain_text("It comes twice.")
    assert book_of(client, keeper)["entries"][0]["keys"] == ["tide"]
    reach("Delete tide")
    keys.press("Enter")
    reach("Cancel")
    keys.press("Enter")
    expect(cards(tab)).to_have_count(1)


def test_lore_in_german_on_a_phone(open_tab, client, keeper):
    client.put(f"/api/personas/{keeper[0]}/lore", {"entries": [
        {"keys": ["Sturm", "w" * 200], "content": "Er war groß. " * 40, "constant": True}]}).expect(200)
    tab = open_tab(f"#/lore/{keeper[0]}", locale="de-DE", size=PHONE)
    expect(tab.page.get_by_role("heading", name=f"Weltwissen von {keeper[1]}", level=1)).to_be_visible()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tab.page.get_by_role("button", name=re.compile("Sturm.* bearbeiten")).click()
    expect(dialog(tab).get_by_label("Wörter, auf die er wartet")).to_have_value(f"Sturm\n{'w' * 200}")
    dialog(tab).get_by_label("Was der Persona gesagt wird").fill("Er war klein.")
    tab.button("Speichern").click()
    expect(cards(tab)).to_contain_text("Er war klein.")
