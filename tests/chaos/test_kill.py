"""`kill -9` while chats stream: nothing acknowledged is lost or doubled."""

import random
import threading
import time

import pytest

from tests.conftest import make_double_persona
from tests.harness.history_checker import Ledger, check
from tests.harness.program import wait_for
from tests.harness.sse import Transcript

CHATS = 20
# Turns of a dead process are taken over after this.
LEASE = {"DRAMATIS_TURN_LEASE": "1s"}


class Chatters:
    """Twenty clients, each in a session of its own, that stream one answer each per round."""

    def __init__(self, client, persona, ledger, round):
        self.began = threading.Semaphore(0)
        self._arguments = (client, persona, ledger, round)
        self._threads = [threading.Thread(target=self._chat, args=(number,))
                         for number in range(CHATS)]
        for thread in self._threads:
            thread.start()

    def _chat(self, number):
        client, persona, ledger, round = self._arguments
        text = f"Message {round} of chat {number}"
        session = f"chat-{number}"
        transcript, entry = Transcript(), None
        try:
            with client.stream("/api/chat", {"message": text, "persona_id": persona,
                                             "session_id": session, "stream": True}) as stream:
                for event in stream:
                    transcript.apply(event)
                    if event.name == "start":
                        entry = ledger.acknowledged(session, transcript.user_message_id,
                                                    transcript.turn_id, text)
                        self.began.release()
        except (AssertionError, OSError):
            pass  # the server died before it answered: nothing was acknowledged
        if entry is not None and transcript.done is not None:
            ledger.answered(entry, transcript.done["message_id"], transcript.text)

    def wait_until_streaming(self, count):
        for _ in range(count):
            assert self.began.acquire(timeout=20), "the chats did not begin"

    def join(self):
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


def wait_until_no_turn_runs(client, ledger):
    turns = [entry.turn_id for entries in ledger.sessions().values() for entry in entries]

    def ended():
        states = [client.get(f"/api/turns/{turn}").expect(200)["state"] for turn in turns]
        return all(state in ("done", "failed", "cancelled") for state in states)

    wait_for(ended, "every turn to end", timeout=60, pause=0.2)


def test_killed_while_twenty_chats_stream(make_deployment, shape, provider):
    chance = random.Random(7)
    ledger = Ledger()
    provider.script(default={"count": 60, "token_delay_ms": 20})
    with make_deployment(shape, {**provider.settings(), **LEASE}) as deployment:
        client = deployment.client("alice")
        persona = make_double_persona(client)
        for round in range(3):
            chatters = Chatters(client, persona, ledger, round)
            chatters.wait_until_streaming(CHATS)
            time.sleep(chance.uniform(0, 1.0))
            deployment.kill()
            chatters.join()
            deployment.start()
            client = deployment.client("alice")
            wait_until_no_turn_runs(client, ledger)
            histories = check(ledger, client)
        assert len(histories) == CHATS
        # Everybody can go on.
        provider.script(default={"tokens": ["fine"]})
        for session in histories:
            client.post("/api/chat", {"message": "Still there?", "session_id": session}).expect(200)


def test_killed_while_messages_arrive(make_deployment, shape, provider):
    """The kill falls anywhere between the arrival of a request and its answer."""
    ledger = Ledger()
    provider.script(default={"count": 3})
    with make_deployment(shape, {**provider.settings(), **LEASE}) as deployment:
        client = deployment.client("alice")
        persona = make_double_persona(client)
        for round in range(5):
            chatters = Chatters(client, persona, ledger, round)
            chatters.wait_until_streaming(1 + 3 * round)
            deployment.kill()
            chatters.join()
            deployment.start()
            client = deployment.client("alice")
            wait_until_no_turn_runs(client, ledger)
            check(ledger, client)


def test_stream_goes_on_after_the_restart(make_deployment, shape, provider):
    """A client whose server was killed resumes with its cursor and ends with the stored text."""
    provider.script({"tokens": ["first ", "try ", {"hang": True}]},
                    default={"tokens": ["second ", "try"]})
    with make_deployment(shape, {**provider.settings(), **LEASE}) as deployment:
        client = deployment.client("alice")
        persona = make_double_persona(client)
        transcript = Transcript()
        with client.stream("/api/chat", {"message": "Hi", "persona_id": persona,
                                         "stream": True}) as stream:
            for event in stream:
                transcript.apply(event)
                if transcript.text == "first try":  # the last space waits for more
                    break
        deployment.kill()
        deployment.start()
        client = deployment.client("alice")
        with client.stream(f"/api/turns/{transcript.turn_id}/stream",
                           headers={"Last-Event-ID": transcript.cursor}) as stream:
            transcript.apply_all(stream)
        assert transcript.text == transcript.done["response"] == "second try"
        history = client.get(f"/api/chat/history/{transcript.session_id}").expect(200)["messages"]
        assert [message["content"] for message in history] == ["Hi", "second try"]


@pytest.mark.parametrize("service", ["persona", "memory", "inference", "gateway"])
def test_other_programs_killed_mid_stream_leave_the_turn_whole(make_deployment, provider, service):
    ledger = Ledger()
    provider.script(default={"count": 40, "token_delay_ms": 20})
    with make_deployment("separate", {**provider.settings(), **LEASE}) as deployment:
        client = deployment.client("alice")
        persona = make_double_persona(client)
        chatters = Chatters(client, persona, ledger, 0)
        chatters.wait_until_streaming(CHATS)
        deployment.programs[f"dramatis-{service}"].kill()
        chatters.join()
        # The programs that were left: a restart gives them addresses of their own again.
        deployment.kill()
        deployment.start()
        client = deployment.client("alice")
        wait_until_no_turn_runs(client, ledger)
        check(ledger, client)
