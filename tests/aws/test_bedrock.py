"""Claude on Bedrock by an inference profile's ARN, signed: from the routes down to the wire, where AWS' own
SDK for Python judges each signature."""

import datetime
import hashlib
import json
import unittest.mock
import urllib.parse

import pytest
from botocore import auth, awsrequest, credentials

from tests.harness.client import Client
from tests.harness.deployment import Embedded
from tests.harness.stub_server import StubServer

ARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0"
KEYS = credentials.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session/token+=")
REGION = "us-east-1"
EVENTS = {
    "anthropic": [
        {"type": "message_start", "message": {"usage": {"input_tokens": 20, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "I am here."}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
        {"type": "message_stop"}],
    "openai": [
        {"choices": [{"index": 0, "delta": {"content": "I am here."}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 4, "total_tokens": 24}}],
}


def signature_by_the_sdk(request, base):
    """What botocore makes of the request as it came."""
    signed = request.headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    made = awsrequest.AWSRequest(method=request.command, url=base + request.path, data=request.body, headers={
        name: value for name, value in request.headers.items()
        if name.lower() in signed and name.lower() not in ("host", "x-amz-date", "x-amz-security-token")})
    at = datetime.datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(
        tzinfo=datetime.timezone.utc)
    with unittest.mock.patch("botocore.auth.get_current_datetime", return_value=at, create=True):
        auth.SigV4Auth(KEYS, "bedrock", REGION).add_auth(made)
    return made.headers["Authorization"]


@pytest.mark.parametrize("dialect, end", [("anthropic", "/v1/messages"), ("openai", "/chat/completions")])
@pytest.mark.parametrize("path", ["", f"/model/{urllib.parse.quote(ARN, safe='')}",
                                  f"/model/{urllib.parse.quote(ARN, safe=':')}"])
def test_an_arn_is_a_models_name(tmp_path, dialect, end, path):
    requests = []

    def answer(request):
        requests.append(request)
        said = "".join((f"event: {event['type']}\n" if "type" in event else "") + f"data: {json.dumps(event)}\n\n"
                       for event in EVENTS[dialect])
        return 200, (said + ("data: [DONE]\n\n" if dialect == "openai" else "")).encode(), "text/event-stream"

    with StubServer(answer) as bedrock:
        file = tmp_path / "providers.yaml"
        file.write_text(json.dumps({"providers": [
            {"name": "bedrock", "dialect": dialect, "auth": "sigv4", "region": REGION,
             "baseUrl": bedrock.url + path, "models": [f"{ARN}@200000@3/15"]}]}))
        with Embedded(tmp_path / "data", {
                "DRAMATIS_PROVIDERS_FILE": str(file), "DRAMATIS_MODEL": f"bedrock/{ARN}",
                "DRAMATIS_MEMORY_MODEL": "local", "AWS_ACCESS_KEY_ID": KEYS.access_key,
                "AWS_SECRET_ACCESS_KEY": KEYS.secret_key, "AWS_SESSION_TOKEN": KEYS.token}) as deployment:
            client = Client(deployment.http, user="ada")
            said = client.post("/api/chat", {"message": "Hello"}).expect(200)
            assert (said["response"], said["model"]) == ("I am here.", f"bedrock/{ARN}")
            # Named by a persona, and by clients of OpenAI's routes.
            persona = client.post("/api/personas", {
                "name": "Ada", "type": "ai_agent", "modelConfig": {"model": f"bedrock/{ARN}"}}).expect(201)
            said = client.post("/api/chat", {
                "message": "größer 😀", "persona_id": persona["personaId"]}).expect(200)
            assert said["model"] == f"bedrock/{ARN}"
            model = f"plain/bedrock/{ARN}"
            assert model in [each["id"] for each in client.get("/v1/models").expect(200)["data"]]
            assert client.get(f"/v1/models/{urllib.parse.quote(model, safe='')}").expect(200)["id"] == model
            answered = client.post("/v1/chat/completions", {
                "model": model, "messages": [{"role": "user", "content": "Hello"}]}).expect(200)
            assert answered["choices"][0]["message"]["content"] == "I am here."
            usage = client.get("/api/usage?groupBy=model").expect(200)
            [spent] = [group for group in usage["groups"] if group["key"].endswith(ARN)]
            assert (spent["calls"], spent["inputTokens"], spent["costMicros"]) == (3, 60, 3 * (20 * 3 + 4 * 15))

    assert len(requests) == 3
    for request in requests:
        assert request.path == path + end, "as the operator wrote it, and nothing encoded twice"
        assert json.loads(request.body)["model"] == ARN
        assert request.headers["X-Amz-Content-Sha256"] == hashlib.sha256(request.body).hexdigest()
        assert request.headers["X-Amz-Security-Token"] == KEYS.token
        assert request.headers["Authorization"] == signature_by_the_sdk(request, bedrock.url)
