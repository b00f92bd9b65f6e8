"""`POST /api/chat/preview`: the exact prompt that chat then sends, and nothing else happens."""

import uuid

import pytest

from tests.harness.client import Client


@pytest.fixture
def user(dramatis, provider):
    provider.script(default={"tokens": ["Aye."]})
    return Client(dramatis.http, user=f"preview-{uuid.uuid4().hex[:12]}")


def make(user, **more):
    return user.post("/api/personas", {
        "name": f"Ada {uuid.uuid4().hex[:8]}", "type": "ai_agent", "biography": "I build telescopes.",
        "modelConfig": {"model": "openai/double"}, **more}).expect(201)["personaId"]


def sent(provider):
    messages = provider.requests()[-1]["messages"]
    return messages[0]["content"], [(m["role"], m["content"]) for m in messages[1:]]


def shown(preview):
    return preview["system"], [(m["role"], m["content"]) for m in preview["messages"]]


def test_what_is_previewed_is_what_is_sent(user, provider):
    persona = make(user, greeting="Good evening, {{user}}.", systemPrompt="Be brief.")
    before = provider.counts()
    asked = {"message": "What do you build?", "persona_id": persona}
    first = user.post("/api/chat/preview", asked).expect(200)
    assert first["session_id"] == "" and first["model"] == "openai/double"
    assert first["most_cost_micros"] >= 0 and first["manifest"]["request_hash"]
    assert provider.counts() == before
    assert user.get("/api/history").expect(200)["conversations"] == []
    session = user.post("/api/chat", asked).expect(200)["session_id"]
    # Its conversation's id is the only thing that differs, and stands in no text.
    assert shown(first) == sent(provider)
    again = user.post("/api/chat/preview", {"message": "And then?", "session_id": session}).expect(200)
    assert again["session_id"] == session
    user.post("/api/chat", {"message": "And then?", "session_id": session}).expect(200)
    assert shown(again) == sent(provider)
    assert len(user.get(f"/api/chat/history/{session}").expect(200)["messages"]) == 5


def test_without_a_persona_it_is_the_deployments(user):
    preview = user.post("/api/chat/preview", {"message": "Hi"}).expect(200)
    said = user.post("/api/chat", {"message": "Hi"}).expect(200)
    session = user.get(f"/api/session/{said['session_id']}").expect(200)
    assert preview["persona_id"] == session["persona_id"]


def test_a_preview_keeps_nothing_from_being_deleted(user):
    persona = make(user)
    user.post("/api/chat/preview", {"message": "Hi", "persona_id": persona}).expect(200)
    user.request("DELETE", f"/api/personas/{persona}").expect(204)


def test_strangers_see_no_more_than_their_own_words(dramatis, user):
    persona = make(user, isPublic=True, systemPrompt="Secret.")
    other = Client(dramatis.http, user=f"other-{uuid.uuid4().hex[:8]}")
    preview = other.post("/api/chat/preview", {"message": "Hi", "persona_id": persona}).expect(200)
    assert preview.get("system", "") == "" and "parameters" not in preview["manifest"]
    assert [(m["role"], m["content"]) for m in preview["messages"]] == [("user", "Hi")]
    assert "Secret." not in str(preview)


def test_what_chat_refuses_its_preview_refuses(user):
    persona = make(user)
    human = user.post("/api/personas", {"name": f"H {uuid.uuid4().hex[:8]}", "type": "human"}).expect(201)
    preview = lambda **more: user.post("/api/chat/preview", {"message": "Hi", **more})
    preview(persona_id=human["personaId"]).problem(422, "NOT_AN_AI_PERSONA")
    preview(persona_id=str(uuid.uuid4())).problem(404)
    session = user.post("/api/session", {"persona_id": persona}).expect(201)["session_id"]
    user.request("DELETE", f"/api/session/{session}").expect(200)
    preview(session_id=session).problem(409, "SESSION_ENDED")
    large = make(user, modelConfig={"model": "local/retrieval", "maxOutputTokens": 32768})
    assert preview(persona_id=large).status in (200, 422)
