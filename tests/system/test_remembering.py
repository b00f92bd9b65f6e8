"""What memory takes from conversations: memories with their source, rolling summaries; and how both
are forgotten."""

import json

import pytest

from tests.conftest import make_double_persona
from tests.harness import grpcurl
from tests.harness.program import wait_for
from tests.harness.rooms import make_persona, open_room, path_of, say

SAID = "My name is Ada and I live in Turin."
TOLD = f'The user said: "{SAID}"'
# What a model that is to sum up is told, and no persona.
MINUTES = "minutes of a conversation"


def chat(client, message, session=None, persona=None):
    body = {"message": message}
    if session:
        body["session_id"] = session
    if persona:
        body["persona_id"] = persona
    return client.post("/api/chat", body).expect(200)


def memories(client):
    return client.get("/api/memories").expect(200)["memories"]


def await_memories(client, count=1):
    return wait_for(lambda: len(memories(client)) >= count and memories(client),
                    f"{count} memories")


def summaries(dramatis, user, conversation_id, before):
    """What memory recalls of a conversation, as conversation asks for it."""
    answer, = grpcurl.call(
        dramatis.grpc("memory"), "dramatis.memory.v1.MemoryService/Recall",
        {"user_id": user, "persona_id": "p", "query": "", "budget_bytes": 100000,
         "conversation_id": conversation_id, "before_sequence": before},
        [f"authorization: Bearer local:{user}:service"])
    return [part for part in answer.get("parts", []) if part["kind"] == "PART_KIND_SUMMARY"]


def system_text(request):
    return "\n".join(message["content"] for message in request["messages"]
                     if message["role"] == "system")


def test_what_a_user_says_is_remembered_with_its_source(client):
    answer = chat(client, f"Hello! {SAID} Who are you?", "first")
    memory, = await_memories(client)
    assert memory["content"] == TOLD
    assert memory["sourceMessageId"] == answer["user_message_id"]
    assert memory["confidence"] == 0.9
    assert memory["personaId"] and memory["sourceConversationId"]


def test_it_is_recalled_in_another_session_and_not_taken_again(client):
    chat(client, SAID, "first")
    await_memories(client)
    told = chat(client, "Where do I live?", "second")
    assert "I live in Turin" in told["response"]
    chat(client, f"Right, as I said: {SAID}", "second")
    chat(client, "My dog is called Byron.", "third")  # observed after what was said before it
    wait_for(lambda: any("Byron" in memory["content"] for memory in memories(client)), "the dog")
    assert sorted(memory["content"] for memory in memories(client)) == sorted(
        [TOLD, 'The user said: "My dog is called Byron."'])


def test_users_do_not_share_what_is_remembered(client, dramatis, user):
    chat(client, SAID, "first")
    await_memories(client)
    assert memories(dramatis.client(user + "-other")) == []


def test_deleting_a_history_forgets_what_came_from_it(client):
    chat(client, SAID, "first")
    chat(client, "My dog is called Byron.", "second")
    await_memories(client, 2)
    client.delete("/api/history/first").expect(204)
    wait_for(lambda: len(memories(client)) == 1, "one to be forgotten")
    assert "Byron" in memories(client)[0]["content"]
    # The same session id begins anew, and is observed again.
    chat(client, "I live in Malmö.", "first")
    wait_for(lambda: any("Malmö" in memory["content"] for memory in memories(client)), "Malmö")


def test_deleting_a_conversation_forgets_for_everybody_in_it(client, dramatis, user):
    other = dramatis.client(f"{user}-other")
    me, theirs = make_persona(client), make_persona(other, isPublic=True)
    ada = make_persona(client, "ai_agent", biography="I listen.",
                       responseDelay={"minMs": 0, "maxMs": 0})
    path = path_of(open_room(client, [me, ada], visibility="public"))
    other.post(f"{path}/join", {"personaId": theirs}).expect(200)
    name = client.get(f"{path}/participants/{ada}").expect(200)["name"]
    say(client, path, me, f"@{name}, {SAID}").expect(201)
    say(other, path, theirs, f"@{name}, my name is Bob and I live in Rome.").expect(201)
    for who in (client, other):
        await_memories(who)
    client.delete(path).expect(204)
    for who in (client, other):
        wait_for(lambda: not memories(who), "the memories to be forgotten")


def test_services_see_the_exact_range_of_a_summary(make_deployment, shape, provider):
    """The built-in model sums up what a narrow one cannot read; extraction tells the ids."""
    settings = {**provider.settings(), "DRAMATIS_OPENAI_MODELS": "double@2000",
                "DRAMATIS_MODEL": "openai/double"}
    provider.script(default={"tokens": ["I see."]})
    with make_deployment(shape, settings) as deployment:
        client = deployment.client("ada")
        persona = make_double_persona(client, biography="I listen.", modelConfig={
            "model": "openai/double", "maxOutputTokens": 200})
        chat(client, SAID, "long", persona)
        conversation = await_memories(client)[0]["sourceConversationId"]
        fill(client, persona, "long", 8, "bread " * 240)
        parts = wait_for(lambda: summaries(deployment, "ada", conversation, 1000), "a summary")
        assert parts[0]["from_sequence"] == 1
        to = parts[0]["to_sequence"]
        assert 1 < to < 18
        assert f"User: {SAID}" in parts[0]["text"]  # who said it, in their words
        # Nothing of what is to come; an earlier one may have been made meanwhile.
        before = summaries(deployment, "ada", conversation, to)
        assert all(part["to_sequence"] < to for part in before), before
        assert summaries(deployment, "bob", conversation, 1000) == []
        client.delete("/api/history/long").expect(204)
        wait_for(lambda: not summaries(deployment, "ada", conversation, 1000), "it to be forgotten")


