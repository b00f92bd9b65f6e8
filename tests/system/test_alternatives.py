"""Several answers to one message, and sessions that fork: over REST and SSE, on both shapes."""

import uuid

from tests.harness.client import Client
from tests.harness.sse import Transcript


def say(client, persona, message, session=None, **more):
    body = {"message": message, "persona_id": persona, **more}
    if session:
        body["session_id"] = session
    return client.post("/api/chat", body).expect(200)


def texts(client, session):
    messages = client.get(f"/api/chat/history/{session}").expect(200)["messages"]
    assert [message["sequence"] for message in messages] == list(range(1, len(messages) + 1))
    return [message["content"] for message in messages]


def test_regenerate_replaces_the_reply_and_any_can_be_chosen(client, provider, double_persona):
    provider.script({"tokens": ["one"]})
    first = say(client, double_persona, "Hello")
    session = first["session_id"]

    provider.script({"tokens": ["two"]})
    second = client.post(f"/api/turns/{first['turn_id']}/regenerate", {}).expect(200)

    assert second["response"] == "two"
    assert second["turn_id"] != first["turn_id"]
    assert second["user_message_id"] == first["user_message_id"]
    assert texts(client, session) == ["Hello", "two"]
    # The model is asked the same again: nothing of its first answer.
    asked = provider.requests()[-1]["messages"]
    assert [m["content"] for m in asked if m["role"] != "system"] == ["Hello"]

    provider.script({"tokens": ["th", "ree"]})
    with client.stream(f"/api/turns/{second['turn_id']}/regenerate", {"stream": True}) as stream:
        transcript = Transcript().apply_all(stream)
    assert transcript.text == "three"
    assert texts(client, session) == ["Hello", "three"]

    listed = client.get(f"/api/turns/{first['turn_id']}/alternatives").expect(200)
    assert [turn["text"] for turn in listed["alternatives"]] == ["one", "two", "three"]
    assert [turn["alternative"] for turn in listed["alternatives"]] == [0, 1, 2]
    assert all(turn["model"] == "openai/double" and turn["usage"]["output_tokens"] > 0
               for turn in listed["alternatives"])
    assert listed["selected_turn_id"] == transcript.turn_id

    for _ in range(2):
        chosen = client.post(f"/api/turns/{first['turn_id']}/select", {}).expect(200)
        assert (chosen["text"], chosen["alternative"]) == ("one", 0)
        assert texts(client, session) == ["Hello", "one"]
        history = client.get(f"/api/history/{session}").expect(200)["messages"]
        assert history[1]["message_id"] == first["message_id"]
        assert history[1]["metadata"]["turn_id"] == first["turn_id"]
    summary = next(row for row in client.get("/api/history").expect(200)["conversations"]
                   if row["session_id"] == session)
    assert (summary["last_message_preview"], summary["message_count"]) == ("one", 2)
    # Turns that do not count any more are still followed to the same end.
    with client.stream(f"/api/turns/{second['turn_id']}/stream") as stream:
        assert Transcript().apply_all(stream).done["response"] == "two"

    # What was chosen is what the next turn hears.
    provider.script({"tokens": ["next"]})
    say(client, double_persona, "And?", session)
    asked = provider.requests()[-1]["messages"]
    assert [m["content"] for m in asked if m["role"] != "system"] == ["Hello", "one", "And?"]
    for path in ("regenerate", "select"):
        client.post(f"/api/turns/{second['turn_id']}/{path}", {}).problem(409, "NOT_THE_LAST_REPLY")


def test_a_named_model_answers_this_time_only(client, provider, double_persona):
    first = say(client, double_persona, "Where do you live?")
    second = client.post(f"/api/turns/{first['turn_id']}/regenerate",
                         {"model": "local/retrieval"}).expect(200)
    assert second["model"].startswith("local")
    third = client.post(f"/api/turns/{second['turn_id']}/regenerate", {}).expect(200)
    assert third["model"] == "openai/double"
    client.post(f"/api/turns/{third['turn_id']}/regenerate",
                {"model": "nobody/nothing"}).problem(422, "UNKNOWN_MODEL")
    assert texts(client, first["session_id"])[1] == third["response"]


def test_a_failed_regeneration_leaves_the_reply(client, provider, double_persona):
    provider.script({"tokens": ["one"]})
    first = say(client, double_persona, "Hello")
    provider.script({"tokens": ["tw", {"cut": True}]})
    failed = client.post(f"/api/turns/{first['turn_id']}/regenerate", {})
    assert failed.status == 502
    assert texts(client, first["session_id"]) == ["Hello", "one"]
    turns = client.get(f"/api/turns/{first['turn_id']}/alternatives").expect(200)["alternatives"]
    assert [turn["state"] for turn in turns] == ["done", "failed"]
    client.post(f"/api/turns/{turns[1]['turn_id']}/select", {}).problem(400, "VALIDATION_FAILED")
    client.post(f"/api/turns/{turns[1]['turn_id']}/retry", {}).problem(409, "ALREADY_ANSWERED")


