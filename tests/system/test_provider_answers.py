"""Servers that speak OpenAI's format in their own ways: what they send beside it, what they
refuse."""

import base64
import json

import pytest

from tests.conftest import make_double_persona
from tests.harness.client import chat
from tests.harness.history_checker import check_messages
from tests.harness.program import wait_for
from tests.harness.provider import answer

NARROW = 4000
TIGHT = 1500


@pytest.fixture(scope="module")
def deployment(make_deployment, shared_provider):
    """The reader of streams is one place in inference: one shape is enough."""
    settings = {**shared_provider.settings(), "DRAMATIS_MODEL": "openai/double",
                "DRAMATIS_OPENAI_MODELS":
                    f"double@1000000,other@1000000,picky@1000000,narrow@{NARROW},tight@{TIGHT}"}
    with make_deployment("separate", settings) as running:
        yield running


@pytest.fixture
def client(deployment, provider, user):
    return deployment.client(user)


@pytest.fixture
def persona(client):
    return make_double_persona(client)


def chunk(choice=None, **members):
    """An event of a stream, as it is written."""
    body = {"object": "chat.completion.chunk", **members}
    if choice is not None:
        body["choices"] = [choice]
    return {"raw": f"data: {json.dumps(body)}\n\n"}


def delta(content):
    return chunk({"index": 0, "delta": {"content": content}, "finish_reason": None})


FINISH = chunk({"index": 0, "delta": {}, "finish_reason": "stop"})
USAGE = chunk(choices=[], usage={"prompt_tokens": 7, "completion_tokens": 2})


def said(client, persona, **fields):
    return chat(client, persona, **fields).expect(200)["response"]


@pytest.mark.parametrize("odd", [
    {"raw": "data: {}\n\n"},
    {"raw": 'data: {"type":"ping"}\n\n'},
    {"raw": 'data: {"choices":null}\n\n'},
    {"raw": 'data: {"choices":{}}\n\n'},
    {"raw": 'data: {"choices":[7]}\n\n'},
    {"raw": 'data: {"choices":[{"delta":null}]}\n\n'},
    {"raw": 'data: {"choices":[{"delta":{"content":7}}],"usage":[]}\n\n'},
    {"raw": 'data: {"error":null,"choices":[]}\n\n'},
    {"raw": "data: []\n\n"},
    {"raw": "data: null\n\n"},
    {"raw": "data: ping\n\n"},
    {"raw": "event: ping\ndata: keep-alive\n\n"},
    {"raw": 'data: {"choices":[{"delta":{"reasoning_content":"Hm."}}]}\n\n'},
    {"base64": base64.b64encode(b'data: {"system_fingerprint":"\xff\xfe"}\n\n').decode()},
    {"raw": 'data: {"note":"\\ud83d"}\n\n'},
])
def test_what_is_no_chunk_is_passed_over(client, provider, persona, odd):
    provider.script(answer(odd, delta("Hello"), odd, delta(" there"), odd, FINISH, odd, USAGE, odd,
                           {"raw": "data: [DONE]\n\n"}))
    body = chat(client, persona).expect(200)
    assert body["response"] == "Hello there"
    assert body["usage"]["output_tokens"] == 2
    assert body["usage"]["estimated"] is False
    assert provider.counts()["count"] == 1


def test_an_emoji_in_two_halves_is_whole(client, provider, persona):
    provider.script(answer({"raw": 'data: {"choices":[{"delta":{"content":"Hi \\ud83d"}}]}\n\n'},
                           {"raw": 'data: {"choices":[{"delta":{"content":"\\ude00 you"}}]}\n\n'},
                           FINISH))
    assert said(client, persona) == "Hi 😀 you"


@pytest.mark.parametrize("content", [b"a\\ud83d", b"a\\ude00", b"a\xff", b"a\xc3", b"a\xf0\x9f\x98"])
def test_what_is_no_character_is_replaced(client, provider, persona, content):
    event = b'data: {"choices":[{"delta":{"content":"' + content + b'"}}]}\n\n'
    provider.script(answer({"base64": base64.b64encode(event).decode()}, delta("b"), FINISH))
    assert said(client, persona) == "a\N{REPLACEMENT CHARACTER}b"


def test_unreadable_answers_do_not_open_the_breaker(client, provider, persona):
    provider.script({"tokens": ["a", {"raw": "data: {oops\n\n"}], "repeat": 6},
                    default={"tokens": ["fine"]})
    for _ in range(6):
        chat(client, persona).problem(502, "PROVIDER_FAILED")
    assert said(client, persona) == "fine"


