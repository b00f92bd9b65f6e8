"""Lore: what a persona is told when it is spoken of, how long it stays, where it stands, and how it
comes in and goes out with a card."""

import json
import uuid

import pytest

from tests.harness.client import Client
from tests.harness.rooms import make_persona, open_room

ENTRIES = [
    {"entryId": "storm", "keys": ["storm", "/gales?/i"], "content": "{{char}} saw the storm of 1953."},
    {"entryId": "lens", "keys": ["lens"], "content": "The lens is from Paris.", "position": "after_char"},
    {"entryId": "now", "keys": ["storm"], "content": "[It is raining.]", "position": "at_depth",
     "depth": 0},
]


@pytest.fixture
def user(dramatis, provider):
    provider.script(default={"tokens": ["Aye."]})
    return Client(dramatis.http, user=f"lore-{uuid.uuid4().hex[:12]}")


def keeper(user, lore=None, **more):
    persona = user.post("/api/personas", {
        "name": f"Keeper {uuid.uuid4().hex[:8]}", "type": "ai_agent", "nickname": "Old Tom",
        "biography": "I keep the light.", "modelConfig": {"model": "openai/double"},
        **more}).expect(201)["personaId"]
    if lore is not None:
        user.request("PUT", f"/api/personas/{persona}/lore", lore).expect(200)
    return persona


def say(user, persona, message, session=None):
    body = {"message": message, "persona_id": persona, **({"session_id": session} if session else {})}
    return user.post("/api/chat", body).expect(200)["session_id"]


def told(provider):
    """What the newest request has of the system, and the newest line."""
    messages = provider.requests()[-1]["messages"]
    return messages[0]["content"], messages[-1]["content"]


def test_a_book_is_kept_whole_and_is_its_owners(dramatis, user):
    persona = keeper(user, isPublic=True)
    path = f"/api/personas/{persona}/lore"
    empty = user.get(path).expect(200)
    assert (empty["entries"], empty["personaId"]) == ([], persona)
    book = {"name": "Harbour", "scanDepth": 2, "tokenBudget": 300, "recursiveScanning": True,
            "entries": [{**ENTRIES[0], "secondaryKeys": ["sea"], "secondaryLogic": "not_all",
                         "insertionOrder": 7, "sticky": 3, "probability": 40},
                        {"keys": ["nameless"], "content": "x", "enabled": False}]}
    kept = user.request("PUT", path, book, {"If-Match": empty["etag"]}).expect(200)
    assert kept["etag"] != empty["etag"] and kept["entries"][1]["entryId"] == "1"
    assert user.get(path).expect(200) == kept
    for name, value in book.items():
        if name != "entries":
            assert kept[name] == value
    assert {name: kept["entries"][0][name] for name in book["entries"][0]} == book["entries"][0]
    # Sent back as it came it changes nothing; another change does not lose it.
    assert user.request("PUT", path, kept).expect(200)["etag"] == kept["etag"]
    user.request("PATCH", f"/api/personas/{persona}", {"description": "Keeps it."}).expect(200)
    assert user.get(path).expect(200)["entries"] == kept["entries"]
    user.request("PUT", path, book, {"If-Match": empty["etag"]}).problem(412)
    other = Client(dramatis.http, user=f"other-{uuid.uuid4().hex[:8]}")
    other.get(path).problem(403)
    other.request("PUT", path, book).problem(403)
    user.get("/api/personas/nobody/lore").problem(404)
    for field, entry in (("entries[0].keys[0]", {"keys": ["/(?=x)/"], "content": "c"}),
                         ("entries[1].entryId", {"entryId": "a", "content": "c"})):
        problem = user.request("PUT", path, {"entries": [{"entryId": "a", "content": "c"}, entry]
                               if "1" in field else [entry]}).problem(400, "VALIDATION_FAILED")
        assert [error["field"] for error in problem["errors"]] == [field]


def test_what_is_spoken_of_is_told_and_the_preview_says_why(user, provider):
    persona = keeper(user, {"entries": ENTRIES})
    preview = user.post("/api/chat/preview", {"message": "Were there GALES?",
                                              "persona_id": persona}).expect(200)
    why = {item["source"].split("/")[2].split("@")[0]: (item["kind"], item["kept"], item["why"])
           for item in preview["manifest"]["items"] if item["source"].startswith("lore/")}
    assert why == {"storm": ("lore_before", True, "key /gales?/i")}
    session = say(user, persona, "Nothing much.")
    system, newest = told(provider)
    assert "1953" not in system and newest == "Nothing much."
    say(user, persona, "Tell me of the STORM and the lens.", session)
    system, newest = told(provider)
    before, biography, after = (system.index(text) for text in (
        "Old Tom saw the storm of 1953.", "I keep the light.", "The lens is from Paris."))
    assert before < biography < after
    assert newest == "Tell me of the STORM and the lens.\n\n[It is raining.]"
    # History has what was said, not what was told.
    history = user.get(f"/api/chat/history/{session}").expect(200)["messages"]
    assert history[2]["content"] == "Tell me of the STORM and the lens."


