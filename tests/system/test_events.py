"""What happens in a conversation, followed while it happens: GET .../events."""

import json
import subprocess
import threading
import time

import pytest

from tests.harness.deployment import FULL_NAMES
from tests.harness.program import wait_for
from tests.harness.provider import BROKEN
from tests.harness.rooms import make_persona, messages_of, open_room, path_of, say

STORED = {"message", "turn", "participant", "state"}


@pytest.fixture
def other(dramatis, user):
    return dramatis.client(f"{user}-other")


@pytest.fixture
def me(client):
    return make_persona(client)


@pytest.fixture
def path(client, me):
    return path_of(open_room(client, [me]))


def follow(client, path, cursor=None):
    return client.stream(f"{path}/events", headers={"Last-Event-ID": cursor} if cursor else None)


def read_until(stream, done):
    """Events up to and with the one for which `done` is true."""
    events = []
    for event in stream:
        events.append(event)
        if done(event):
            return events
    raise AssertionError(f"the stream ended: {events}")


def is_state(event, status):
    return event.name == "state" and event.json()["status"] == status


def test_every_change_is_one_event(client, other, path, me):
    with follow(client, path) as stream:
        first = say(client, path, me, "Hello ☕").expect(201)["message"]
        guest = make_persona(other, isPublic=True)
        client.post(f"{path}/participants", {"personaId": guest}).expect(201)
        client.put(f"{path}/messages/{first['messageId']}", {"content": "Better"}).expect(200)
        client.delete(f"{path}/messages/{first['messageId']}").expect(204)
        client.patch(path, {"topic": "Tea"}).expect(200)
        client.post(f"{path}/pause").expect(200)
        client.post(f"{path}/resume").expect(200)
        client.delete(f"{path}/participants/{guest}").expect(204)
        closed = client.post(f"{path}/close", {"reason": "Good night"}).expect(200)
        events = read_until(stream, lambda event: is_state(event, "completed"))
    assert [event.name for event in events] == [
        "message", "participant", "message", "message", "state", "state", "state", "participant",
        "state"]
    bodies = [event.json() for event in events]
    assert bodies[0]["messageId"] == bodies[2]["messageId"] == first["messageId"]
    # As it is when it is told: the text was taken back meanwhile, or not yet.
    assert bodies[0]["content"] in ("Hello ☕", "Better", "")
    assert bodies[3] == client.get(f"{path}/messages/{first['messageId']}").expect(200)
    assert bodies[3]["hidden"] is True and bodies[3]["content"] == ""
    assert bodies[1]["personaId"] == bodies[7]["personaId"] == guest
    assert bodies[7] == client.get(f"{path}/participants/{guest}").expect(200)
    assert [body["status"] for body in bodies[4:7]] == ["active", "paused", "active"]
    assert bodies[8] == {"status": "completed", "reason": "Good night", "etag": closed["etag"]}
    assert len({event.id for event in events}) == len(events)


def test_a_reply_is_heard_while_it_is_said(client, path, me, provider, double_persona):
    client.post(f"{path}/participants", {"personaId": double_persona}).expect(201)
    provider.script({"tokens": ["Good ", "mörning ", "to you."], "token_delay_ms": 150})
    with follow(client, path) as stream:
        say(client, path, me, "Good morning!").expect(201)
        events = read_until(stream, lambda event: event.name == "turn"
                            and event.json()["state"] == "done")
    names = [event.name for event in events]
    assert names[0] == "message"
    turns = [event.json() for event in events if event.name == "turn"]
    assert [turn["state"] for turn in turns][-2:] == ["running", "done"]
    assert [turn.get("reason") for turn in turns][-2:] == ["alone", None]
    assert {turn["personaId"] for turn in turns} == {double_persona}
    typing = [event.json() for event in events if event.name == "typing"]
    assert typing == [{"personaId": double_persona, "turnId": turns[0]["turnId"]}]
    deltas = [event.json() for event in events if event.name == "delta"]
    text = b""
    for delta in deltas:
        assert delta["turnId"] == turns[0]["turnId"]
        assert delta["offset"] == len(text)
        text += delta["text"].encode()
    assert len(deltas) >= 2 and "Good mörning to you.".startswith(text.decode())
    reply = events[-2].json() if events[-2].name == "message" else events[-1].json()
    assert reply["content"] == "Good mörning to you."
    assert reply["generated"] is True and reply["turnId"] == turns[0]["turnId"]
    assert reply["turnReason"] == "alone"
    # Nothing of the turn comes after the message but its end.
    assert names.index("typing") < names.index("delta") < len(names) - 2


