"""Having an AI speak on request, and how its message came about: through HTTP, in both shapes."""

import sqlite3

import pytest

from tests.harness import postgres
from tests.harness.program import wait_for
from tests.harness.rooms import make_persona, messages_of, open_room, path_of, say
from tests.system.test_turn_taking import make_ai, prompts_of, speaks, wait_for_replies

PATH = "/api/ai/generate-response"


@pytest.fixture
def other(dramatis, user):
    return dramatis.client(f"{user}-other")


@pytest.fixture
def quiet(client, provider):
    """A room in which no AI speaks by itself; its id, the human's and the AI's ids, its name."""
    me = make_persona(client)
    ai, name = make_ai(client)
    provider.script(when=speaks(name, "As ", "you ", "wish."))
    room = open_room(client, [me, ai], settings={"maxAiResponders": 0})
    return room["conversationId"], me, ai, name


def ask(conversation, persona, **fields):
    return {"conversationId": conversation, "personaId": persona, **fields}


def test_an_ai_speaks_on_request(client, quiet):
    conversation, me, ai, _ = quiet
    path = f"/api/conversations/{conversation}"
    said = say(client, path, me, "Hello").expect(201)
    assert said["turns"] == []
    answer = client.post(PATH, ask(conversation, ai)).expect(200)
    assert answer["message"]["content"] == "As you wish."
    assert answer["message"]["sequence"] == 2
    assert answer["usage"]["outputTokens"] > 0
    turn = client.get(f"/api/turns/{answer['turnId']}").expect(200)
    assert turn["user_message_id"] == said["message"]["messageId"]
    assert turn["conversation_id"] == conversation
    assert [m["sequence"] for m in messages_of(client, path)] == [1, 2]


def test_an_ai_may_begin_a_room_and_go_on_by_itself(client, provider, quiet):
    conversation, _, ai, name = quiet
    for _ in range(2):
        client.post(PATH, ask(conversation, ai)).expect(200)
    assert prompts_of(provider, name)[0][1][-1]["role"] == "user"
    assert len(messages_of(client, f"/api/conversations/{conversation}")) == 2


def test_it_is_streamed_to_who_wants_it_so(client, quiet):
    conversation, _, ai, _ = quiet
    with client.stream(PATH, ask(conversation, ai, stream=True)) as stream:
        events = list(stream)
    assert [e.name for e in events][0] == "start"
    assert events[0].json()["conversationId"] == conversation
    assert events[0].json()["personaId"] == ai
    assert "".join(e.json()["text"] for e in events if e.name == "delta") == "As you wish."
    assert events[-1].name == "done"
    done = events[-1].json()
    assert done["message"]["content"] == "As you wish."
    turn = events[0].json()["turnId"]
    assert done["turnId"] == turn
    with client.stream(f"/api/turns/{turn}/stream", headers={"Last-Event-ID": events[1].id}) as rest:
        again = list(rest)
    assert again[-1].name == "done"
    assert again[-1].json()["message_id"] == done["message"]["messageId"]


def test_a_repeated_key_follows_the_same_turn(client, provider, quiet):
    conversation, _, ai, name = quiet
    key = {"Idempotency-Key": "once"}
    first = client.post(PATH, ask(conversation, ai), key).expect(200)
    again = client.post(PATH, ask(conversation, ai), key)
    assert again.expect(200) == first
    assert again.headers["idempotency-replayed"] == "true"
    with client.stream(PATH, ask(conversation, ai, stream=True), key) as stream:
        assert list(stream)[-1].json()["turnId"] == first["turnId"]
    assert len(prompts_of(provider, name)) == 1
    client.post(PATH, ask(conversation, ai, triggerMessageId="x"), key).problem(
        409, "IDEMPOTENCY_KEY_REUSED")


def test_what_cannot_be_is_refused(client, other, admin, quiet):
    conversation, me, ai, _ = quiet
    path = f"/api/conversations/{conversation}"
    client.post(PATH, ask(conversation, me)).problem(422, "NOT_AN_AI_PERSONA")
    client.post(PATH, ask(conversation, make_persona(client))).problem(409, "NOT_PARTICIPANT")
    client.post(PATH, {"conversationId": conversation}).problem(400, "VALIDATION_FAILED")
    wrong = client.post(PATH, ask(conversation, ai, triggerMessageId="no"))
    assert wrong.problem(400)["errors"][0]["field"] == "triggerMessageId"
    other.post(PATH, ask(conversation, ai)).problem(404, "NOT_FOUND")
    client.patch(path, {"visibility": "public"}).expect(200)
    other.post(PATH, ask(conversation, ai)).problem(403, "NOT_PERMITTED")
    admin.post(PATH, ask(conversation, ai)).expect(200)  # who may close
    client.post(f"{path}/pause", {}).expect(200)
    client.post(PATH, ask(conversation, ai)).problem(409, "INVALID_STATE")
    client.post(f"{path}/close", {}).expect(200)
    client.post(PATH, ask(conversation, ai)).problem(409, "CONVERSATION_CLOSED")