def test_lore_stays_rests_and_waits_in_each_conversation(user, provider):
    persona = keeper(user, {"scanDepth": 1, "entries": [
        {"entryId": "a", "keys": ["storm"], "content": "It howled.", "sticky": 3, "cooldown": 4},
        {"entryId": "b", "keys": ["late"], "content": "It is late.", "delay": 5}]})
    session = say(user, persona, "A storm")             # 1: fires
    assert "It howled." in told(provider)[0]
    say(user, persona, "and, late,", session)           # 3: stays; too early for the other
    assert "It howled." in told(provider)[0] and "It is late." not in told(provider)[0]
    say(user, persona, "storm, late", session)          # 5: rests until 8
    assert "It howled." not in told(provider)[0] and "It is late." in told(provider)[0]
    turn = user.post("/api/chat", {"message": "storm", "session_id": session}).expect(200)  # 7
    assert "It howled." not in told(provider)[0]
    fork = user.post(f"/api/history/{session}/fork", {"sequence": 8}).expect(201)["session_id"]
    say(user, persona, "A storm", session)              # 9: fires again
    assert "It howled." in told(provider)[0]
    turns = user.get(f"/api/chat/history/{session}").expect(200)["messages"]
    again = turns[-1]["metadata"]["turn_id"]
    user.post(f"/api/turns/{again}/regenerate", {}).expect(200)
    assert "It howled." in told(provider)[0]            # the same message fires the same
    say(user, persona, "no", session)                   # 11: stays
    assert "It howled." in told(provider)[0]
    say(user, persona, "no", fork)                      # 9 in the fork: nothing fired there
    assert "It howled." not in told(provider)[0]
    assert turn["session_id"] == session
    say(user, persona, "no")                            # nor in another session
    assert "It howled." not in told(provider)[0]


def test_a_budget_leaves_out_what_matters_least(user):
    book = {"entries": [
        {"entryId": "low", "keys": ["x"], "content": "low " * 100, "priority": 1},
        {"entryId": "high", "keys": ["x"], "content": "high " * 100, "priority": 2}]}
    persona = keeper(user, book)

    def items():
        preview = user.post("/api/chat/preview", {"message": "x", "persona_id": persona}).expect(200)
        return {item["source"].split("/")[2].split("@")[0]: item
                for item in preview["manifest"]["items"] if item["kind"] == "lore_before"}
    tokens = {name: item["tokens"] for name, item in items().items() if item["kept"]}
    assert set(tokens) == {"low", "high"}
    user.request("PUT", f"/api/personas/{persona}/lore",
                 {**book, "tokenBudget": sum(tokens.values()) - 1}).expect(200)
    kept = {name: (item["kept"], item["reason"]) for name, item in items().items()}
    assert kept == {"low": (False, "over_share"), "high": (True, "")}

def test_lore_is_told_in_rooms_and_to_openais_clients(user, provider):
    persona = keeper(user, {"entries": ENTRIES})
    me = make_persona(user)
    room = open_room(user, [me, persona])["conversationId"]
    user.post(f"/api/conversations/{room}/messages",
              {"personaId": me, "content": "What of the storm?"}).expect(201)
    said = user.post("/api/ai/generate-response", {"conversationId": room,
                                                   "personaId": persona}).expect(200)["message"]
    system, newest = told(provider)
    assert "saw the storm of 1953" in system and newest.endswith("[It is raining.]")
    prompt = user.get(
        f"/api/conversations/{room}/messages/{said['messageId']}/prompt").expect(200)
    assert prompt["verification"]["same"], prompt["verification"]
    assert any(item.get("why") == "key storm" for item in prompt["manifest"]["items"])
    user.post("/v1/chat/completions", {"model": persona, "messages": [
        {"role": "user", "content": "a storm"}]}).expect(200)
    assert "saw the storm of 1953" in told(provider)[0]


def test_lore_comes_and_goes_with_a_card(user, provider):
    card = {"spec": "chara_card_v3", "spec_version": "3.0", "data": {
        "name": f"Tessa {uuid.uuid4().hex[:6]}", "description": "I mend nets.", "extensions": {},
        "character_book": {"extensions": {"mine": 1}, "scan_depth": 5, "entries": [
            {"keys": ["whale"], "content": "@@depth 0\nA whale ate the net.", "extensions": {"x": 1},
             "enabled": True, "insertion_order": 1, "use_regex": False, "unknown": 7},
            {"keys": ["eel"], "content": "Eels bite.", "extensions": {}, "enabled": False,
             "insertion_order": 2, "use_regex": False}]}}}
    made = user.post("/api/personas/import", card).expect(201)
    persona = made["persona"]["personaId"]
    assert made["warnings"] == []
    path = f"/api/personas/{persona}"
    user.request("PATCH", path, {"modelConfig": {"model": "openai/double"}}).expect(200)
    lore = user.get(f"{path}/lore").expect(200)
    assert [entry["entryId"] for entry in lore["entries"]] == ["1", "2"]
    say(user, persona, "A whale!")
    assert told(provider)[1] == "A whale!\n\nA whale ate the net."
    assert json.loads(user.get(f"{path}/export").body) == card
    lore["entries"][1] |= {"enabled": True, "sticky": 2}
    user.request("PUT", f"{path}/lore", lore).expect(200)
    book = json.loads(user.get(f"{path}/export").body)["data"]["character_book"]
    assert book["entries"][0] == card["data"]["character_book"]["entries"][0]
    assert book["entries"][1] == {**card["data"]["character_book"]["entries"][1], "enabled": True,
                                  "extensions": {"sticky": 2}}
    assert book["extensions"] == {"mine": 1}
