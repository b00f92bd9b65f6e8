"""What happens to rooms while nobody calls: the system closes those whose time is over."""

import time

import pytest

from tests.harness.program import wait_for
from tests.harness.rooms import make_persona, open_room, path_of, say


def move_back(dramatis, path, minutes):
    """The room was opened, and last spoken in, so many minutes earlier."""
    by = minutes * 60 * 1_000_000
    dramatis.execute("conversation", f"""
        update {{schema}}.conversations
        set created_at = created_at - {by}, last_activity_at = last_activity_at - {by},
            closes_at = closes_at - {by}
        where conversation_id = '{path.rsplit("/", 1)[1]}'""")


def limited_room(client, **fields):
    """A room with an AI persona, and a time that can be over; its path and its two personas."""
    me, ada = make_persona(client), make_persona(client, "ai_agent")
    return path_of(open_room(client, [me, ada], **fields)), me, ada


@pytest.mark.parametrize("fields, minutes, reason", [
    ({"constraints": {"maxDurationMinutes": 1}}, 1, "max_duration"),
    ({"settings": {"autoCloseAfterHours": 1}}, 60, "inactivity"),
])
def test_an_overdue_room_is_closed_by_the_system(dramatis, client, fields, minutes, reason):
    path, me, ada = limited_room(client, **fields)
    with client.stream(f"{path}/events") as stream:
        # The stream is there before the room is over.
        say(client, path, me, "Hello").expect(201)
        assert next(event for event in stream if event.name == "message")
        client.delete(f"/api/personas/{ada}").problem(409, "PERSONA_IN_USE")
        move_back(dramatis, path, minutes)
        over = time.monotonic()
        state = next(event for event in stream if event.name == "state")
        took = time.monotonic() - over
    assert state.json()["status"] == "completed" and state.json()["reason"] == reason
    assert took < 10, took  # 2 s between two looks, and a busy machine
    room = client.get(path).expect(200)
    assert room["status"] == "completed"
    assert int(dramatis.execute("conversation", f"""
        select count(*) from {{schema}}.events
        where kind = 'state' and conversation_id = '{room["conversationId"]}'""")[0][0]) == 1
    # Its personas are free.
    wait_for(lambda: client.delete(f"/api/personas/{ada}").status == 204, "the persona to be free")


def test_turns_end_with_an_overdue_room(dramatis, client, provider, double_persona):
    me = make_persona(client)
    path = path_of(open_room(client, [me, double_persona],
                             constraints={"maxDurationMinutes": 1}))
    provider.script({"tokens": ["a", {"hang": True}]})
    turn = say(client, path, me, "Say something").expect(201)["turns"][0]["turnId"]
    move_back(dramatis, path, 1)
    wait_for(lambda: client.get(f"/api/turns/{turn}").expect(200)["state"] == "cancelled",
             "the turn to end")