@pytest.fixture
def narrow(make_deployment, shape, provider):
    """A deployment whose model reads little, and which asks the same model for memory's sake."""
    settings = {**provider.settings(), "DRAMATIS_OPENAI_MODELS": "double@2000",
                "DRAMATIS_MODEL": "openai/double", "DRAMATIS_MEMORY_MODEL": "openai/double",
                "DRAMATIS_MEMORY_EXTRACTION": "false"}
    with make_deployment(shape, settings) as deployment:
        yield deployment


def is_task(request):
    return MINUTES in system_text(request)


def fill(client, persona, session, turns, text="x" * 700):
    for number in range(turns):
        chat(client, f"Message {number}: {text}", session, persona)


def long_session(narrow, provider, user, turns):
    """A session that outgrows the window; its client and persona."""
    client = narrow.client(user)
    persona = make_double_persona(client, biography="I listen.",
                                  modelConfig={"model": "openai/double", "maxOutputTokens": 200})
    fill(client, persona, "long", turns)
    return client, persona


def test_a_summary_stands_for_what_does_not_fit(narrow, provider, user):
    provider.script(default={"tokens": ["They counted messages."]})
    client, persona = long_session(narrow, provider, user, 10)
    wait_for(lambda: any(is_task(request) for request in provider.requests()), "a summary")

    def summarized():
        chat(client, "And now?", "long", persona)
        return "In short, what was said in the messages 1 to " in system_text(
            [request for request in provider.requests() if not is_task(request)][-1])
    wait_for(summarized, "a summary in the prompt", pause=0.3)

    request = [request for request in provider.requests() if not is_task(request)][-1]
    system = system_text(request)
    to = int(system.split("messages 1 to ")[1].split()[0])
    assert "They counted messages." in system
    history = client.pages("/api/chat/history/long", "messages")
    assert [message["sequence"] for message in history] == list(range(1, len(history) + 1))
    words = "\n".join(message["content"] for message in request["messages"]
                      if message["role"] != "system")
    for message in history[:-1]:
        if message["role"] != "user" or not message["content"].startswith("Message "):
            continue
        printed = message["content"].split(":")[0] + ":" in words
        assert printed == (message["sequence"] > to), (message["sequence"], to)
    # What was sent to be summed up is exactly that range, each message once.
    lines = [json.loads(line)["text"] for task in provider.requests() if is_task(task)
             for line in task["messages"][-1]["content"].split("\n")
             if "text" in json.loads(line)]
    assert lines[:to] == [message["content"] for message in history[:to]]


def test_chats_go_on_where_nothing_can_be_summed_up(narrow, provider, user):
    provider.script(default={"tokens": ["Fine."]}, when={MINUTES: {"status": 500, "error": "no"}})
    client, persona = long_session(narrow, provider, user, 16)
    for number in range(3):
        # Five failures would open the breaker of a provider, if they counted against it.
        wait_for(lambda: sum(is_task(request) for request in provider.requests()) > 2 * number,
                 "summaries to fail again and again", timeout=60)
        assert chat(client, f"Still {number}?", "long", persona)["response"] == "Fine."
    assert narrow.row_counts()["memory.summaries"] == 0
    newest = [request for request in provider.requests() if not is_task(request)][-1]
    assert "In short" not in system_text(newest)
    assert "Still 2?" in newest["messages"][-1]["content"]


def test_forgetting_waits_for_a_memory_that_is_away(make_deployment, provider):
    with make_deployment("separate", {**provider.settings(), "DRAMATIS_MODEL": "local"}) as apart:
        client = apart.client("ada")
        chat(client, SAID, "first")
        await_memories(client)
        apart.programs["dramatis-memory"].kill()
        client.delete("/api/history/first").expect(204)
        apart.programs["dramatis-conversation"].kill()  # and who knew of it is gone as well
        apart.start_again("dramatis-conversation")
        apart.start_again("dramatis-memory")
        wait_for(lambda: client.get("/api/memories").status == 200, "memory to be back")
        wait_for(lambda: memories(client) == [], "the memory to be forgotten", timeout=40)


def test_extraction_can_be_turned_off(make_deployment, shape):
    with make_deployment(shape, {"DRAMATIS_MEMORY_EXTRACTION": "false"}) as deployment:
        client = deployment.client("ada")
        chat(client, SAID, "first")
        wait_for(lambda: deployment.row_counts()["memory.observations"] == 1, "it to be observed")
        assert memories(client) == []
