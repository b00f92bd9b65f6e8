"""The pages beside the chat: personas, rooms, memories, goals, journal, status."""

import re
import uuid

import pytest
from playwright.sync_api import expect


def cards(tab):
    return tab.page.locator(".dr-card")


def dialog(tab):
    return tab.page.get_by_role("dialog")


# --- personas -------------------------------------------------------------------------------------

def test_a_persona_is_made_talked_to_changed_and_deleted(open_tab, client):
    tab = open_tab("#/personas")
    tab.button("New persona").click()
    name = f"Tutor {uuid.uuid4().hex[:6]}"
    dialog(tab).get_by_label("Name").fill(name)
    dialog(tab).get_by_label("Who it is, in its own words").fill("I teach maths. I love primes.")
    dialog(tab).get_by_label("Model").select_option("local/retrieval")
    tab.button("Make the persona").click()
    card = cards(tab).filter(has_text=name)
    expect(card).to_have_count(1)
    tab.button(f"Edit {name}").click()
    dialog(tab).get_by_label("In a sentence").fill("A teacher")
    tab.button("Save").click()
    expect(card).to_contain_text("A teacher")
    card.get_by_role("link", name=f"Talk to {name}").click()
    expect(tab.page.get_by_text(f"You talk with {name}.")).to_be_visible()
    tab.say("What do you teach?")
    expect(tab.answers.last).to_contain_text("I teach maths.")
    session = client.get(f"/api/session/{tab.session_id()}").expect(200)
    assert session["persona_name"] == name
    tab.open("#/personas")
    other = client.post("/api/personas", {"name": f"Other {name}", "type": "ai_agent"}).expect(201)
    tab.page.reload()
    card = cards(tab).filter(has_text=f"Other {name}")
    card.get_by_role("button", name="Delete").click()
    dialog(tab).get_by_role("button", name="Delete").click()
    expect(card).to_have_count(0)
    assert client.get(f"/api/personas/{other['personaId']}").status == 404


def test_a_persona_has_several_beginnings(open_tab, client):
    name = f"Host {uuid.uuid4().hex[:6]}"
    tab = open_tab("#/personas")
    tab.button("New persona").click()
    dialog(tab).get_by_label("Name").fill(name)
    dialog(tab).get_by_label("What it says first", exact=True).fill("Hello.")
    for number, text in enumerate(("Good evening.", "", "What a day."), 1):
        tab.button("Other beginnings, to be chosen from: Add one").click()
        dialog(tab).get_by_label(f"Other beginnings, to be chosen from {number}", exact=True).fill(text)
    tab.button("What it says first in a room: Add one").click()
    dialog(tab).get_by_label("What it says first in a room 1", exact=True).fill("Hello, everybody.")
    tab.button("Make the persona").click()
    expect(cards(tab).filter(has_text=name)).to_have_count(1)
    made = client.get(f"/api/personas?q={name.split()[1]}").expect(200)["personas"][0]
    assert made["greeting"] == "Hello."
    assert made["alternateGreetings"] == ["Good evening.", "What a day."]
    assert made["groupOnlyGreetings"] == ["Hello, everybody."]
    tab.button(f"Edit {name}").click()
    tab.button("Remove Other beginnings, to be chosen from 1").click()
    tab.button("Save").click()
    expect(dialog(tab)).to_have_count(0)
    changed = client.get(f"/api/personas/{made['personaId']}").expect(200)
    assert changed["alternateGreetings"] == ["What a day."]
    assert changed["groupOnlyGreetings"] == ["Hello, everybody."]


def test_what_is_wrong_with_a_form_is_said_in_it(open_tab, client):
    client.post("/api/personas", {"name": "Taken", "type": "ai_agent"}).expect(201)
    tab = open_tab("#/personas", expected=["Failed to load resource"])
    tab.button("New persona").click()
    expect(tab.button("Make the persona")).to_be_disabled()
    dialog(tab).get_by_label("Name").fill("Taken")
    tab.button("Make the persona").click()
    expect(dialog(tab).get_by_text(re.compile("taken|already|has a persona", re.I)).last).to_be_visible()
    expect(dialog(tab).get_by_label("Name")).to_have_value("Taken")
    tab.page.keyboard.press("Escape")
    expect(dialog(tab)).to_have_count(0)


# --- rooms ----------------------------------------------------------------------------------------

