"""Starting, settings and ending of the programs."""

import time

import pytest

from tests.harness.client import Client
from tests.harness.deployment import PORTS, SERVICES
from tests.harness.program import Program, run_program, wait_for
from tests.harness.rooms import make_persona, open_room, path_of, say
from tests.harness.sse import Transcript

PROGRAMS = ["dramatis", "dramatis-gateway"] + [f"dramatis-{service}" for service in SERVICES]


@pytest.fixture
def settings(tmp_path):
    return {**PORTS, "DRAMATIS_DATA_DIR": str(tmp_path / "data")}


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_and_version(program, settings):
    code, output = run_program(program, settings, ["--help"])
    assert code == 0 and program in output and "DRAMATIS_ENVIRONMENT" in output
    code, output = run_program(program, settings, ["--version"])
    assert code == 0 and any(character.isdigit() for character in output)
    code, output = run_program(program, settings, ["--no-such-option"])
    assert code == 2 and "--no-such-option" in output


@pytest.mark.parametrize("program", PROGRAMS)
def test_check_config_reports_every_problem_at_once_without_values(program, settings):
    code, output = run_program(program, settings, ["--check-config"])
    assert code == 0, output
    code, output = run_program(program, {
        **settings, "DRAMATIS_LOG_LEVEL": "chatty-value", "DRAMATIS_WORKERS": "many-value",
        "DRAMATIS_SURPRISE": "secret-value"}, ["--check-config"])
    assert code == 2
    for name in ("DRAMATIS_LOG_LEVEL", "DRAMATIS_WORKERS", "DRAMATIS_SURPRISE"):
        assert name in output
    assert "-value" not in output


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("environment", ["production", "staging"])
def test_other_environments_refuse_to_start_and_say_why(program, environment, settings):
    code, output = run_program(program, {**settings, "DRAMATIS_ENVIRONMENT": environment})
    assert code == 2
    assert "DRAMATIS_ENVIRONMENT" in output
    # Who serves clients needs TLS; programs that call each other prove who they are.
    needed = {"dramatis": "DRAMATIS_TLS_CERTIFICATE_FILE", "dramatis-gateway": "DRAMATIS_IDENTITY_KEY_FILE"}
    assert f"{needed.get(program, 'DRAMATIS_IDENTITY_KEYS_FILE')} must be set" in output


@pytest.mark.parametrize("program", PROGRAMS)
def test_local_is_for_loopback_only(program, settings):
    name = ("DRAMATIS_GRPC_ADDRESS" if program.removeprefix("dramatis-") in SERVICES
            else "DRAMATIS_HTTP_ADDRESS")
    code, output = run_program(program, {**settings, name: "0.0.0.0:0"})
    assert code == 2
    assert name in output


def test_service_refuses_a_schema_it_has_not_migrated(make_deployment):
    deployment = make_deployment("separate", {"DRAMATIS_ADMIN_MUTATIONS": "false"})
    for service in SERVICES:
        program = f"dramatis-{service}"
        code, output = run_program(program, deployment.settings)
        assert code != 0
        assert f"{program} migrate" in output
        code, output = run_program(program, deployment.settings, ["migrate", "--check"])
        assert code != 0
        code, output = run_program(program, deployment.settings, ["migrate"])
        assert code == 0, output
        code, output = run_program(program, deployment.settings, ["migrate", "--check"])
        assert code == 0, output


def test_sigterm_drains(make_deployment, shape, provider):
    with make_deployment(shape, provider.settings()) as deployment:
        client = deployment.client("alice")
        persona = client.post("/api/personas", {
            "name": "Slow", "type": "ai_agent", "modelConfig": {"model": "openai/double"},
        }).expect(201)["personaId"]
        provider.script({"count": 20, "token_delay_ms": 50})
        with client.stream("/api/chat", {"message": "Hi", "persona_id": persona,
                                         "stream": True}) as stream:
            events = iter(stream)
            transcript = Transcript().apply(next(events))
            transcript.apply(next(events))
            gateway = deployment.programs[deployment.gateway]
            gateway.process.terminate()
            transcript.apply_all(events)  # the stream goes on to its end
        assert transcript.done["response"] == "".join(f"t{n} " for n in range(20)).strip()
        assert gateway.wait() == 0
        codes = {name: program.terminate() for name, program in deployment.programs.items()
                 if program.running}
        assert set(codes.values()) <= {0}


