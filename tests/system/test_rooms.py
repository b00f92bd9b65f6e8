"""Conversations of several personas: opening, changing, closing, finding."""

import time
import uuid

import pytest

from tests.harness.rooms import make_persona, open_room, path_of, say

SEVEN = {"canView", "canAddMessage", "canJoin", "canClose", "canAddParticipant",
         "canRemoveParticipant", "canDelete"}


@pytest.fixture
def other(dramatis, user):
    return dramatis.client(f"{user}-other")


def test_a_conversation_reads_back_as_it_was_opened(client):
    me, ada = make_persona(client), make_persona(client, "ai_agent")
    body = {"title": "  Machines — ☕ ", "topic": "engines", "description": "On Thursdays.",
            "goal": "A plan", "topicTags": [" art ", "music"], "personaIds": [me, ada],
            "visibility": "unlisted", "constraints": {"maxMessages": 50, "allowedTopics": ["art"]},
            "settings": {"maxAiResponders": 0, "allowAiChains": True}}
    created = client.post("/api/conversations", body)
    read = created.expect(201)
    assert created.headers["location"] == path_of(read)
    assert client.get(path_of(read)).expect(200) == read
    assert read["title"] == "Machines — ☕"
    assert read["topicTags"] == ["art", "music"]
    for name in ("topic", "description", "goal", "visibility"):
        assert read[name] == body[name], name
    assert {**read["constraints"], **body["constraints"]} == read["constraints"]
    assert read["settings"] == {
        "maxParticipants": 10, "allowLateJoining": True, "maxAiResponders": 0,
        "allowAiChains": True, "fallbackReplies": False, "ambiguous": False,
        "turnPolicy": "natural", "participants": []}
    assert read["status"] == "active"
    assert read["messageCount"] == 0
    assert "closeTime" not in read
    assert [(p["personaId"], p["role"], p["type"], p["own"]) for p in read["participants"]] == [
        (me, "initiator", "human", True), (ada, "guest", "ai_agent", True)]
    assert set(read["permissions"]) == SEVEN


def test_the_first_own_persona_is_the_initiator(client, other):
    theirs = make_persona(other, "ai_agent", isPublic=True)
    mine = make_persona(client)
    room = open_room(client, [theirs, mine])
    assert {p["personaId"]: p["role"] for p in room["participants"]} == {
        theirs: "guest", mine: "initiator"}
    client.post("/api/conversations", {"title": "x", "personaIds": [theirs]}).problem(
        400, "VALIDATION_FAILED")
    # Who owns a public AI persona has no place where somebody else uses it.
    other.get(path_of(room)).problem(404, "NOT_FOUND")
    assert room["conversationId"] not in ids(other)


def test_a_persona_must_be_there_to_be_used(client, other):
    private = make_persona(other)
    mine = make_persona(client)
    for missing in (private, str(uuid.uuid4()), "nobody"):
        client.post("/api/conversations", {"title": "x", "personaIds": [mine, missing]}).problem(
            404, "NOT_FOUND")
    client.delete(f"/api/personas/{mine}").expect(204)  # held by nothing that failed