@pytest.fixture
def voices(client):
    """Two personas that the provider double speaks for."""
    names = [f"{name}{uuid.uuid4().hex[:4]}" for name in ("Ada", "Bo")]
    ids = [client.post("/api/personas", {
        "name": name, "type": "ai_agent", "biography": f"I am {name}.",
        "modelConfig": {"model": "openai/double"},
        "responseDelay": {"minMs": 0, "maxMs": 0}}).expect(201)["personaId"] for name in names]
    return list(zip(ids, names))


def test_several_personas_talk_in_a_room_live(open_tab, provider, client, voices):
    parts = [f"part{number} " for number in range(30)]
    answer = {"tokens": [*parts[:9], {"hold": True}, *parts[9:]]}
    provider.script(default=answer)
    tab = open_tab("#/rooms")
    expect(tab.page.get_by_text("No rooms yet")).to_be_visible()
    tab.button("New room").click()
    dialog(tab).get_by_label("Title").fill("Stars")
    for _, name in voices:
        dialog(tab).get_by_label(name).check()
    dialog(tab).get_by_label("Your name").fill("Mara")
    tab.button("Open the room").click()
    expect(tab.page.get_by_role("heading", name="Stars", level=1)).to_be_visible()
    expect(tab.page.get_by_text("Live", exact=True)).to_be_visible()
    expect(tab.page.get_by_role("list", name="3 here")).to_contain_text(voices[1][1])
    other = open_tab(tab.page.evaluate("location.hash"), context=tab.page.context)
    expect(other.page.get_by_text("Live", exact=True)).to_be_visible()
    tab.say(f"{voices[0][1]} and {voices[1][1]}, what do you see?")
    for one in (tab, other):
        # Both, while they speak.
        expect(one.running).to_have_count(2)
        expect(one.running.first).to_contain_text("part2 ")
    for _ in voices:
        provider.release()
    for one in (tab, other):
        expect(one.running).to_have_count(0, timeout=30_000)
        expect(one.messages).to_have_count(3)
        for _, name in voices:
            expect(one.answers.filter(has_text=name)).to_contain_text("part29")
    tab.page.reload()
    expect(tab.messages).to_have_count(3)


def test_a_room_begins_with_what_its_personas_say_first_there(open_tab, client):
    name = f"Host{uuid.uuid4().hex[:4]}"
    client.post("/api/personas", {"name": name, "type": "ai_agent", "greeting": "Hello, you.",
                                  "groupOnlyGreetings": ["Welcome **all**, I am {{char}}."]}).expect(201)
    tab = open_tab("#/rooms")
    tab.button("New room").click()
    dialog(tab).get_by_label("Title").fill("Evening")
    dialog(tab).get_by_label(name).check()
    dialog(tab).get_by_label("Your name").fill("Mara")
    tab.button("Open the room").click()
    expect(tab.answers).to_contain_text(f"Welcome all, I am {name}.")
    expect(tab.answers.locator("strong", has_text="all")).to_be_visible()
    expect(tab.page.get_by_text("Hello, you.")).to_have_count(0)


def test_a_room_goes_on_after_a_cut_connection(open_tab, gate, provider, client, voices):
    provider.script(default={"tokens": ["Here I am."]})
    me = client.post("/api/personas", {"name": "Me", "type": "human"}).expect(201)["personaId"]
    room = client.post("/api/conversations", {
        "title": "Cut", "personaIds": [me, voices[0][0]]}).expect(201)["conversationId"]
    tab = open_tab(f"#/rooms/{room}", base=gate.address, expected=["net::ERR", "Failed to load resource"])
    expect(tab.page.get_by_text("Live", exact=True)).to_be_visible()
    gate.cut()
    expect(tab.page.get_by_text("Connecting …")).to_be_visible()
    client.post(f"/api/conversations/{room}/messages", {"personaId": me, "content": "Said meanwhile"}).expect(201)
    gate.mend()
    expect(tab.messages.first).to_contain_text("Said meanwhile", timeout=30_000)
    expect(tab.answers.last).to_contain_text("Here I am.")
    expect(tab.messages).to_have_count(2)