def test_sigterm_ends_streams_without_an_end_at_once(make_deployment, shape, provider):
    with make_deployment(shape, provider.settings()) as deployment:
        client = deployment.client("alice")
        me = make_persona(client)
        path = path_of(open_room(client, [me]))
        with client.stream(f"{path}/events") as stream:
            heard = say(client, path, me, "Before").expect(201)["message"]["messageId"]
            first = stream.next()
            assert (first.name, first.json()["messageId"]) == ("message", heard)
            begin = time.monotonic()
            gateway = deployment.programs[deployment.gateway]
            gateway.process.terminate()
            last, = stream  # one more, and the end
            assert stream.process.wait() == 0
        assert last.name == "error"
        problem = last.json()["problem"]
        assert (problem["status"], problem["code"]) == (503, "UNAVAILABLE")
        assert gateway.wait() == 0
        # Alone it would have waited for 15 s.
        assert time.monotonic() - begin < 5
        deployment.restart()
        client = deployment.client("alice")
        missed = say(client, path, me, "Meanwhile").expect(201)["message"]["messageId"]
        with client.stream(f"{path}/events", headers={"Last-Event-ID": first.id}) as stream:
            assert stream.next().json()["messageId"] == missed


def test_sigterm_ends_them_while_an_answer_is_still_completed(make_deployment, shape, provider):
    with make_deployment(shape, provider.settings()) as deployment:
        client = deployment.client("alice")
        persona = make_persona(client, "ai_agent", modelConfig={"model": "openai/double"})
        path = path_of(open_room(client, [make_persona(client)]))
        provider.script({"count": 60, "token_delay_ms": 50})
        with (client.stream(f"{path}/events") as endless,
              client.stream("/api/chat", {"message": "Hi", "persona_id": persona,
                                          "stream": True}) as answer):
            events = iter(answer)
            transcript = Transcript().apply(next(events)).apply(next(events))
            gateway = deployment.programs[deployment.gateway]
            gateway.process.terminate()
            assert [event.name for event in endless] == ["error"]
            assert gateway.running  # for the other's sake
            transcript.apply_all(events)
        assert transcript.done["response"] == "".join(f"t{n} " for n in range(60)).strip()
        assert gateway.wait() == 0


def test_restart_keeps_everything(make_deployment, shape):
    with make_deployment(shape) as deployment:
        client = deployment.client("alice")
        client.put("/api/profile", {"displayName": "Alice"}).expect(200)
        client.post("/api/memories", {"content": "Likes tea."}).expect(201)
        client.post("/api/personas", {"name": "Kept", "type": "ai_agent"}).expect(201)
        client.post("/api/chat", {"message": "Hello", "session_id": "kept"}).expect(200)
        paths = ("/api/profile", "/api/memories", "/api/personas", "/api/chat/history/kept",
                 "/api/history", "/api/session/kept")
        before = [client.get(path).expect(200) for path in paths]
        deployment.restart()
        client = deployment.client("alice")
        assert [client.get(path).expect(200) for path in paths] == before


def test_no_content_and_no_secret_in_the_log(make_deployment, shape, provider):
    with make_deployment(shape, {**provider.settings(), "DRAMATIS_LOG_LEVEL": "debug",
                                 "DRAMATIS_MODEL": "openai/double"}) as deployment:
        provider.script({"tokens": ["purple-answer"]}, {"status": 401, "error": "purple-error"})
        client = deployment.client("alice")
        client.post("/api/chat", {"message": "purple-question"}).expect(200)
        client.post("/api/chat", {"message": "purple-question"})
        client.post("/api/memories", {"content": "purple-memory"}).expect(201)
        client.get("/api/memories/search?q=purple-search").expect(200)
        client.post("/api/chat", {"message": 5, "purple-name": 1})
        deployment.stop()
        log = "\n".join(program.log_text() for program in deployment.programs.values())
    assert "purple" not in log
    assert "sk-test" not in log


def test_a_start_on_existing_data_makes_nothing_anew(settings):
    first = Program("dramatis", settings)
    client = Client(first.address("http"))
    client.post("/api/chat", {"message": "Hello", "session_id": "s"}).expect(200)
    paths = ("/api/chat/history/s", "/api/personas")
    before = [client.get(path).expect(200) for path in paths]
    first.terminate()
    assert "default persona made" in first.log_text()
    again = Program("dramatis", settings)
    client = Client(again.address("http"))
    # Once it has said that it has started, it is ready: nothing is caught up on afterwards.
    wait_for(lambda: "started" in [line.get("message") for line in again.lines], "the program to start")
    client.get("/readyz").expect(200)
    assert [client.get(path).expect(200) for path in paths] == before
    again.kill()
    assert "made" not in again.log_text() and "migrat" not in again.log_text()
