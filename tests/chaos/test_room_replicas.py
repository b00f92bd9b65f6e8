"""Conversations followed through two replicas on one PostgreSQL, each behind a gateway of its own,
while connections, replicas and the database's connections break."""

import threading
import time

import pytest

from tests.harness import postgres
from tests.harness.client import Client
from tests.harness.program import wait_for
from tests.harness.rooms import make_persona, messages_of, open_room, path_of, say


@pytest.fixture
def pair(make_deployment, provider):
    with make_deployment("separate", {**provider.settings(), "DRAMATIS_TURN_LEASE": "1s"},
                         replicas=2) as deployment:
        yield deployment


def clients(deployment):
    return [Client(address, "alice") for address in deployment.http_addresses()]


def follow(client, path, cursor=None):
    return client.stream(f"{path}/events", headers={"Last-Event-ID": cursor} if cursor else None)


def test_what_one_replica_stores_the_other_tells_at_once(pair):
    one, two = clients(pair)
    me = make_persona(one)
    path = path_of(open_room(one, [me]))
    with follow(two, path) as stream:
        waits = []
        for number in range(20):
            began = time.monotonic()
            say(one, path, me, str(number)).expect(201)
            assert stream.next().json()["content"] == str(number)
            waits.append(time.monotonic() - began)
    # It is told, not looked up: that is done every two seconds.
    assert sorted(waits)[10] < 0.5, waits


def test_it_is_found_out_where_nobody_can_tell(pair):
    """The connection over which the replicas tell each other is cut again and again."""
    one, two = clients(pair)
    me = make_persona(one)
    path = path_of(open_room(one, [me]))
    with follow(two, path) as stream:
        for number in range(10):
            cut = postgres.psql(
                pair.database_url,
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> "
                "pg_backend_pid() and datname = current_database() and "
                "(query ilike 'listen%' or query like '%pg_notify%' or query = 'select 1')")
            assert number > 0 or cut
            say(one, path, me, str(number)).expect(201)
            began = time.monotonic()
            assert stream.next().json()["content"] == str(number)
            assert time.monotonic() - began < 10


def test_a_turn_at_one_replica_is_heard_through_the_other(pair, provider):
    one, two = clients(pair)
    me = make_persona(one)
    ada = make_persona(one, "ai_agent", biography="I answer.",
                       modelConfig={"model": "openai/double"},
                       responseDelay={"minMs": 0, "maxMs": 0})
    path = path_of(open_room(one, [me, ada]))
    provider.script({"count": 40, "token_delay_ms": 50})
    with follow(one, path) as here, follow(two, path) as there:
        say(one, path, me, "Hello").expect(201)
        heard = []
        for stream in (here, there):
            texts, began = [], None
            for event in stream:
                if event.name == "delta":
                    began = began or time.monotonic()
                    texts.append(event.json())
                if event.name == "turn" and event.json()["state"] == "done":
                    break
            heard.append((texts, began))
    for texts, _ in heard:
        said = b""
        for delta in texts:
            said = said[:delta["offset"]] + delta["text"].encode()
        reply = messages_of(one, path)[-1]["content"]
        assert len(texts) > 3
        assert reply.strip().startswith(said.decode().strip())


def write_all(targets, path, me, writers, each, failures):
    """Every message once, whatever breaks: the same key until it is acknowledged."""
    def write(number):
        for turn in range(each):
            deadline = time.monotonic() + 60
            attempt = number + turn
            while True:
                client = targets[attempt % len(targets)]
                attempt += 1
                try:
                    answer = say(client, path, me, f"{number}.{turn}",
                                 {"Idempotency-Key": f"{number}.{turn}"})
                    if answer.status == 201:
                        break
                except AssertionError:
                    pass  # the connection broke
                if time.monotonic() > deadline:
                    failures.append((number, turn))
                    return
                time.sleep(0.05)
    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    return threads


def test_a_reader_loses_and_doubles_nothing_while_replicas_are_restarted(pair):
    """100 writers; the reader's connection drops, and one replica after the other is killed."""
    targets = clients(pair)
    me = make_persona(targets[0])
    path = path_of(open_room(targets[0], [me]))
    writers, each = 100, 4
    total, failures = writers * each, []
    with follow(targets[1], path) as stream:
        threads = write_all(targets, path, me, writers, each, failures)
        event = stream.next()
    sequences, cursor = [event.json()["sequence"]], event.id
    victims = {60: "dramatis-conversation-2", 200: "dramatis-conversation"}
    side, deadline = 0, time.monotonic() + 120
    while len(sequences) < total and time.monotonic() < deadline:
        side = 1 - side
        try:
            with follow(targets[side], path, cursor) as stream:
                for event in stream:
                    if event.name == "error":
                        break
                    sequences.append(event.json().get("sequence", event))
                    cursor = event.id
                    name = victims.pop(len(sequences), None)
                    if name is not None:
                        pair.programs[name].kill()
                        pair.start_again(name)
                    if len(sequences) % 50 == 0 or len(sequences) == total:
                        break
        except (AssertionError, StopIteration):
            time.sleep(0.1)  # no replica behind this gateway just now
    for thread in threads:
        thread.join()
    assert not failures
    assert not victims
    assert sequences == list(range(1, total + 1))
    contents = [message["content"] for message in messages_of(targets[0], path)]
    assert sorted(contents) == sorted(f"{n}.{t}" for n in range(writers) for t in range(each))


def test_a_replica_that_ends_sends_its_readers_away(pair):
    one, two = clients(pair)
    me = make_persona(one)
    path = path_of(open_room(one, [me]))
    with follow(two, path) as stream:
        say(one, path, me, "Before").expect(201)
        cursor = stream.next().id
        began = time.monotonic()
        assert pair.programs["dramatis-conversation-2"].terminate() == 0
        assert time.monotonic() - began < 10
        last = list(stream)[-1]
    assert last.name == "error" and last.json()["problem"]["status"] == 503
    say(one, path, me, "After").expect(201)
    with follow(one, path, cursor) as stream:
        assert stream.next().json()["content"] == "After"


def test_the_database_goes_away_for_a_while(pair):
    """Streams stay open, and go on."""
    one, two = clients(pair)
    me = make_persona(one)
    path = path_of(open_room(one, [me]))
    with follow(two, path) as stream:
        say(one, path, me, "Before").expect(201)
        assert stream.next().json()["content"] == "Before"
        postgres.psql(pair.database_url,
                      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> "
                      "pg_backend_pid() and datname = current_database()")
        wait_for(lambda: say(one, path, me, "After").status == 201, "the database")
        assert stream.next().json()["content"] == "After"
