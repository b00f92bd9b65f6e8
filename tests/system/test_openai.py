"""OpenAI's routes over plain HTTP: what is honoured, ignored and refused, who is a model to whom,
and what is kept."""

import base64
import json
import struct
import urllib.parse
import uuid

import pytest

from tests.harness.client import Client
from tests.harness.vector_table import write_table
from tests.harness.program import wait_for
from tests.harness.provider import BROKEN

SAID = "I build telescopes."
MODEL = "openai/double"


def client_of(dramatis, name="user"):
    user = f"{name}-{uuid.uuid4().hex[:12]}"
    return Client(dramatis.http, user=user)


def make_persona(client, name=None, **more):
    return client.post("/api/personas", {
        "name": name or f"P {uuid.uuid4().hex[:12]}", "type": "ai_agent",
        "biography": "I build telescopes in Turin.", "modelConfig": {"model": MODEL},
        **more}).expect(201)


def say(model, text="Hello", **more):
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def complete(client, body, headers=None):
    return client.post("/v1/chat/completions", body, headers)


def frames_of(response):
    """The data of each frame, in order; the last one may be `[DONE]`."""
    assert response.headers["content-type"] == "text/event-stream"
    frames = [frame for frame in response.body.decode().split("\n\n")
              if frame and not frame.startswith(":")]
    assert all(frame.startswith("data: ") and "\n" not in frame for frame in frames), frames
    return [frame.removeprefix("data: ") for frame in frames]


@pytest.fixture
def ada(dramatis, provider):
    provider.script(default={"tokens": ["I build ", "telescopes."]})
    client = client_of(dramatis, "ada")
    client.persona = make_persona(client)
    client.model = client.persona["personaId"]
    return client


def test_models_are_ones_own_personas_public_ones_and_plain_ones(dramatis, ada):
    bob = client_of(dramatis, "bob")
    public = make_persona(bob, isPublic=True)
    private = make_persona(bob)
    human = bob.post("/api/personas", {"name": f"H {uuid.uuid4().hex[:8]}", "type": "human",
                                       "isPublic": True}).expect(201)
    models = {model["id"]: model for model in ada.get("/v1/models").expect(200)["data"]}
    assert next(iter(models)) == ada.model
    assert models[ada.model]["name"] == ada.persona["name"]
    assert models[ada.model]["created"] > 1_700_000_000
    assert models["plain/openai/double"]["owned_by"] == "openai"
    assert public["personaId"] in models
    assert private["personaId"] not in models and human["personaId"] not in models

    def found(name):
        return ada.get("/v1/models/" + name.replace("/", "%2F").replace(" ", "%20"))
    assert found(ada.persona["name"]).expect(200)["id"] == ada.model
    assert found(public["name"].upper()).expect(200)["id"] == public["personaId"]
    assert found("plain/openai/double").expect(200)["id"] == "plain/openai/double"
    for name in (private["personaId"], private["name"], human["personaId"], "plain/openai/none"):
        assert found(name).problem(404, "MODEL_NOT_FOUND")["error"]["param"] == "model"
        complete(ada, say(name)).problem(404, "MODEL_NOT_FOUND")


def test_a_name_that_others_share_is_ones_own(dramatis, ada):
    for other in ("bob", "cy"):
        make_persona(client_of(dramatis, other), ada.persona["name"], isPublic=True)
    assert complete(ada, say(ada.persona["name"])).expect(200)["model"] == ada.persona["name"]
    dan = client_of(dramatis, "dan")
    complete(dan, say(ada.persona["name"])).problem(404, "MODEL_NOT_FOUND")


def test_the_prompt_is_the_personas_with_the_requests_history(ada, provider):
    complete(ada, {"model": ada.model, "messages": [
        {"role": "system", "content": "Answer in one line."},
        {"role": "developer", "content": [{"type": "text", "text": "And be kind."}]},
        {"role": "assistant", "content": "Hello, I am here."},
        {"role": "user", "content": [{"type": "text", "text": "Who"}, {"type": "text", "text": "are you?"}]},
        {"role": "assistant", "content": "Ada."},
        {"role": "system", "content": "It is late."},
        {"role": "user", "content": "And what do you do?"}],
        "temperature": 0.3, "max_tokens": 77, "stop": ["END", "STOP"], "top_p": 0.5}).expect(200)
    sent = provider.requests()[-1]
    system, *history = sent["messages"]
    for text in ("I build telescopes in Turin.", "Answer in one line.", "And be kind.",
                 "You opened with: Hello, I am here."):
        assert text in system["content"]
    assert history == [{"role": "user", "content": "Who\nare you?"},
                       {"role": "assistant", "content": "Ada."},
                       {"role": "user", "content": "It is late.\n\nAnd what do you do?"}]
    assert (sent["temperature"], sent["top_p"], sent["stop"]) == (0.3, 0.5, ["END", "STOP"])
    assert 77 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))