@pytest.mark.parametrize("field, fields", [
    ("title", {"title": "   "}),
    ("title", {"title": "x" * 256}),
    ("topic", {"topic": "x" * 256}),
    ("description", {"description": "x" * 2001}),
    ("goal", {"goal": "x" * 2001}),
    ("topicTags", {"topicTags": [str(i) for i in range(11)]}),
    ("topicTags[0]", {"topicTags": ["a\nb"]}),
    ("personaIds", {"personaIds": []}),
    ("personaIds", {"personaIds": [str(i) for i in range(11)]}),
    ("personaIds", {"settings": {"maxParticipants": 2}, "personaIds": ["a", "b", "c"]}),
    ("visibility", {"visibility": "secret"}),
    ("constraints.maxMessages", {"constraints": {"maxMessages": 0}}),
    ("constraints.maxDurationMinutes", {"constraints": {"maxDurationMinutes": 525601}}),
    ("settings.maxParticipants", {"settings": {"maxParticipants": 51}}),
    ("settings.autoCloseAfterHours", {"settings": {"autoCloseAfterHours": 0}}),
])
def test_bad_input_is_named(client, field, fields):
    body = {"title": "x", "personaIds": ["a"], **fields}
    problem = client.post("/api/conversations", body).problem(400)
    assert field in [error["field"] for error in problem["errors"]], problem


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_update_changes_only_what_the_body_names(client, method):
    room = open_room(client, [make_persona(client)], topic="old", topicTags=["a"],
                     settings={"maxAiResponders": 1}, constraints={"maxMessages": 9})
    path = path_of(room)
    changed = client.request(method, path, {
        "topic": "new", "visibility": "public", "settings": {"maxParticipants": 3},
        "constraints": {"maxCharacters": 100}}).expect(200)
    assert changed["title"] == "A room"
    assert (changed["topic"], changed["visibility"]) == ("new", "public")
    assert changed["topicTags"] == ["a"]
    assert changed["settings"]["maxParticipants"] == 3
    assert changed["settings"]["maxAiResponders"] == 1
    assert changed["constraints"]["maxMessages"] == 9
    assert changed["constraints"]["maxCharacters"] == 100
    assert changed["etag"] != room["etag"]
    client.request(method, path, {"topic": "x"}, {"If-Match": f'"{room["etag"]}"'}).problem(
        412, "ETAG_MISMATCH")
    again = client.request(method, path, {"topic": "x"}, {"If-Match": f'"{changed["etag"]}"'})
    assert again.expect(200)["topic"] == "x"
    client.request(method, path, {"topic": "y"}, {"If-Match": "*"}).expect(200)
    client.request(method, path, {"title": ""}).problem(400, "VALIDATION_FAILED")
    assert client.get(path).expect(200)["title"] == "A room"


def test_what_is_ambiguous_stays_so(client):
    room = open_room(client, [make_persona(client)], settings={"ambiguous": True})
    problem = client.patch(path_of(room), {"settings": {"ambiguous": False}}).problem(400)
    assert problem["errors"][0]["field"] == "settings.ambiguous"


def test_opening_is_done_once_per_key(client):
    body = {"title": "Once", "personaIds": [make_persona(client)]}
    key = {"Idempotency-Key": "open-1"}
    first = client.post("/api/conversations", body, key)
    second = client.post("/api/conversations", body, key)
    assert second.expect(201) == first.expect(201)
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    client.post("/api/conversations", {**body, "title": "Twice"}, key).problem(
        409, "IDEMPOTENCY_KEY_REUSED")
    assert len(client.pages("/api/conversations?visibility=private", "conversations")) == 1


def test_pausing_stops_the_talk_and_closing_ends_it(client):
    me = make_persona(client)
    path = path_of(open_room(client, [me]))
    assert client.post(f"{path}/resume").problem(409, "INVALID_STATE")["detail"]
    assert client.post(f"{path}/pause").expect(200)["status"] == "paused"
    client.post(f"{path}/pause").problem(409, "INVALID_STATE")
    say(client, path, me).problem(409, "INVALID_STATE")
    assert client.get(path).expect(200)["permissions"]["canAddMessage"] is False
    assert client.post(f"{path}/resume").expect(200)["status"] == "active"
    say(client, path, me).expect(201)
    closed = client.post(f"{path}/close", {"reason": "Enough", "status": "terminated"}).expect(200)
    assert (closed["status"], closed["closeReason"]) == ("terminated", "Enough")
    assert closed["closeTime"] == closed["updateTime"]
    for action in ("close", "pause", "resume"):
        code = "CONVERSATION_CLOSED" if action == "close" else "INVALID_STATE"
        client.post(f"{path}/{action}").problem(409, code)
    say(client, path, me).problem(409, "CONVERSATION_CLOSED")
    client.patch(path, {"title": "Later"}).problem(409, "CONVERSATION_CLOSED")
    assert client.get(path).expect(200) == closed
    assert client.get(f"{path}/messages").expect(200)["messages"][0]["content"] == "Hello"


