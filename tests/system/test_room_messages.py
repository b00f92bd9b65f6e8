"""What is said in conversations: saying, reading, editing, hiding, revealing."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.harness.rooms import make_persona, messages_of, open_room, path_of, say


@pytest.fixture
def other(dramatis, user):
    return dramatis.client(f"{user}-other")


@pytest.fixture
def me(client):
    return make_persona(client)


@pytest.fixture
def path(client, me):
    return path_of(open_room(client, [me]))


def test_a_message_reads_back_as_it_was_given(client, path, me):
    text = "  Zeile 1\n\tZeile 2 — ☕ \u202e \U0001f9d1\u200d\U0001f680  "
    response = say(client, path, me, text, type="action")
    message = response.expect(201)["message"]
    assert response.headers["location"] == f"{path}/messages/{message['messageId']}"
    assert client.get(response.headers["location"]).expect(200) == message
    assert messages_of(client, path) == [message]
    assert message["content"] == text
    assert (message["type"], message["sequence"], message["personaId"]) == ("action", 1, me)
    assert message["personaName"].startswith("Persona ")
    assert message["generated"] is False
    assert message["hidden"] is False
    assert "editTime" not in message and "usage" not in message
    assert client.get(path).expect(200)["messageCount"] == 1


@pytest.mark.parametrize("field, fields", [
    ("content", {"content": ""}),
    ("content", {"content": " \n "}),
    ("content", {"content": "x" * 8001}),
    ("content", {"content": "a\u0000b"}),
    ("personaId", {"personaId": ""}),
    ("type", {"type": "reveal"}),
    ("type", {"type": "shout"}),
    ("replyToMessageId", {"replyToMessageId": "nothing"}),
])
def test_bad_input_is_named_and_leaves_nothing(client, path, me, field, fields):
    body = {"personaId": me, "content": "Hello", **fields}
    problem = client.post(f"{path}/messages", body).problem(400)
    assert [error["field"] for error in problem["errors"]] == [field], problem
    assert messages_of(client, path) == []


def test_a_reply_names_a_message_of_the_same_conversation(client, path, me):
    first = say(client, path, me).expect(201)["message"]["messageId"]
    reply = say(client, path, me, replyToMessageId=first).expect(201)["message"]
    assert reply["replyToMessageId"] == first
    elsewhere = path_of(open_room(client, [me]))
    say(client, elsewhere, me, replyToMessageId=first).problem(400, "VALIDATION_FAILED")


def test_a_message_is_stored_once_per_key(client, path, me):
    key = {"Idempotency-Key": "say-1"}
    first = say(client, path, me, "Once", key).expect(201)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: say(client, path, me, "Once", key), range(16)))
    for answer in answers:
        assert answer.expect(201) == first
        assert answer.headers["idempotency-replayed"] == "true"
    say(client, path, me, "Other", key).problem(409, "IDEMPOTENCY_KEY_REUSED")
    assert len(messages_of(client, path)) == 1
    say(client, path, me, "Once").expect(201)  # without a key the same text is said again
    assert len(messages_of(client, path)) == 2


def test_a_hundred_messages_at_once_are_numbered_without_gap_or_double(client, path, me):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda i: say(client, path, me, f"m{i}").expect(201), range(100)))
    stored = messages_of(client, path, size=7)
    assert [message["sequence"] for message in stored] == list(range(1, 101))
    by_id = {message["messageId"]: message for message in stored}
    assert len(by_id) == 100
    for answer in answers:
        assert by_id[answer["message"]["messageId"]] == answer["message"]


def test_messages_are_read_after_a_number_or_page_by_page(client, path, me):
    for i in range(5):
        say(client, path, me, str(i)).expect(201)
    page = client.get(f"{path}/messages?afterSequence=2&pageSize=2").expect(200)
    assert [m["sequence"] for m in page["messages"]] == [3, 4]
    rest = client.get(f"{path}/messages?pageSize=2&pageToken={page['nextPageToken']}").expect(200)
    assert [m["sequence"] for m in rest["messages"]] == [5]
    assert rest["nextPageToken"] == ""
    assert client.get(f"{path}/messages?afterSequence=5").expect(200)["messages"] == []
    both = f"{path}/messages?afterSequence=2&pageToken={page['nextPageToken']}"
    client.get(both).problem(400, "VALIDATION_FAILED")
    for query in ("pageToken=x", "pageToken=" + page["nextPageToken"][:-2]):
        client.get(f"{path}/messages?{query}").problem(400, "INVALID_CURSOR")
    elsewhere = path_of(open_room(client, [me]))
    client.get(f"{elsewhere}/messages?pageToken={page['nextPageToken']}").problem(
        400, "INVALID_CURSOR")
    client.get(f"{path}/messages?afterSequence=-1").problem(400, "VALIDATION_FAILED")


def test_an_edit_keeps_the_original(client, other, path, me):
    theirs = make_persona(other)
    client.patch(path, {"visibility": "public"}).expect(200)
    other.post(f"{path}/join", {"personaId": theirs}).expect(200)
    message = say(client, path, me, "First").expect(201)["message"]
    at = f"{path}/messages/{message['messageId']}"
    edited = client.put(at, {"content": "Second"}, {"If-Match": f'"{message["etag"]}"'}).expect(200)
    assert (edited["content"], edited["originalContent"]) == ("Second", "First")
    assert edited["editTime"] >= edited["createTime"]
    assert edited["sequence"] == message["sequence"]
    client.put(at, {"content": "x"}, {"If-Match": f'"{message["etag"]}"'}).problem(
        412, "ETAG_MISMATCH")
    assert client.patch(at, {"content": "Third"}).expect(200)["originalContent"] == "First"
    seen = other.get(at).expect(200)
    assert seen["content"] == "Third" and "originalContent" not in seen
    other.put(at, {"content": "x"}).problem(403, "NOT_PERMITTED")
    client.put(at, {"content": ""}).problem(400, "VALIDATION_FAILED")
    client.put(f"{path}/messages/nothing", {"content": "x"}).problem(404, "NOT_FOUND")


def test_what_is_hidden_stays_in_its_place(client, other, path, me):
    theirs = make_persona(other)
    client.post(f"{path}/participants", {"personaId": make_persona(client)}).expect(201)
    client.patch(path, {"visibility": "unlisted"}).expect(200)
    other.post(f"{path}/join", {"personaId": theirs}).expect(200)
    mine = say(client, path, me, "Mine").expect(201)["message"]["messageId"]
    hers = say(other, path, theirs, "Hers").expect(201)["message"]["messageId"]
    other.delete(f"{path}/messages/{mine}").problem(403, "NOT_PERMITTED")
    client.delete(f"{path}/messages/{hers}").expect(204)  # as who opened it
    client.delete(f"{path}/messages/{hers}").expect(204)
    client.delete(f"{path}/messages/{mine}").expect(204)
    shown = messages_of(other, path)
    assert [(m["sequence"], m["content"], m["hidden"], m.get("originalContent")) for m in shown] == [
        (1, "", True, None), (2, "", True, "Hers")]
    client.put(f"{path}/messages/{mine}", {"content": "x"}).problem(409, "MESSAGE_HIDDEN")
    client.post(f"{path}/close").expect(200)
    client.delete(f"{path}/messages/{mine}").expect(204)


def test_an_edit_that_reaches_a_constraint_ends_the_conversation(client, me):
    path = path_of(open_room(client, [me], constraints={"forbiddenTopics": ["war"]}))
    message = say(client, path, me, "Peace").expect(201)["message"]["messageId"]
    client.put(f"{path}/messages/{message}", {"content": "War"}).expect(200)
    assert client.get(path).expect(200)["closeReason"] == "forbidden_topic"
    client.put(f"{path}/messages/{message}", {"content": "Peace"}).problem(
        409, "CONVERSATION_CLOSED")


def test_nobody_speaks_for_a_model(client, me):
    ada = make_persona(client, "ai_agent")
    path = path_of(open_room(client, [me, ada]))
    say(client, path, ada).problem(409, "SPOKEN_BY_MODEL")
    assert messages_of(client, path) == []


def test_who_owns_an_ambiguous_persona_may_speak_as_it(client, me):
    someone = make_persona(client, "ai_ambiguous")
    path = path_of(open_room(client, [me, someone], settings={"maxAiResponders": 0}))
    message = say(client, path, someone).expect(201)["message"]
    assert message["generated"] is False


def test_revealing_shows_what_a_participant_is(client, other, me):
    someone = make_persona(client, "ai_ambiguous", isPublic=True)
    room = open_room(client, [me, someone], visibility="public",
                     settings={"maxAiResponders": 0})
    path = path_of(room)

    def types(who):
        return [p["type"] for p in who.get(path).expect(200)["participants"]]

    say(client, path, someone, "Guess.").expect(201)
    assert types(other) == ["human", "unknown"]
    assert types(client) == ["human", "ai_ambiguous"]
    assert "generated" not in messages_of(other, path)[0]
    other.post(f"{path}/reveal", {"personaId": someone}).problem(403, "PERMISSION_DENIED")
    for _ in range(2):
        revealed = client.post(f"{path}/reveal", {"personaId": someone}).expect(200)
        assert revealed["revealed"] is True
    assert types(other) == ["human", "ai_agent"]
    shown = messages_of(other, path)
    assert [m["type"] for m in shown] == ["text", "reveal"]
    assert shown[0]["generated"] is False
    assert shown[1]["personaId"] == someone
    client.post(f"{path}/reveal", {"personaId": "nobody"}).problem(409, "NOT_PARTICIPANT")
    client.put(f"{path}/messages/{shown[1]['messageId']}", {"content": "No."}).problem(
        403, "NOT_PERMITTED")


def test_everybody_is_unknown_in_an_ambiguous_conversation(client, other, me):
    ada = make_persona(client, "ai_agent")
    path = path_of(open_room(client, [me, ada], visibility="public",
                             settings={"ambiguous": True, "maxAiResponders": 0}))
    seen = other.get(path).expect(200)["participants"]
    assert [(p["type"], p["revealed"]) for p in seen] == [("unknown", False)] * 2
    client.post(f"{path}/close").expect(200)
    client.post(f"{path}/reveal", {"personaId": ada}).expect(200)  # the game is over
    seen = other.get(f"{path}/participants/{ada}").expect(200)
    assert (seen["type"], seen["revealed"]) == ("ai_agent", True)
