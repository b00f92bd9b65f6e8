"""Servers that speak Anthropic's Messages in their own ways: the quirks of test_provider_answers.py, in so far as they
can touch this dialect."""

import base64
import json

import pytest

from tests.harness.client import Client, chat
from tests.harness.provider import answer

MODEL = "anthropic/claude-haiku-5-5"


@pytest.fixture(scope="module")
def deployment(make_deployment, shared_provider):
    settings = {**shared_provider.settings(), "DRAMATIS_MODEL": f"{MODEL},openai/double",
                "ANTHROPIC_BASE_URL": f"http://{shared_provider.address}",
                "ANTHROPIC_API_KEY": "sk-ant-test-0123456789"}
    with make_deployment("embedded", settings) as running:
        yield running


@pytest.fixture
def client(deployment, provider, user):
    return deployment.client(user)


@pytest.fixture
def persona(client):
    return made(client)


def made(client, **config):
    return client.post("/api/personas", {
        "name": f"Claude {sorted(config)}", "type": "ai_agent", "biography": "I am Ada.",
        "modelConfig": {"model": MODEL, **config}}).expect(201)["personaId"]


def event(name, **members):
    return {"raw": f"event: {name}\ndata: {json.dumps({'type': name, **members})}\n\n"}


def delta(text, kind="text_delta", field="text"):
    return event("content_block_delta", index=0, delta={"type": kind, field: text})


def error(kind, message="m"):
    return event("error", error={"type": kind, "message": message})


BLOCK_END = event("content_block_stop", index=0)
FINISH = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2})
STOP = event("message_stop")


def said(client, persona, **fields):
    body = chat(client, persona, **fields).expect(200)
    assert body["model"] == MODEL
    return body["response"]


def test_the_double_answers_in_this_dialect(client, provider, persona):
    provider.script({"tokens": ["Hello", " there"]})
    body = chat(client, persona).expect(200)
    assert body["response"] == "Hello there" and body["model"] == MODEL
    assert body["usage"]["output_tokens"] == 2 and body["usage"]["estimated"] is False
    asked = provider.requests()[-1]
    assert asked["messages"][-1]["role"] == "user" and asked["max_tokens"] > 0
    assert [b for b in asked["system"] if "cache_control" in b], "the persona's text is marked"


@pytest.mark.parametrize("odd", [
    {"raw": "data: {}\n\n"},
    {"raw": "data: []\n\n"},
    {"raw": "data: ping\n\n"},
    event("ping"),
    event("a_new_event", delta={"type": "text_delta", "text": "not this"}),
    delta("Hm.", "thinking_delta", "thinking"),
    delta("x", "signature_delta", "signature"),
    delta(7),
    {"raw": 'event: content_block_delta\ndata: {"type":"content_block_delta","delta":null}\n\n'},
    {"raw": ": comment\n\n"},
    {"base64": base64.b64encode(b'data: {"note":"\xff\xfe"}\n\n').decode()},
])
def test_what_is_no_known_event_is_passed_over(client, provider, persona, odd):
    provider.script(answer(odd, delta("Hello"), odd, delta(" there"), odd, BLOCK_END, FINISH, odd, STOP, odd))
    body = chat(client, persona).expect(200)
    assert body["response"] == "Hello there"
    assert body["usage"]["output_tokens"] == 2 and body["usage"]["estimated"] is False
    assert provider.counts()["count"] == 1


def test_an_emoji_in_two_halves_is_whole_and_what_is_no_character_is_replaced(client, provider, persona):
    head = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"'
    for one, two, expected in (("Hi \\ud83d", "\\ude00 you", "Hi 😀 you"),
                               ("a\\ud83d", "b", "a\N{REPLACEMENT CHARACTER}b")):
        provider.script(answer({"raw": head + one + '"}}\n\n'}, {"raw": head + two + '"}}\n\n'},
                               BLOCK_END, FINISH, STOP))
        assert said(client, persona) == expected


@pytest.mark.parametrize("tail", [
    [STOP, {"raw": "data: bye\n\n"}],
    [STOP, error("overloaded_error")],
    [STOP, delta("again")],
    [{"raw": "data: {oops\n\n"}],
    [{"cut": True}],
])
def test_a_finished_answer_is_finished(client, provider, persona, tail):
    provider.script(answer(delta("Hello"), BLOCK_END, FINISH, *tail))
    body = chat(client, persona).expect(200)
    assert body["response"] == "Hello" and body["finish_reason"] == "stop"
    assert provider.counts()["count"] == 1


