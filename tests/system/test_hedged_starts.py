"""DRAMATIS_HEDGE_AFTER: the next model is asked beside one that says nothing; every call to a model
stands in the reply's usage."""

import time
import uuid

import pytest

from tests.harness import grpcurl
from tests.harness.client import Client
from tests.harness.provider import Provider

SLOW, STANDBY = "openai/double", "openai/standby"
OF_SLOW = '"double"'


@pytest.fixture(scope="module")
def double():
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def deployment(double, make_deployment):
    settings = {**double.settings(), "DRAMATIS_HEDGE_AFTER": "300ms", "DRAMATIS_MODEL": "openai",
                "DRAMATIS_OPENAI_MODELS": "double@1000000@1/2,standby@1000000@3/4"}
    with make_deployment("embedded", settings) as running:
        yield running


@pytest.fixture
def ask(deployment, double):
    """A chat with a persona whose second model stands by."""
    double.reset()
    client = Client(deployment.http, user=f"u-{uuid.uuid4().hex[:8]}")
    persona = client.post("/api/personas", {
        "name": f"P {uuid.uuid4().hex[:8]}", "type": "ai_agent", "biography": "I am Ada.",
        "modelConfig": {"model": SLOW, "fallbackModels": [STANDBY]}}).expect(201)["personaId"]

    def chat(message="Hello"):
        return client.post("/api/chat", {"message": message, "persona_id": persona})

    chat.client, chat.persona = client, persona
    return chat


def outcomes(usage):
    return [(attempt["model"], attempt["outcome"]) for attempt in usage["attempts"]]


def test_the_next_model_answers_for_one_that_is_silent_and_both_are_paid_for(ask, double):
    double.script(default={"tokens": ["I ", "stand by."]}, when={OF_SLOW: {"hang": True}})
    begun = time.monotonic()
    answer = ask().expect(200)
    assert time.monotonic() - begun < 10
    assert answer["response"] == "I stand by." and answer["model"] == STANDBY
    assert outcomes(answer["usage"]) == [(SLOW, "overtaken"), (STANDBY, "answered")]
    overtaken, answered = answer["usage"]["attempts"]
    assert overtaken["estimated"] and overtaken["cost_micros"] > 0
    assert answered["cost_micros"] == answer["usage"]["cost_micros"] > 0
    turn = ask.client.get(f"/api/turns/{answer['turn_id']}").expect(200)
    assert turn["usage"]["attempts"] == answer["usage"]["attempts"]
    spent = ask.client.get("/api/usage").expect(200)
    assert sum(group["costMicros"] for group in spent["groups"]) == (
        overtaken["cost_micros"] + answered["cost_micros"])


def test_one_that_speaks_in_time_is_asked_alone(ask, double):
    double.script(default={"tokens": ["At ", "once."]})
    usage = ask().expect(200)["usage"]
    assert usage["attempts"] == []
    assert len(double.requests()) == 1


def test_a_refused_one_costs_nothing_and_is_told(ask, double):
    double.script(default={"tokens": ["I ", "stand by."]}, when={
        OF_SLOW: {"status": 400, "error": "no"}})
    usage = ask().expect(200)["usage"]
    assert outcomes(usage) == [(SLOW, "rejected"), (STANDBY, "answered")]
    assert usage["attempts"][0].get("cost_micros", 0) == 0


def test_grpc_tells_the_same(ask, double, deployment):
    double.script(default={"tokens": ["I ", "stand by."]}, when={OF_SLOW: {"hang": True}})
    answer = grpcurl.call(
        deployment.grpc("conversation"), "dramatis.conversation.v1.ConversationService/Chat",
        {"message": "Hello", "persona_id": ask.persona},
        [f"authorization: {ask.client.headers['Authorization']}"])[0]
    attempts = answer["usage"]["attempts"]
    assert [attempt["outcome"] for attempt in attempts] == ["overtaken", "answered"]


def test_a_stream_ends_with_the_attempts(ask, double):
    double.script(default={"tokens": ["I ", "stand by."]}, when={OF_SLOW: {"hang": True}})
    body = ask.client.request("POST", "/api/chat", {
        "message": "Hello", "persona_id": ask.persona, "stream": True}).body.decode()
    assert '"outcome":"overtaken"' in body.replace(" ", "")