def test_one_turn_at_a_time_and_one_reply_to_a_message(client, provider, quiet):
    conversation, me, ai, name = quiet
    path = f"/api/conversations/{conversation}"
    message = say(client, path, me, "Hello").expect(201)["message"]["messageId"]
    provider.script(when=speaks(name, "Slow.", first_delay_ms=1500))
    with client.stream(PATH, ask(conversation, ai, stream=True)) as stream:
        turn = stream.next().json()["turnId"]
        refused = client.post(PATH, ask(conversation, ai)).problem(409, "TURN_IN_PROGRESS")
        assert refused.get("turnId") == turn or turn in str(refused)
        assert list(stream)[-1].name == "done"
    refused = client.post(PATH, ask(conversation, ai, triggerMessageId=message))
    assert turn in str(refused.problem(409, "ALREADY_ANSWERED"))


def test_a_turn_that_waits_begins_at_once(client, provider):
    me = make_persona(client)
    ai, name = make_ai(client, delay=30000)
    provider.script(when=speaks(name, "Well."))
    room = open_room(client, [me, ai])
    turn = say(client, path_of(room), me, "Hello").expect(201)["turns"][0]["turnId"]
    answer = client.post(PATH, ask(room["conversationId"], ai)).expect(200)
    assert answer["turnId"] == turn
    assert len(messages_of(client, path_of(room))) == 2


def test_a_turn_is_cancelled_while_it_waits_and_while_it_speaks(client, provider):
    me = make_persona(client)
    ai, name = make_ai(client, delay=30000)
    room = open_room(client, [me, ai])
    path = path_of(room)
    waiting = say(client, path, me, "Hello").expect(201)["turns"][0]["turnId"]
    ended = client.post(f"/api/turns/{waiting}/cancel", {}).expect(200)
    assert (ended["state"], ended["text"]) == ("cancelled", "")
    assert len(messages_of(client, path)) == 1
    provider.script(when=speaks(name, "So ", "far", {"hang": True}))
    with client.stream(PATH, ask(room["conversationId"], ai, stream=True)) as stream:
        turn = stream.next().json()["turnId"]
        text = ""
        while text != "So far":
            text += stream.next().json()["text"]
        client.post(f"/api/turns/{turn}/cancel", {}).expect(200)
        done = list(stream)[-1].json()
    assert done["message"]["content"] == "So far"
    assert done["message"]["finishReason"] == "cancelled"


def test_a_turn_that_was_cancelled_while_it_spoke_has_its_reply(client, provider, quiet):
    conversation, me, ai, name = quiet
    path = f"/api/conversations/{conversation}"
    trigger = say(client, path, me, "Hello").expect(201)["message"]["messageId"]
    provider.script(when=speaks(name, "So ", "far", {"hang": True}))
    with client.stream(PATH, ask(conversation, ai, triggerMessageId=trigger,
                                 stream=True)) as stream:
        turn = stream.next().json()["turnId"]
        text = ""
        while text != "So far":
            text += stream.next().json()["text"]
        client.post(f"/api/turns/{turn}/cancel", {}).expect(200)
        assert list(stream)[-1].name == "done"
    provider.script(when=speaks(name, "Again."))
    refused = client.post(PATH, ask(conversation, ai, triggerMessageId=trigger))
    assert turn in str(refused.problem(409, "ALREADY_ANSWERED"))
    client.post(f"/api/turns/{turn}/retry", {}).problem(409, "TURN_NOT_FAILED")
    assert [m["content"] for m in messages_of(client, path)] == ["Hello", "So far"]


def edit_in_database(dramatis, message, content):
    """Somebody with a hand in the database."""
    statement = f"update {{}}messages set content = '{content}' where message_id = '{message}'"
    if dramatis.shape == "embedded":
        with sqlite3.connect(dramatis.database_files()["conversation"], timeout=10) as database:
            database.execute(statement.format(""))
        database.close()
    else:
        postgres.psql(dramatis.database_url, statement.format("conversation."))


