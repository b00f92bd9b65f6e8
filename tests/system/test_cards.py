"""Character cards: in as JSON or in a PNG, out again without a loss; what is hostile is refused."""

import base64
import json
import random
import struct
import uuid
import zlib

import pytest

from tests.harness.cards import SIGNATURE, cards_of, charx, chunk, entries_of, make_card, png
from tests.harness.client import Client

IMPORT = "/api/personas/import"


def send(client, body, kind):
    return client.request("POST", IMPORT, body, {"Content-Type": kind})


@pytest.fixture
def user(dramatis):
    return Client(dramatis.http, user=f"cards-{uuid.uuid4().hex[:12]}")


def test_sixty_cards_come_back_as_they_were(user):
    chance = random.Random(20261126)
    for number in range(60):
        card = make_card(chance, chance.choice([1, 2, 3]), f"Card {number}")
        text = json.dumps(card, ensure_ascii=chance.random() < .5, indent=chance.choice([None, 2]))
        in_png, in_zip = number % 3 == 1, number % 3 == 2
        keyword = "ccv3" if card.get("spec") == "chara_card_v3" else "chara"
        body, kind = text.encode(), "application/json; charset=utf-8"
        if in_png:
            body, kind = png(**{keyword: text.encode()}), "image/png"
        elif in_zip:
            body, kind = charx(text.encode(), {"assets/icon/images/main.png": png()}), "application/zip"
        made = send(user, body, kind)
        persona = made.expect(201)["persona"]
        assert made.headers["location"] == f"/api/personas/{persona['personaId']}"
        path = f"/api/personas/{persona['personaId']}/export"
        assert user.get(path).body == text.encode()  # to the byte
        exported = user.get(f"{path}?format=png")
        assert exported.headers["content-type"] == "image/png"
        assert cards_of(exported.body)[keyword] == text.encode()
        if in_png:
            assert zlib.compress(b"\0\x40") in exported.body  # the picture it came in
        zipped = user.get(f"{path}?format=charx")
        assert zipped.headers["content-type"] == "application/zip"
        assert entries_of(zipped.body)["card.json"] == text.encode()
        if in_zip:
            assert zipped.body == body  # the very file
        for spec in ("v2", "v3"):
            other = json.loads(user.get(f"{path}?spec={spec}").body)
            again = send(user, json.dumps(
                {**other, "data": {**other["data"], "name": f"Again {spec} {number}"}}).encode(),
                "application/json").expect(201)["persona"]
            assert again.get("biography") == persona.get("biography")
            assert again.get("greeting") == persona.get("greeting")


def test_a_card_is_a_persona_that_speaks(user):
    card = {"spec": "chara_card_v2", "spec_version": "2.0", "data": {
        "name": "Tessa", "description": "I mend nets in Bergen.", "first_mes": "Morning, {{user}}.",
        "creator_notes": "Never told.", "character_book": {"entries": [{"keys": ["a"]}]}}}
    made = user.post(IMPORT, card).expect(201)
    assert made["warnings"] == []
    persona = made["persona"]["personaId"]
    session = user.post("/api/session", {"persona_id": persona}).expect(201)["session_id"]
    history = user.get(f"/api/chat/history/{session}").expect(200)["messages"]
    assert history[0]["content"] == "Morning, User."
    prompt = user.get(f"/api/personas/{persona}/prompt").expect(200)["text"]
    assert "I mend nets in Bergen." in prompt and "Never told." not in prompt
    # What its owner changes is in the card from then on; the rest of the card stays.
    user.request("PATCH", f"/api/personas/{persona}", {"greeting": "Evening."}).expect(200)
    exported = json.loads(user.get(f"/api/personas/{persona}/export").body)
    assert exported["data"] == {**card["data"], "first_mes": "Evening."}


def test_a_persona_without_a_card_gets_one(user):
    persona = user.post("/api/personas", {"name": "Ada", "type": "ai_agent", "greeting": "Hello.",
                                          "biography": "I build telescopes."}).expect(201)
    card = json.loads(user.get(f"/api/personas/{persona['personaId']}/export").body)
    assert card["spec"] == "chara_card_v3"
    assert (card["data"]["name"], card["data"]["first_mes"]) == ("Ada", "Hello.")
    picture = user.get(f"/api/personas/{persona['personaId']}/export?format=png&spec=v2").body
    assert json.loads(cards_of(picture)["chara"])["data"]["description"] == "I build telescopes."


