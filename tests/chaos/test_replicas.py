"""Two replicas of conversation on one PostgreSQL, each behind a gateway of its own."""

import threading
import time

import pytest

from tests.conftest import make_double_persona
from tests.harness.client import Client
from tests.harness.history_checker import check_messages
from tests.harness.sse import Transcript


@pytest.fixture
def pair(make_deployment, provider):
    with make_deployment("separate", {**provider.settings(), "DRAMATIS_TURN_LEASE": "1s"},
                         replicas=2) as deployment:
        yield deployment


def clients(deployment):
    return [Client(address, "alice") for address in deployment.http_addresses()]


def test_stream_of_one_replica_is_followed_through_the_other(pair, provider):
    one, two = clients(pair)
    persona = make_double_persona(one)
    provider.script({"count": 40, "token_delay_ms": 50})
    with one.stream("/api/chat", {"message": "Hi", "persona_id": persona, "stream": True}) as first:
        start = first.next().json()
        began = time.monotonic()
        with two.stream(f"/api/turns/{start['turn_id']}/stream") as second:
            seen = [time.monotonic() - began for _ in [second.next(), second.next()]]
            followed = Transcript()
            followed.turn_id = start["turn_id"]
            with two.stream(f"/api/turns/{start['turn_id']}/stream") as third:
                followed.apply_all(third)
        original = Transcript().apply_all(first)
    # It is live text, not the answer once it is stored: the whole takes 2 s.
    assert seen[0] < 1.0
    assert followed.done == original.done
    assert followed.text == followed.done["response"]
    history = two.get(f"/api/chat/history/{start['session_id']}").expect(200)["messages"]
    assert history[1]["content"].strip() == followed.text.strip()


def test_alternating_between_replicas_at_every_event(pair, provider):
    one, two = clients(pair)
    persona = make_double_persona(one)
    provider.script({"tokens": [f"töken {n} " for n in range(25)], "token_delay_ms": 40})
    transcript = Transcript()
    with one.stream("/api/chat", {"message": "Hi", "persona_id": persona, "stream": True}) as stream:
        transcript.apply(stream.next())
    side = 0
    while not transcript.ended:
        side = 1 - side
        headers = {"Last-Event-ID": transcript.cursor}
        with (one, two)[side].stream(f"/api/turns/{transcript.turn_id}/stream",
                                     headers=headers) as stream:
            transcript.apply(stream.next())
    assert transcript.text == transcript.done["response"]
    assert provider.counts()["count"] == 1


def test_cancel_through_the_other_replica(pair, provider):
    one, two = clients(pair)
    persona = make_double_persona(one)
    provider.script({"tokens": ["half", {"hang": True}]})
    with one.stream("/api/chat", {"message": "Hi", "persona_id": persona, "stream": True}) as stream:
        transcript = Transcript()
        for event in stream:
            transcript.apply(event)
            if transcript.text == "half":
                two.post(f"/api/turns/{transcript.turn_id}/cancel").expect(200)
    assert transcript.done["finish_reason"] == "cancelled"
    assert transcript.done["response"] == "half"


def test_key_used_at_both_replicas_is_one_message(pair, provider):
    persona = make_double_persona(clients(pair)[0])
    provider.script(default={"tokens": ["one", " answer"], "first_delay_ms": 300})
    bodies = []

    def post(client):
        answer = client.post("/api/chat", {"message": "Hi", "persona_id": persona,
                                           "session_id": "s"}, {"Idempotency-Key": "k"})
        bodies.append(answer.expect(200))

    threads = [threading.Thread(target=post, args=(client,)) for client in clients(pair) * 10]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 20 and all(body == bodies[0] for body in bodies)
    assert provider.counts()["count"] == 1


def test_survivor_takes_over_the_turns_of_the_dead(pair, provider):
    one, two = clients(pair)
    persona = make_double_persona(one)
    provider.script({"tokens": ["never ", {"hang": True}]}, default={"tokens": ["taken", " over"]})
    with one.stream("/api/chat", {"message": "Hi", "persona_id": persona, "stream": True}) as stream:
        transcript = Transcript()
        for event in stream:
            transcript.apply(event)
            if transcript.text:
                break
    pair.programs["dramatis-conversation"].kill()
    with two.stream(f"/api/turns/{transcript.turn_id}/stream",
                    headers={"Last-Event-ID": transcript.cursor}) as stream:
        transcript.apply_all(stream)
    assert transcript.text == transcript.done["response"] == "taken over"
    history = two.get(f"/api/chat/history/{transcript.session_id}").expect(200)["messages"]
    check_messages(history)
    assert [message["content"] for message in history] == ["Hi", "taken over"]


def test_paused_replica_cannot_write_after_its_turn_was_taken_over(pair, provider):
    """Stopped (not dead) longer than its lease, then woken: its fencing number is old."""
    one, two = clients(pair)
    persona = make_double_persona(one)
    provider.script({"tokens": ["zombie ", {"delay_ms": 6000}, "words"]},
                    default={"tokens": ["living", " words"]})
    with one.stream("/api/chat", {"message": "Hi", "persona_id": persona, "stream": True}) as stream:
        transcript = Transcript()
        for event in stream:
            transcript.apply(event)
            if transcript.text:
                break
    with pair.programs["dramatis-conversation"].stopped():
        with two.stream(f"/api/turns/{transcript.turn_id}/stream") as stream:
            followed = Transcript().apply_all(stream)
    assert followed.done["response"] == "living words"
    time.sleep(3)
    for client in (one, two):
        history = client.get(f"/api/chat/history/{transcript.session_id}").expect(200)["messages"]
        assert [message["content"] for message in history] == ["Hi", "living words"]