def test_a_room_is_paused_resumed_closed_and_deleted(open_tab, client, voices):
    me = client.post("/api/personas", {"name": "Me", "type": "human"}).expect(201)["personaId"]
    room = client.post("/api/conversations", {
        "title": "Short", "personaIds": [me, voices[0][0]]}).expect(201)["conversationId"]
    tab = open_tab("#/rooms")
    tab.page.get_by_role("link", name="Short").click()
    tab.button("Pause").click()
    expect(tab.page.get_by_text("This room is paused.")).to_be_visible()
    tab.button("Resume").click()
    expect(tab.field).to_be_visible()
    tab.button("Close the room").click()
    dialog(tab).get_by_role("button", name="Close the room").click()
    expect(tab.page.get_by_text("This room is closed.")).to_be_visible()
    tab.button("Delete the room").click()
    dialog(tab).get_by_role("button", name="Delete the room").click()
    expect(tab.page.get_by_text("No rooms yet")).to_be_visible()
    assert client.get(f"/api/conversations/{room}").status == 404


def test_a_room_that_closes_itself_says_why(open_tab, client, voices):
    me = client.post("/api/personas", {"name": "Me", "type": "human"}).expect(201)["personaId"]
    room = client.post("/api/conversations", {
        "title": "Brief", "personaIds": [me, voices[0][0]], "constraints": {"maxMessages": 1}}).expect(201)["conversationId"]
    tab = open_tab(f"#/rooms/{room}", locale="de-DE")
    tab.say("Das war es.")
    expect(tab.page.get_by_text("Dieser Raum ist geschlossen. Er hat so viele Nachrichten")).to_be_visible()


def open_room(open_tab, title, voices, who_answers):
    tab = open_tab("#/rooms")
    tab.button("New room").click()
    dialog(tab).get_by_label("Title").fill(title)
    for _, name in voices:
        dialog(tab).get_by_label(name).check()
    dialog(tab).get_by_label("Your name").fill("Mara")
    dialog(tab).get_by_label("Who answers").select_option(label=who_answers)
    tab.button("Open the room").click()
    expect(tab.page.get_by_text("Live", exact=True)).to_be_visible()
    return tab


def test_who_speaks_in_a_room_is_chosen(open_tab, provider, client, voices):
    provider.script(default={"tokens": ["Here I am."]})
    tab = open_room(open_tab, "Quiet", voices, "Only whom you ask")
    tab.say("Anybody?")
    expect(tab.messages).to_have_count(1)
    tab.button(f"Let {voices[1][1]} speak").click()
    expect(tab.answers.filter(has_text=voices[1][1])).to_contain_text("Here I am.")
    room = tab.page.evaluate("location.hash").removeprefix("#/rooms/")
    tab.button("Who speaks").click()
    dialog(tab).get_by_label("Who answers").select_option(label="One after the other")
    first = dialog(tab).get_by_role("group", name=voices[0][1])
    first.get_by_label("Is silent").check()
    dialog(tab).get_by_role("group", name=voices[1][1]).get_by_label("How readily").fill("80")
    tab.button("Save").click()
    expect(dialog(tab)).to_have_count(0)
    settings = client.get(f"/api/conversations/{room}").expect(200)["settings"]
    assert settings["turnPolicy"] == "list"
    members = {member["personaId"]: member for member in settings["participants"]}
    assert members[voices[0][0]]["muted"] is True
    assert members[voices[1][0]]["talkativeness"] == 80
    expect(tab.button(f"Let {voices[1][1]} speak")).to_have_count(0)
    tab.say("And now?")
    expect(tab.answers.filter(has_text=voices[1][1])).to_have_count(2)
    expect(tab.answers.filter(has_text=voices[0][1])).to_have_count(0)


def test_a_model_may_pick_who_speaks(open_tab, provider, client, voices):
    provider.script(default={"tokens": ["Here I am."]})
    tab = open_room(open_tab, "Picked", voices, "Whom a model picks")
    room = tab.page.evaluate("location.hash").removeprefix("#/rooms/")
    assert client.get(f"/api/conversations/{room}").expect(200)["settings"]["turnPolicy"] == "model"
    # The built-in model picks nobody: then whoever has most to say does.
    tab.say("What do you see?")
    expect(tab.answers.first).to_contain_text("Here I am.")
    tab.button("Who speaks").click()
    expect(dialog(tab).get_by_label("Who answers")).to_have_value("model")


