"""Property 3 under load: every prompt holds all the history there was, in order. Clients say the
next thing as soon as they see the answer begin, which is before it is stored."""

import concurrent.futures
import time

import pytest

from tests.conftest import SHAPES, make_double_persona
from tests.harness.fast_client import connect, get, post
from tests.harness.sse import EventReader

# The provider double keeps the newest thousand requests.
TURNS_PER_ROUND = 500


def say(address, user, body):
    """Says it as soon as the turn before it is over, returns when the answer begins."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        with connect(address) as connection:
            answer = post(connection, "/api/chat", {**body, "stream": True}, user)
            if answer.status == 200:
                for event in EventReader(answer):
                    if event.name != "start":
                        assert event.name == "delta", event
                        return
            refusal = answer.read()
            assert answer.status == 409 and b"TURN_IN_PROGRESS" in refusal, refusal[:2000]
    raise AssertionError(f"the turn before {body} does not end")


def talk(address, user, persona, session, turns):
    for number in range(turns):
        say(address, user, {"session_id": session, "persona_id": persona,
                            "message": f"{session} says {number}"})


def history_of(address, user, session, lines):
    """(role, content) of a session's messages, once there are so many."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        messages, token = [], ""
        while True:
            page = get(address, f"/api/chat/history/{session}?page_size=100&page_token={token}",
                       user)
            messages += [(line["role"], line["content"]) for line in page["messages"]]
            token = page["next_page_token"]
            if not token:
                break
        if len(messages) == lines:
            return messages
        time.sleep(0.05)
    raise AssertionError(f"{session}: {len(messages)} lines instead of {lines}")


def run_round(dramatis, provider, user, persona, name, clients, turns):
    """How many prompts there were, and those that lack a line or have another."""
    provider.reset()
    provider.script(default={"echo": True})
    sessions = [f"{name}-{number}" for number in range(clients)]
    each = max(2, turns // clients)
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        for client in [pool.submit(talk, dramatis.http, user, persona, session, each)
                       for session in sessions]:
            client.result()
    histories = {session: history_of(dramatis.http, user, session, 2 * each)
                 for session in sessions}
    prompts = [[(line["role"], line["content"]) for line in request["messages"]
                if line["role"] != "system"] for request in provider.requests()]
    wrong = []
    for prompt in prompts:
        # Where a reply is missing, two lines of the user have become one.
        newest = prompt[-1][1].rpartition("\n")[2]
        session, _, number = newest.partition(" says ")
        expected = histories[session][:2 * int(number) + 1]
        if prompt != expected:
            wrong.append(f"{newest}: {len(prompt)} lines instead of {len(expected)}")
    assert len(prompts) == clients * each
    return len(prompts), wrong


def run(make_deployment, shape, provider, clients, turns):
    settings = {**provider.settings(), "DRAMATIS_MODEL": "local"}
    with make_deployment(shape, settings) as dramatis:
        persona = make_double_persona(dramatis.client("host"), isPublic=True)
        seen, wrong, number = 0, [], 0
        while seen < turns:
            number += 1
            # A user each round, for the sessions that one may have.
            prompts, short = run_round(dramatis, provider, f"guest{number}", persona,
                                       f"r{number}", clients, min(turns, TURNS_PER_ROUND))
            seen += prompts
            wrong += short
    assert not wrong, f"{len(wrong)} of {seen} prompts: {wrong[:10]}"


@pytest.mark.parametrize("shape", SHAPES)
def test_every_prompt_holds_the_whole_history(make_deployment, shape, provider):
    run(make_deployment, shape, provider, clients=24, turns=500)


@pytest.mark.long
@pytest.mark.parametrize("shape", SHAPES)
def test_every_prompt_holds_the_whole_history_of_5000_turns(make_deployment, shape, provider):
    run(make_deployment, shape, provider, clients=32, turns=5000)