def test_who_comes_in_the_middle_hears_all_of_it(client, path, me, provider, double_persona):
    client.post(f"{path}/participants", {"personaId": double_persona}).expect(201)
    provider.script({"tokens": ["The whole ", "text. ", {"delay_ms": 2500}, "And the end."]})
    with follow(client, path) as stream:
        say(client, path, me, "Tell me!").expect(201)
        before = read_until(stream, lambda event: event.name == "delta"
                            and event.json()["text"].endswith("text."))
    for cursor in (before[-1].id, None):
        with follow(client, path, cursor) as stream:
            events = [stream.next(), stream.next()]
        assert [event.name for event in events] == ["typing", "delta"]
        assert events[1].json()["offset"] == 0
        assert events[1].json()["text"].startswith("The whole text.")
    with follow(client, path, before[-1].id) as stream:
        read_until(stream, lambda event: event.name == "turn" and event.json()["state"] == "done")


def test_a_turn_that_fails_says_why(client, path, me, provider, double_persona):
    client.post(f"{path}/participants", {"personaId": double_persona}).expect(201)
    provider.script(BROKEN)
    with follow(client, path) as stream:
        say(client, path, me, "Hello?").expect(201)
        events = read_until(stream, lambda event: event.name == "turn"
                            and event.json()["state"] == "failed")
    assert events[-1].json()["errorCode"]


def test_following_goes_on_after_every_event(client, path, me, provider, double_persona):
    client.post(f"{path}/participants", {"personaId": double_persona}).expect(201)
    provider.script(default={"tokens": ["Aye ", "aye."]})
    with follow(client, path) as stream:
        for number in range(3):
            say(client, path, me, f"Order {number}").expect(201)
        client.patch(path, {"topic": "Ships"}).expect(200)
        seen = read_until(stream, lambda event: event.name == "state")
        wait_for(lambda: all(event.json()["state"] != "running" for event in seen
                             if event.name == "turn") or len(messages_of(client, path)) > 3,
                 "an answer")
        client.post(f"{path}/close").expect(200)
        seen += read_until(stream, lambda event: is_state(event, "completed"))
    stored = [event for event in seen if event.name in STORED]
    assert len(stored) >= 6
    for number, event in enumerate(seen):
        with follow(client, path, event.id) as stream:
            client_sees = [e for e in _some(stream, len([e for e in seen[number + 1:]
                                                         if e.name in STORED]))]
        rest = [(e.name, e.id) for e in seen[number + 1:] if e.name in STORED]
        assert [(e.name, e.id) for e in client_sees] == rest, number


def _some(stream, count):
    """The next `count` stored events."""
    events = []
    while len(events) < count:
        event = stream.next()
        if event.name in STORED:
            events.append(event)
    return events


def test_a_reader_sees_what_a_hundred_writers_say_once_and_in_order(client, path, me):
    writers, each = 100, 3
    failures = []

    def write(number):
        for turn in range(each):
            answer = say(client, path, me, f"{number}.{turn}", {"Idempotency-Key": f"{number}.{turn}"})
            while answer.status in (429, 503):
                answer = say(client, path, me, f"{number}.{turn}",
                             {"Idempotency-Key": f"{number}.{turn}"})
            if answer.status != 201:
                failures.append(answer.body)

    sequences, cursor = [], None
    with follow(client, path) as stream:
        threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
        for thread in threads:
            thread.start()
        event = stream.next()
        sequences, cursor = [event.json()["sequence"]], event.id
    # The connection drops again and again.
    while len(sequences) < writers * each:
        with follow(client, path, cursor) as stream:
            for _ in range(min(70, writers * each - len(sequences))):
                event = stream.next()
                assert event.name == "message"
                sequences.append(event.json()["sequence"])
                cursor = event.id
    for thread in threads:
        thread.join()
    assert not failures
    assert sequences == list(range(1, writers * each + 1))


def test_who_reads_from_long_ago_gets_everything(client, path, me):
    with follow(client, path) as stream:
        say(client, path, me, "0").expect(201)
        cursor = stream.next().id
    for number in range(1, 231):
        say(client, path, me, str(number)).expect(201)
    with follow(client, path, cursor) as stream:
        said = [stream.next().json()["content"] for _ in range(230)]
        say(client, path, me, "now").expect(201)
        said.append(stream.next().json()["content"])
    assert said == [str(number) for number in range(1, 231)] + ["now"]


