"""A model provider that refuses, breaks, hangs, cuts and talks nonsense."""

import time

import pytest

from tests.harness.history_checker import check_messages
from tests.harness.program import wait_for
from tests.harness.sse import Transcript

TIMEOUTS = {
    "DRAMATIS_OPENAI_CONNECT_TIMEOUT": "1s",
    "DRAMATIS_OPENAI_FIRST_BYTE_TIMEOUT": "1s",
    "DRAMATIS_OPENAI_IDLE_TIMEOUT": "1s",
}


@pytest.fixture
def fragile(make_deployment, shape, provider):
    """A deployment of its own: breakers that open here do not disturb others."""
    settings = {**provider.settings(), **TIMEOUTS, "DRAMATIS_MODEL": "openai/double"}
    with make_deployment(shape, settings) as deployment:
        yield deployment.client("alice")


def chat(client, **fields):
    return client.post("/api/chat", {"message": "Hi", "session_id": "s", **fields})


def stream(client, **fields):
    with client.stream("/api/chat", {"message": "Hi", "session_id": "s", "stream": True,
                                     **fields}) as events:
        return Transcript().apply_all(events)


def failed_turn(client, problem):
    """The turn that the problem names: failed, recorded, without a reply."""
    turn_id = problem["turn_id"] if "turn_id" in problem else problem["turnId"]
    turn = client.get(f"/api/turns/{turn_id}").expect(200)
    assert turn["state"] == "failed"
    assert turn["error_code"] == problem["code"]
    messages = client.get(f"/api/chat/history/{turn['session_id']}").expect(200)["messages"]
    assert messages[-1]["message_id"] == turn["user_message_id"]
    return turn


def test_429_is_tried_again_when_the_provider_says(fragile, provider):
    provider.script({"status": 429, "retry_after": "2", "error": "slow down"},
                    default={"tokens": ["fine"]})
    began = time.monotonic()
    assert chat(fragile).expect(200)["response"] == "fine"
    assert time.monotonic() - began >= 2
    assert provider.counts()["count"] == 2


def test_single_failure_is_hidden(fragile, provider):
    for status in (500, 503, 408):
        provider.reset()
        provider.script({"status": status, "error": "oops"}, default={"tokens": ["fine"]})
        assert chat(fragile).expect(200)["response"] == "fine"
        assert provider.counts()["count"] == 2


def test_three_failures_are_502_with_the_turn_which_can_be_retried(fragile, provider):
    provider.script({"status": 500, "error": "secret words of the provider", "repeat": 3},
                    default={"tokens": ["fine"]})
    response = chat(fragile)
    problem = response.problem(502, "PROVIDER_FAILED")
    assert b"secret words" not in response.body
    assert provider.counts()["count"] == 3
    turn = failed_turn(fragile, problem)
    fragile.post(f"/api/turns/{turn['turn_id']}/retry").expect(200)
    with fragile.stream(f"/api/turns/{turn['turn_id']}/stream") as events:
        transcript = Transcript().apply_all(events)
    assert transcript.done["response"] == "fine"
    messages = fragile.get("/api/chat/history/s").expect(200)["messages"]
    check_messages(messages)
    assert [message["content"] for message in messages] == ["Hi", "fine"]
    fragile.post(f"/api/turns/{turn['turn_id']}/retry").problem(409, "TURN_NOT_FAILED")


def test_refused_credentials_are_not_hammered(fragile, provider):
    provider.script(default={"status": 401, "error": "wrong key"})
    problem = chat(fragile).problem(502, "PROVIDER_UNAUTHORIZED")
    failed_turn(fragile, problem)
    assert provider.counts()["count"] <= 2


def test_bad_request_is_not_tried_again(fragile, provider):
    provider.script(default={"status": 400, "error": "no"})
    chat(fragile).problem(502, "PROVIDER_FAILED")
    assert provider.counts()["count"] == 1


def test_hang_is_504(fragile, provider):
    provider.script(default={"hang": True})
    began = time.monotonic()
    problem = chat(fragile).problem(504, "PROVIDER_TIMEOUT")
    assert time.monotonic() - began < 15
    failed_turn(fragile, problem)
    wait_for(lambda: provider.counts()["open"] == 0, "the calls to be hung up")


def test_silence_in_the_middle_is_an_error_event(fragile, provider):
    provider.script({"tokens": ["some ", {"hang": True}]}, default={"tokens": ["fine"]})
    transcript = stream(fragile)
    assert transcript.text == "some"  # white space at the end waits for what follows
    assert transcript.error["code"] == "PROVIDER_TIMEOUT"
    assert transcript.error["status"] == 504
    assert provider.counts()["count"] == 1  # never tried again after the first delta
    failed_turn(fragile, {**transcript.error, "turn_id": transcript.turn_id})


@pytest.mark.parametrize("after", [1, 150, 250, 600])
def test_cut_stream_is_an_error_or_tried_again_before_the_first_delta(fragile, provider, after):
    provider.script({"tokens": ["one ", "two ", "three"], "cut_after_bytes": after},
                    default={"tokens": ["fine"]})
    transcript = stream(fragile)
    if transcript.error is None:
        assert transcript.text == transcript.done["response"] == "fine"
        assert provider.counts()["count"] == 2
    else:
        assert transcript.error["code"] == "PROVIDER_FAILED"
        assert transcript.text.startswith("one ")
        turn = failed_turn(fragile, {**transcript.error, "turn_id": transcript.turn_id})
        fragile.post(f"/api/turns/{turn['turn_id']}/retry").expect(200)
        with fragile.stream(f"/api/turns/{turn['turn_id']}/stream",
                            headers={"Last-Event-ID": transcript.cursor}) as events:
            names = []
            again = Transcript()
            again.text = transcript.text
            for event in events:
                names.append(event.name)
                again.apply(event)
        assert "reset" in names
        assert again.text == again.done["response"] == "fine"


