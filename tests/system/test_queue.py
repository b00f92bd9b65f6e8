"""Messages that wait for the end of a turn (`if_busy: enqueue`): over REST, on both shapes."""

import threading

import pytest

from tests.conftest import make_double_persona
from tests.harness.program import wait_for
from tests.harness.sse import Transcript

HANGS = {"tokens": ["one ", "two", {"hang": True}]}


class Waiter(threading.Thread):
    """Says something that waits; `transcript` has what came. With `unary` its answer is `answer`."""

    def __init__(self, client, message, session, unary=False, headers=None):
        super().__init__(daemon=True)
        self.client, self.unary, self.headers = client, unary, headers or {}
        self.body = {"message": message, "session_id": session, "if_busy": "enqueue"}
        self.transcript, self.answer = Transcript(), None
        self.waits = threading.Event()
        self.start()

    def run(self):
        if self.unary:
            self.answer = self.client.post("/api/chat", self.body, self.headers)
            return
        with self.client.stream("/api/chat", {**self.body, "stream": True}, self.headers) as stream:
            for event in stream:
                self.transcript.apply(event)
                self.waits.set()

    def ended(self):
        self.join(30)
        assert not self.is_alive(), "it still waits"
        return self.transcript.done


def said(client, session):
    return [m["content"] for m in client.get(f"/api/chat/history/{session}").expect(200)["messages"]]


@pytest.fixture
def busy(client, provider, double_persona):
    """A session in which a turn runs and hangs; the stream, which is closed at the end, and its turn."""
    provider.script(HANGS)
    with client.stream("/api/chat", {"message": "First", "persona_id": double_persona,
                                     "session_id": "busy", "stream": True}) as stream:
        transcript = Transcript()
        while transcript.text != "one two":
            transcript.apply(stream.next())
        yield transcript.turn_id
        client.post(f"/api/turns/{transcript.turn_id}/cancel").expect(200)


def queue(client, *messages, **more):
    """Waiters, each of which waits before the next one comes."""
    waiters = []
    for message in messages:
        waiter = Waiter(client, message, "busy", **more)
        assert waiter.waits.wait(20), message
        waiters.append(waiter)
    return waiters


def test_messages_wait_and_are_answered_in_their_order(client, provider, busy):
    second, third = queue(client, "Second", "Third")
    assert said(client, "busy") == ["First"]
    assert client.get(f"/api/turns/{second.transcript.turn_id}").expect(200)["state"] == "pending"
    unary = Waiter(client, "Fourth", "busy", unary=True)
    wait_for(lambda: client.get("/api/session/busy").expect(200)["message_count"] == 1, "it")
    provider.script({"tokens": ["A"]}, {"tokens": ["B"]}, default={"tokens": ["C"]})
    client.post(f"/api/turns/{busy}/cancel").expect(200)
    for waiter, answer in ((second, "A"), (third, "B")):
        done = waiter.ended()
        assert (done["response"], waiter.transcript.text) == (answer, answer)
        assert done["user_message_id"] == waiter.transcript.user_message_id
    unary.ended()
    assert unary.answer.expect(200)["response"] == "C"
    messages = client.get("/api/chat/history/busy").expect(200)["messages"]
    assert [m["content"] for m in messages] == ["First", "one two", "Second", "A", "Third", "B",
                                                "Fourth", "C"]
    assert [m["sequence"] for m in messages] == list(range(1, 9))


def test_where_nothing_runs_it_is_answered_at_once(client, provider, double_persona):
    provider.script({"tokens": ["Yes."]})
    body = client.post("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                     "if_busy": "enqueue"}).expect(200)
    assert body["response"] == "Yes."


def test_one_that_waits_can_be_cancelled_and_is_never_said(client, provider, busy):
    second, third = queue(client, "Second", "Third")
    path = f"/api/turns/{second.transcript.turn_id}"
    cancelled = client.post(f"{path}/cancel").expect(200)
    assert (cancelled["state"], cancelled["text"]) == ("cancelled", "")
    assert client.post(f"{path}/cancel").expect(200)["state"] == "cancelled"
    assert second.ended()["finish_reason"] == "cancelled"
    provider.script(default={"tokens": ["B"]})
    client.post(f"/api/turns/{busy}/cancel").expect(200)
    assert third.ended()["response"] == "B"
    assert said(client, "busy") == ["First", "one two", "Third", "B"]
    client.post(f"{path}/retry").problem(409, "TURN_NOT_FAILED")


def test_the_eleventh_is_refused(client, provider, busy):
    waiters = queue(client, *(f"Waits {number}" for number in range(10)))
    problem = client.post("/api/chat", {"message": "Eleventh", "session_id": "busy",
                                        "if_busy": "enqueue"}).problem(409, "TURN_IN_PROGRESS")
    assert busy in str(problem)
    client.delete("/api/session/busy").expect(200)
    for waiter in waiters:
        waiter.ended()
        assert waiter.transcript.error["code"] == "SESSION_ENDED"
    assert said(client, "busy") == ["First"]


def test_a_key_waits_once_and_whoever_has_left_can_follow(client, provider, busy):
    key = {"Idempotency-Key": "waits-once"}
    first, again = queue(client, "Second", "Second", headers=key)
    assert first.transcript.turn_id == again.transcript.turn_id
    other = client.post("/api/chat", {"message": "Other", "session_id": "busy",
                                      "if_busy": "enqueue"}, key)
    other.problem(409, "IDEMPOTENCY_KEY_REUSED")
    provider.script(default={"tokens": ["A"]})
    client.post(f"/api/turns/{busy}/cancel").expect(200)
    assert first.ended()["message_id"] == again.ended()["message_id"]
    assert said(client, "busy") == ["First", "one two", "Second", "A"]
    with client.stream(f"/api/turns/{first.transcript.turn_id}/stream") as stream:
        later = Transcript()
        later.apply_all(stream)
    assert later.text == "A"


def test_what_waits_survives_kill_9(make_deployment, shape, provider):
    provider.script(HANGS)
    settings = {**provider.settings(), "DRAMATIS_TURN_LEASE": "1s"}
    with make_deployment(shape, settings) as deployment:
        client = deployment.client("alice")
        persona = make_double_persona(client)
        with client.stream("/api/chat", {"message": "First", "persona_id": persona,
                                         "session_id": "busy", "stream": True}) as stream:
            transcript = Transcript()
            while transcript.text != "one two":
                transcript.apply(stream.next())
            waiters = []
            for message in ("Second", "Third"):
                waiter = Waiter(client, message, "busy")
                assert waiter.waits.wait(20)
                waiters.append(waiter)
            provider.script({"tokens": ["A"]}, {"tokens": ["B"]}, default={"tokens": ["C"]})
            deployment.kill()
        deployment.start()
        client = deployment.client("alice")
        wait_for(lambda: len(said(client, "busy")) == 6, "all to be answered", timeout=60)
        assert said(client, "busy") == ["First", "A", "Second", "B", "Third", "C"]
        for waiter, answer in zip(waiters, ("B", "C")):
            with client.stream(f"/api/turns/{waiter.transcript.turn_id}/stream",
                               headers={"Last-Event-ID": waiter.transcript.cursor}) as stream:
                waiter.transcript = Transcript()
                waiter.transcript.apply_all(stream)
            assert waiter.transcript.done["response"] == answer
