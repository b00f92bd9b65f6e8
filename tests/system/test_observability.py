"""Logs and metrics of a whole run, as those read them who operate it."""

import json
import re
import subprocess
import uuid

import pytest

from tests.harness.client import Client
from tests.harness.program import wait_for
from tests.harness.rooms import make_persona, open_room, path_of, say

# Lines of the process itself: they belong to no request, turn or job of one.
OF_THE_PROCESS = {
    "listening", "started", "draining", "ended", "gRPC", "default persona made",
    "waiting for the database", "the database is there", "the database is back",
    "the database is away", "periodic job failed", "rooms closed in time",
    "the web page is not in this program: / leads to /docs",
}
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def use_everything(deployment, provider, user):
    """A run with turns that end in each way, a room, admins, refusals; its correlation id."""
    correlation = f"run-{uuid.uuid4().hex}"
    headers = {"X-Correlation-ID": correlation, "traceparent": TRACEPARENT}
    client = deployment.client(user)
    chat = {"message": "Hello", "session_id": f"{user}-session"}
    client.post("/api/chat", chat, headers=headers).expect(200)
    provider.script({"status": 500, "error": "broken"}, {"status": 500, "error": "broken"},
                    {"status": 500, "error": "broken"}, {"tokens": ["Yes", "."]})
    persona = make_persona(client, "ai_agent", modelConfig={"model": "openai/double"})
    client.post("/api/chat", {"message": "Hi", "persona_id": persona}, headers=headers)
    me = make_persona(client)
    path = path_of(open_room(client, [me, persona]))
    say(client, path, me, "Is anybody here?").expect(201)
    wait_for(lambda: len(client.get(f"{path}/messages").expect(200)["messages"]) > 1,
             "an answer in the room")
    client.get("/api/no-such-route")
    client.post("/api/personas", {"name": 5})
    client.get(f"/api/personas/{uuid.uuid4()}")
    deployment.client(f"{user}:admin").get("/api/admin/status")
    client.post("/api/admin/setup-database", {})
    return correlation


@pytest.fixture(scope="module", params=("embedded", "separate"))
def run(request, make_deployment, shared_provider):
    """A run that has ended: (its programs' raw log lines, the correlation id, its metrics)."""
    shared_provider.reset()
    settings = {**shared_provider.settings(), "DRAMATIS_MODEL": "local",
                "DRAMATIS_LOG_LEVEL": "debug"}
    with make_deployment(request.param, settings) as deployment:
        correlation = use_everything(deployment, shared_provider, "ada")
        metrics = {address: Client(address).get("/metrics").body
                   for address in deployment.managements()}
        deployment.stop()
        lines = [line for program in deployment.programs.values() for line in program.raw]
    return lines, correlation, metrics


def parsed(lines):
    return [json.loads(line) for line in lines]


def test_every_line_is_json_with_its_time_level_and_program(run):
    for line in parsed(run[0]):
        assert set(line) >= {"time", "level", "service", "message"}, line


def test_every_line_of_a_request_or_turn_names_it(run):
    lines = [line for line in parsed(run[0]) if line["message"] not in OF_THE_PROCESS]
    messages = {line["message"] for line in lines}
    assert {"request", "call answered", "call failed", "turn begins", "turn ended",
            "a provider's answer failed", "admin call"} <= messages
    for line in lines:
        assert line.get("correlation_id"), line
        assert re.fullmatch("[0-9a-f]{32}", line.get("trace_id", "")), line
        assert line["trace_id"] != "0" * 32


def test_one_request_can_be_followed_through_every_program(run):
    lines, correlation, _ = run
    own = [line for line in parsed(lines) if line.get("correlation_id") == correlation]
    assert {line["trace_id"] for line in own} == {TRACE}
    assert {"request", "call answered", "turn ended", "a provider's answer failed"} <= {
        line["message"] for line in own}


def test_numbers_are_as_short_as_they_can_be(run):
    for line in run[0]:
        text = line.decode() if isinstance(line, bytes) else line
        for number in re.findall(r'":(-?[0-9][^,}]*)', text):
            assert float(repr(float(number))) == float(number)
            assert len(number) <= len(repr(float(number))), text
            assert "E" not in number, text


def test_promtool_has_nothing_to_say_of_the_metrics(run):
    for address, text in run[2].items():
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
        said = (checked.stdout + checked.stderr).decode()
        assert (checked.returncode, said) == (0, ""), f"{address}: {said}"
        for name in re.findall(rb"^# TYPE (\S+)", text, re.MULTILINE):
            assert re.search(rb"^# HELP " + name + rb" \S", text, re.MULTILINE), name
