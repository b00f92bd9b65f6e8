"""gRPC as grpcurl sees it, on every program that serves it."""

import subprocess

import pytest

from tests.harness import grpcurl
from tests.harness.client import Client
from tests.harness.deployment import FULL_NAMES, SERVICES
from tests.harness.program import wait_for

HEALTH = "grpc.health.v1.Health"
# What a part serves besides.
OTHERS = {"persona": {f"dramatis.persona.v1.{noun}Service" for noun in ("Card", "Lore", "Avatar")},
          "conversation": {"dramatis.openai.v1.OpenAiService",
                           "dramatis.conversation.v1.ArchiveService"}}


@pytest.mark.parametrize("service", SERVICES)
def test_list_and_describe_through_reflection(dramatis, service):
    address = dramatis.grpc(service)
    listed = grpcurl.list_services(address)
    assert HEALTH in listed
    parts = SERVICES if dramatis.shape == "embedded" else [service]
    expected = {"dramatis.admin.v1.AdminService"}.union(
        *({FULL_NAMES[part], *OTHERS.get(part, ())} for part in parts))
    assert {name for name in listed if name.startswith("dramatis.")} == expected
    described = grpcurl.describe(address, FULL_NAMES[service])
    assert f"service {service.capitalize()}Service" in described
    assert "option (.google.api.http)" in described


@pytest.mark.parametrize("service", SERVICES)
def test_health_is_reported_for_the_service_by_name(dramatis, service):
    address = dramatis.grpc(service)
    assert grpcurl.call(address, f"{HEALTH}/Check") == [{"status": "SERVING"}]
    assert grpcurl.call(address, f"{HEALTH}/Check", {"service": FULL_NAMES[service]}) == [
        {"status": "SERVING"}]
    with pytest.raises(grpcurl.GrpcError) as error:
        grpcurl.call(address, f"{HEALTH}/Check", {"service": "no.such.Service"})
    assert error.value.code == "NotFound"


def test_call_on_each_service(dramatis, user):
    headers = [f"authorization: Bearer local:{user}"]
    created = grpcurl.call(
        dramatis.grpc("persona"), f"{FULL_NAMES['persona']}/CreatePersona",
        {"persona": {"name": "Wired", "type": "PERSONA_TYPE_AI_AGENT"}}, headers)[0]
    assert created["name"] == "Wired"
    remembered = grpcurl.call(
        dramatis.grpc("memory"), f"{FULL_NAMES['memory']}/CreateMemory",
        {"memory": {"content": "Wired in."}}, headers)[0]
    assert remembered["content"] == "Wired in."
    status = grpcurl.call(
        dramatis.grpc("inference"), f"{FULL_NAMES['inference']}/GetStatus", {}, headers)[0]
    assert {provider["name"] for provider in status["providers"]} == {"local", "openai"}
    events = grpcurl.call(
        dramatis.grpc("conversation"), f"{FULL_NAMES['conversation']}/StreamChat",
        {"message": "Hello", "persona_id": created["persona_id"]}, headers)
    assert "start" in events[0] and "done" in events[-1]
    text = "".join(event["delta"]["text"] for event in events if "delta" in event)
    assert text == events[-1]["done"]["response"]
    # The same, seen through the gateway.
    history = dramatis.client(user).get(
        f"/api/chat/history/{events[0]['start']['session_id']}").expect(200)
    assert history["messages"][1]["content"] == text


def test_field_rules_hold_without_the_gateway(dramatis, user):
    with pytest.raises(grpcurl.GrpcError) as error:
        grpcurl.call(dramatis.grpc("persona"), f"{FULL_NAMES['persona']}/CreatePersona",
                     {"persona": {"name": "x", "type": "PERSONA_TYPE_AI_AGENT"}},
                     [f"authorization: Bearer local:{user}"])
    assert error.value.code == "InvalidArgument"
    assert "persona.name" in str(error.value)


def test_internal_calls_are_refused_to_users(dramatis, user):
    request = {"user_id": user, "turn_key": "t:1",
               "messages": [{"role": "ROLE_USER", "text": "Hi", "message_id": "m", "sequence": 1}]}
    with pytest.raises(grpcurl.GrpcError) as error:
        grpcurl.call(dramatis.grpc("inference"), f"{FULL_NAMES['inference']}/StreamGenerate",
                     request, [f"authorization: Bearer local:{user}"])
    assert error.value.code == "PermissionDenied"
    answered = grpcurl.call(
        dramatis.grpc("inference"), f"{FULL_NAMES['inference']}/StreamGenerate", request,
        [f"authorization: Bearer local:{user}:service"])
    assert "done" in answered[-1]


def test_bytes_that_are_no_message_are_refused_in_words_counted_and_logged(dramatis, tmp_path):
    path = f"{FULL_NAMES['memory']}/CreateMemory"
    message = bytes.fromhex("0a050a03fffefd")  # memory {content: <not UTF-8>}
    frame = tmp_path / "frame"
    frame.write_bytes(b"\x00" + len(message).to_bytes(4, "big") + message)
    answer = subprocess.run(
        ["curl", "-sS", "-i", "--http2-prior-knowledge", "-H", "content-type: application/grpc",
         "-H", "te: trailers", "-H", "x-correlation-id: broken-1", "--data-binary", f"@{frame}",
         f"http://{dramatis.grpc('memory')}/{path}"],
        capture_output=True, text=True, check=True, timeout=60).stdout.lower()
    assert "grpc-status: 3" in answer, answer
    assert "utf-8" in answer, answer  # grpc-message
    assert "x-correlation-id: broken-1" in answer, answer
    counted = f'dramatis_rpc_requests_total{{code="INVALID_ARGUMENT",method="{path}"}}'
    assert any(counted in Client(address).get("/metrics").body.decode()
               for address in dramatis.managements()), counted

    def logged():
        lines = dramatis.log_lines()
        assert not [line for line in lines if "text" in line]  # each is JSON
        messages = {line["message"] for line in lines
                    if line.get("correlation_id") == "broken-1" or line["message"] == "protobuf"}
        return messages >= {"call failed", "protobuf"}

    wait_for(logged, "both lines of the log")