def test_closing_is_done_once_per_key(client):
    path = path_of(open_room(client, [make_persona(client)]))
    key = {"Idempotency-Key": "close-1"}
    first = client.post(f"{path}/close", {"reason": "x"}, key).expect(200)
    second = client.post(f"{path}/close", {"reason": "x"}, key)
    assert second.expect(200) == first
    assert second.headers["idempotency-replayed"] == "true"
    client.post(f"{path}/close", {"status": "paused"}).problem(400, "VALIDATION_FAILED")


@pytest.mark.parametrize("constraints, texts, reason", [
    ({"maxMessages": 2}, ["one", "two"], "max_messages"),
    ({"maxCharacters": 6}, ["Grüß", "ße"], "max_characters"),
    ({"forbiddenTopics": ["nuclear war", "ÄRGER"]}, ["a nuclear warden", "Nuclear,\n WAR!"],
     "forbidden_topic"),
    ({"forbiddenTopics": ["nuclear war", "ÄRGER"]}, ["ärgerlich", "so ein ärger"],
     "forbidden_topic"),
])
def test_the_message_that_reaches_a_constraint_ends_it(client, constraints, texts, reason):
    me = make_persona(client)
    path = path_of(open_room(client, [me], constraints=constraints))
    for text in texts:
        assert client.get(path).expect(200)["status"] == "active"
        say(client, path, me, text).expect(201)
    closed = client.get(path).expect(200)
    assert (closed["status"], closed["closeReason"]) == ("completed", reason)
    assert closed["messageCount"] == len(texts)
    say(client, path, me).problem(409, "CONVERSATION_CLOSED")


def test_a_constraint_that_is_reached_already_ends_it_at_once(client):
    me = make_persona(client)
    path = path_of(open_room(client, [me]))
    for _ in range(2):
        say(client, path, me).expect(201)
    changed = client.patch(path, {"constraints": {"maxMessages": 2}}).expect(200)
    assert (changed["status"], changed["closeReason"]) == ("completed", "max_messages")


def test_deleting_takes_it_from_everybody(client, other, admin):
    me, theirs = make_persona(client), make_persona(other, isPublic=True)
    room = open_room(client, [me, theirs], visibility="public")
    path = path_of(room)
    say(client, path, me).expect(201)
    other.delete(path).problem(403, "NOT_PERMITTED")
    client.delete(path, {"If-Match": '"0"'}).problem(412, "ETAG_MISMATCH")
    assert client.delete(path, {"If-Match": "*"}).status == 204
    for who in (client, other, admin):
        who.get(path).problem(404, "NOT_FOUND")
        who.get(f"{path}/messages").problem(404, "NOT_FOUND")
        listed = who.pages("/api/conversations", "conversations")
        assert room["conversationId"] not in [c["conversationId"] for c in listed]
    client.delete(path).problem(404, "NOT_FOUND")


def test_a_persona_in_an_open_conversation_is_held(client):
    me, leaves, removed, stays = (make_persona(client) for _ in range(4))
    path = path_of(open_room(client, [me, leaves, removed, stays]))
    for persona in (leaves, removed, stays):
        client.delete(f"/api/personas/{persona}").problem(409, "PERSONA_IN_USE")
    client.post(f"{path}/leave", {"personaId": leaves}).expect(200)
    client.delete(f"{path}/participants/{removed}").expect(204)
    client.delete(f"/api/personas/{leaves}").expect(204)
    client.delete(f"/api/personas/{removed}").expect(204)
    client.delete(f"/api/personas/{stays}").problem(409, "PERSONA_IN_USE")
    client.post(f"{path}/close").expect(200)
    client.delete(f"/api/personas/{stays}").expect(204)
    names = {p["personaId"]: p["name"] for p in client.get(path).expect(200)["participants"]}
    assert names[stays].startswith("Persona ")


