"""`/v1` as the clients see it that people have: the openai SDKs of npm and PyPI, and Vercel's ai.

What takes longer to install is in tests/system/test_front_ends.py."""

import json
import shutil

import pytest

from tests.clients.conftest import TOOLS, VENV, run, run_python
from tests.harness.client import Client
from tests.harness.vector_table import write_table
from tests.harness.program import ROOT, wait_for
from tests.harness.provider import BROKEN

HERE = ROOT / "tests" / "clients" / "openai"
SAID = "I build telescopes."
EVENTS = ["response.created", "response.in_progress", "response.output_item.added",
          "response.content_part.added", "response.output_text.delta", "response.output_text.done",
          "response.content_part.done", "response.output_item.done", "response.completed"]
VECTORS = [[1, 0, 0], [0, 0, 1]]  # of "a storm" and "tea"
QUOTA = 100  # live sessions of a user


@pytest.fixture
def asked(make_deployment, provider, tmp_path):
    """What a script is asked to do, for a user who has as many live sessions as may be: `from-sdk`
    is one of them, `one-too-many` none."""
    provider.script(default={"tokens": ["I build ", "telescopes."]},
                    when={"FAIL": {"status": 400, "error": "no"}, "BREAK": BROKEN,
                          "SLOW": {"tokens": ["Well ", {"hang": True}]}})
    with make_deployment("embedded", {**provider.settings(),
                                      **write_table(tmp_path / "table")}) as deployment:
        client = Client(deployment.http, user="ada")
        persona = client.post("/api/personas", {
            "name": "Ada", "type": "ai_agent", "biography": "I build telescopes.",
            "modelConfig": {"model": "openai/double"}}).expect(201)
        client.post("/api/session", {"persona_id": persona["personaId"],
                                     "session_id": "unused"}).problem(400)
        for _ in range(QUOTA - 1):
            client.post("/api/session", {"persona_id": persona["personaId"]}).expect(201)
        client.post("/api/chat", {"persona_id": persona["personaId"], "session_id": "from-sdk",
                                  "message": "Good day"}).expect(200)
        yield {"base": f"http://{deployment.http}/v1", "user": "ada", "client": client,
               "model": persona["personaId"], "full": "one-too-many", "provider": provider}


def ask(asked, **more):
    return json.dumps({**{name: asked[name] for name in ("base", "user", "model", "full")}, **more})


def check_nothing_runs(asked):
    """Whoever went away has stopped the model."""
    wait_for(lambda: asked["provider"].counts()["open"] == 0, "the provider's answers to end")
    assert asked["provider"].counts()["aborted"] >= 1


def check_nothing_is_kept(asked, messages):
    """Only what was said in the session is there."""
    history = asked["client"].get("/api/chat/history/from-sdk").expect(200)["messages"]
    assert [message["content"] for message in history] == messages
    assert len(asked["client"].get("/api/history?page_size=100").expect(200)["conversations"]) == QUOTA


def test_sdks_of_npm(asked, tmp_path):
    shutil.copy(HERE / "sdks.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(TOOLS / "node_modules")
    got = json.loads(run(VENV / "node", tmp_path / "sdks.mjs", ask(asked)))

    assert got["models"][0] == asked["model"]
    assert {"plain/openai/double", "plain/local/retrieval"} <= set(got["models"])
    assert got["model"]["name"] == "Ada" and got["model"]["owned_by"] == "dramatis"
    assert got["encoded"] == "plain/local/retrieval"

    chat = got["chat"]
    assert chat["choices"][0]["message"] == {"role": "assistant", "content": SAID}
    assert chat["choices"][0]["finish_reason"] == "stop"
    assert chat["usage"]["total_tokens"] == \
        chat["usage"]["prompt_tokens"] + chat["usage"]["completion_tokens"] > 0
    assert isinstance(chat["created"], int) and chat["model"] == asked["model"]
    assert got["stream"]["text"] == SAID and got["stream"]["finish"] == ["stop"]
    assert got["stream"]["usage"]["completion_tokens"] > 0

    assert got["response"]["output_text"] == SAID and got["response"]["status"] == "completed"
    assert list(dict.fromkeys(got["responseStream"]["types"])) == EVENTS
    assert got["responseStream"]["text"] == SAID
    assert got["responseStream"]["usage"]["total_tokens"] > 0
    assert got["chatHelper"] == got["responseHelper"] == SAID
    for vectors in (got["vectors"], got["floats"], got["aiVectors"]):
        assert [[round(value) for value in vector] for vector in vectors] == VECTORS

    assert (got["unauthenticated"]["type"], got["unauthenticated"]["code"]) == \
        ("AuthenticationError", "invalid_api_key")
    assert (got["missing"]["type"], got["missing"]["code"], got["missing"]["param"]) == \
        ("NotFoundError", "model_not_found", "model")
    assert got["noRoute"]["type"] == "NotFoundError" and "no such path" in got["noRoute"]["message"]
    assert (got["refused"]["type"], got["refused"]["code"], got["refused"]["param"]) == \
        ("BadRequestError", "unsupported_parameter", "n")
    assert (got["tooMany"]["type"], got["tooMany"]["status"]) == ("RateLimitError", 429)
    assert got["tooManyRequests"] == 2  # tried again once, after what Retry-After says
    assert (got["failed"]["type"], got["failed"]["status"]) == ("InternalServerError", 502)
    assert got["broken"]["type"] == "APIError" and got["beforeBreak"].strip() == "Half"
    assert got["brokenResponse"]["last"] == "response.failed"
    assert got["brokenResponse"]["error"]["code"] == "provider_failed"
    assert got["beforeAbort"].strip() == "Well"
    assert got["helperBroken"]["message"] and got["helperAborted"]["type"] == "APIUserAbortError"

    for name, answer in got["ai"].items():
        assert answer["whole"] == answer["text"] == SAID, name
        assert answer["finish"] == answer["streamFinish"] == "stop", name
        assert answer["usage"] > 0 and answer["streamUsage"] > 0, name
        assert answer["errors"] == [], name
        assert answer["before"].strip() == "Half", name
        assert answer["broken"] >= 1 or answer["brokenFinish"] in ("error", "rejected"), name
        assert answer["missing"]["status"] == 404 and "model" in answer["missing"]["message"], name
        assert answer["unauthenticated"]["status"] == 401, name
        assert (answer["tooMany"]["status"], answer["tooMany"]["retryable"]) == (429, True), name
        assert answer["left"].strip() == "Well", name
    assert set(got["ai"]) == {"responses", "chat", "compatible"}
    check_nothing_runs(asked)
    check_nothing_is_kept(asked, ["Good day", SAID, "Hello", SAID])


def test_openai_of_pypi(asked):
    got = json.loads(run_python(HERE / "sdk.py", ask(asked)))
    assert got["models"][0] == asked["model"]
    assert got["chat"]["choices"][0]["message"]["content"] == SAID
    assert got["stream"] == got["response"] == got["helper"] == got["chat_helper"] == SAID
    assert got["usage"]["total_tokens"] > 0
    assert [[round(value) for value in vector] for vector in got["vectors"]] == VECTORS
    assert list(dict.fromkeys(got["types"])) == EVENTS
    assert (got["unauthenticated"]["type"], got["missing"]["type"], got["too_many"]["type"]) == \
        ("AuthenticationError", "NotFoundError", "RateLimitError")
    assert got["broken"]["type"] == "APIError" and got["broken"]["message"]
    assert got["before_abort"].strip() == "Well"
    check_nothing_runs(asked)
    check_nothing_is_kept(asked, ["Good day", SAID])
