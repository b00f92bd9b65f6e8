"""Whoever is sent out of a conversation reads what was said until then and nothing later, on every
route, and is let in again by a host only."""

import pytest

from tests.harness.rooms import make_persona, messages_of, open_room, path_of, say


@pytest.fixture
def guest(dramatis, user):
    return dramatis.client(f"{user}-guest")


class Room:
    """With a host and a guest, who has heard "before"; then sent out, and "after" is said."""

    def __init__(self, host, guest, visibility):
        self.host, self.guest = host, guest
        self.me, self.theirs = make_persona(host), make_persona(guest, isPublic=True)
        self.path = path_of(open_room(host, [self.me], visibility=visibility))
        host.post(f"{self.path}/participants", {"personaId": self.theirs}).expect(201)
        self.before = say(host, self.path, self.me, "before").expect(201)["message"]
        self.own = say(guest, self.path, self.theirs, "mine").expect(201)["message"]

    def send_out(self):
        self.host.delete(f"{self.path}/participants/{self.theirs}").expect(204)

    def go_on(self):
        self.after = say(self.host, self.path, self.me, "after").expect(201)["message"]
        self.late = make_persona(self.host)
        self.host.post(f"{self.path}/participants", {"personaId": self.late}).expect(201)
        self.host.put(f"{self.path}/messages/{self.before['messageId']}",
                      {"content": "edited"}).expect(200)


@pytest.fixture(params=["private", "unlisted", "public"])
def room(request, client, guest):
    return Room(client, guest, request.param)


def test_every_route_ends_at_the_removal(room):
    room.send_out()
    room.go_on()
    guest, path = room.guest, room.path
    assert [m["content"] for m in messages_of(guest, path)] == ["before", "mine"]
    assert [m["content"] for m in messages_of(guest, path, 1)] == ["before", "mine"]
    assert guest.get(f"{path}/messages?afterSequence=2").expect(200)["messages"] == []
    guest.get(f"{path}/messages/{room.after['messageId']}").problem(404, "NOT_FOUND")
    guest.get(f"{path}/messages/{room.after['messageId']}/prompt").problem(404, "NOT_FOUND")
    before = guest.get(f"{path}/messages/{room.before['messageId']}").expect(200)
    assert before["content"] == "before" and "editTime" not in before
    seen = guest.get(path).expect(200)
    assert seen["messageCount"] == 2
    assert room.late not in [p["personaId"] for p in seen["participants"]]
    assert seen["updateTime"] <= next(p for p in seen["participants"] if p["own"])["leaveTime"]
    guest.get(f"{path}/participants/{room.late}").problem(404, "NOT_FOUND")
    listed = [one for one in guest.pages("/api/conversations", "conversations")
              if one["conversationId"] == seen["conversationId"]]
    assert all(one["messageCount"] == 2 for one in listed)
    # Nothing is said any more either.
    say(guest, path, room.theirs, "still here").problem(409, "NOT_PARTICIPANT")
    guest.put(f"{path}/messages/{room.own['messageId']}", {"content": "x"}).problem(
        403, "NOT_PERMITTED")
    guest.put(f"{path}/messages/{room.after['messageId']}", {"content": "x"}).problem(
        404, "NOT_FOUND")
    guest.post("/api/ai/generate-response", {
        "conversationId": seen["conversationId"], "personaId": room.me}).problem(
        403, "NOT_PERMITTED")
    # The others have lost nothing.
    assert [m["content"] for m in messages_of(room.host, path)] == ["edited", "mine", "after"]


def test_only_a_host_lets_in_again(room):
    room.send_out()
    room.go_on()
    guest, path = room.guest, room.path
    assert guest.get(path).expect(200)["permissions"]["canJoin"] is False
    other = make_persona(guest, isPublic=True)
    for persona in (room.theirs, other):
        refused = guest.post(f"{path}/join", {"personaId": persona})
        assert refused.problem(403, "NOT_PERMITTED")
    room.host.post(f"{path}/participants", {"personaId": other}).expect(201)
    assert [m["content"] for m in messages_of(guest, path)] == ["edited", "mine", "after"]
    say(guest, path, other, "back").expect(201)
    # Let in again, the guest may come and go as before.
    guest.post(f"{path}/leave", {"personaId": other}).expect(200)
    assert len(messages_of(guest, path)) == 4


def test_events_end_at_the_removal(room):
    guest, path = room.guest, room.path
    with guest.stream(f"{path}/events") as stream:
        say(room.host, path, room.me, "one more").expect(201)
        first = next(stream_events := iter(stream))
        assert first.name == "message"
        room.send_out()
        room.go_on()
        rest = list(stream_events)
    assert [event.name for event in rest] == ["participant", "error"]
    assert rest[0].json()["personaId"] == room.theirs
    assert rest[1].json()["problem"]["code"] == "NOT_PERMITTED"
    # What was missed until then is told, nothing later.
    with guest.stream(f"{path}/events", headers={"Last-Event-ID": first.id}) as stream:
        assert [event.name for event in stream] == ["participant", "error"]
    guest.get(f"{path}/events", headers={"Accept": "text/event-stream"}).problem(
        403, "NOT_PERMITTED")
