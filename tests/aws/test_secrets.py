"""Keys of providers in Secrets Manager, which moto plays, with signatures checked."""

import concurrent.futures
import json
import re

import pytest

from tests.harness.client import Client
from tests.harness.deployment import PORTS, Embedded
from tests.harness.program import run_program
from tests.harness.stub_server import StubServer

ANSWER = [{"choices": [{"delta": {"content": "Stars."}, "index": 0}]},
          {"choices": [{"delta": {}, "finish_reason": "stop", "index": 0}],
           "usage": {"prompt_tokens": 4, "completion_tokens": 2}}]


class Provider:
    """Speaks OpenAI's chat completions to who has the key of the moment."""

    def __init__(self, key):
        self.key = key
        self.refused = 0
        self.server = StubServer(self.answer)
        self.url = f"{self.server.url}/v1"

    def answer(self, request):
        good = request.headers.get("Authorization") == f"Bearer {self.key}"
        self.refused += not good
        body = "".join(f"data: {json.dumps(part)}\n\n" for part in ANSWER) + "data: [DONE]\n\n"
        return 200 if good else 401, body.encode() if good else b"{}", "text/event-stream"

    def stop(self):
        self.server.stop()


@pytest.fixture
def provider():
    double = Provider("sk-first-0123")
    yield double
    double.stop()


def settings(moto, tmp_path, url, secret):
    file = tmp_path / "providers.yaml"
    file.write_text(json.dumps({"providers": [
        {"name": "house", "baseUrl": url, "models": ["m"], "secret": secret}]}))
    return {**moto.settings(), "DRAMATIS_PROVIDERS_FILE": str(file),
            "DRAMATIS_MODEL": "house/m", "DRAMATIS_MEMORY_MODEL": "local"}


def test_a_key_rotates_without_a_failed_request(moto, tmp_path, provider):
    """Also where the old key dies at once: what it refuses is asked once more with the new one."""
    secrets = moto.client("secretsmanager")
    secrets.create_secret(Name="prod/house", SecretString=json.dumps({"key": provider.key}))
    with Embedded(tmp_path / "data", settings(
            moto, tmp_path, provider.url, "aws-secretsmanager:prod/house#key")) as deployment:
        def ask(number):
            answer = Client(deployment.http, user=f"user-{number % 8}").post(
                "/api/chat", {"message": "Hello", "session_id": f"s-{number}"})
            return answer.status, answer.json()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = [pool.submit(ask, number) for number in range(120)]
            answers[20].result()
            secrets.put_secret_value(SecretId="prod/house",
                                     SecretString=json.dumps({"key": "sk-second-4567"}))
            provider.key = "sk-second-4567"
            for answer in answers:
                status, body = answer.result()
                assert status == 200 and body["response"] == "Stars.", body
        assert 0 < provider.refused < 120
        said = deployment.programs["dramatis"].log_text()
        for secret in ("sk-first", "sk-second", moto.keys["AWS_SECRET_ACCESS_KEY"]):
            assert secret not in said


def test_a_variable_may_refer_to_a_secret(moto, tmp_path, provider):
    moto.client("secretsmanager").create_secret(Name="prod/plain", SecretString=provider.key)
    given = {**moto.settings(), "OPENAI_API_KEY": "aws-secretsmanager:prod/plain",
             "OPENAI_BASE_URL": provider.url, "DRAMATIS_OPENAI_MODELS": "m",
             "DRAMATIS_MEMORY_MODEL": "local"}
    with Embedded(tmp_path / "data", given) as deployment:
        answer = Client(deployment.http).post("/api/chat", {"message": "Hello"}).expect(200)
        assert answer["response"] == "Stars."
    assert provider.refused == 0


def test_a_store_that_is_down_changes_nothing(moto, tmp_path, provider):
    moto.client("secretsmanager").create_secret(Name="prod/down", SecretString=provider.key)
    with Embedded(tmp_path / "data", settings(
            moto, tmp_path, provider.url, "aws-secretsmanager:prod/down")) as deployment:
        client = Client(deployment.http)
        client.post("/api/chat", {"message": "Hello"}).expect(200)
        moto.client("secretsmanager").delete_secret(SecretId="prod/down",
                                                    ForceDeleteWithoutRecovery=True)
        provider.key = "sk-of-nobody"
        client.post("/api/chat", {"message": "Hello"}).problem(502, "PROVIDER_UNAUTHORIZED")
        provider.key = "sk-first-0123"
        client.post("/api/chat", {"message": "Hello"}).expect(200)


@pytest.mark.parametrize("secret,why", [
    ("aws-secretsmanager:prod/nothing",
     r"house: secret the secret prod/nothing of Secrets Manager cannot be read: the answer is 40\d "
     r"ResourceNotFoundException"),
    ("aws-secretsmanager:", "house: secret must name a secret"),
    ("sk-in-the-clear", "house: secret must begin with file:, aws-secretsmanager: or env:"),
    ("file:/nowhere/key", "house: secret cannot read /nowhere/key: No such file"),
])
def test_a_secret_that_cannot_be_read_is_named_at_start(moto, tmp_path, secret, why):
    given = settings(moto, tmp_path, "http://127.0.0.1:1/v1", secret)
    code, said = run_program("dramatis", {**PORTS, "DRAMATIS_DATA_DIR": str(tmp_path), **given},
                             ["--check-config"])
    assert code == 2
    assert re.search(why, said), said
    assert "sk-in-the-clear" not in said


def test_a_user_without_rights_is_told_which_one(moto, tmp_path):
    moto.client("secretsmanager").create_secret(Name="prod/rights", SecretString="sk-1")
    given = {**settings(moto, tmp_path, "http://127.0.0.1:1/v1", "aws-secretsmanager:prod/rights"),
             **moto.keys_of_nobody}
    code, said = run_program("dramatis", {**PORTS, "DRAMATIS_DATA_DIR": str(tmp_path), **given},
                             ["--check-config"])
    assert code == 2
    assert "prod/rights" in said and "403" in said and "secretsmanager:GetSecretValue" in said
