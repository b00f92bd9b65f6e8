"""In an `ambiguous` conversation nobody learns by any route what another's persona is: neither by
looking it up, nor by a filter, nor by how talking to it is refused."""

import pytest

from tests.harness.rooms import make_persona, open_room, path_of

TYPES = ("human", "ai_agent", "ai_ambiguous")


@pytest.fixture
def owner(dramatis, user):
    return dramatis.client(f"{user}-owner")


class Room:
    """Of an owner, with a human, an agent and an ambiguous persona of theirs, all public; and a
    guest, who came with a persona of their own."""

    def __init__(self, owner, guest, ambiguous=True):
        self.personas = {kind: make_persona(owner, kind, isPublic=True) for kind in TYPES}
        self.path = path_of(open_room(owner, list(self.personas.values()), visibility="public",
                                      settings={"ambiguous": ambiguous}))
        self.guest = make_persona(guest, isPublic=True)
        guest.post(f"{self.path}/join", {"personaId": self.guest}).expect(200)
        self.id = self.path.rsplit("/", 1)[1]


def shape(answer):
    """Of an answer all that may tell: status, headers' names, members, and the text of an error."""
    body = answer.json() if answer.body else {}
    told = (body.get("code"), body.get("title"), body.get("detail"), body.get("type"))
    return answer.status, sorted(answer.headers), sorted(body), told


def tried(client, room, persona):
    """How every route answers that has to do with what a persona is."""
    return [shape(answer) for answer in (
        client.get(f"/api/personas/{persona}"),
        client.get(f"/api/personas/{persona}/prompt"),
        client.get(f"/api/personas/{persona}/compatibility?with={room.guest}"),
        client.patch(f"/api/personas/{persona}", {"description": "x"}),
        client.delete(f"/api/personas/{persona}"),
        client.post("/api/session", {"persona_id": persona}),
        client.post("/api/chat", {"persona_id": persona, "message": "Hi"}),
        client.post("/api/chat", {"persona_id": persona, "message": "Hi", "session_id": "mine"}),
        client.post("/api/conversations", {"title": "x", "personaIds": [room.guest, persona]}),
        client.post("/api/ai/generate-response",
                    {"conversationId": room.id, "personaId": persona}),
        client.get(f"{room.path}/participants/{persona}"),
        client.post(f"{room.path}/reveal", {"personaId": persona}),
    )]


def test_no_route_tells_one_type_from_the_other(client, owner):
    room = Room(owner, client)
    answers = {kind: tried(client, room, persona) for kind, persona in room.personas.items()}
    assert answers["human"] == answers["ai_agent"] == answers["ai_ambiguous"]
    for persona in room.personas.values():
        assert client.get(f"/api/personas/{persona}").expect(200)["type"] == "unknown"
        client.post("/api/session", {"persona_id": persona}).problem(422, "NOT_AN_AI_PERSONA")


def test_no_list_and_no_filter_tells(client, owner):
    room = Room(owner, client)
    masked = set(room.personas.values())
    for kind in TYPES:
        listed = client.pages(f"/api/personas?type={kind}", "personas", 100)
        assert not masked & {one["personaId"] for one in listed}, kind
    listed = client.pages("/api/personas?type=unknown", "personas", 100)
    assert masked <= {one["personaId"] for one in listed}
    listed = {one["personaId"]: one for one in client.pages("/api/personas", "personas", 100)}
    shown = [listed[persona] for persona in masked]
    assert {one["type"] for one in shown} == {"unknown"}
    assert len({tuple(sorted(one)) for one in shown}) == 1


def test_the_owner_an_admin_and_those_outside_are_told(client, owner, admin, dramatis, user):
    room = Room(owner, client)
    outside = dramatis.client(f"{user}-outside")
    for who in (owner, admin, outside):
        for kind, persona in room.personas.items():
            told = who.get(f"/api/personas/{persona}").expect(200)["type"]
            hidden = kind == "ai_ambiguous" and who is outside
            assert told == ("unknown" if hidden else kind)


def test_a_mask_ends_with_the_reveal_and_with_the_room(client, owner):
    room = Room(owner, client)
    agent, human = room.personas["ai_agent"], room.personas["human"]
    owner.post(f"{room.path}/reveal", {"personaId": agent}).expect(200)
    assert client.get(f"/api/personas/{agent}").expect(200)["type"] == "ai_agent"
    assert client.get(f"/api/personas/{human}").expect(200)["type"] == "unknown"
    client.post("/api/session", {"persona_id": agent}).expect(201)
    owner.delete(room.path).expect(204)
    assert client.get(f"/api/personas/{human}").expect(200)["type"] == "human"


def test_a_conversation_that_becomes_ambiguous_hides_from_then_on(client, owner):
    room = Room(owner, client, ambiguous=False)
    agent = room.personas["ai_agent"]
    assert client.get(f"/api/personas/{agent}").expect(200)["type"] == "ai_agent"
    owner.patch(room.path, {"settings": {"ambiguous": True}}).expect(200)
    assert client.get(f"/api/personas/{agent}").expect(200)["type"] == "unknown"
