"""A persona can be deleted as soon as no open conversation uses it: no session, no hold."""

import uuid

import pytest

from tests.harness.program import wait_for
from tests.harness.rooms import make_persona

MOST_SESSIONS = 100


@pytest.fixture
def other(dramatis, user):
    return dramatis.client(f"{user}-other")


def deleted(client, persona):
    return lambda: client.delete(f"/api/personas/{persona}").status == 204


def test_a_chat_that_is_refused_holds_nobody(client, other):
    victim = make_persona(other, "ai_agent", isPublic=True)
    mine = make_persona(client, "ai_agent")
    for _ in range(MOST_SESSIONS):
        client.post("/api/session", {"persona_id": mine}).expect(201)
    body = {"message": "Hello", "persona_id": victim}
    client.post("/api/chat", {**body, "session_id": f"s-{uuid.uuid4().hex}"}).problem(
        429, "SESSION_QUOTA_EXCEEDED")
    client.post("/api/chat", body).problem(429, "SESSION_QUOTA_EXCEEDED")
    client.post("/api/session", {"persona_id": victim}).problem(429, "SESSION_QUOTA_EXCEEDED")
    other.delete(f"/api/personas/{victim}").expect(204)


def test_a_refused_chat_in_a_session_that_lives_takes_nothing_from_it(client):
    mine, second = make_persona(client, "ai_agent"), make_persona(client, "ai_agent")
    client.post("/api/chat", {"message": "Hello", "persona_id": mine, "session_id": "s1"}).expect(200)
    refused = client.post("/api/chat",
                          {"message": "Hello", "persona_id": second, "session_id": "s1"})
    assert 400 <= refused.status < 500
    client.delete(f"/api/personas/{second}").expect(204)
    client.delete(f"/api/personas/{mine}").problem(409, "PERSONA_IN_USE")


def test_an_expired_session_holds_nobody(dramatis, client):
    persona = make_persona(client, "ai_agent")
    session = client.post("/api/session", {"persona_id": persona, "ttl_seconds": 3600}).expect(201)
    client.delete(f"/api/personas/{persona}").problem(409, "PERSONA_IN_USE")
    by = 3_600_000_000  # an hour passes
    dramatis.execute("conversation", f"""
        update {{schema}}.conversations
        set expires_at = expires_at - {by}, hold_expires_at = hold_expires_at - {by}
        where session_id = '{session["session_id"]}'""")
    assert client.get(f"/api/session/{session['session_id']}").expect(200)["status"] == "expired"
    wait_for(deleted(client, persona), "the persona to be free")
