"""Who may do what in a conversation, over REST and gRPC."""

import pytest

from tests.harness import grpcurl
from tests.harness.deployment import FULL_NAMES
from tests.harness.rooms import make_persona, open_room, path_of, say

SERVICE = FULL_NAMES["conversation"]


class Cast:
    """A conversation with one user for each part in it."""

    def __init__(self, dramatis, user, visibility):
        self.users = {part: f"{user}-{part}" for part in (
            "initiator", "host", "moderator", "participant", "former", "stranger")}
        self.users["admin"] = f"{user}-admin:admin"
        self.clients = {part: dramatis.client(name) for part, name in self.users.items()}
        self.personas = {part: make_persona(client, isPublic=True)
                         for part, client in self.clients.items()}
        opener = self.clients["initiator"]
        self.room = open_room(opener, [self.personas["initiator"]], visibility=visibility,
                              settings={"maxParticipants": 50})
        self.path = path_of(self.room)
        for part in ("host", "moderator", "participant", "former"):
            role = {"host": "host", "moderator": "moderator"}.get(part, "guest")
            added = opener.post(f"{self.path}/participants",
                                {"personaId": self.personas[part], "role": role})
            assert added.expect(201)["role"] == role
            assert added.headers["location"] == (
                f"{self.path}/participants/{self.personas[part]}")
        former = self.clients["former"]
        former.post(f"{self.path}/leave", {"personaId": self.personas["former"]}).expect(200)
        message = say(opener, self.path, self.personas["initiator"], "Welcome").expect(201)
        self.message = message["message"]["messageId"]


# Those who may, and how the others are refused where they may view: 403 or a state's 409.
HOSTS = {"initiator", "host", "moderator", "admin"}
MODERATORS = {"initiator", "moderator", "admin"}
OWNERS = {"initiator", "admin"}
PRESENT = {"initiator", "host", "moderator", "participant"}
PARTS = PRESENT | {"former", "stranger", "admin"}


def attempts(cast, part):
    """Action: (response, parts that may)."""
    client, path, persona = cast.clients[part], cast.path, cast.personas[part]
    newcomer = make_persona(client)
    guest = cast.personas["participant"]
    return {
        "view": (client.get(path), PARTS),
        "participant": (client.get(f"{path}/participants/{guest}"), PARTS),
        "messages": (client.get(f"{path}/messages"), PARTS),
        "message": (client.get(f"{path}/messages/{cast.message}"), PARTS),
        "post": (say(client, path, persona), PRESENT),
        "post as another": (say(client, path, guest), {"participant"}),
        "edit": (client.put(f"{path}/messages/{cast.message}", {"content": "Edited " + part}),
                 {"initiator"}),
        "add": (client.post(f"{path}/participants", {"personaId": newcomer}), HOSTS),
        "add a moderator": (client.post(f"{path}/participants", {
            "personaId": make_persona(client), "role": "moderator"}), MODERATORS),
        "change": (client.patch(path, {"topic": "By " + part}), HOSTS),
        "pause": (client.post(f"{path}/pause"), HOSTS),
        "resume": (cast.clients["initiator"].post(f"{path}/resume") if part in HOSTS
                   else client.post(f"{path}/resume"), HOSTS),
    }


@pytest.mark.parametrize("visibility", ["private", "public"])
def test_each_part_may_do_what_belongs_to_it(dramatis, user, visibility):
    cast = Cast(dramatis, user, visibility)
    for part in sorted(PARTS):
        for action, (response, may) in attempts(cast, part).items():
            if part == "stranger" and visibility == "private":
                response.problem(404, "NOT_FOUND")
            elif part in may:
                assert response.status in (200, 201), (part, action, response.body)
            elif action == "post" and part == "former":
                response.problem(409, "NOT_PARTICIPANT")
            else:
                assert response.problem(403)["code"] == "NOT_PERMITTED", (part, action)
    # What ends things, by each in turn until one may.
    for action, may, send in (
            ("hide", MODERATORS, lambda c: c.delete(f"{cast.path}/messages/{cast.message}")),
            ("remove", MODERATORS,
             lambda c: c.delete(f"{cast.path}/participants/{cast.personas['participant']}")),
            ("close", HOSTS, lambda c: c.post(f"{cast.path}/close")),
            ("delete", OWNERS, lambda c: c.delete(cast.path))):
        for part in sorted(PARTS - may):
            hidden = part == "stranger" and visibility == "private"
            send(cast.clients[part]).problem(404 if hidden else 403)
        assert send(cast.clients[sorted(may)[-1]]).status in (200, 204), action


def test_permissions_tell_beforehand(dramatis, user):
    cast = Cast(dramatis, user, "public")
    found = {part: cast.clients[part].get(cast.path).expect(200)["permissions"] for part in PARTS}
    for part, may in found.items():
        assert may == {
            "canView": True,
            "canAddMessage": part in PRESENT,
            "canJoin": part not in PRESENT,
            "canClose": part in HOSTS,
            "canAddParticipant": part in HOSTS,
            "canRemoveParticipant": part in MODERATORS,
            "canDelete": part in OWNERS,
        }, part


