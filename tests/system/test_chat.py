"""Chat, sessions and history over REST."""

import re

import pytest

from tests.harness.client import raw_exchange, unchunk
from tests.harness.history_checker import check_messages
from tests.harness.program import wait_for
from tests.harness.sse import Transcript


def test_answer_comes_out_of_the_sample_persona(client):
    body = client.post("/api/chat", {"message": "What do you work on?",
                                     "session_id": "demo"}).expect(200)
    assert body["session_id"] == "demo"
    assert body["model"].startswith("local/") or body["model"] == "local"
    assert re.search(r"\b(I|my|me)\b", body["response"])
    assert body["metadata"]["retrieval"] == "true"
    history = client.get("/api/chat/history/demo").expect(200)
    assert [message["role"] for message in history["messages"]] == ["user", "assistant"]
    assert history["messages"][1]["content"] == body["response"]
    assert history["messages"][1]["metadata"]["retrieval"] == "true"


def test_built_in_model_says_the_same_again(client):
    answers = {client.post("/api/chat", {"message": "Where do you live?"}).expect(200)["response"]
               for _ in range(3)}
    assert len(answers) == 1


def test_unary_answer_has_everything(client, provider, double_persona):
    provider.script({"tokens": ["Good", " day", "."], "finish_reason": "length"})
    body = client.post("/api/chat", {"message": "Hello", "persona_id": double_persona}).expect(200)
    assert body["response"] == "Good day."
    assert body["finish_reason"] == "length"
    assert body["model"] == "openai/double"
    assert body["usage"]["output_tokens"] == 3
    assert body["usage"]["input_tokens"] > 0
    assert body["usage"]["estimated"] is False
    for field in ("session_id", "turn_id", "message_id", "user_message_id"):
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,128}", body[field]), field
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", body["timestamp"])
    assert provider.authorizations() == ["Bearer sk-test-0123456789"]


def test_usage_is_estimated_where_the_provider_gives_none(client, provider, double_persona):
    provider.script({"tokens": ["Good", " day"], "usage": False})
    body = client.post("/api/chat", {"message": "Hello", "persona_id": double_persona}).expect(200)
    assert body["usage"]["estimated"] is True
    assert body["usage"]["input_tokens"] > 0
    assert body["usage"]["output_tokens"] > 0