# What is said of why somebody speaks, by what the policy of the room is: in English and German.
REASONS = {
    "natural": ("Why: has most to say to this", "Grund: hat dazu am meisten zu sagen"),
    "list": ("Why: next in the order", "Grund: der Reihe nach dran"),
    "pooled": ("Why: drawn by lot", "Grund: durch das Los bestimmt"),
    "manual": ("Why: asked to speak", "Grund: um eine Antwort gebeten"),
}


@pytest.mark.parametrize("policy", REASONS)
def test_a_room_says_why_somebody_speaks(open_tab, provider, client, voices, policy):
    provider.script(default={"tokens": ["Here ", {"hold": True}, "I am."]})
    me = client.post("/api/personas", {"name": "Me", "type": "human"}).expect(201)["personaId"]
    room = client.post("/api/conversations", {
        "title": "Why", "personaIds": [me, voices[0][0], voices[1][0]],
        "settings": {"turnPolicy": policy, "maxAiResponders": 1}}).expect(201)["conversationId"]
    english, german = REASONS[policy]
    tab = open_tab(f"#/rooms/{room}")
    expect(tab.page.get_by_text("Live", exact=True)).to_be_visible()
    tab.say("What do you see?")
    if policy == "manual":
        tab.button(f"Let {voices[0][1]} speak").click()
    # While it speaks, after it has spoken, and from history, within the message that is read out.
    expect(tab.running).to_contain_text(english)
    provider.release()
    expect(tab.running).to_have_count(0)
    expect(tab.answers).to_contain_text("Here I am.")
    expect(tab.answers).to_contain_text(english)
    tab.page.reload()
    expect(tab.answers).to_contain_text(english)
    expect(tab.page.get_by_text("Why:")).to_have_count(1)
    there = open_tab(f"#/rooms/{room}", locale="de-DE")
    expect(there.answers).to_contain_text(german)


def test_who_is_called_by_name_is_said_to_be(open_tab, provider, client, voices):
    provider.script(default={"tokens": ["Here I am."]})
    tab = open_room(open_tab, "Called", voices, "Whoever has most to say")
    tab.say(f"{voices[1][1]}, what do you see?")
    expect(tab.answers).to_contain_text("Why: called by name")


# --- memories, goals, journal ---------------------------------------------------------------------

def test_memories_are_written_changed_found_and_forgotten(open_tab, client):
    tab = open_tab("#/memories")
    for text in ("Ada prefers tea over coffee.", "Ada plays the cello."):
        tab.button("Something to remember").click()
        dialog(tab).get_by_label("Something to remember").last.fill(text)
        tab.button("Remember").click()
        expect(cards(tab).filter(has_text=text)).to_have_count(1)
    cards(tab).filter(has_text="cello").get_by_role("button", name="Edit").click()
    dialog(tab).get_by_label("Something to remember").last.fill("Ada plays the viola.")
    tab.button("Save").click()
    expect(cards(tab).filter(has_text="viola")).to_have_count(1)
    tab.page.get_by_label("Search memories").fill("tea")
    expect(cards(tab)).to_have_count(1)
    cards(tab).get_by_role("button", name="Forget").click()
    dialog(tab).get_by_role("button", name="Forget").click()
    expect(tab.page.get_by_text("Nothing found")).to_be_visible()
    left = client.get("/api/memories").expect(200)["memories"]
    assert [memory["content"] for memory in left] == ["Ada plays the viola."]


