"""Services whose neighbours die, come back, or hang: an error in time, never a wrong answer."""

import time

import pytest

from tests.conftest import make_double_persona
from tests.harness.history_checker import check_messages
from tests.harness.program import wait_for


@pytest.fixture
def separate(make_deployment, provider):
    with make_deployment("separate", provider.settings()) as deployment:
        yield deployment


NEEDED = ["persona", "memory", "conversation"]


def health(client):
    answer = client.get("/api/health")
    return answer.status, answer.json()


@pytest.mark.parametrize("service", NEEDED)
def test_health_names_the_service_that_is_gone_and_sees_it_return(separate, service):
    client = separate.client("alice")
    separate.programs[f"dramatis-{service}"].kill()
    wait_for(lambda: health(client)[0] == 503, "health to see it")
    _, body = health(client)
    assert body["status"] == "unhealthy"
    assert body["services"][service] == "not_serving"
    assert sorted(body["services"].values()).count("not_serving") == 1
    separate.start_again(f"dramatis-{service}")
    wait_for(lambda: health(client)[0] == 200, "health to see it back")
    client.post("/api/chat", {"message": "Hello", "session_id": "s"}).expect(200)


def test_inference_gone_is_degraded_and_chat_says_so(separate):
    client = separate.client("alice")
    separate.programs["dramatis-inference"].kill()
    body = wait_for(lambda: (found := health(client)[1])["status"] != "healthy" and found,
                    "health to see it")
    assert body["status"] == "degraded"
    response = client.post("/api/chat", {"message": "Hello", "session_id": "s"})
    assert response.status in (502, 503, 504)
    response.problem(response.status)
    # The message is there, and answered once inference is back.
    turn = response.json().get("turn_id") or response.json()["turnId"]
    separate.start_again("dramatis-inference")
    wait_for(lambda: health(client)[1]["status"] == "healthy", "health to see it back")

    def replied():
        state = client.get(f"/api/turns/{turn}").expect(200)["state"]
        if state == "failed":  # conversation connects again within two seconds, after the gateway
            client.post(f"/api/turns/{turn}/retry").expect(200)
        return state == "done"
    wait_for(replied, "the reply", pause=0.2)
    messages = client.get("/api/chat/history/s").expect(200)["messages"]
    check_messages(messages)
    assert [message["role"] for message in messages] == ["user", "assistant"]


@pytest.mark.parametrize("service", ["persona", "memory", "inference"])
def test_neighbour_that_hangs_is_an_error_in_time(separate, provider, service):
    """Never an answer without the persona's text, the memories or the model."""
    client = separate.client("alice")
    persona = make_double_persona(client)
    client.post("/api/memories", {"content": "Keeps hedgehogs."}).expect(201)
    provider.script(default={"tokens": ["fine"]})
    client.post("/api/chat", {"message": "Hi", "persona_id": persona,
                              "session_id": "s"}).expect(200)
    calls = provider.counts()["count"]
    with separate.programs[f"dramatis-{service}"].stopped():
        began = time.monotonic()
        response = client.post("/api/chat", {"message": "hedgehogs?", "session_id": "s"})
        assert response.status in (503, 504), response.body
        assert time.monotonic() - began < 45
        response.problem(response.status)
    assert provider.counts()["count"] == calls
    messages = client.pages("/api/chat/history/s", "messages")
    check_messages(messages)
    assert [message["role"] for message in messages] in (
        ["user", "assistant"], ["user", "assistant", "user"])


def test_reads_of_a_hanging_service_end_in_time(separate):
    client = separate.client("alice")
    path = "/api/memories"
    client.get(path).expect(200)
    with separate.programs["dramatis-memory"].stopped():
        began = time.monotonic()
        response = client.get(path)
        assert response.status in (503, 504)
        response.problem(response.status)
        status, body = health(client)
        assert (status, body["services"]["memory"]) == (503, "not_serving")
        assert time.monotonic() - began < 45
    wait_for(lambda: client.get(path).status == 200, "it to answer again")