def test_a_plain_model_is_asked_without_a_persona(ada, provider):
    answer = complete(ada, say("plain/openai/double", "### Task: a title")).expect(200)
    assert answer["choices"][0]["message"]["content"] == SAID
    assert provider.requests()[-1]["messages"] == [{"role": "user", "content": "### Task: a title"}]


def test_nothing_is_kept(ada):
    complete(ada, say(ada.model, "I love green tea.")).expect(200)
    ada.post("/v1/responses", {"model": ada.model, "input": "I love green tea."}).expect(200)
    assert ada.get("/api/history").expect(200)["conversations"] == []
    assert ada.get("/api/memories").expect(200)["memories"] == []


def test_a_session_keeps_what_is_said(ada, provider):
    session = f"s-{uuid.uuid4().hex[:8]}"
    metadata = {"session_id": session}
    complete(ada, say(ada.model, "First", metadata=metadata)).expect(200)
    # Its history is the session's, whatever the request's is.
    answer = complete(ada, {"model": ada.model, "metadata": metadata, "messages": [
        {"role": "user", "content": "Something else"}, {"role": "assistant", "content": "No."},
        {"role": "user", "content": "Second"}]}).expect(200)
    history = ada.get(f"/api/chat/history/{session}").expect(200)["messages"]
    assert [message["content"] for message in history] == ["First", SAID, "Second", SAID]
    assert "Something else" not in json.dumps(provider.requests()[-1])
    turn = ada.get("/api/turns/" + answer["id"].removeprefix("chatcmpl-")).expect(200)
    assert turn["session_id"] == session
    # Streamed, in the other shape, and once with a key.
    body = {"model": ada.model, "input": "Third", "metadata": metadata, "stream": True}
    frames = frames_of(ada.post("/v1/responses", body))
    assert json.loads(frames[-1])["type"] == "response.completed"
    key = {"Idempotency-Key": uuid.uuid4().hex}
    fourth = say(ada.model, "Fourth", metadata=metadata)
    first = complete(ada, fourth, key).expect(200)
    again = complete(ada, fourth, key)
    assert again.expect(200)["id"] == first["id"]
    assert again.headers["idempotency-replayed"] == "true"
    history = ada.get(f"/api/chat/history/{session}").expect(200)["messages"]
    assert [message["content"] for message in history][4:] == ["Third", SAID, "Fourth", SAID]
    complete(ada, say(ada.model, metadata={"session_id": "no spaces"})).problem(400)
    complete(ada, say("plain/openai/double", metadata=metadata)).problem(400)
    complete(ada, say(ada.model, "m" * 8001, metadata=metadata)).problem(400)


def test_a_header_names_a_session_where_the_operator_allows_it(make_deployment, shape, provider):
    provider.script(default={"tokens": [SAID]})
    header = {"X-OpenWebUI-Chat-Id": "chat-7"}
    for allowed in ("true", "false"):
        settings = {**provider.settings(), "DRAMATIS_OPENAI_SESSION_HEADERS": allowed}
        with make_deployment(shape, settings) as deployment:
            ada = client_of(deployment, "ada")
            complete(ada, say(make_persona(ada)["personaId"]), header).expect(200)
            history = ada.get("/api/chat/history/chat-7").expect(200)["messages"]
            assert bool(history) == (allowed == "true")


IGNORED = {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
           "tool_choice": "auto", "parallel_tool_calls": True, "functions": [],
           "response_format": {"type": "text"}, "seed": 7, "logit_bias": {"1": 1},
           "presence_penalty": 0.5, "frequency_penalty": 0.5, "service_tier": "auto",
           "store": True, "reasoning_effort": "low", "verbosity": "low", "prompt_cache_key": "k",
           "modalities": ["text"], "user": "u", "safety_identifier": "s", "n": 1, "logprobs": False,
           "audio": None, "never_heard_of": {"a": [1]}, "temperature": None, "stop": None}


