"""Memories that a question finds by what it means, where the deployment has an embedder."""

import pytest

from tests.harness import grpcurl
from tests.harness.embedder import EmbeddingServer, table_file
from tests.harness.program import run_program, wait_for

MEMORY = "The user has a cat called Byron."
# Newer memories are recalled whatever they say: as many as push the first one out of them.
LATER = [f"Note number {n} of a long list." for n in range(6)]
QUESTION = "Tell me of my pet"


def remember(client, content, **fields):
    return client.post("/api/memories", {"content": content, **fields}).expect(201)["memoryId"]


def remember_all(client):
    first = remember(client, MEMORY)
    for content in LATER:
        remember(client, content)
    return first


def recalled(deployment, user, question, persona="p"):
    """What memory tells a turn, as conversation asks for it: the sources of the parts in their
    order."""
    answer, = grpcurl.call(
        deployment.grpc("memory"), "dramatis.memory.v1.MemoryService/Recall",
        {"user_id": user, "persona_id": persona, "query": question, "budget_bytes": 100000},
        [f"authorization: Bearer local:{user}:service"])
    return [part["source"] for part in answer.get("parts", [])]


def await_found(deployment, user, question, memory_id):
    wait_for(lambda: recalled(deployment, user, question)[:1] == [f"memory/{memory_id}"],
             "the memory to be found by its meaning")


@pytest.fixture
def table(tmp_path):
    return table_file(tmp_path / "words.table")


def test_a_question_finds_what_shares_no_word_with_it(make_deployment, shape, table):
    with make_deployment(shape, {"DRAMATIS_EMBEDDER": f"table:{table}"}) as deployment:
        ann, bob = deployment.client("ann"), deployment.client("bob")
        cat = remember_all(ann)
        for_another = remember(ann, "The user also has a kitten.", personaId="somebody")
        remember_all(bob)
        await_found(deployment, "ann", QUESTION, cat)
        # Whose memories they are, and for which persona, counts as it does for words.
        theirs = wait_for(lambda: [source for source in recalled(
            deployment, "ann", QUESTION, "somebody")[:2] if for_another in source],
            "the other persona's memory")
        assert theirs
        assert f"memory/{for_another}" not in recalled(deployment, "ann", QUESTION)
        # A word finds as before, and what both find comes first.
        assert recalled(deployment, "ann", "Byron?")[0] == f"memory/{cat}"

        # What has changed or is gone is found no longer by what it meant.
        ann.patch(f"/api/memories/{cat}", {"content": "The user plays the cello."}).expect(200)
        await_found(deployment, "ann", "Which instrument?", cat)
        assert f"memory/{cat}" not in recalled(deployment, "ann", QUESTION)
        ann.delete(f"/api/memories/{cat}").expect(204)
        assert f"memory/{cat}" not in recalled(deployment, "ann", "Which instrument?")


def test_a_persona_is_told_what_a_message_means(make_deployment, shape, table, provider):
    settings = {**provider.settings(), "DRAMATIS_MODEL": "openai/double",
                "DRAMATIS_EMBEDDER": f"table:{table}", "DRAMATIS_MEMORY_EXTRACTION": "false"}
    with make_deployment(shape, settings) as deployment:
        client = deployment.client("ann")
        cat = remember_all(client)
        await_found(deployment, "ann", QUESTION, cat)
        client.post("/api/chat", {"message": QUESTION}).expect(200)
        request, = provider.requests()
        assert MEMORY in "\n".join(message["content"] for message in request["messages"])


def test_another_embedder_makes_everything_anew(make_deployment, shape, table, tmp_path):
    with make_deployment(shape, {"DRAMATIS_EMBEDDER": f"table:{table}"}) as deployment:
        client = deployment.client("ann")
        cat = remember_all(client)
        await_found(deployment, "ann", QUESTION, cat)
        deployment.stop()
        # The new one's vectors say nothing beside the old one's.
        table_file(table, first=1)
        deployment.start()
        # As if the minutes had passed in which two embedders would make them in turns.
        deployment.execute("memory", 'update "{schema}"."memory_embeddings" set due_time = 0')
        await_found(deployment, "ann", QUESTION, cat)
        embedders = {row[0] for row in deployment.execute(
            "memory", 'select distinct embedder from "{schema}"."memory_embeddings"')}
        assert len(embedders) == 1


def test_a_providers_model_embeds_on_the_users_account(make_deployment, shape):
    with EmbeddingServer() as server, make_deployment(shape, server.settings()) as deployment:
        client = deployment.client("ann")
        cat = remember_all(client)
        await_found(deployment, "ann", QUESTION, cat)
        assert MEMORY in server.texts and QUESTION in server.texts
        assert server.keys == {"Bearer sk-embed-0123456789"}
        usage = client.get("/api/usage?groupBy=model").expect(200)
        group, = [group for group in usage["groups"] if group["key"] == f"openai/{server.MODEL}"]
        assert group["costMicros"] > 0 and group["inputTokens"] > 0 and not group["estimated"]
        assert usage["budget"]["reservedMicros"] == 0
        # While nothing can be embedded, words find.
        server.failing = True
        assert f"memory/{cat}" not in recalled(deployment, "ann", QUESTION)
        assert recalled(deployment, "ann", "Byron")[0] == f"memory/{cat}"


def test_a_spent_budget_leaves_the_words(make_deployment, shape):
    with EmbeddingServer() as server:
        settings = {**server.settings(), "DRAMATIS_MONTHLY_BUDGET_MICROS": "1"}
        with make_deployment(shape, settings) as deployment:
            client = deployment.client("ann")
            cat = remember_all(client)
            assert recalled(deployment, "ann", "Byron")[0] == f"memory/{cat}"
            assert server.texts == []


@pytest.mark.parametrize("embedder, complaint", [
    ("table:/nowhere/words.table", "/nowhere/words.table"),
    ("nobody/model", "must be table:"),
    ("openai", "must be table:"),
])
def test_an_embedder_that_is_none_is_named_at_the_start(embedder, complaint, tmp_path):
    settings = {"DRAMATIS_EMBEDDER": embedder, "DRAMATIS_DATA_DIR": str(tmp_path)}
    code, output = run_program("dramatis-inference", settings, ["--check-config"])
    assert code != 0 and "DRAMATIS_EMBEDDER" in output and complaint in output, output
