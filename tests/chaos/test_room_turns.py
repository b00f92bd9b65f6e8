"""AI turns in conversations while the processes that plan and run them are killed: each message is
answered, and answered once."""

import threading
import time

import pytest

from tests.harness.client import Client
from tests.harness.program import wait_for
from tests.harness.rooms import make_persona, messages_of, open_room, path_of, say

LEASE = {"DRAMATIS_TURN_LEASE": "1s"}


def make_ai(client, delay=0):
    return make_persona(client, "ai_agent", modelConfig={"model": "openai/double"},
                        responseDelay={"minMs": delay, "maxMs": delay})


def replies(client, path):
    return [m for m in messages_of(client, path, 100) if m.get("generated")]


def once_and_no_more(client, path, count, timeout=30):
    wait_for(lambda: len(replies(client, path)) >= count, f"{count} replies", timeout)
    time.sleep(2.5)  # longer than a lease: whoever would answer again has done so
    found = replies(client, path)
    assert len(found) == count
    assert len({m["turnId"] for m in found}) == count
    sequences = [m["sequence"] for m in messages_of(client, path, 100)]
    assert sequences == list(range(1, len(sequences) + 1))
    return found


@pytest.fixture
def pair(make_deployment, provider):
    with make_deployment("separate", {**provider.settings(), **LEASE}, replicas=2) as deployment:
        yield deployment


def clients(deployment):
    return [Client(address, "alice") for address in deployment.http_addresses()]


def kill(deployment, name):
    deployment.programs[name].process.kill()
    deployment.programs[name].wait()


def test_a_worker_killed_in_the_middle_of_a_turn(make_deployment, provider, shape):
    with make_deployment(shape, {**provider.settings(), **LEASE}) as dramatis:
        client = dramatis.client("alice")
        me, ai = make_persona(client), make_ai(client)
        provider.script({"tokens": ["Half of ", "it", {"hang": True}]},
                        default={"tokens": ["All ", "of ", "it."]})
        path = path_of(open_room(client, [me, ai]))
        turn = say(client, path, me, "Hello").expect(201)["turns"][0]["turnId"]
        wait_for(lambda: client.get(f"/api/turns/{turn}").expect(200)["text"] == "Half of it",
                 "half of the answer")
        dramatis.kill()
        dramatis.start()
        client = dramatis.client("alice")
        (reply,) = once_and_no_more(client, path, 1)
        assert reply["content"] == "All of it."
        ended = client.get(f"/api/turns/{turn}").expect(200)
        assert (ended["state"], ended["attempt"]) == ("done", 2)


def test_a_process_killed_before_a_turn_is_due(make_deployment, provider, shape):
    with make_deployment(shape, {**provider.settings(), **LEASE}) as dramatis:
        client = dramatis.client("alice")
        me, ai = make_persona(client), make_ai(client, delay=2000)
        provider.script(default={"tokens": ["Here."]})
        path = path_of(open_room(client, [me, ai]))
        turn = say(client, path, me, "Hello").expect(201)["turns"][0]["turnId"]
        dramatis.kill()
        dramatis.start()
        client = dramatis.client("alice")
        once_and_no_more(client, path, 1)
        assert client.get(f"/api/turns/{turn}").expect(200)["attempt"] == 1


def test_the_other_replica_takes_what_the_killed_one_had_planned(pair, provider):
    one, two = clients(pair)
    me, ai = make_persona(one), make_ai(one, delay=1000)
    provider.script(default={"tokens": ["Here."]})
    path = path_of(open_room(one, [me, ai]))
    say(one, path, me, "Hello").expect(201)
    kill(pair, "dramatis-conversation")
    once_and_no_more(two, path, 1)


def test_the_other_replica_takes_over_in_the_middle(pair, provider):
    one, two = clients(pair)
    me, ai = make_persona(one), make_ai(one)
    provider.script({"tokens": ["Half", {"hang": True}]}, default={"tokens": ["Whole."]})
    path = path_of(open_room(one, [me, ai]))
    turn = say(one, path, me, "Hello").expect(201)["turns"][0]["turnId"]
    wait_for(lambda: two.get(f"/api/turns/{turn}").expect(200)["text"] == "Half", "half of it")
    with two.stream(f"/api/turns/{turn}/stream") as stream:
        stream.next()
        kill(pair, "dramatis-conversation")
        assert list(stream)[-1].json()["response"] == "Whole."
    assert once_and_no_more(two, path, 1)[0]["content"] == "Whole."


def test_two_replicas_never_both_run_a_turn(pair, provider):
    """Many rooms at once, written to through both: as many answers as messages, each asked for
    once."""
    one, two = clients(pair)
    rooms, me = 12, make_persona(one)
    ais = [make_ai(one, delay=300) for _ in range(3)]
    provider.script(default={"tokens": ["Ok."]})
    paths = [path_of(open_room(one, [me, *ais], settings={"maxAiResponders": 3}))
             for _ in range(rooms)]
    planned = []

    def talk(number):
        planned.append(len(say((one, two)[number % 2], paths[number], me, "Hello, what now?")
                           .expect(201)["turns"]))

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(rooms)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert planned == [3] * rooms
    for path in paths:
        wait_for(lambda at=path: len(replies(two, at)) == 3, "three replies")
    time.sleep(2.5)
    assert all(len(replies(one, path)) == 3 for path in paths)
    assert len(provider.requests()) == 3 * rooms