@pytest.mark.parametrize("tail", [
    [{"raw": "data: [DONE] \n\n"}, {"raw": "data: bye\n\n"}],
    [{"raw": "data: [DONE]\n\n"}, {"raw": "data: {oops\n\n"}],
    [{"raw": "data: {oops\n\n"}],
    [{"raw": 'data: {"error":{"message":"late"}}\n\n'}],
    [chunk({"delta": {}, "finish_reason": "error"})],
    [delta("again")],
    [{"raw": "data: " + "x" * 2_000_000 + "\n\n"}],
    [{"cut": True}],
])
def test_a_finished_answer_is_finished(client, provider, persona, tail):
    provider.script(answer(delta("Hello"), FINISH, USAGE, *tail))
    body = chat(client, persona).expect(200)
    assert body["response"] == "Hello"
    assert body["finish_reason"] == "stop"
    assert provider.counts()["count"] == 1


def test_comments_do_not_keep_a_finished_answer_open(client, provider, persona):
    alive = [{"raw": ": keep-alive\n\n"}, {"delay_ms": 500}] * 60
    provider.script(answer(delta("Hello"), FINISH, *alive))
    assert said(client, persona, session_id="open") == "Hello"
    assert provider.counts()["completed"] == 0
    provider.script(default={"tokens": ["next"]})
    assert said(client, persona, session_id="open") == "next"


@pytest.mark.parametrize("event", [
    chunk({"delta": {}, "finish_reason": "error"}),
    chunk({"delta": {}, "error": {"code": 502, "message": "upstream"}}),
])
def test_an_error_in_a_choice_is_tried_again(client, provider, persona, event):
    """No more cases than a breaker lets pass: openai_stream_test has the others."""
    provider.script(answer(event), default={"tokens": ["fine"]})
    assert said(client, persona) == "fine"
    assert provider.counts()["count"] == 2


def test_half_an_answer_that_ends_with_an_error_is_no_reply(client, provider, persona):
    provider.script(answer(delta("Half of"), chunk({"delta": {}, "finish_reason": "error"})))
    problem = chat(client, persona, session_id="s").problem(502, "PROVIDER_FAILED")
    messages = client.get("/api/chat/history/s").expect(200)["messages"]
    assert [message["content"] for message in messages] == ["Hi"]
    client.post(f"/api/turns/{problem['turn_id']}/retry").expect(200)
    # Its call to the provider is not to be counted as the next test's.
    wait_for(lambda: client.get(f"/api/turns/{problem['turn_id']}").expect(200)["state"] == "done",
             "the turn that was tried again")