def test_goals_are_set_worked_on_and_reached(open_tab, client):
    tab = open_tab("#/goals")
    tab.button("New goal").click()
    dialog(tab).get_by_label("Title").fill("Swim")
    dialog(tab).get_by_label("Category").fill("health")
    dialog(tab).get_by_label("Kind").select_option("streak")
    dialog(tab).get_by_label("Value").fill("4")
    dialog(tab).get_by_label("Every").select_option("day")
    tab.button("Set the goal").click()
    card = cards(tab).filter(has_text="Swim")
    expect(card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "0")
    card.get_by_role("button", name="Record").click()
    dialog(tab).get_by_role("button", name="Record").click()
    expect(card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
    card.get_by_role("button", name="Done").click()
    expect(tab.page.get_by_text("No goals")).to_be_visible()
    tab.page.get_by_label("Show").select_option("completed")
    cards(tab).get_by_role("button", name="Take up again").click()
    expect(tab.page.get_by_text("No goals")).to_be_visible()
    assert client.get("/api/goals?status=active").expect(200)["goals"][0]["title"] == "Swim"


def test_every_kind_of_goal_can_be_set(open_tab, client):
    tab = open_tab("#/goals")
    for number, kind in enumerate(("recurring", "milestone", "target", "limit"), 1):
        tab.button("New goal").click()
        dialog(tab).get_by_label("Title").fill(f"Goal {kind}")
        dialog(tab).get_by_label("Category").fill("test")
        dialog(tab).get_by_label("Kind").select_option(kind)
        dialog(tab).get_by_label("Value").fill("10")
        if kind in ("milestone", "target"):
            dialog(tab).get_by_label("Until").fill("2099-01-01")
        tab.button("Set the goal").click()
        expect(cards(tab)).to_have_count(number)
    made = {goal["goalPattern"] for goal in client.get("/api/goals").expect(200)["goals"]}
    assert made == {"recurring", "milestone", "target", "limit"}


def test_the_journal_is_written_searched_and_counted(open_tab, client):
    tab = open_tab("#/journal")
    tab.button("New entry").click()
    dialog(tab).get_by_label("Title").fill("A day at sea")
    dialog(tab).get_by_label("Text").fill("We met a whale.")
    dialog(tab).get_by_label("Tags").fill("sea, whales")
    dialog(tab).get_by_label("Personas may read it").check()
    tab.button("Save").click()
    expect(cards(tab)).to_contain_text("We met a whale.")
    expect(cards(tab)).to_contain_text("4 words")
    expect(tab.page.locator(".dr-stats")).to_contain_text("Entries1")
    cards(tab).get_by_role("button", name="Edit").click()
    dialog(tab).get_by_label("Text").fill("We met two whales.")
    tab.button("Save").click()
    expect(cards(tab)).to_contain_text("two whales")
    tab.page.get_by_label("Search the journal").fill("elephant")
    expect(tab.page.get_by_text("Nothing found")).to_be_visible()
    tab.page.get_by_label("Search the journal").fill("whales")
    cards(tab).get_by_role("button", name="Delete").click()
    dialog(tab).get_by_role("button", name="Delete").click()
    expect(cards(tab)).to_have_count(0)
    assert client.get("/api/journal").expect(200)["entries"] == []


# --- status ---------------------------------------------------------------------------------------

def test_status_shows_models_usage_and_to_admins_the_rest(open_tab, dramatis, client, user):
    client.post("/api/chat", {"message": "Hello"}).expect(200)
    tab = open_tab("#/status", headers={"Authorization": f"Bearer local:{user}-admin:admin"})
    expect(tab.page.get_by_role("row", name="local available retrieval")).to_be_visible()
    expect(tab.page.get_by_text("conversation: serves")).to_be_visible()
    expect(tab.page.get_by_role("row", name=re.compile("conversation"))).to_contain_text("up to date")
    own = tab.page.get_by_role("region", name="Your usage this month")
    expect(own).to_have_count(0)  # this admin has said nothing
    everybody = tab.page.get_by_role("region", name="Usage of everybody this month")
    expect(everybody.get_by_role("row", name=re.compile("local.retrieval"))).to_contain_text("$0")
    tab.page.get_by_label("By", exact=True).last.select_option("user")
    expect(everybody.get_by_role("row", name=re.compile(user)).first).to_be_visible()
    admin = dramatis.client(f"{user}-admin:admin")
    admin.put(f"/api/admin/budgets/{user}", {"monthlyBudgetMicros": 5_000_000}).expect(200)
    mere = open_tab("#/status", expected=["Failed to load resource"])
    expect(mere.page.get_by_text("conversation: serves")).to_be_visible()
    expect(mere.page.get_by_role("heading", name="Databases")).to_have_count(0)
    expect(mere.page.get_by_role("heading", name="Usage of everybody")).to_have_count(0)
    own = mere.page.get_by_role("region", name="Your usage this month")
    expect(own.get_by_role("row", name=re.compile("local.retrieval"))).to_contain_text("$0")
    expect(mere.page.get_by_text("Budget: $5.00 a month.")).to_be_visible()


def test_an_unknown_place_says_so(open_tab):
    tab = open_tab("#/nowhere")
    expect(tab.page.get_by_text("There is no such page")).to_be_visible()
