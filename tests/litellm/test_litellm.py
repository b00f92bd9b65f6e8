"""A LiteLLM proxy as a provider: OpenAI's dialect as a second hand wrote it. `./dev test long`
installs it into build/tools/litellm, with the versions of requirements.txt."""

import os
import subprocess
import urllib.error
import urllib.request

import pytest

from tests.harness.client import Client
from tests.harness.deployment import Embedded
from tests.harness.postgres import free_port
from tests.harness.program import ROOT, _die_with_parent, wait_for
from tests.harness.sse import events_of

TOOLS = ROOT / "build" / "tools" / "litellm" / "bin"
KEY = "sk-local-test-0123456789abcdef0123456789"
SAID = "I build telescopes in Turin."
CONFIG = f"""
model_list:
  - model_name: mock
    litellm_params: {{model: openai/mock, api_key: none, mock_response: "{SAID}"}}
  - model_name: busy
    litellm_params: {{model: openai/busy, api_key: none, mock_response: litellm.RateLimitError}}
general_settings: {{master_key: {KEY}}}
"""

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """Its URL."""
    folder = tmp_path_factory.mktemp("litellm")
    (folder / "config.yaml").write_text(CONFIG)
    port = free_port()
    process = subprocess.Popen(
        [TOOLS / "litellm", "--config", folder / "config.yaml", "--host", "127.0.0.1", "--port",
         str(port)], cwd=folder, env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=_die_with_parent)
    url = f"http://127.0.0.1:{port}"

    def lives():
        assert process.poll() is None, "LiteLLM has ended"
        try:
            return urllib.request.urlopen(f"{url}/health/liveliness", timeout=5).status == 200
        except (urllib.error.URLError, OSError):
            return False

    wait_for(lives, "LiteLLM to answer", 300, 0.5)
    yield url
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def client(proxy, tmp_path_factory):
    settings = {"OPENAI_BASE_URL": f"{proxy}/v1", "OPENAI_API_KEY": KEY,
                "DRAMATIS_OPENAI_MODELS": "mock@32768@1/2,busy", "DRAMATIS_MEMORY_MODEL": "local"}
    with Embedded(tmp_path_factory.mktemp("data") / "data", settings) as deployment:
        yield Client(deployment.http)


def persona(client, model, **config):
    return client.post("/api/personas", {
        "name": f"P {model} {len(config)}", "type": "ai_agent", "biography": "I am Ada.",
        "modelConfig": {"model": f"openai/{model}", **config}}).expect(201)["personaId"]


def test_it_answers_with_usage(client):
    answer = client.post("/api/chat", {"message": "Hello", "persona_id": persona(client, "mock")}).expect(200)
    assert answer["response"] == SAID
    assert answer["finish_reason"] == "stop"
    assert answer["usage"]["output_tokens"] > 0 and answer["usage"]["cost_micros"] > 0


def test_it_streams(client):
    body = client.request("POST", "/api/chat", {"message": "Hello", "stream": True}).body
    events = events_of(body)
    assert "".join(event.json()["text"] for event in events if event.name == "delta") == SAID
    assert events[-1].name == "done"


def test_another_model_answers_for_one_that_is_busy(client):
    of = persona(client, "busy", fallbackModels=["openai/mock"])
    answer = client.post("/api/chat", {"message": "Hello", "persona_id": of}).expect(200)
    assert answer["model"] == "openai/mock" and answer["response"] == SAID
    outcomes = [attempt["outcome"] for attempt in answer["usage"]["attempts"]]
    assert outcomes == ["busy"] * (len(outcomes) - 1) + ["answered"]


def test_a_wrong_key_is_the_operators_affair(proxy, tmp_path):
    """Users learn that the provider failed; admins and the log why, without the key."""
    wrong = "sk-wrong-0123456789abcdef0123456789"
    settings = {"OPENAI_BASE_URL": f"{proxy}/v1", "OPENAI_API_KEY": wrong,
                "DRAMATIS_OPENAI_MODELS": "mock", "DRAMATIS_MEMORY_MODEL": "local"}
    with Embedded(tmp_path / "data", settings) as deployment:
        user = Client(deployment.http, user="u")
        for stream in (False, True):
            said = user.request("POST", "/api/chat", {"message": "Hello", "stream": stream}).body.decode()
            assert "PROVIDER_FAILED" in said and SAID not in said
            assert wrong not in said and "LiteLLM" not in said and "connected" not in said
        assert user.post("/api/chat", {"message": "Hello"}).status == 502
        admin = Client(deployment.http)
        failed = [p["lastError"] for p in admin.get("/api/ai/status").expect(200)["providers"]
                  if p["name"] == "openai"][0]
        assert failed["status"] in (400, 401), failed  # without a database of keys it says 400
        told = str(failed) + "".join(p.log_text() for p in deployment.programs.values())
        assert wrong not in told
        assert all("lastError" not in p for p in user.get("/api/ai/status").expect(200)["providers"])