@pytest.mark.parametrize("content, expected", [
    ([{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Hi"}], "Hi"),
    ([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}, {"text": "b"}], "ab"),
    (["a", 7, None, "b"], "ab"),
    ({"type": "text", "text": "Hi"}, "Hi"),
])
def test_parts_of_a_content_are_joined(client, provider, persona, content, expected):
    provider.script(answer(delta(content), FINISH))
    assert said(client, persona) == expected
    assert provider.counts()["count"] == 1


def test_an_answer_that_is_not_streamed_is_read_too(client, provider, persona):
    provider.script({"tokens": ["Hello", " there"], "whole": True})
    body = chat(client, persona).expect(200)
    assert body["response"] == "Hello there"
    assert body["usage"]["estimated"] is False


@pytest.mark.parametrize("tokens", [
    ["<think>They ask.</think>", "Hello"],
    [" \n<thi", "nk", ">They", " ask.</th", "ink>\n", "\nHello"],
    list("<thinking>They ask.</thinking> Hello"),
    ["<think>They", " ask.</think>\n<think>Again.</think>", "Hello"],
    ["<think></think>Hello"],
])
def test_thinking_is_neither_shown_stored_nor_sent_again(client, provider, persona, tokens):
    provider.script({"tokens": tokens}, default={"tokens": ["Bye"]})
    assert said(client, persona, session_id="s") == "Hello"
    messages = client.get("/api/chat/history/s").expect(200)["messages"]
    assert [message["content"] for message in messages] == ["Hi", "Hello"]
    said(client, persona, session_id="s")
    assert "think" not in json.dumps(provider.requests()[-1]["messages"])


def test_no_field_is_sent_that_nobody_set(client, provider, persona):
    said(client, persona)
    assert not {"temperature", "top_p", "stop"} & set(provider.requests()[-1])


@pytest.mark.parametrize("refused", [
    ["temperature"], ["max_tokens"], ["stream_options"], ["stream"],
    ["max_tokens", "max_completion_tokens", "temperature", "top_p", "stop", "stream_options"],
])
def test_what_a_model_refuses_is_left_out_from_then_on(client, provider, refused, deployment):
    model = f"openai/{'picky' if len(refused) > 1 else 'double'}"
    persona = make_double_persona(client, modelConfig={
        "model": model, "temperature": 0.5, "topP": 0.9, "stop": ["END"]})
    provider.script(default={"tokens": ["fine"], "refuses": refused})
    assert said(client, persona) == "fine"
    asked = provider.counts()["count"]
    assert 2 <= asked <= len(refused) + 1 or asked == 1  # 1: learned before, in another case
    assert said(client, persona) == "fine"
    assert provider.counts()["count"] == asked + 1
    assert not set(refused) & set(provider.requests()[-1])
    if refused == ["max_tokens"]:
        assert provider.requests()[-1]["max_completion_tokens"] == 1024


def test_why_a_provider_refuses_is_told_to_admins_only(make_deployment, provider):
    settings = {**provider.settings(), "DRAMATIS_MODEL": "openai/double"}
    message = "The model `double` does not exist.\nKey sk-test-0123456789 " + "x" * 1000
    provider.script(default={"status": 404, "error": {
        "message": message, "type": "invalid_request_error", "code": "model_not_found"}})
    with make_deployment("separate", settings) as running:
        alice = running.client("alice")
        problem = alice.post("/api/chat", {"message": "Hi"})
        problem.problem(502, "PROVIDER_FAILED")
        assert b"does not exist" not in problem.body

        status = running.client("root:admin").get("/api/ai/status").expect(200)
        openai = next(one for one in status["providers"] if one["name"] == "openai")
        assert openai["state"] == "unavailable"
        error = openai["lastError"]
        assert error["status"] == 404
        assert error["code"] == "model_not_found"
        assert error["type"] == "invalid_request_error"
        assert error["message"].startswith("The model `double` does not exist. Key ")
        assert len(error["message"].encode()) <= 300
        assert "sk-test" not in error["message"]
        assert error["url"] == f"http://{provider.address}/v1/chat/completions"
        assert error["model"] == "openai/double"

        for_users = alice.get("/api/ai/status").expect(200)
        assert all("lastError" not in one for one in for_users["providers"])
        assert next(one for one in for_users["providers"]
                    if one["name"] == "openai")["state"] == "unavailable"

        logs = "".join(program.log_text() for program in running.programs.values())
        assert "model_not_found" in logs and "does not exist" in logs
        assert "sk-test-0123456789" not in logs

        provider.script(default={"tokens": ["fine"]})
        assert alice.post("/api/chat", {"message": "Hi"}).expect(200)["response"] == "fine"
        status = alice.get("/api/ai/status").expect(200)
        assert all(one["state"] == "available" for one in status["providers"])


def test_a_long_persona_is_cut_for_the_model_that_answers(client, provider):
    paragraph = "I keep the lighthouse and write down every ship that passes.\n\n"
    biography = paragraph * (80_000 // len(paragraph))
    persona = make_double_persona(client, biography=biography,
                                  modelConfig={"model": "openai/narrow"})
    said(client, persona)
    system = provider.requests()[-1]["messages"][0]["content"]
    assert paragraph.strip() in system
    assert len(system) < 6_000
    persona = make_double_persona(client, biography=biography)
    said(client, persona)
    assert biography.strip() in provider.requests()[-1]["messages"][0]["content"]


def test_strict_templates_take_every_prompt_of_a_long_session(client, provider):
    persona = make_double_persona(client, modelConfig={"model": "openai/tight",
                                                       "maxOutputTokens": 200})
    provider.script(default={"tokens": ["word "] * 60, "strict": True})
    for number in range(14):
        chat(client, persona, message=f"{number}: " + "tell me more " * (4 + number * 7 % 23),
             session_id="long").expect(200)
    check_messages(client.get("/api/chat/history/long?pageSize=100").expect(200)["messages"])
    assert any("You opened with: " in request["messages"][0]["content"]
               for request in provider.requests())


def test_a_spent_quota_is_asked_once(client, provider, persona):
    provider.script(default={"status": 429, "error": {
        "message": "You exceeded your current quota", "code": "insufficient_quota"}})
    chat(client, persona).problem(502, "PROVIDER_FAILED")
    assert provider.counts()["count"] == 1


def test_a_prompt_that_the_provider_finds_too_large_is_422(client, provider, persona):
    provider.script(default={"status": 400, "error": {
        "message": "This model's maximum context length is 4097 tokens.", "param": "messages",
        "code": "context_length_exceeded"}})
    chat(client, persona).problem(422, "CONTEXT_TOO_LARGE")
    assert provider.counts()["count"] == 1


def test_a_persona_that_names_a_model_falls_back_to_the_chain(client, provider):
    persona = make_double_persona(client, modelConfig={"model": "openai/other"})
    provider.script(default={"tokens": ["fine"]},
                    when={'"model":"other"': {"status": 404, "error": "no such model"}})
    body = chat(client, persona).expect(200)
    assert body["response"] == "fine"
    assert body["model"] == "openai/double"