def test_what_clients_send_besides_is_ignored(ada):
    assert complete(ada, say(ada.model, **IGNORED)).expect(200)["choices"][0]["finish_reason"] == "stop"
    ada.post("/v1/responses", {
        "model": ada.model, "input": [{"type": "reasoning", "id": "r"}, {"role": "user", "content": "Hi"}],
        "tools": [], "reasoning": {"effort": "low"}, "truncation": "auto", "include": [],
        "text": {"format": {"type": "text"}}, "store": False}).expect(200)


REFUSED = [
    ("n", {"n": 2}),
    ("audio", {"audio": {"voice": "x"}}),
    ("modalities", {"modalities": ["text", "audio"]}),
    ("response_format", {"response_format": {"type": "json_object"}}),
    ("response_format", {"response_format": {"type": "json_schema", "json_schema": {}}}),
    ("logprobs", {"logprobs": True}),
    ("messages[0].content[0].type",
     {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}),
    ("messages[1].role", {"messages": [{"role": "user", "content": "a"},
                                       {"role": "tool", "content": "b"}]}),
    ("messages", {"messages": [{"role": "user", "content": "a"},
                               {"role": "assistant", "content": "b"}]}),
]
REFUSED_RESPONSES = [
    ("previous_response_id", {"previous_response_id": "resp_1"}),
    ("conversation", {"conversation": {"id": "conv_1"}}),
    ("text.format", {"text": {"format": {"type": "json_schema"}}}),
    ("background", {"background": True}),
    ("input[0].type", {"input": [{"type": "item_reference", "id": "msg_1"}]}),
    ("input[0].type", {"input": [{"type": "function_call_output", "call_id": "1", "output": ""}]}),
    ("input", {"input": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}),
]


def test_what_no_persona_can_keep_to_is_refused(ada):
    for param, change in REFUSED:
        for stream in (False, True):
            problem = complete(ada, {**say(ada.model), **change, "stream": stream}).problem(
                400, "UNSUPPORTED_PARAMETER")
            assert (problem["error"]["param"], problem["error"]["code"]) == \
                (param, "unsupported_parameter")
    for param, change in REFUSED_RESPONSES:
        problem = ada.post("/v1/responses", {"model": ada.model, "input": "Hi", **change}).problem(
            400, "UNSUPPORTED_PARAMETER")
        assert problem["error"]["param"] == param
    for change in ({"messages": []}, {"messages": [{"role": "user", "content": " "}]}, {"model": ""},
                   {"temperature": 3}, {"max_tokens": 0}, {"stop": [1]}, {"messages": "Hello"}):
        problem = complete(ada, {**say(ada.model), **change}).problem(400)
        assert problem["error"]["type"] == "invalid_request_error" and problem["error"]["param"]


def test_errors_are_in_openais_form_below_v1_only(ada):
    for response in (ada.get("/v1/completions"), ada.post("/v1/embeddings", {}),
                     ada.post("/v1/embeddings", {"model": "embedder", "input": "Hi"}),
                     ada.post("/v1/models", {}), complete(ada, "no JSON")):
        problem = response.problem(response.status)
        assert problem["error"]["message"] == problem["detail"]
        assert problem["error"]["type"] == "invalid_request_error"
    anonymous = ada.get("/v1/models", {"Authorization": "Bearer "}).problem(401)
    assert anonymous["error"]["code"] == "invalid_api_key"
    assert "error" not in ada.get("/api/nothing").problem(404)
    assert "error" not in ada.get("/v2/models").problem(404)


def test_streams_are_data_frames_and_end_with_done(ada):
    frames = frames_of(complete(ada, say(ada.model, stream=True)))
    assert frames[-1] == "[DONE]"
    chunks = [json.loads(frame) for frame in frames[:-1]]
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0]["role"] == "assistant" and all("role" not in delta for delta in deltas[1:])
    assert "".join(delta.get("content", "") for delta in deltas) == SAID
    assert [chunk["choices"][0].get("finish_reason") for chunk in chunks][-1] == "stop"
    assert all("usage" not in chunk for chunk in chunks)
    frames = frames_of(complete(ada, say(ada.model, stream=True,
                                         stream_options={"include_usage": True})))
    assert json.loads(frames[-2])["choices"] == [] and json.loads(frames[-2])["usage"]["total_tokens"]


