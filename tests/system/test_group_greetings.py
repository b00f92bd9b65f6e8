"""What AI personas say first in a new conversation: their greetings for groups, and only those."""

import uuid

import pytest

from tests.harness.client import Client
from tests.harness.rooms import make_persona, open_room


@pytest.fixture
def user(dramatis):
    return Client(dramatis.http, user=f"greets-{uuid.uuid4().hex[:12]}")


def make(user, kind="ai_agent", **more):
    return user.post("/api/personas", {"name": f"P {uuid.uuid4().hex[:8]}", "type": kind, "greeting": "Alone.",
                                       "groupOnlyGreetings": ["Hello, {{user}}.", "<BOT> nods to {{user}}."],
                                       "nickname": "Tess", **more}).expect(201)["personaId"]


def said(user, room):
    messages = user.get(f"/api/conversations/{room['conversationId']}/messages").expect(200)["messages"]
    return [(message["personaId"], message["content"]) for message in messages]


def test_each_ai_says_one_of_its_greetings(user):
    me = make_persona(user)
    name = user.get(f"/api/personas/{me}").expect(200)["name"]
    first, second, silent = make(user), make(user), make(user, groupOnlyGreetings=[])
    room = open_room(user, [me, first, second, silent])
    greetings = said(user, room)
    assert [persona for persona, _ in greetings] == [first, second]
    assert all(text in (f"Hello, {name}.", f"Tess nods to {name}.") for _, text in greetings)
    assert said(user, room) == greetings
    # What follows is counted on from them.
    added = user.post(f"/api/conversations/{room['conversationId']}/messages",
                      {"personaId": me, "content": "Good day."}).expect(201)["message"]
    assert added["sequence"] == 3


def test_nobody_is_given_away_by_a_greeting(user):
    me = make_persona(user)
    assert said(user, open_room(user, [me, make(user, "ai_ambiguous")])) == []
    assert said(user, open_room(user, [me, make(user)], settings={"ambiguous": True})) == []
    assert said(user, open_room(user, [me, make(user, "human")])) == []
    session = user.post("/api/session", {"persona_id": make(user)}).expect(201)["session_id"]
    history = user.get(f"/api/chat/history/{session}").expect(200)["messages"]
    assert [message["content"] for message in history] == ["Alone."]