def test_comments_do_not_keep_a_finished_answer_open(client, provider, persona):
    alive = [{"raw": ": keep-alive\n\n"}, {"delay_ms": 500}] * 60
    provider.script(answer(delta("Hello"), BLOCK_END, FINISH, *alive))
    assert said(client, persona, session_id="open") == "Hello"
    provider.script(default={"tokens": ["next"]})
    assert said(client, persona, session_id="open") == "next"


def test_an_overloaded_server_is_asked_again_before_the_first_word_and_not_after_it(client, provider, persona):
    provider.script(answer(error("overloaded_error")), default={"tokens": ["fine"]})
    assert said(client, persona) == "fine"
    assert provider.counts()["count"] == 2
    provider.script(answer(delta("Half of"), error("overloaded_error")))
    chat(client, persona, session_id="s").problem(502, "PROVIDER_FAILED")
    messages = client.get("/api/chat/history/s").expect(200)["messages"]
    assert [message["content"] for message in messages] == ["Hi"]
    assert provider.counts()["count"] == 3


@pytest.mark.parametrize("tokens", [
    [" \n<thi", "nk", ">They", " ask.</th", "ink>\n", "\nHello"],
    [delta("They ask.", "thinking_delta", "thinking"), "Hello"],
])
def test_thinking_is_neither_shown_stored_nor_sent_again(client, provider, persona, tokens):
    provider.script({"tokens": tokens}, default={"tokens": ["Bye"]})
    assert said(client, persona, session_id="s") == "Hello"
    messages = client.get("/api/chat/history/s").expect(200)["messages"]
    assert [message["content"] for message in messages] == ["Hi", "Hello"]
    said(client, persona, session_id="s")
    assert "They" not in json.dumps(provider.requests()[-1]["messages"])


def test_what_a_model_refuses_is_left_out_from_then_on(client, provider):
    persona = made(client, stop=["END"])
    provider.script(default={"tokens": ["fine"], "refuses": ["stop_sequences", "thinking"]})
    assert said(client, persona) == "fine"
    asked = provider.counts()["count"]
    assert asked <= 3
    assert said(client, persona) == "fine"
    assert provider.counts()["count"] == asked + 1
    assert not {"stop_sequences", "thinking"} & set(provider.requests()[-1])


def test_why_it_refuses_is_told_to_admins_only(deployment, client, provider, persona):
    provider.script(default={"status": 404, "error": {"type": "not_found_error", "message":
                                                      "model: claude Key sk-ant-test-0123456789"}},
                    when={'"double"': {"tokens": ["I stand in."]}})
    body = chat(client, persona).expect(200)
    assert body["model"] == "openai/double" and body["response"] == "I stand in.", "F30: the chain goes on"
    told = next(one for one in Client(deployment.http).get("/api/ai/status").expect(200)["providers"]
                if one["name"] == "anthropic")["lastError"]
    assert told["status"] == 404 and told["type"] == "not_found_error"
    assert told["message"].startswith("model: claude") and "sk-ant-test-0123456789" not in str(told)
    assert told["url"] == f"http://{provider.address}/v1/messages"
    assert all("lastError" not in one for one in client.get("/api/ai/status").expect(200)["providers"])


@pytest.mark.parametrize("refusal", [
    {"status": 400, "error": {"type": "invalid_request_error", "message":
                              "Your credit balance is too low to access the Anthropic API."}},
    {"status": 402, "error": {"type": "billing_error", "message": "Pay first."}},
])
def test_a_spent_quota_is_asked_once(client, provider, persona, refusal):
    provider.script(default=refusal, when={'"double"': {"tokens": ["I stand in."]}})
    assert chat(client, persona).expect(200)["model"] == "openai/double"
    assert provider.counts()["count"] == 2


def test_a_prompt_that_it_finds_too_large_is_422(client, provider, persona):
    provider.script(default={"status": 400, "error": {
        "type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}})
    chat(client, persona).problem(422, "CONTEXT_TOO_LARGE")


def test_a_cancelled_answer_has_the_ledgers_figures(client, provider, persona):
    provider.script({"tokens": ["One ", "two ", {"hang": True}]})
    with client.stream("/api/chat", {"message": "Hi", "persona_id": persona, "stream": True}) as stream:
        start = stream.next().json()
        while stream.next().name != "delta":
            pass
        client.post(f"/api/turns/{start['turn_id']}/cancel").expect(200)
        usage = list(stream)[-1].json()["usage"]
    assert usage["estimated"] and usage["output_tokens"] > 0 and usage["cost_micros"] > 0
    assert client.get(f"/api/turns/{start['turn_id']}").expect(200)["usage"]["cost_micros"] == usage["cost_micros"]
    group, = (one for one in client.get("/api/usage?groupBy=model").expect(200)["groups"]
              if one["key"] == MODEL)
    assert group["estimated"] and group["costMicros"] == usage["cost_micros"]
