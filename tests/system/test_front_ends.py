"""`/v1` as seen by programs that take long to install: each in an environment of its own, made for
the test and gone with it."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import uuid

import pytest

from tests.clients.conftest import VENV
from tests.clients.test_openai import HERE, SAID, ask, asked, check_nothing_is_kept, check_nothing_runs
from tests.harness.cards import cards_of
from tests.harness.program import wait_for

__all__ = ["asked"]  # the fixture

LITELLM = "litellm==1.110.2"
SILLYTAVERN = "sillytavern@1.19.0"


@pytest.mark.long
def test_litellm(asked, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run([tmp_path / "venv/bin/pip", "install", "-q", "--disable-pip-version-check", LITELLM],
                   check=True)
    ran = subprocess.run([tmp_path / "venv/bin/python", HERE / "sdk.py", ask(asked, litellm=True)],
                         check=True, capture_output=True, text=True)
    got = json.loads(ran.stdout.splitlines()[-1])
    assert got["chat"] == got["stream"] == SAID
    assert got["usage"] > 0 and got["stream_usage"] > 0
    assert (got["unauthenticated"], got["missing"], got["too_many"]) == \
        ("AuthenticationError", "NotFoundError", "RateLimitError")
    assert got["broken"]
    assert asked["model"] in got["models"]
    assert got["before_abort"].strip() == "Well"
    check_nothing_runs(asked)
    check_nothing_is_kept(asked, ["Good day", SAID])


class SillyTavern:
    """Its server without a browser; what its page would ask, asked here."""

    def __init__(self, folder):
        subprocess.run([VENV / "npm", "install", "--silent", "--no-audit", "--no-fund", "--omit=dev",
                        "--prefix", folder, SILLYTAVERN], check=True,
                       env={**os.environ, "PATH": f"{VENV}:{os.environ['PATH']}"})
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(
            [VENV / "node", "server.js", "--port", str(self.port), "--listen", "false",
             "--disableCsrf", "true", "--browserLaunchEnabled", "false", "--dataRoot", folder / "data"],
            cwd=folder / "node_modules/sillytavern", stdout=self.log, stderr=self.log,
            start_new_session=True)
        wait_for(self.answers, "SillyTavern to start", timeout=300)

    def answers(self):
        assert self.process.poll() is None
        try:
            return self.request("/", None)[:1]
        except OSError:
            return None

    def request(self, path, body, kind="application/json"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body,
                                         {"Content-Type": kind} if body else {})
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read()

    def post(self, path, body):
        return self.request(path, json.dumps(body).encode())

    def leave(self, path, body):
        """The beginning of the answer, up to its first frame; then the connection is closed."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            begun = b""
            while b"Well" not in begun:
                begun += response.read1()
            return begun

    def upload(self, path, file, kind):
        line = uuid.uuid4().hex
        head = (f'--{line}\r\nContent-Disposition: form-data; name="file_type"\r\n\r\n{kind}\r\n--{line}\r\n'
                f'Content-Disposition: form-data; name="avatar"; filename="card.{kind}"\r\n'
                'Content-Type: application/octet-stream\r\n\r\n').encode()
        return json.loads(self.request(path, head + file + f"\r\n--{line}--\r\n".encode(),
                                       f"multipart/form-data; boundary={line}"))

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


@pytest.fixture
def tavern(tmp_path):
    running = SillyTavern(tmp_path)
    yield running
    running.stop()


@pytest.mark.long
def test_sillytavern(asked, tavern):
    """Its status, its chats, whole and streamed; a card of ours through its import and export, and
    back."""
    to_us = {"chat_completion_source": "custom", "custom_url": asked["base"]}
    refused = json.loads(tavern.post("/api/backends/chat-completions/status", to_us))
    assert refused.get("error")  # without a key
    tavern.post("/api/secrets/write", {"key": "api_key_custom", "value": f"local:{asked['user']}"})
    models = json.loads(tavern.post("/api/backends/chat-completions/status", to_us))["data"]
    assert asked["model"] in [model["id"] for model in models]

    say = {**to_us, "model": asked["model"], "messages": [{"role": "user", "content": "Hello"}],
           "temperature": 1, "max_tokens": 300, "presence_penalty": 0, "frequency_penalty": 0, "top_p": 1}
    whole = json.loads(tavern.post("/api/backends/chat-completions/generate", {**say, "stream": False}))
    assert whole["choices"][0]["message"]["content"] == SAID
    frames = tavern.post("/api/backends/chat-completions/generate", {**say, "stream": True}).decode()
    data = [line.removeprefix("data: ") for line in frames.splitlines() if line.startswith("data: ")]
    assert data[-1] == "[DONE]"
    assert "".join(json.loads(frame)["choices"][0]["delta"].get("content", "") for frame in data[:-1]) == SAID
    missing = json.loads(tavern.post("/api/backends/chat-completions/generate", {**say, "model": "nobody"}))
    assert missing["error"]["message"]
    # As many live sessions as may be: 429.
    full = json.loads(tavern.post("/api/backends/chat-completions/generate", {
        **say, "stream": False,
        "custom_include_body": f"metadata:\n  session_id: {asked['full']}"}))
    assert full["error"]["message"]
    broken = tavern.post("/api/backends/chat-completions/generate", {
        **say, "stream": True, "messages": [{"role": "user", "content": "BREAK"}]}).decode()
    assert "Half" in broken and '"error"' in broken and "[DONE]" not in broken.split('"error"')[0]
    begun = tavern.leave("/api/backends/chat-completions/generate", {
        **say, "stream": True, "messages": [{"role": "user", "content": "SLOW"}]})
    assert b"Well" in begun
    check_nothing_runs(asked)

    client, path = asked["client"], f"/api/personas/{asked['model']}"
    client.request("PATCH", path, {
        "greeting": "Good evening, {{user}}.", "alternateGreetings": ["Hm?"], "tags": ["stars"],
        "creator": "me", "creatorNotes": "Be kind.", "systemPrompt": "Be brief."}).expect(200)
    lore = client.request("PUT", f"{path}/lore", {"entries": [
        {"entryId": "1", "keys": ["lens"], "secondaryKeys": ["old"], "secondaryLogic": "all",
         "content": "It is flint.", "sticky": 3, "cooldown": 2, "delay": 1, "position": "at_depth",
         "depth": 2, "insertionOrder": 7}]}).expect(200)
    for kind in ("png", "json"):
        card = client.get(f"{path}/export?format={kind}&spec=v2").body
        name = tavern.upload("/api/characters/import", card, kind)["file_name"]
        back = tavern.post("/api/characters/export", {"format": kind, "avatar_url": f"{name}.png"})
        document = json.loads(cards_of(back)["chara"] if kind == "png" else back)
        document["data"]["name"] = document["name"] = f"Ada by {kind}"
        made = client.post("/api/personas/import", document).expect(201)["persona"]
        mine = client.get(path).expect(200)
        for field in ("biography", "greeting", "alternateGreetings", "tags", "creator", "creatorNotes",
                      "systemPrompt"):
            assert made[field] == mine[field], (kind, field)
        again = client.get(f"/api/personas/{made['personaId']}/lore").expect(200)
        assert again["entries"] == lore["entries"], kind
    check_nothing_is_kept(asked, ["Good day", SAID])