def test_the_fields_of_a_card_are_the_personas(user):
    card = {"spec": "chara_card_v3", "spec_version": "3.0", "data": {
        "name": "Tessa of Bergen", "description": "I mend nets.", "first_mes": "Morning, {{user}}. I am {{char}}.",
        "alternate_greetings": ["Evening.", "<BOT> waves."], "group_only_greetings": ["Hello all."],
        "nickname": "Tess", "tags": ["sea", "sea"], "creator": "me", "creator_notes": "Be kind.",
        "system_prompt": "{{char}} is brief.", "assets": [{"type": "icon", "uri": "ccdefault:"}]}}
    made = user.post(IMPORT, card).expect(201)
    assert len(made["warnings"]) == 1 and "Assets (1)" in made["warnings"][0]
    persona = made["persona"]
    assert {name: persona[name] for name in (
        "nickname", "tags", "creator", "creatorNotes", "alternateGreetings", "groupOnlyGreetings")} == {
            "nickname": "Tess", "tags": ["sea"], "creator": "me", "creatorNotes": "Be kind.",
            "alternateGreetings": ["Evening.", "<BOT> waves."], "groupOnlyGreetings": ["Hello all."]}
    path = f"/api/personas/{persona['personaId']}"
    first = []
    for index in (0, 1, 2):
        session = user.post("/api/session", {"persona_id": persona["personaId"],
                                             "greeting_index": index}).expect(201)["session_id"]
        first.append(user.get(f"/api/chat/history/{session}").expect(200)["messages"][0]["content"])
    assert first == ["Morning, User. I am Tess.", "Evening.", "Tess waves."]
    problem = user.post("/api/session", {"persona_id": persona["personaId"], "greeting_index": 3}).problem(400)
    assert [error["field"] for error in problem["errors"]] == ["greeting_index"]
    assert "Be kind." not in user.get(f"{path}/prompt").expect(200)["text"]
    user.request("PATCH", path, {"tags": ["harbour"], "alternateGreetings": []}).expect(200)
    data = json.loads(user.get(f"{path}/export").body)["data"]
    assert data == {**card["data"], "tags": ["harbour"], "alternate_greetings": []}


def test_only_the_owner_exports(dramatis, user):
    persona = user.post("/api/personas", {"name": "Ada", "type": "ai_agent",
                                          "isPublic": True}).expect(201)["personaId"]
    other = Client(dramatis.http, user=f"other-{uuid.uuid4().hex[:8]}")
    other.get(f"/api/personas/{persona}/export").problem(403)
    user.get("/api/personas/nobody/export").problem(404)
    user.get(f"/api/personas/{persona}/export?format=tiff").problem(400)


def test_hostile_files_are_refused(user):
    good = json.dumps({"name": "Tessa", "description": "d"}).encode()
    head = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    end = chunk(b"IEND", b"")
    pictures = {
        "none": b"", "no png": b"GIF89a" + b"x" * 100, "no end": head, "no card": head + end,
        "cut": png(chara=good)[:-20],
        "crc": head + chunk(b"tEXt", b"chara\0" + base64.b64encode(good), crc=7) + end,
        "2^31": head + b"\x80\0\0\0tEXt" + b"x" * 100,
        "2^31-1": head + b"\x7f\xff\xff\xfftEXt" + b"x" * 100,
        "no base64": head + chunk(b"tEXt", b"chara\0{}") + end,
        "no keyword": head + chunk(b"tEXt", b"chara") + end,
        # Inflated it would be a gigabyte: it is not.
        "bomb": head + chunk(b"zTXt", b"chara\0\0" + zlib.compress(b"\0" * (1 << 24))) + end,
        "too long": head + chunk(b"tEXt", b"chara\0" + base64.b64encode(b" " * (3 << 20))) + end,
        "deep": png(chara=b'{"name":"x","description":"d","a":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    }
    for what, body in pictures.items():
        assert send(user, body, "image/png").status == 400, what
    bomb = charx(b'{"name":"x","description":"' + b" " * (64 << 20) + b'"}', {})
    assert len(bomb) < 1 << 20
    send(user, b"", "application/zip").problem(400)
    zips = {"no zip": b"hello", "cut": charx(good, {})[:-9], "no card": charx(None, {"a": b""}),
            "deeper": charx(None, {"a/card.json": good}), "bomb": bomb,
            "many": charx(good, {f"{number}": b"" for number in range(10001)}),
            **{name: charx(good, {name: b"x"}) for name in ("../x", "/etc/passwd", "a/../../b", "a\\b")}}
    for what, body in zips.items():
        problem = send(user, body, "application/zip").problem(400, "VALIDATION_FAILED")
        assert problem["errors"][0]["field"] == "body", what
    for what, body in {"text": b"hello", "list": b"[]", "no card": b"{}", "cut": good[:-1],
                       "bad utf-8": b'{"name":"\xff","description":"d"}'}.items():
        assert send(user, body, "application/json").status == 400, what
    for kind in ("image/jpeg", "text/plain", "application/octet-stream"):
        send(user, good, kind).problem(415, "UNSUPPORTED_MEDIA_TYPE")
    send(user, b" " * (9 << 20), "image/png").problem(413, "BODY_TOO_LARGE")
    # The limit is this route's own.
    user.request("POST", "/api/chat", b"x" * (2 << 20), {"Content-Type": "application/json"}).problem(413)
    assert user.get("/api/personas?ownerId=me").expect(200)["personas"] == []


def test_a_key_makes_one_persona(user):
    card = json.dumps({"name": "Once", "description": "d"}).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
    first = user.request("POST", IMPORT, card, headers).expect(201)
    again = user.request("POST", IMPORT, card, headers)
    assert again.expect(201)["persona"]["personaId"] == first["persona"]["personaId"]
    assert again.headers["idempotency-replayed"] == "true"
    user.request("POST", IMPORT, card, {"Content-Type": "application/json"}).problem(
        409, "PERSONA_NAME_TAKEN")
