"""Idempotency keys under many clients at once."""

from concurrent.futures import ThreadPoolExecutor

from tests.harness.sse import Transcript

CLIENTS = 50


def at_once(function):
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(function, range(CLIENTS)))


def test_fifty_posts_with_one_key_are_one_message_and_one_call(client, provider, double_persona):
    provider.script({"tokens": ["the", " one", " answer"], "first_delay_ms": 300})
    body = {"message": "Hi", "persona_id": double_persona, "session_id": "once"}
    answers = at_once(lambda _: client.post("/api/chat", body, {"Idempotency-Key": "one-key"}))
    assert {answer.status for answer in answers} == {200}, [answer.body for answer in answers]
    assert len({answer.body for answer in answers}) == 1
    replayed = [answer.headers.get("idempotency-replayed") for answer in answers]
    assert replayed.count("true") == CLIENTS - 1
    assert provider.counts()["count"] == 1
    history = client.get("/api/chat/history/once").expect(200)["messages"]
    assert [message["content"] for message in history] == ["Hi", "the one answer"]


def test_fifty_streams_with_one_key_are_the_same_stream(client, provider, double_persona):
    provider.script({"tokens": ["the", " one", " answer"], "token_delay_ms": 200})
    body = {"message": "Hi", "persona_id": double_persona, "session_id": "once", "stream": True}

    def stream(_):
        with client.stream("/api/chat", body, {"Idempotency-Key": "one-key"}) as events:
            return Transcript().apply_all(events)

    transcripts = at_once(stream)
    assert {transcript.text for transcript in transcripts} == {"the one answer"}
    assert len({transcript.turn_id for transcript in transcripts}) == 1
    assert len({transcript.done["message_id"] for transcript in transcripts}) == 1
    assert provider.counts()["count"] == 1
    assert len(client.get("/api/chat/history/once").expect(200)["messages"]) == 2


def test_key_without_a_session_starts_one_session(client, provider, double_persona):
    provider.script({"tokens": ["hello"], "first_delay_ms": 200})
    body = {"message": "Hi", "persona_id": double_persona}
    answers = at_once(lambda _: client.post("/api/chat", body, {"Idempotency-Key": "k"}))
    assert len({answer.body for answer in answers}) == 1
    assert len(client.get("/api/history").expect(200)["conversations"]) == 1
    client.post("/api/chat", {**body, "message": "Other"}, {"Idempotency-Key": "k"}).problem(
        409, "IDEMPOTENCY_KEY_REUSED")


def test_keys_are_per_user(dramatis, client, user, provider, double_persona):
    key = {"Idempotency-Key": "same"}
    mine = client.post("/api/chat", {"message": "Hi"}, key).expect(200)
    other = dramatis.client(user + "-other").post("/api/chat", {"message": "Hi"}, key).expect(200)
    assert mine["turn_id"] != other["turn_id"]


def test_fifty_messages_to_one_session_at_once_take_turns(client, provider, double_persona):
    """Without a key: exactly one is taken at a time, the others are told of the turn that runs."""
    provider.script(default={"tokens": ["ok"], "first_delay_ms": 100})
    answers = at_once(lambda n: client.post("/api/chat", {
        "message": f"Message {n}", "persona_id": double_persona, "session_id": "crowded"}))
    statuses = [answer.status for answer in answers]
    assert set(statuses) <= {200, 409}
    assert statuses.count(200) >= 1
    for answer in answers:
        if answer.status == 409:
            answer.problem(409, "TURN_IN_PROGRESS")
    history = client.pages("/api/chat/history/crowded", "messages")
    assert len(history) == 2 * statuses.count(200) == 2 * provider.counts()["count"]
    assert [message["role"] for message in history] == ["user", "assistant"] * statuses.count(200)


def test_fifty_creations_with_one_key_are_one_row(dramatis, client):
    for path, body, items in [
        ("/api/personas", {"name": "Only", "type": "ai_agent"}, "personas"),
        ("/api/memories", {"content": "Only."}, "memories"),
        ("/api/session", {"title": "Only"}, None),
    ]:
        answers = at_once(lambda _: client.post(path, body, {"Idempotency-Key": "k"}))
        assert {answer.status for answer in answers} == {201}, [a.body for a in answers]
        assert len({answer.body for answer in answers}) == 1
        if items:
            listed = client.get(path + ("?ownerId=me" if items == "personas" else "")).expect(200)
            assert len(listed[items]) == 1
    assert len(client.get("/api/history").expect(200)["conversations"]) == 1
