"""The matrix of who may do what in a conversation, over REST and over gRPC alike."""

import pytest

from tests.harness import grpcurl
from tests.harness.deployment import FULL_NAMES
from tests.harness.rooms import make_persona, open_room, path_of, say

SERVICE = FULL_NAMES["conversation"]
PARTS = ("stranger", "participant", "initiator", "moderator", "admin")
YES = 200
# By HTTP status: what the same is over gRPC.
CODES = {404: "NotFound", 403: "PermissionDenied", 409: "FailedPrecondition"}

# Action: what each part gets, in the order in which they are done.
PUBLIC = {
    #            stranger participant initiator moderator admin
    "view":      (YES,    YES,        YES,      YES,      YES),
    "events":    (YES,    YES,        YES,      YES,      YES),
    "messages":  (YES,    YES,        YES,      YES,      YES),
    "post":      (403,    YES,        YES,      YES,      403),
    # Of a message that somebody else wrote.
    "edit":      (403,    403,        403,      403,      403),
    "edit own":  (403,    YES,        YES,      YES,      403),
    "generate":  (403,    YES,        YES,      YES,      YES),
    # Those who are in it are in it: a state, not a right.
    "join":      (YES,    409,        409,      409,      YES),
    "close":     (403,    403,        YES,      YES,      YES),
    "delete":    (403,    403,        YES,      403,      YES),
}
# A stranger finds nothing there; nobody comes in by themselves.
PRIVATE = {action: (404, *row[1:]) for action, row in PUBLIC.items()}
PRIVATE["join"] = (404, 409, 409, 409, 403)


class Cast:
    """A conversation with one user for each part, and an AI in it."""

    def __init__(self, dramatis, user, visibility):
        self.dramatis = dramatis
        self.users = {part: f"{user}-{part}" for part in PARTS}
        self.users["admin"] += ":admin"
        self.clients = {part: dramatis.client(name) for part, name in self.users.items()}
        self.personas = {part: make_persona(client) for part, client in self.clients.items()}
        opener = self.clients["initiator"]
        self.ai = make_persona(opener, "ai_agent", responseDelay={"minMs": 0, "maxMs": 0})
        room = open_room(opener, [self.personas["initiator"], self.ai], visibility=visibility,
                         settings={"maxAiResponders": 0})
        self.id, self.path = room["conversationId"], path_of(room)
        # Whoever adds a persona may use it: it is public for that moment.
        for part in ("participant", "moderator"):
            client, persona = self.clients[part], self.personas[part]
            client.patch(f"/api/personas/{persona}", {"isPublic": True}).expect(200)
            role = "moderator" if part == "moderator" else "guest"
            opener.post(f"{self.path}/participants",
                        {"personaId": persona, "role": role}).expect(201)
        # Somebody else's message.
        other = dramatis.client(f"{user}-other")
        theirs = make_persona(other, isPublic=True)
        opener.post(f"{self.path}/participants", {"personaId": theirs}).expect(201)
        self.message = say(other, self.path, theirs, "Theirs").expect(201)["message"]["messageId"]
        self.own = {}
        for part in ("participant", "initiator", "moderator"):
            said = say(self.clients[part], self.path, self.personas[part], "Mine").expect(201)
            self.own[part] = said["message"]["messageId"]

    def requests(self, part):
        """Action: (HTTP method, path, body), (RPC, request)."""
        me, own = self.personas[part], self.own.get(part, self.message)
        room, message = {"conversationId": self.id}, {"messageId": self.message}
        post = {"personaId": me, "content": "Hello"}
        speak = {**room, "personaId": self.ai}
        return {
            "view": (("GET", self.path, None), ("GetConversation", room)),
            "messages": (("GET", f"{self.path}/messages", None), ("ListMessages", room)),
            "post": (("POST", f"{self.path}/messages", post), ("CreateMessage", {**room, **post})),
            "edit": (("PUT", f"{self.path}/messages/{self.message}", {"content": "x"}),
                     ("UpdateMessage", {**room, **message, "content": "x"})),
            "edit own": (("PUT", f"{self.path}/messages/{own}", {"content": "x"}),
                         ("UpdateMessage", {**room, "messageId": own, "content": "x"})),
            "join": (("POST", f"{self.path}/join", {"personaId": me}),
                     ("JoinConversation", {**room, "personaId": me})),
            "generate": (("POST", "/api/ai/generate-response", speak),
                         ("GenerateResponse", speak)),
            "close": (("POST", f"{self.path}/close", {}), ("CloseConversation", room)),
            "delete": (("DELETE", self.path, None), ("DeleteConversation", room)),
        }

    def rest(self, part, action):
        client = self.clients[part]
        if action == "events":
            with client.stream(f"{self.path}/events") as stream:
                return stream.status
        method, path, body = self.requests(part)[action][0]
        answer = client.request(method, path, body)
        return YES if answer.status in (200, 201, 204) else answer.problem(answer.status)["status"]

    def grpc(self, part, action):
        method, request = ("StreamEvents", {"conversationId": self.id})
        if action != "events":
            method, request = self.requests(part)[action][1]
        headers = [f"authorization: Bearer local:{self.users[part]}"]
        options = ["-max-time", "1"] if action == "events" else []
        try:
            grpcurl.call(self.dramatis.grpc("conversation"), f"{SERVICE}/{method}", request,
                         headers, options)
        except grpcurl.GrpcError as error:
            # A stream that was not refused goes on until the caller hangs up.
            return YES if action == "events" and error.code == "DeadlineExceeded" else error.code
        return YES


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
@pytest.mark.parametrize("visibility", ["private", "public"])
def test_matrix(dramatis, user, visibility, protocol):
    expected = PRIVATE if visibility == "private" else PUBLIC
    found = {action: [] for action in expected}
    for part in PARTS:
        cast = Cast(dramatis, f"{user}-{part}", visibility)
        for action in expected:
            found[action].append(getattr(cast, protocol)(part, action))
    wanted = {action: [status if protocol == "rest" or status == YES else CODES[status]
                       for status in row] for action, row in expected.items()}
    assert found == wanted