def test_a_persona_goes_free_when_the_system_closes(client):
    me = make_persona(client)
    path = path_of(open_room(client, [me], constraints={"maxMessages": 1}))
    say(client, path, me).expect(201)
    client.delete(f"/api/personas/{me}").expect(204)


def test_a_failed_join_keeps_the_hold_of_who_is_there(client):
    me = make_persona(client)
    path = path_of(open_room(client, [me], visibility="public"))
    client.post(f"{path}/join", {"personaId": me}).problem(409, "ALREADY_PARTICIPANT")
    client.post(f"{path}/participants", {"personaId": me},
                {"Idempotency-Key": "again"}).problem(409, "ALREADY_PARTICIPANT")
    client.delete(f"/api/personas/{me}").problem(409, "PERSONA_IN_USE")


def ids(client, query=""):
    return [c["conversationId"] for c in client.pages(f"/api/conversations{query}",
                                                      "conversations", size=2)]


def test_lists_show_own_and_public_ones_newest_first(client, other, admin):
    tag = uuid.uuid4().hex
    me, theirs = make_persona(client), make_persona(other)
    rooms = {}
    for name, who, persona, visibility in (
            ("mine", client, me, "private"), ("theirs", other, theirs, "private"),
            ("unlisted", other, theirs, "unlisted"), ("public", other, theirs, "public"),
            ("mine too", client, me, "public"), ("mine unlisted", client, me, "unlisted")):
        rooms[name] = open_room(who, [persona], visibility=visibility, title=f"{name} {tag}",
                                topicTags=[tag[:16]])["conversationId"]
        time.sleep(0.002)  # ids tell their order by the millisecond
    by = {value: name for name, value in rooms.items()}

    def names(who, query=""):
        return [by[found] for found in ids(who, f"?q={tag}{query}")]

    assert names(client) == ["mine unlisted", "mine too", "public", "mine"]
    assert names(other) == ["mine too", "public", "unlisted", "theirs"]
    assert len(names(admin)) == 6
    assert names(client, "&visibility=public") == ["mine too", "public"]
    assert names(client, f"&personaId={theirs}") == ["public"]
    assert names(client, f"&personaId={me}") == ["mine unlisted", "mine too", "mine"]
    client.post(f"/api/conversations/{rooms['mine']}/close").expect(200)
    client.post(f"/api/conversations/{rooms['mine too']}/pause").expect(200)
    assert names(client, "&status=completed") == ["mine"]
    assert names(client, "&status=paused") == ["mine too"]
    assert names(client, "&status=active") == ["mine unlisted", "public"]
    assert [by[i] for i in ids(client, f"?topicTag={tag[:16].upper()}")] == names(client)
    assert ids(client, f"?topicTag={tag[:15]}") == []
    assert ids(client, "?q=%25") == []


def test_a_page_token_is_bound_to_its_list(client):
    me = make_persona(client)
    for _ in range(2):
        open_room(client, [me])
    token = client.get("/api/conversations?pageSize=1").expect(200)["nextPageToken"]
    client.get(f"/api/conversations?pageSize=1&pageToken={token}").expect(200)
    for query in (f"status=active&pageToken={token}", "pageToken=forged"):
        client.get(f"/api/conversations?{query}").problem(400, "INVALID_CURSOR")


def test_sessions_are_not_conversations(client):
    session = client.post("/api/session").expect(201)["session_id"]
    client.post("/api/chat", {"message": "Hello", "session_id": session}).expect(200)
    listed = client.get("/api/conversations?pageSize=100").expect(200)["conversations"]
    assert [c for c in listed if c["permissions"]["canDelete"]] == []
    client.get(f"/api/conversations/{session}").problem(404, "NOT_FOUND")
