"""Links to sessions, temporary sessions, and messages that interrupt: over REST, on both shapes."""

import datetime
import uuid

import pytest

from tests.conftest import SHAPES, make_double_persona
from tests.harness.client import Client
from tests.harness.program import wait_for
from tests.harness.sse import Transcript


def say(client, persona, message, session=None, **more):
    body = {"message": message, "persona_id": persona, **more}
    if session:
        body["session_id"] = session
    return client.post("/api/chat", body)


def test_a_link_shows_the_session_as_it_was(client, provider, double_persona):
    provider.script({"tokens": ["one"]})
    session = say(client, double_persona, "Hello").expect(200)["session_id"]

    share = client.post(f"/api/history/{session}/share", {}).expect(201)

    provider.script({"tokens": ["two"]})
    say(client, double_persona, "More", session).expect(200)
    anybody = Client(client.address)
    shared = anybody.get(share["url"]).expect(200)
    assert [(m["role"], m["content"], m["sequence"]) for m in shared["messages"]] == [
        ("user", "Hello", 1), ("assistant", "one", 2)]
    assert shared["title"] == "Hello"
    assert shared["persona_name"].startswith("Persona ")
    # Nothing else: no account, no ids, no model.
    assert set(shared) == {"title", "persona_name", "created_at", "messages"}
    assert set(shared["messages"][1]) == {"role", "content", "timestamp", "sequence"}
    for secret in (double_persona, session, "double", "stand-in"):
        assert secret not in str(shared)
    listed = client.get(f"/api/history/{session}/share").expect(200)["shares"]
    assert [s["share_id"] for s in listed] == [share["share_id"]]
    assert "url" not in listed[0], "it is kept as a hash"


def test_a_link_can_be_revoked_expires_and_goes_with_its_session(client, double_persona):
    session = say(client, double_persona, "Hello").expect(200)["session_id"]
    path = f"/api/history/{session}/share"
    anybody = Client(client.address)
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    brief = client.post(path, {"expires_at": soon.isoformat()}).expect(201)
    first, second = (client.post(path, {}).expect(201) for _ in range(2))
    assert anybody.get(first["url"]).status == 200

    client.delete(f"{path}/{first['share_id']}").expect(204)
    anybody.get(first["url"]).problem(404)
    client.delete(f"{path}/{first['share_id']}").problem(404)
    stranger = Client(client.address, user=f"stranger-{uuid.uuid4().hex[:8]}")
    stranger.delete(f"{path}/{second['share_id']}").problem(404)
    stranger.get(path).problem(404)
    wait_for(lambda: anybody.get(brief["url"]).status == 404, "the end of the link")
    assert anybody.get(second["url"]).status == 200
    client.delete(f"/api/history/{session}").expect(204)
    anybody.get(second["url"]).problem(404)
    anybody.get("/api/shared/" + "A" * 43).problem(404)
    past = client.post(f"/api/history/{session}/share", {"expires_at": "2001-01-01T00:00:00Z"})
    assert past.problem(400, "VALIDATION_FAILED")["errors"][0]["field"] == "expires_at"


def test_a_key_makes_one_link_and_says_it_once(client, double_persona):
    session = say(client, double_persona, "Hello").expect(200)["session_id"]
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = client.post(f"/api/history/{session}/share", {}, key).expect(201)
    again = client.post(f"/api/history/{session}/share", {}, key).expect(201)
    assert again["share_id"] == first["share_id"]
    assert "url" in first and "url" not in again


def test_a_temporary_session_is_gone_when_it_ends(client, provider, double_persona):
    made = client.post("/api/session", {"persona_id": double_persona,
                                        "temporary": True}).expect(201)
    assert made["temporary"] is True
    session = made["session_id"]
    say(client, double_persona, "My cat is called Mog.", session).expect(200)
    assert len(client.get(f"/api/chat/history/{session}").expect(200)["messages"]) == 2

    ended = client.delete(f"/api/session/{session}").expect(200)

    assert ended["status"] == "ended"
    client.get(f"/api/session/{session}").problem(404)
    assert client.get(f"/api/chat/history/{session}").expect(200)["messages"] == []
    assert client.get("/api/memories").expect(200)["memories"] == []


def test_a_message_can_interrupt(client, provider, double_persona):
    provider.script({"tokens": ["one ", "two ", "three", {"hang": True}]})
    with client.stream("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                     "stream": True}) as stream:
        transcript = Transcript()
        while transcript.text != "one two three":
            transcript.apply(stream.next())
        session = transcript.session_id
        say(client, double_persona, "Wait", session).problem(409, "TURN_IN_PROGRESS")
        say(client, double_persona, "Wait", session, if_busy="reject").problem(
            409, "TURN_IN_PROGRESS")
        provider.script({"tokens": ["yes?"]})

        answer = say(client, double_persona, "Wait!", session, if_busy="interrupt").expect(200)

        transcript.apply_all(stream)
    assert transcript.done["finish_reason"] == "cancelled"
    assert answer["response"] == "yes?"
    messages = client.get(f"/api/chat/history/{session}").expect(200)["messages"]
    assert [m["content"] for m in messages] == ["Hi", "one two three", "Wait!", "yes?"]
    assert say(client, double_persona, "Free", session, if_busy="interrupt").status == 200
    unknown = say(client, double_persona, "Free", session, if_busy="later").problem(400)
    assert unknown["errors"][0]["field"] == "if_busy"


@pytest.fixture(scope="module", params=SHAPES)
def titled(request, make_deployment, shared_provider):
    settings = {**shared_provider.settings(), "DRAMATIS_TITLE_MODEL": "openai/double"}
    with make_deployment(request.param, settings) as deployment:
        yield deployment


def test_a_model_gives_sessions_their_titles(titled, provider):
    client = titled.client(f"user-{uuid.uuid4().hex[:8]}")
    persona = make_double_persona(client)
    provider.script(default={"tokens": ["In spring."]},
                    when={"Give the conversation": {"tokens": ['"Pruning ', 'roses."']}})
    session = say(client, persona, "How do I prune a rose?").expect(200)["session_id"]
    wait_for(lambda: client.get(f"/api/session/{session}").expect(200)["title"] == "Pruning roses",
             "the title")
    listed = client.get("/api/history?q=pruning").expect(200)["conversations"]
    assert [row["session_id"] for row in listed] == [session]
    own = client.post("/api/session", {"persona_id": persona, "title": "Mine"}).expect(201)
    say(client, persona, "Hello", own["session_id"]).expect(200)
    say(client, persona, "More", session).expect(200)
    assert client.get(f"/api/session/{own['session_id']}").expect(200)["title"] == "Mine"
    assert client.get(f"/api/session/{session}").expect(200)["title"] == "Pruning roses"