def test_a_cursor_is_checked(client, path, me):
    with follow(client, path) as stream:
        say(client, path, me).expect(201)
        cursor = stream.next().id
    elsewhere = path_of(open_room(client, [me]))
    bad = ("event:1", "1", cursor + "x", cursor[:-1], "event:" + "A" * 22, cursor.upper())
    for wrong in bad:
        problem = client.get(f"{path}/events", {"Last-Event-ID": wrong}).problem(400, "INVALID_CURSOR")
        assert problem["errors"][0]["field"] == "Last-Event-ID"
    client.get(f"{elsewhere}/events", {"Last-Event-ID": cursor}).problem(400, "INVALID_CURSOR")


def test_cursors_do_not_count(client, other, me):
    """What a masked participant does is not to be seen in the gaps of a number."""
    room = path_of(open_room(client, [me]))
    with follow(client, room) as stream:
        for _ in range(20):
            say(client, room, me).expect(201)
        ids = [stream.next().id for _ in range(20)]
    assert len({cursor[:14] for cursor in ids}) == 20


def test_a_stream_ends_with_the_conversation(client, path, me):
    with follow(client, path) as stream:
        say(client, path, me).expect(201)
        assert stream.next().name == "message"
        client.delete(path).expect(204)
        last = list(stream)[-1]
    assert last.name == "error" and last.json()["problem"]["code"] == "NOT_FOUND"
    client.get(f"{path}/events").problem(404, "NOT_FOUND")


def test_a_stream_ends_with_the_right_to_view(client, other, me):
    path = path_of(open_room(client, [me], visibility="unlisted"))
    with follow(other, path) as stream:
        say(client, path, me, "For all").expect(201)
        assert stream.next().json()["content"] == "For all"
        client.patch(path, {"visibility": "private"}).expect(200)
        say(client, path, me, "For us").expect(201)
        rest = list(stream)
    assert rest[-1].name == "error" and rest[-1].json()["problem"]["code"] == "NOT_FOUND"
    assert "For us" not in "".join(event.data for event in rest)


def test_there_is_a_heartbeat(client, path):
    began = time.monotonic()
    with follow(client, path) as stream:
        lines = [stream.process.stdout.readline() for _ in range(2)]
    assert lines[0].startswith(b"retry: ")
    assert lines[1].startswith(b":")
    assert time.monotonic() - began < 20
    assert stream.status == 200
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["cache-control"] == "no-cache, no-transform"


def test_it_is_the_same_over_grpc(client, dramatis, path, me, user):
    with follow(client, path) as stream:
        say(client, path, me, "One").expect(201)
        first = stream.next()
        say(client, path, me, "Two").expect(201)
        second = stream.next()
        request = {"conversationId": path.rsplit("/", 1)[1], "cursor": first.id}
        called = subprocess.Popen(
            ["grpcurl", "-plaintext", "-max-time", "30", "-format", "json",
             "-H", f"authorization: Bearer local:{user}", "-d", json.dumps(request),
             dramatis.grpc("conversation"), f"{FULL_NAMES['conversation']}/StreamEvents"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # The one that was, then the end, while the call is under way.
        time.sleep(1)
        client.delete(path).expect(204)
        out, err = called.communicate(timeout=30)
    decoder = json.JSONDecoder()
    event, _ = decoder.raw_decode(out)
    assert event["cursor"] == second.id
    assert event["message"]["content"] == "Two"
    assert "Code: NotFound" in err


def test_a_program_that_ends_waits_for_no_follower(make_deployment, provider):
    with make_deployment("embedded", provider.settings()) as dramatis:
        client = dramatis.client("alice")
        me = make_persona(client)
        path = path_of(open_room(client, [me]))
        with follow(client, path) as stream:
            say(client, path, me, "Before").expect(201)
            cursor = stream.next().id
            began = time.monotonic()
            assert set(dramatis.stop().values()) == {0}
            assert time.monotonic() - began < 10
            last = list(stream)[-1]
        assert last.name == "error" and last.json()["problem"]["status"] == 503
        dramatis.start()
        client = dramatis.client("alice")
        say(client, path, me, "After").expect(201)
        with follow(client, path, cursor) as stream:
            assert stream.next().json()["content"] == "After"
