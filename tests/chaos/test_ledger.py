"""`kill -9` while calls to models are paid for: whatever is interrupted, nothing stays reserved,
every answer that was given is paid for once, and what was spent is the sum of what is listed."""

import random
import threading
import time

from tests.conftest import make_double_persona
from tests.harness.program import wait_for

CHATS = 12
ROUNDS = 3
ANSWER_MICROS = 30  # three tokens of ten micros


def settings_of(provider):
    return {**provider.settings(), "DRAMATIS_OPENAI_MODELS": "double@1000000@0/10",
            "DRAMATIS_MODEL": "local", "DRAMATIS_MEMORY_EXTRACTION": "false",
            "DRAMATIS_TURN_LEASE": "1s", "DRAMATIS_RESERVATION_LEASE": "1s"}


def usage_of(client):
    page = client.get("/api/usage?groupBy=model").expect(200)
    listed = sum(group["costMicros"] for group in page["groups"])
    calls = sum(group["calls"] for group in page["groups"])
    return page["budget"], listed, calls


def test_killed_while_chats_are_paid_for(make_deployment, shape, provider):
    chance = random.Random(11)
    provider.script(default={"tokens": ["one ", "two ", "three"], "token_delay_ms": 40})
    answered = []
    with make_deployment(shape, settings_of(provider)) as deployment:
        persona = make_double_persona(deployment.client("alice"), modelConfig={
            "model": "openai/double", "maxOutputTokens": 3})

        def chat(client, number):
            try:
                answer = client.post("/api/chat", {"message": "Hi", "persona_id": persona,
                                                   "session_id": f"s{number}"})
            except (AssertionError, OSError):
                return  # the server died before it answered
            if answer.status == 200:
                answered.append(answer.json())

        for _ in range(ROUNDS):
            client = deployment.client("alice")
            threads = [threading.Thread(target=chat, args=(client, number))
                       for number in range(CHATS)]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.02, 0.6))
            deployment.kill()
            for thread in threads:
                thread.join(60)
            deployment.start()
            # Turns that were interrupted go on here.
            client = deployment.client("alice")
            wait_for(lambda: all(turn_is_over(client, number) for number in range(CHATS)),
                     "every turn to end", timeout=60, pause=0.2)
        wait_for(lambda: usage_of(client)[0]["reservedMicros"] == 0, "nothing to stay reserved",
                 timeout=30)
        budget, listed, calls = usage_of(client)
        assert budget["spentMicros"] == listed
        assert len(answered) <= calls <= provider.counts()["count"]
        assert listed >= ANSWER_MICROS * len(answered)
        assert all(answer["usage"]["cost_micros"] == ANSWER_MICROS for answer in answered)


def turn_is_over(client, number):
    """Whether the session, if it was begun, takes another message."""
    session = client.get(f"/api/history/s{number}")
    if session.status == 404:
        return True
    messages = session.expect(200)["messages"]
    return not messages or messages[-1]["role"] == "assistant"