def test_the_ids_of_others_are_as_if_they_were_not(dramatis, user):
    """What is in another conversation is not found by way of one's own."""
    mine = Cast(dramatis, f"{user}-a", "private")
    theirs = Cast(dramatis, f"{user}-b", "private")
    me = mine.clients["initiator"]
    for path in (f"/messages/{theirs.message}", f"/messages/{theirs.message}/prompt",
                 f"/participants/{theirs.personas['participant']}"):
        me.get(mine.path + path).problem(404, "NOT_FOUND")
    me.put(f"{mine.path}/messages/{theirs.message}", {"content": "x"}).problem(404, "NOT_FOUND")
    me.delete(f"{mine.path}/messages/{theirs.message}").problem(404, "NOT_FOUND")
    me.get(f"/api/turns/{theirs.id}").problem(404, "NOT_FOUND")
    me.get(f"/api/turns/{theirs.id}/stream").problem(404, "NOT_FOUND")
    me.post("/api/ai/generate-response",
            {"conversationId": theirs.id, "personaId": mine.ai}).problem(404, "NOT_FOUND")
    me.get(f"{theirs.path}/events").problem(404, "NOT_FOUND")
    assert theirs.id not in str(me.get("/api/conversations?pageSize=100").expect(200))


@pytest.mark.parametrize("method, request_", [
    ("GetConversation", {}), ("StreamEvents", {}), ("ListMessages", {}),
    ("CreateMessage", {"personaId": "p", "content": "x"}), ("CloseConversation", {})])
def test_a_wrong_identity_is_refused_by_the_service_itself(dramatis, user, method, request_):
    cast = Cast(dramatis, user, "public")
    for wrong in ("Bearer local:", "Bearer x", "local:root", "Bearer local:a b", "Basic cm9vdDo="):
        with pytest.raises(grpcurl.GrpcError) as error:
            grpcurl.call(dramatis.grpc("conversation"), f"{SERVICE}/{method}",
                         {"conversationId": cast.id, **request_}, [f"authorization: {wrong}"])
        assert error.value.code == "Unauthenticated", wrong