@pytest.mark.parametrize("ask", ["body", "accept"])
def test_stream_says_what_is_stored(client, provider, double_persona, ask):
    provider.script({"tokens": ["Grüß", " dich", " 😀", "\n\n", "data: x", "\r\n", "end"]})
    body = {"message": "Hi", "persona_id": double_persona}
    headers = {"Accept": "*/*"}
    if ask == "body":
        body["stream"] = True
    else:
        headers = {"Accept": "text/event-stream"}
    with client.stream("/api/chat", body, headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-cache, no-transform"
        assert stream.headers["x-accel-buffering"] == "no"
        events = list(stream)
    assert [event.name for event in events][0] == "start"
    assert [event.name for event in events][-1] == "done"
    transcript = Transcript().apply_all(events)
    assert transcript.text == "Grüß dich 😀\n\ndata: x\r\nend"
    assert transcript.done["response"] == transcript.text
    history = client.get(f"/api/chat/history/{transcript.session_id}").expect(200)["messages"]
    assert history[1]["content"] == transcript.text
    assert history[1]["message_id"] == transcript.done["message_id"]
    assert history[0]["message_id"] == transcript.user_message_id


def test_follow_after_the_end_and_by_its_turn(client, provider, double_persona):
    provider.script({"tokens": ["one ", "two"]})
    body = client.post("/api/chat", {"message": "Hi", "persona_id": double_persona}).expect(200)
    with client.stream(f"/api/turns/{body['turn_id']}/stream") as stream:
        transcript = Transcript().apply_all(stream)
    assert transcript.text == "one two"
    assert transcript.done["message_id"] == body["message_id"]
    turn = client.get(f"/api/turns/{body['turn_id']}").expect(200)
    assert (turn["state"], turn["text"], turn["attempt"]) == ("done", "one two", 1)


def test_a_cursor_that_has_seen_the_end_gets_204_and_every_other_the_rest(
        client, provider, double_persona):
    provider.script({"tokens": ["one ", "two"], "token_delay_ms": 20})
    with client.stream("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                     "stream": True}) as stream:
        events = list(stream)
    path = f"/api/turns/{events[0].json()['turn_id']}/stream"
    assert events[-1].id == f"{events[-2].id}:end"
    for number, event in enumerate(events[:-1]):
        with client.stream(path, headers={"Last-Event-ID": event.id}) as stream:
            rest = Transcript().apply_all(list(stream))
        said = "".join(e.json()["text"] for e in events[number + 1:] if e.name == "delta")
        assert (rest.text, rest.done["response"]) == (said, "one two")
    for _ in range(2):
        over = client.get(path, {"Last-Event-ID": events[-1].id, "Accept": "text/event-stream"})
        assert (over.status, over.body) == (204, b"")


def test_an_error_that_ends_a_turn_has_a_cursor_until_the_turn_is_retried(
        client, provider, double_persona):
    provider.script({"tokens": ["one ", {"cut": True}]})
    with client.stream("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                     "stream": True}) as stream:
        events = list(stream)
    turn = events[0].json()["turn_id"]
    assert events[-1].name == "error"
    seen = {"Last-Event-ID": events[-1].id}
    assert seen["Last-Event-ID"].endswith(":end")
    path = f"/api/turns/{turn}/stream"
    assert client.get(path, {**seen, "Accept": "text/event-stream"}).status == 204
    provider.script({"tokens": ["better"]})
    client.post(f"/api/turns/{turn}/retry", {}).expect(200)
    with client.stream(path, headers=seen) as stream:
        again = Transcript().apply_all(list(stream))
    assert (again.text, again.done["response"]) == ("better", "better")


@pytest.mark.parametrize("how", ["cancelled", "broken off"])
def test_a_turn_that_was_cut_short_says_what_the_ledger_has(
        client, admin, provider, double_persona, how):
    last = {"hang": True} if how == "cancelled" else {"cut": True}
    provider.script({"tokens": ["one ", "two ", "three", last]})
    with client.stream("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                     "stream": True}) as stream:
        transcript = Transcript()
        while transcript.text != "one two three":
            transcript.apply(stream.next())
        if how == "cancelled":
            client.post(f"/api/turns/{transcript.turn_id}/cancel", {}).expect(200)
        transcript.apply_all(stream)
    usage = client.get(f"/api/turns/{transcript.turn_id}").expect(200)["usage"]
    assert usage["estimated"] and usage["output_tokens"] > 0 and usage["input_tokens"] > 0
    if how == "cancelled":
        assert transcript.done["usage"] == usage
    groups = admin.pages("/api/admin/usage?groupBy=persona", "groups")
    (ledger,) = [group for group in groups if group["key"] == double_persona]
    assert ledger["estimated"] and ledger["calls"] == 1
    assert ledger["inputTokens"] == usage["input_tokens"]
    assert ledger["outputTokens"] == usage["output_tokens"]


def test_a_stream_says_when_to_come_again(dramatis, user):
    request = (f"POST /api/chat HTTP/1.1\r\nHost: {dramatis.http}\r\n"
               f"Authorization: Bearer local:{user}\r\nContent-Type: application/json\r\n"
               "Connection: close\r\nContent-Length: 31\r\n\r\n"
               '{"message":"Hi","stream":true} ')
    _, _, body = raw_exchange(dramatis.http, request.encode()).partition(b"\r\n\r\n")
    assert unchunk(body).startswith(b"retry: 2000\n")


def test_stored_text_is_exactly_what_was_said(client, provider, double_persona):
    said = "  tabs\t\r\n and \u0001 control, NFD e\u0301, 👩‍👩‍👧, \u202e rtl, \ufeff bom  "
    provider.script({"echo": True})
    body = client.post("/api/chat", {"message": said, "persona_id": double_persona}).expect(200)
    messages = client.get(f"/api/chat/history/{body['session_id']}").expect(200)["messages"]
    assert messages[0]["content"] == said


def test_prompt_has_persona_and_whole_history_in_order(client, provider, double_persona):
    session = None
    for number in range(4):
        provider.script({"tokens": [f"answer {number}"]})
        body = {"message": f"question {number}", "persona_id": double_persona}
        if session:
            body = {"message": f"question {number}", "session_id": session}
        session = client.post("/api/chat", body).expect(200)["session_id"]
    messages = provider.requests()[-1]["messages"]
    assert messages[0]["role"] == "system"
    assert "I am a stand-in that speaks through a scripted provider." in messages[0]["content"]
    turns = [(message["role"], message["content"]) for message in messages
             if message["role"] != "system"]
    assert len(turns) == 7
    for number in range(3):
        assert turns[2 * number][0] == "user"
        assert turns[2 * number][1].endswith(f"question {number}")
        assert turns[2 * number + 1] == ("assistant", f"answer {number}")
    assert turns[6][1].endswith("question 3")


def test_history_in_pages_both_ways(client):
    for number in range(6):
        client.post("/api/chat", {"message": f"Question {number}?", "session_id": "paged"}).expect(200)
    forward = client.pages("/api/chat/history/paged", "messages", size=5)
    check_messages(forward)
    backward = client.pages("/api/chat/history/paged?order=desc", "messages", size=5)
    assert backward == forward[::-1]
    whole = client.get("/api/history/paged?page_size=100").expect(200)
    assert whole["messages"] == forward
    assert whole["conversation"]["message_count"] == 12


def test_unknown_session_has_no_history(client):
    assert client.get("/api/chat/history/never-used").expect(200) == {
        "session_id": "never-used", "messages": [], "next_page_token": ""}
    client.get("/api/history/never-used").problem(404, "NOT_FOUND")
    client.get("/api/session/never-used").problem(404, "NOT_FOUND")


def test_session_lives_and_ends(client):
    created = client.post("/api/session", {"title": "Mine", "metadata": {"a": {"b": [1, None]}},
                                           "ttl_seconds": 60})
    session = created.expect(201)
    assert created.headers["location"] == f"/api/session/{session['session_id']}"
    assert session["status"] == "active"
    assert session["metadata"] == {"a": {"b": [1, None]}}
    path = created.headers["location"]
    client.post("/api/chat", {"message": "Hi", "session_id": session["session_id"]}).expect(200)
    assert client.get(path).expect(200)["message_count"] == 2
    ended = client.delete(path).expect(200)
    assert ended["status"] == "ended"
    assert client.post(path + "/end").expect(200)["ended_at"] == ended["ended_at"]
    client.post("/api/chat", {"message": "Hi", "session_id": session["session_id"]}).problem(
        409, "SESSION_ENDED")
    history = client.get(f"/api/chat/history/{session['session_id']}").expect(200)
    assert len(history["messages"]) == 2


def test_title_is_the_start_of_the_first_message(client):
    body = client.post("/api/chat", {"message": "ä" * 70}).expect(200)
    session = client.get(f"/api/session/{body['session_id']}").expect(200)
    assert session["title"] == "ä" * 60


def test_sessions_are_listed_newest_first(client):
    for name in ("first", "second", "third"):
        client.post("/api/chat", {"message": f"Hello {name}", "session_id": name}).expect(200)
    client.post("/api/chat", {"message": "again " * 40, "session_id": "first"}).expect(200)
    listed = client.pages("/api/history", "conversations", size=2)
    assert [item["session_id"] for item in listed] == ["first", "third", "second"]
    assert listed[0]["message_count"] == 4
    assert len(listed[0]["last_message_preview"]) <= 120
    found = client.get("/api/history?q=HELLO%20SEC").expect(200)["conversations"]
    assert [item["session_id"] for item in found] == ["second"]


def test_deleted_history_is_unreadable_at_once(client):
    client.post("/api/chat", {"message": "Hi", "session_id": "gone"}).expect(200)
    client.delete("/api/history/gone").expect(204)
    client.get("/api/history/gone").problem(404, "NOT_FOUND")
    assert client.get("/api/chat/history/gone").expect(200)["messages"] == []
    client.delete("/api/history/gone").problem(404, "NOT_FOUND")


def test_sessions_are_the_callers_own(client, dramatis, user):
    said = client.post("/api/chat", {"message": "Mine", "session_id": "shared"}).expect(200)
    other = dramatis.client(user + "-other")
    other.get("/api/session/shared").problem(404, "NOT_FOUND")
    other.get(f"/api/turns/{said['turn_id']}").problem(404, "NOT_FOUND")
    other.post(f"/api/turns/{said['turn_id']}/cancel").problem(404, "NOT_FOUND")
    assert other.get("/api/chat/history/shared").expect(200)["messages"] == []
    other.post("/api/chat", {"message": "Also mine", "session_id": "shared"}).expect(200)
    assert len(other.get("/api/chat/history/shared").expect(200)["messages"]) == 2
    assert len(client.get("/api/chat/history/shared").expect(200)["messages"]) == 2


def test_human_personas_get_no_model(client):
    human = client.post("/api/personas", {"name": "Me", "type": "human"}).expect(201)["personaId"]
    client.post("/api/chat", {"message": "Hi", "persona_id": human}).problem(
        422, "NOT_AN_AI_PERSONA")
    client.post("/api/chat", {"message": "Hi", "persona_id": "no-such"}).problem(404, "NOT_FOUND")


def test_another_persona_needs_another_session(client, double_persona):
    client.post("/api/chat", {"message": "Hi", "session_id": "s1"}).expect(200)
    client.post("/api/chat", {"message": "Hi", "session_id": "s1",
                              "persona_id": double_persona}).problem(409, "PERSONA_MISMATCH")


def test_second_turn_while_one_runs_is_409_with_its_id(client, provider, double_persona):
    provider.script({"tokens": ["a", {"hang": True}]})
    with client.stream("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                     "session_id": "busy", "stream": True}) as stream:
        turn = stream.next().json()["turn_id"]
        problem = client.post("/api/chat", {"message": "More", "session_id": "busy"}).problem(
            409, "TURN_IN_PROGRESS")
        assert turn in str(problem)
        client.delete("/api/history/busy").problem(409, "TURN_IN_PROGRESS")
        client.post(f"/api/turns/{turn}/cancel").expect(200)
    assert len(client.get("/api/chat/history/busy").expect(200)["messages"]) == 2


def test_cancel_keeps_the_text_so_far_and_stops_the_provider(client, provider, double_persona):
    provider.script({"tokens": ["half", " an", {"delay_ms": 200}, {"hang": True}]})
    with client.stream("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                     "stream": True}) as stream:
        transcript = Transcript()
        for event in stream:
            transcript.apply(event)
            if transcript.text == "half an":
                cancelled = client.post(f"/api/turns/{transcript.turn_id}/cancel").expect(200)
                assert cancelled["state"] == "cancelled"
    assert transcript.done["finish_reason"] == "cancelled"
    assert transcript.done["response"] == "half an"
    again = client.post(f"/api/turns/{transcript.turn_id}/cancel").expect(200)
    assert (again["state"], again["text"]) == ("cancelled", "half an")
    wait_for(lambda: provider.counts()["aborted"] == 1, "the provider to be hung up on")


def test_live_sessions_are_limited(client):
    for number in range(100):
        client.post("/api/session", {}).expect(201)
    problem = client.post("/api/session", {})
    problem.problem(429, "SESSION_QUOTA_EXCEEDED")
    assert "retry-after" in problem.headers