def test_a_key_regenerates_once(client, provider, double_persona):
    provider.script({"tokens": ["same"]})
    first = say(client, double_persona, "Hello")
    key = {"Idempotency-Key": uuid.uuid4().hex}
    path = f"/api/turns/{first['turn_id']}/regenerate"
    answers = [client.post(path, {}, key) for _ in range(3)]
    assert len({answer.expect(200)["turn_id"] for answer in answers}) == 1
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert len(client.get(f"/api/turns/{first['turn_id']}/alternatives").expect(200)
               ["alternatives"]) == 2


def test_a_turn_under_way_and_others_turns_are_left_alone(
        dramatis, client, provider, double_persona):
    provider.script({"tokens": ["one two ", "three", {"hang": True}]})
    with client.stream("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                     "stream": True}) as stream:
        transcript = Transcript()
        while transcript.text != "one two three":
            transcript.apply(stream.next())
        turn = transcript.turn_id
        client.post(f"/api/turns/{turn}/regenerate", {}).problem(409, "TURN_IN_PROGRESS")
        client.post(f"/api/turns/{turn}/cancel", {}).expect(200)
    stranger = Client(client.address, user=f"stranger-{uuid.uuid4().hex[:8]}")
    for method, path in (("POST", "regenerate"), ("GET", "alternatives"), ("POST", "select")):
        stranger.request(method, f"/api/turns/{turn}/{path}",
                         {} if method == "POST" else None).problem(404)


def test_a_fork_is_a_session_of_its_own(client, provider, double_persona):
    provider.script({"tokens": ["one"]})
    session = say(client, double_persona, "Hello")["session_id"]
    provider.script({"tokens": ["two"]})
    say(client, double_persona, "More", session)

    answer = client.post(f"/api/history/{session}/fork", {"sequence": 2})

    fork = answer.expect(201)
    assert answer.headers["location"] == f"/api/session/{fork['session_id']}"
    assert fork["session_id"] != session
    assert (fork["persona_id"], fork["message_count"]) == (double_persona, 2)
    assert "turn_id" not in fork
    assert texts(client, fork["session_id"]) == ["Hello", "one"]
    provider.script({"tokens": ["other"]})
    say(client, double_persona, "Instead", fork["session_id"])
    assert texts(client, fork["session_id"]) == ["Hello", "one", "Instead", "other"]
    client.delete(f"/api/history/{session}").expect(204)
    assert texts(client, fork["session_id"]) == ["Hello", "one", "Instead", "other"]


def test_edit_and_send_again(client, provider, double_persona):
    provider.script({"tokens": ["one"]})
    session = say(client, double_persona, "Helo")["session_id"]
    provider.script({"tokens": ["two"]})
    say(client, double_persona, "More", session)

    provider.script({"tokens": ["bet", "ter"]})
    fork = client.post(f"/api/history/{session}/fork",
                       {"sequence": 3, "message": "Less"}).expect(201)
    with client.stream(f"/api/turns/{fork['turn_id']}/stream") as stream:
        transcript = Transcript().apply_all(stream)

    assert transcript.text == "better"
    assert texts(client, fork["session_id"]) == ["Helo", "one", "Less", "better"]
    assert texts(client, session) == ["Helo", "one", "More", "two"]
    asked = provider.requests()[-1]["messages"]
    assert [m["content"] for m in asked if m["role"] != "system"] == ["Helo", "one", "Less"]
    # A copied reply can be answered again too.
    copied = client.post(f"/api/history/{session}/fork", {"sequence": 2}).expect(201)
    reply = client.get(f"/api/history/{copied['session_id']}").expect(200)["messages"][1]
    provider.script({"tokens": ["new"]})
    client.post(f"/api/turns/{reply['metadata']['turn_id']}/regenerate", {}).expect(200)
    assert texts(client, copied["session_id"]) == ["Helo", "new"]
    # The first message gives its title.
    titled = client.post(f"/api/history/{session}/fork",
                         {"sequence": 1, "message": "Hello"}).expect(201)
    assert titled["title"] == "Hello"


def test_a_fork_that_cannot_be_is_refused(client, provider, double_persona):
    session = say(client, double_persona, "Hello")["session_id"]
    path = f"/api/history/{session}/fork"
    client.post(path, {"sequence": 2, "message": "x"}).problem(422, "NOT_A_USER_MESSAGE")
    for body, field in (({"sequence": 9}, "sequence"), ({}, "sequence"),
                        ({"sequence": 1, "message": "x" * 8001}, "message")):
        problem = client.post(path, body).problem(400, "VALIDATION_FAILED")
        assert problem["errors"][0]["field"] == field
    client.post(f"/api/history/{uuid.uuid4().hex}/fork", {"sequence": 1}).problem(404)
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = client.post(path, {"sequence": 1, "message": "Once"}, key).expect(201)
    again = client.post(path, {"sequence": 1, "message": "Once"}, key).expect(201)
    assert again == first