def test_the_prompt_of_a_reply_can_be_made_again(dramatis, client, other, quiet):
    conversation, me, ai, name = quiet
    path = f"/api/conversations/{conversation}"
    first = say(client, path, me, "First words").expect(201)["message"]
    say(client, path, me, "And more").expect(201)
    reply = client.post(PATH, ask(conversation, ai)).expect(200)["message"]
    prompt_path = f"{path}/messages/{reply['messageId']}/prompt"
    prompt = client.get(prompt_path).expect(200)
    assert prompt["turnId"] == reply["turnId"]
    assert "score" not in prompt  # for admins
    manifest = prompt["manifest"]
    assert manifest["model"] == "openai/double"
    assert manifest["promptTokens"] <= manifest["budgetTokens"] < manifest["windowTokens"]
    kinds = [item["kind"] for item in manifest["items"]]
    assert kinds[0] == "role" and "frame" in kinds and kinds[-1] == "message"
    assert all(item["kept"] and item["tokens"] > 0 for item in manifest["items"])
    assert prompt["parameters"]["model"] == "openai/double"
    same = {"same": True, "requestHash": manifest["requestHash"], "differing": []}
    assert prompt["verification"] == same
    # Whatever the persona became, and whatever was said, edited or changed since.
    client.patch(f"/api/personas/{ai}", {"biography": "Another one."}).expect(200)
    say(client, path, me, "Later").expect(201)
    client.patch(f"{path}/messages/{first['messageId']}", {"content": "Other words"}).expect(200)
    assert client.get(prompt_path).expect(200)["verification"] == same
    # A new title is in the frame: that is what differs.
    client.patch(path, {"title": "Another title"}).expect(200)
    verification = client.get(prompt_path).expect(200)["verification"]
    assert not verification["same"]
    assert [source.split("@")[0] for source in verification["differing"]] == [
        f"conversation/{conversation}"]


def test_a_doctored_message_is_named(dramatis, client, quiet):
    conversation, me, ai, _ = quiet
    path = f"/api/conversations/{conversation}"
    said = say(client, path, me, "What was said").expect(201)["message"]["messageId"]
    reply = client.post(PATH, ask(conversation, ai)).expect(200)["message"]["messageId"]
    edit_in_database(dramatis, said, "What was SAID")
    verification = client.get(f"{path}/messages/{reply}/prompt").expect(200)["verification"]
    assert not verification["same"]
    assert verification["requestHash"]
    assert verification["differing"] == [f"message/{said}"]


def test_a_prompt_is_for_the_owner_of_a_persona_and_for_admins(client, other, admin, quiet):
    conversation, me, ai, _ = quiet
    path = f"/api/conversations/{conversation}"
    said = say(client, path, me, "Hello").expect(201)["message"]["messageId"]
    reply = client.post(PATH, ask(conversation, ai)).expect(200)["message"]["messageId"]
    other.get(f"{path}/messages/{reply}/prompt").problem(404, "NOT_FOUND")
    client.patch(path, {"visibility": "unlisted"}).expect(200)
    other.get(f"{path}/messages/{reply}/prompt").problem(403, "PERMISSION_DENIED")
    other.get(f"{path}/messages/{said}/prompt").problem(403, "PERMISSION_DENIED")
    assert admin.get(f"{path}/messages/{reply}/prompt").expect(200)["score"]["reason"] == "requested"
    client.get(f"{path}/messages/{said}/prompt").problem(404, "NOT_FOUND")
    client.get(f"{path}/messages/none/prompt").problem(404, "NOT_FOUND")


def test_memories_are_told_only_where_they_are_all_one_users(client, other, provider, quiet):
    conversation, me, ai, name = quiet
    path = f"/api/conversations/{conversation}"
    client.post("/api/memories", {"content": "Owns a heron called Ivo."}).expect(201)
    theirs = make_persona(other)

    def prompt():
        say(client, path, me, "What is my heron called?").expect(201)
        reply = client.post(PATH, ask(conversation, ai)).expect(200)["message"]["messageId"]
        same = client.get(f"{path}/messages/{reply}/prompt").expect(200)["verification"]
        assert same["same"], same
        return prompts_of(provider, name)[-1][0]

    assert "Ivo" in prompt()
    client.patch(path, {"visibility": "unlisted"}).expect(200)
    assert "Ivo" not in prompt()
    other.post(f"{path}/join", {"personaId": theirs}).expect(200)
    client.patch(path, {"visibility": "private"}).expect(200)
    assert "Ivo" not in prompt()
    other.post(f"{path}/leave", {"personaId": theirs}).expect(200)
    assert "Ivo" in prompt()
