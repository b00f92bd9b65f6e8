"""Providers of models as other people play them: @copilotkit/aimock speaks OpenAI's chat
completions and Anthropic's Messages, cuts streams, is overloaded, is slow."""

import json
import os
import subprocess
import uuid

import pytest

from tests.clients.conftest import TOOLS, VENV
from tests.harness.client import Client
from tests.harness.program import ROOT

SAID = "I build telescopes in Turin, and I love clear nights."
DIALECTS = {"chat": "gpt-4o-mini", "messages": "claude-opus-5-5", "older": "claude-sonnet-4-5"}


@pytest.fixture(scope="module")
def aimock():
    """Its URL."""
    process = subprocess.Popen([VENV / "node", ROOT / "tests" / "clients" / "models" / "aimock.cjs"],
                               env={**os.environ, "NODE_PATH": str(TOOLS / "node_modules")},
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline().strip()
    with process:  # closes what it reads from and waits
        process.stdin.close()


@pytest.fixture(scope="module")
def deploy(aimock, make_deployment, tmp_path_factory):
    """A deployment with a provider for each dialect, and other settings."""
    def make(**settings):
        folder = tmp_path_factory.mktemp("providers")
        key = folder / "key"
        key.write_text("sk-test-0123456789\n")
        secret = f"file:{key}"
        providers = [
            {"name": "chat", "baseUrl": f"{aimock}/v1", "secret": secret,
             "models": [DIALECTS["chat"], "standby"]},
            {"name": "messages", "dialect": "anthropic", "baseUrl": aimock, "secret": secret,
             "models": [DIALECTS["messages"]]},
            {"name": "older", "dialect": "anthropic", "baseUrl": aimock, "auth": "bearer",
             "secret": secret, "models": [DIALECTS["older"]], "maxConcurrent": 1},
        ]
        file = folder / "providers.yaml"
        file.write_text(json.dumps({"providers": providers}))  # JSON is YAML
        return make_deployment("embedded", {"DRAMATIS_PROVIDERS_FILE": str(file),
                                            "DRAMATIS_MODEL": "local",
                                            "DRAMATIS_MEMORY_MODEL": "local", **settings})
    return make


@pytest.fixture(scope="module")
def client(deploy):
    with deploy() as deployment:
        yield Client(deployment.http)


def entries(journal):
    return journal if isinstance(journal, list) else journal["entries"]


def persona(client, model, **config):
    return client.post("/api/personas", {
        "name": f"P {uuid.uuid4().hex[:8]}", "type": "ai_agent", "biography": "I am Ada.",
        "modelConfig": {"model": model, **config}}).expect(201)["personaId"]


def chat(client, model, message, **config):
    return client.post("/api/chat", {"message": message, "persona_id": persona(client, model, **config)})


@pytest.mark.parametrize("provider", DIALECTS)
@pytest.mark.parametrize("message", ["ANY", "SLOW"])
def test_answers_with_its_usage(client, provider, message):
    model = f"{provider}/{DIALECTS[provider]}"
    answer = chat(client, model, message, temperature=0.5).expect(200)
    assert answer["response"] == SAID
    assert answer["model"] == model
    assert answer["finish_reason"] == "stop"
    assert answer["usage"]["input_tokens"] == 40
    assert answer["usage"]["output_tokens"] == 12
    assert answer["usage"]["cost_micros"] > 0
    assert not answer["usage"].get("estimated")


@pytest.mark.parametrize("provider", DIALECTS)
@pytest.mark.parametrize("message", ["OVERLOADED", "REFUSED"])
def test_another_model_answers_for_one_that_fails(client, provider, message):
    """Also when everything but the built-in model fails; that one says where the answer came
    from."""
    answer = chat(client, f"{provider}/{DIALECTS[provider]}", message,
                  fallbackModels=["nobody/none", "local/retrieval"]).expect(200)
    assert answer["model"] == "local/retrieval"


@pytest.mark.parametrize("provider", DIALECTS)
def test_a_cut_answer_fails_its_turn_and_is_never_half_a_reply(client, provider):
    session = f"s-{uuid.uuid4().hex}"
    problem = client.post("/api/chat", {
        "message": "CUT", "session_id": session,
        "persona_id": persona(client, f"{provider}/{DIALECTS[provider]}"),
    }).problem(502, "PROVIDER_FAILED")
    turn = client.get(f"/api/turns/{problem['turn_id']}").expect(200)
    assert turn["state"] == "failed"
    assert SAID.startswith(turn["text"]) and turn["text"]
    messages = client.get(f"/api/chat/history/{session}").expect(200)["messages"]
    assert [message["role"] for message in messages] == ["user"]


@pytest.mark.parametrize("provider", ["chat", "messages"])
def test_a_cut_answer_is_asked_for_anew_where_it_is_configured(deploy, aimock, provider):
    def asked():
        journal = Client(aimock.removeprefix("http://")).get("/__aimock/journal?limit=500").expect(200)
        return sum("CUT" in json.dumps(entry["body"]) for entry in entries(journal))

    with deploy(DRAMATIS_ON_BROKEN_STREAM="restart") as deployment:
        client = Client(deployment.http)
        before = asked()
        problem = chat(client, f"{provider}/{DIALECTS[provider]}", "CUT").problem(
            502, "PROVIDER_FAILED")
        assert asked() - before == 2
        stream = client.get(f"/api/turns/{problem['turn_id']}/stream").body.decode()
        assert ":2:" in stream, "another attempt of the turn"


@pytest.mark.parametrize("provider", DIALECTS)
def test_chaos_makes_no_half_reply_and_loses_none(deploy, provider):
    """A fifth of the calls each is dropped with a 500, is no JSON, is disconnected: every answer is
    whole, the model's or, where that failed, another's, or the turn failed and says so."""
    with deploy() as deployment:
        client = Client(deployment.http)
        of = persona(client, f"{provider}/{DIALECTS[provider]}", fallbackModels=["local/retrieval"])
        session, whole, by_model = f"s-{uuid.uuid4().hex}", 0, 0
        for _ in range(20):
            answer = client.post("/api/chat", {"message": "CHAOS", "session_id": session,
                                               "persona_id": of})
            if answer.status == 200:
                whole += 1
                if answer.json()["model"] != "local/retrieval":
                    by_model += 1
                    assert answer.json()["response"] == SAID
            else:
                answer.problem(502, "PROVIDER_FAILED")  # it broke off after its first words
        assert by_model and whole > by_model / 2
        messages = client.get(f"/api/chat/history/{session}?pageSize=100").expect(200)["messages"]
        assert sum(message["role"] == "assistant" for message in messages) == whole
        assert sum(message["role"] == "user" for message in messages) == 20


def test_status_names_every_provider(client):
    status = client.get("/api/ai/status").expect(200)
    assert {one["name"] for one in status["providers"]} == {*DIALECTS, "local"}
    assert status["configured"]


def test_a_model_that_is_not_offered_is_refused_at_the_route(client):
    chat(client, "chat/gpt-9", "ANY").problem(422, "UNKNOWN_MODEL")