def test_what_breaks_off_ends_with_an_error(ada, provider):
    provider.script(default=BROKEN)
    frames = frames_of(complete(ada, say(ada.model, stream=True)))
    assert json.loads(frames[0])["choices"][0]["delta"]["content"].strip() == "Half"
    error = json.loads(frames[-1])
    assert error["error"]["code"] == "provider_failed" and error["error"]["type"] == "server_error"
    assert "[DONE]" not in frames
    frames = frames_of(ada.post("/v1/responses", {"model": ada.model, "input": "a", "stream": True}))
    last = json.loads(frames[-1])
    assert (last["type"], last["response"]["status"]) == ("response.failed", "failed")
    assert [json.loads(frame)["sequence_number"] for frame in frames] == list(range(len(frames)))
    provider.script(default={"tokens": ["Too lo"], "finish_reason": "length"})
    body = {"model": ada.model, "input": "a"}
    answer = ada.post("/v1/responses", body).expect(200)
    assert answer["status"] == "incomplete"
    assert answer["incomplete_details"]["reason"] == "max_output_tokens"
    assert complete(ada, say(ada.model)).expect(200)["choices"][0]["finish_reason"] == "length"


def test_whoever_goes_away_stops_the_model_but_not_in_a_session(ada, provider):
    provider.script(default={"tokens": ["Well ", "then ", {"hang": True}]})
    body = say(ada.model, stream=True)
    with ada.stream("/v1/chat/completions", body) as events:
        next(iter(events))
    wait_for(lambda: provider.counts()["aborted"] == 1, "the model to be stopped")
    session = f"s-{uuid.uuid4().hex[:8]}"
    provider.script(default={"tokens": ["Well ", "then ", {"delay_ms": 300}, "go."]})
    with ada.stream("/v1/chat/completions", {**body, "metadata": {"session_id": session}}) as events:
        next(iter(events))
    wait_for(lambda: len(ada.get(f"/api/chat/history/{session}").expect(200)["messages"]) == 2,
             "the answer to be kept")
    assert ada.get(f"/api/chat/history/{session}").expect(200)["messages"][1]["content"] == "Well then go."


def test_embeddings_are_the_embedders(make_deployment, tmp_path):
    with make_deployment("embedded", write_table(tmp_path / "table")) as deployment:
        client = client_of(deployment)
        listed = [model["id"] for model in client.get("/v1/models").expect(200)["data"]]
        embedder = listed[-1]
        assert embedder.startswith("plain/table/")
        named = client.get(f"/v1/models/{urllib.parse.quote(embedder, '')}").expect(200)
        assert named["id"] == embedder and named["owned_by"] == "table"

        def embed(**more):
            return client.post("/v1/embeddings", {"model": embedder, "input": "storm", **more})
        texts = ["a storm", "gale", "green tea", "nothing known"]
        answer = embed(input=texts).expect(200)
        assert (answer["object"], answer["model"]) == ("list", embedder)
        assert [item["index"] for item in answer["data"]] == [0, 1, 2, 3]
        storm, gale, tea, nothing = (item["embedding"] for item in answer["data"])
        cosine = lambda a, b: sum(x * y for x, y in zip(a, b))
        assert cosine(storm, gale) > .8 > .2 > cosine(storm, tea)
        assert abs(cosine(gale, gale) - 1) < 1e-3 and nothing == [0, 0, 0]
        assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] > 0
        packed = embed(input=texts, encoding_format="base64").expect(200)["data"][1]["embedding"]
        assert list(struct.unpack("<3f", base64.b64decode(packed))) == pytest.approx(gale)
        assert len(embed(input=["tea"] * 600).expect(200)["data"]) == 600
        for model in ("embedder", embedder.removeprefix("plain/")):
            assert embed(model=model, dimensions=3).expect(200)["data"][0]["index"] == 0
        for param, change in (("dimensions", {"dimensions": 2}), ("encoding_format", {"encoding_format": "hex"}),
                              ("input[0]", {"input": [[1, 2]]})):
            assert embed(**change).problem(400, "UNSUPPORTED_PARAMETER")["error"]["param"] == param
        assert embed(model="text-embedding-3-small").problem(404)["error"]["code"] == "model_not_found"
        complete(client, say(embedder)).problem(404, "MODEL_NOT_FOUND")