def test_dropped_after_each_event_of_a_second_attempt(fragile, provider):
    """`error`, `reset` and what follows, with a connection of its own for each."""
    provider.script({"tokens": ["first ", "attempt", {"cut": True}]},
                    default={"tokens": ["second ", "attempt"], "token_delay_ms": 30})
    transcript = stream(fragile)
    assert transcript.error["code"] == "PROVIDER_FAILED"
    turn_id, cursor, text = transcript.turn_id, transcript.cursor, transcript.text
    fragile.post(f"/api/turns/{turn_id}/retry").expect(200)
    names, done = [], None
    while done is None:
        with fragile.stream(f"/api/turns/{turn_id}/stream",
                            headers={"Last-Event-ID": cursor}) as events:
            event = events.next()
        step = Transcript()
        step.text = text
        step.apply(event)
        names.append(event.name)
        text, cursor, done = step.text, event.id, step.done
    assert names[0] == "reset" and names[-1] == "done"
    stored = fragile.get("/api/chat/history/s").expect(200)["messages"][-1]
    assert text.encode() == stored["content"].encode() == b"second attempt"


@pytest.mark.parametrize("raw", [
    "data: {oops\n\n", "data: {\"error\":{\"message\":\"overloaded\"}}\n\n",
    "data: []\n\n", "data: {\"choices\":\"x\"}\n\n", "\x00\x01\x02\n\n"])
def test_malformed_chunk_is_a_failure_not_an_answer(fragile, provider, raw):
    provider.script({"tokens": ["some ", {"raw": raw}, "more"]}, default={"tokens": ["fine"]})
    transcript = stream(fragile)
    if "oops" in raw or "overloaded" in raw:
        assert transcript.error["code"] == "PROVIDER_FAILED", transcript.done
        failed_turn(fragile, {**transcript.error, "turn_id": transcript.turn_id})
    else:  # what is no chunk says nothing: other events, lines without a known field
        assert transcript.done["response"] == "some more"


def test_comments_odd_splits_and_missing_done_are_understood(fragile, provider):
    for step in (
        {"tokens": [{"raw": ": keep-alive\n\n"}, "Grüß ", {"raw": ": x\r\n\r\n"}, "😀"]},
        {"tokens": ["Grüß ", "😀"], "split_bytes": 1},
        {"tokens": ["Grüß ", "😀"], "split_bytes": 7},
    ):
        provider.script(step)
        assert stream(fragile).done["response"] == "Grüß 😀"


def test_stream_without_an_end_mark_is_cut(fragile, provider):
    """Neither finish_reason nor [DONE]: the answer may be half of one."""
    provider.script({"tokens": ["half ", {"cut": True}]}, default={"tokens": ["fine"]})
    assert stream(fragile).error["code"] == "PROVIDER_FAILED"


def test_empty_answer_is_tried_once_more(fragile, provider):
    provider.script({"tokens": []}, default={"tokens": ["fine"]})
    assert chat(fragile).expect(200)["response"] == "fine"
    assert provider.counts()["count"] == 2


def test_own_name_is_stripped(fragile, provider):
    persona = fragile.post("/api/personas", {
        "name": "Ada", "type": "ai_agent"}).expect(201)["personaId"]
    provider.script({"tokens": ["A", "da", ": ", " Hello"]})
    transcript = stream(fragile, persona_id=persona)
    assert transcript.text == transcript.done["response"] == "Hello"


def test_breaker_opens_and_says_so(fragile, provider):
    provider.script(default={"status": 500, "error": "down"})
    for number in range(3):
        fragile.post("/api/chat", {"message": "Hi", "session_id": f"s{number}"}).problem(502)
    called = provider.counts()["count"]
    assert called < 9  # it stopped calling after five failures
    status = fragile.get("/api/ai/status").expect(200)
    state = {entry["name"]: entry["state"] for entry in status["providers"]}
    assert state["openai"] == "unavailable"
    fragile.post("/api/chat", {"message": "Hi", "session_id": "s9"}).problem(502)
    assert provider.counts()["count"] == called


def test_client_that_leaves_does_not_stop_the_turn(fragile, provider):
    provider.script({"count": 10, "token_delay_ms": 50})
    with fragile.stream("/api/chat", {"message": "Hi", "session_id": "s", "stream": True}) as events:
        events.next()
    wait_for(lambda: len(fragile.get("/api/chat/history/s").expect(200)["messages"]) == 2,
             "the reply to be stored")


def test_provider_away_is_502(make_deployment, shape):
    from tests.harness.postgres import free_port
    settings = {**TIMEOUTS, "OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1",
                "OPENAI_API_KEY": "k", "DRAMATIS_OPENAI_MODELS": "double",
                "DRAMATIS_MODEL": "openai/double"}
    with make_deployment(shape, settings) as deployment:
        chat(deployment.client("alice")).problem(502, "PROVIDER_FAILED")


def test_prompt_over_the_window_is_422_before_any_call(fragile, provider):
    persona = fragile.post("/api/personas", {
        "name": "Long", "type": "ai_agent", "systemPrompt": "s" * 8000,
        "modelConfig": {"maxOutputTokens": 32768}}).expect(201)["personaId"]
    response = chat(fragile, persona_id=persona)
    if response.status != 200:  # it depends on the window that the catalogue gives the model
        response.problem(422, "CONTEXT_TOO_LARGE")
        assert provider.counts()["count"] == 0