def test_joining_and_leaving(dramatis, user):
    cast = Cast(dramatis, user, "public")
    stranger, persona = cast.clients["stranger"], cast.personas["stranger"]
    stranger.post(f"{cast.path}/join", {"personaId": cast.personas["host"]}).problem(
        409, "ALREADY_PARTICIPANT")
    stranger.post(f"{cast.path}/join", {"personaId": cast.personas["admin"]}).problem(
        403, "PERMISSION_DENIED")
    stranger.post(f"{cast.path}/leave", {"personaId": persona}).problem(409, "NOT_PARTICIPANT")
    key = {"Idempotency-Key": "join-1"}
    joined = stranger.post(f"{cast.path}/join", {"personaId": persona}, key).expect(200)
    assert joined["participants"][-1]["personaId"] == persona
    again = stranger.post(f"{cast.path}/join", {"personaId": persona}, key)
    assert again.headers["idempotency-replayed"] == "true"
    stranger.post(f"{cast.path}/join", {"personaId": persona}).problem(409, "ALREADY_PARTICIPANT")
    say(stranger, cast.path, persona).expect(201)
    stranger.post(f"{cast.path}/leave", {"personaId": cast.personas["host"]}).problem(
        403, "PERMISSION_DENIED")
    left = stranger.post(f"{cast.path}/leave", {"personaId": persona}).expect(200)
    assert left["participants"][-1]["leaveTime"] >= left["participants"][-1]["joinTime"]
    say(stranger, cast.path, persona).problem(409, "NOT_PARTICIPANT")
    # Comes back as the same participant.
    back = stranger.post(f"{cast.path}/join", {"personaId": persona}).expect(200)
    assert [p["personaId"] for p in back["participants"]] == [
        p["personaId"] for p in left["participants"]]
    assert "leaveTime" not in back["participants"][-1]


def test_a_room_takes_as_many_as_it_says_and_when_it_says(dramatis, user):
    first, second, third = (dramatis.client(f"{user}-{i}") for i in range(3))
    room = open_room(first, [make_persona(first)], visibility="public",
                     settings={"maxParticipants": 2, "allowLateJoining": False})
    path = path_of(room)
    mine = make_persona(second)
    second.post(f"{path}/join", {"personaId": mine}).expect(200)
    third.post(f"{path}/join", {"personaId": make_persona(third)}).problem(
        409, "CONVERSATION_FULL")
    first.post(f"{path}/participants", {"personaId": make_persona(first)}).problem(
        409, "CONVERSATION_FULL")
    say(second, path, mine).expect(201)
    second.post(f"{path}/leave", {"personaId": mine}).expect(200)
    third.post(f"{path}/join", {"personaId": make_persona(third)}).problem(
        409, "LATE_JOINING_REFUSED")
    first.post(f"{path}/close").expect(200)
    third.post(f"{path}/join", {"personaId": make_persona(third)}).problem(
        409, "CONVERSATION_CLOSED")


def test_the_initiator_keeps_the_rights_after_leaving(dramatis, user):
    cast = Cast(dramatis, user, "private")
    opener, persona = cast.clients["initiator"], cast.personas["initiator"]
    cast.clients["moderator"].delete(f"{cast.path}/participants/{persona}").problem(
        403, "NOT_PERMITTED")
    left = opener.post(f"{cast.path}/leave", {"personaId": persona}).expect(200)
    assert left["permissions"]["canClose"] and left["permissions"]["canDelete"]
    assert not left["permissions"]["canAddMessage"]
    back = opener.post(f"{cast.path}/participants", {"personaId": persona}).expect(201)
    assert back["role"] == "initiator"
    opener.delete(cast.path).expect(204)


def test_roles_that_nobody_gives(client):
    path = path_of(open_room(client, [make_persona(client)]))
    for role in ("initiator", "king"):
        client.post(f"{path}/participants",
                    {"personaId": make_persona(client), "role": role}).problem(400)
    client.post(f"{path}/participants", {"personaId": "nobody"}).problem(404, "NOT_FOUND")
    client.delete(f"{path}/participants/nobody").problem(409, "NOT_PARTICIPANT")
    client.get(f"{path}/participants/nobody").problem(404, "NOT_FOUND")


def test_adding_is_done_once_per_key(client):
    path, ada = path_of(open_room(client, [make_persona(client)])), make_persona(client, "ai_agent")
    key = {"Idempotency-Key": "add-1"}
    first = client.post(f"{path}/participants", {"personaId": ada, "role": "host"}, key)
    second = client.post(f"{path}/participants", {"personaId": ada, "role": "host"}, key)
    assert second.expect(201) == first.expect(201)
    assert second.headers["idempotency-replayed"] == "true"


GRPC = {
    "GetConversation": {}, "CloseConversation": {}, "DeleteConversation": {},
    "PauseConversation": {}, "ResumeConversation": {}, "ListMessages": {},
    "UpdateConversation": {"conversation": {"topic": "x"}},
    "JoinConversation": {"personaId": "p"}, "LeaveConversation": {"personaId": "p"},
    "AddParticipant": {"personaId": "p"}, "GetParticipant": {"personaId": "p"},
    "RemoveParticipant": {"personaId": "p"}, "RevealParticipant": {"personaId": "p"},
    "CreateMessage": {"personaId": "p", "content": "x"}, "GetMessage": {"messageId": "m"},
    "UpdateMessage": {"messageId": "m", "content": "x"}, "DeleteMessage": {"messageId": "m"},
}


@pytest.mark.parametrize("method", sorted(GRPC))
def test_grpc_hides_what_rest_hides(client, dramatis, method):
    room = open_room(client, [make_persona(client)])
    with pytest.raises(grpcurl.GrpcError) as error:
        grpcurl.call(dramatis.grpc("conversation"), f"{SERVICE}/{method}",
                     {"conversationId": room["conversationId"], **GRPC[method]},
                     ["authorization: Bearer local:nobody"])
    assert error.value.code == "NotFound"
    assert client.get(path_of(room)).expect(200) == room
