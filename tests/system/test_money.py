"""What calls to models cost: reserved before, settled after, limited by budgets, shown to users."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import make_double_persona
from tests.harness.client import Client
from tests.harness.program import wait_for

# Ten micros for each token of an answer, nothing for the prompt: what an answer costs is known.
PRICED = {"DRAMATIS_OPENAI_MODELS": "double@1000000@0/10", "DRAMATIS_MEMORY_EXTRACTION": "false",
          "DRAMATIS_MODEL": "local"}
THREE_TOKENS = {"tokens": ["one ", "two ", "three"]}


def priced(provider, **settings):
    return {**provider.settings(), **PRICED, **settings}


def three_token_persona(client):
    """Its answers cost 30 at most."""
    return make_double_persona(client, modelConfig={"model": "openai/double", "maxOutputTokens": 3})


def until(stream, name):
    while stream.next().name != name:
        pass


def budget_of(client):
    return client.get("/api/usage").expect(200)["budget"]


def chat(client, persona, message="Hi", **fields):
    return client.post("/api/chat", {"message": message, "persona_id": persona, **fields})


def test_a_budget_for_three_makes_three_calls_of_a_hundred_at_two_replicas(make_deployment, provider):
    provider.script(default=THREE_TOKENS)
    settings = priced(provider, DRAMATIS_MONTHLY_BUDGET_MICROS="90")
    with make_deployment("separate", settings, replicas=2) as deployment:
        clients = [Client(address, "alice", timeout=120) for address in deployment.http_addresses()]
        persona = three_token_persona(clients[0])
        with ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(lambda i: chat(clients[i % 2], persona), range(100)))
        made = [answer for answer in answers if answer.status == 200]
        assert len(made) == 3, [answer.status for answer in answers]
        for answer in answers:
            if answer.status != 200:
                answer.problem(429, "BUDGET_EXCEEDED")
        assert provider.counts()["count"] == 3
        assert all(answer.expect(200)["usage"]["cost_micros"] == 30 for answer in made)
        budget = budget_of(clients[0])
        assert (budget["spentMicros"], budget["reservedMicros"]) == (90, 0)


@pytest.fixture
def deployment(make_deployment, shape, provider):
    with make_deployment(shape, priced(provider)) as deployment:
        yield deployment


def test_an_admin_sets_what_a_user_may_spend(deployment, provider):
    provider.script(default=THREE_TOKENS)
    admin, alice = deployment.client("root:admin"), deployment.client("alice")
    persona = three_token_persona(alice)
    path = "/api/admin/budgets/alice"
    before = admin.get(path).expect(200)
    assert "monthlyBudgetMicros" not in before and before["spentMicros"] == 0
    assert before["beginsAnew"].endswith("-01T00:00:00Z")

    changed = admin.put(path, {"monthlyBudgetMicros": 59}).expect(200)
    assert changed["monthlyBudgetMicros"] == 59 and "tokensPerMinute" not in changed
    chat(alice, persona).expect(200)
    problem = chat(alice, persona, session_id="s").problem(429, "BUDGET_EXCEEDED")
    assert before["beginsAnew"] in problem["detail"]
    assert problem["retryAfterSeconds"] > 0
    assert provider.counts()["count"] == 1
    # The message was stored before, and its turn can be tried again once there is money.
    turn = problem["turn_id"]
    history = alice.get("/api/chat/history/s").expect(200)["messages"]
    assert [message["content"] for message in history] == ["Hi"]
    assert budget_of(alice) == {**admin.get(path).expect(200)}
    admin.put(path, {"monthlyBudgetMicros": 60}).expect(200)
    alice.post(f"/api/turns/{turn}/retry").expect(200)
    wait_for(lambda: budget_of(alice)["spentMicros"] == 60, "the turn to be tried again")
    # Other users are not concerned, and nobody sets a budget of their own.
    chat(deployment.client("bob"), persona).problem(404)
    alice.put(path, {"monthlyBudgetMicros": 10 ** 9}).problem(403)
    admin.request("PATCH", path, {"monthlyBudgetMicros": 5},
                  headers={"If-Match": "\"0\""}).problem(412, "ETAG_MISMATCH")


def test_a_stream_says_that_the_budget_is_spent(deployment, provider):
    admin, alice = deployment.client("root:admin"), deployment.client("alice")
    persona = three_token_persona(alice)
    admin.put("/api/admin/budgets/alice", {"monthlyBudgetMicros": 0}).expect(200)
    with alice.stream("/api/chat", {"message": "Hi", "persona_id": persona,
                                    "stream": True}) as stream:
        events = list(stream)
    assert events[-1].name == "error", events
    assert events[-1].json()["problem"]["code"] == "BUDGET_EXCEEDED"
    assert provider.counts()["count"] == 0
    # The built-in model costs nothing.
    alice.post("/api/chat", {"message": "Hello"}).expect(200)


def test_tokens_of_a_minute_are_limited(deployment, provider):
    provider.script(default=THREE_TOKENS)
    admin, alice = deployment.client("root:admin"), deployment.client("alice")
    persona = three_token_persona(alice)
    admin.put("/api/admin/budgets/alice", {"tokensPerMinute": 1}).expect(200)
    for _ in range(3):  # a minute may begin in between
        answer = chat(alice, persona)
        if answer.status == 429:
            break
    problem = answer.problem(429, "RATE_LIMITED")
    assert 0 < problem["retryAfterSeconds"] <= 60


def test_everybody_sees_their_own_usage(deployment, provider):
    provider.script(default=THREE_TOKENS)
    alice, bob = deployment.client("alice"), deployment.client("bob")
    persona = three_token_persona(alice)
    chat(alice, persona).expect(200)
    chat(alice, persona).expect(200)
    bob.post("/api/chat", {"message": "Hi"}).expect(200)

    def groups(client, group_by):
        page = client.get(f"/api/usage?groupBy={group_by}").expect(200)
        assert page["groupBy"] == group_by
        return {group["key"]: (group["calls"], group["costMicros"]) for group in page["groups"]}

    assert groups(alice, "model") == {"openai/double": (2, 60)}
    assert groups(alice, "persona") == {persona: (2, 60)}
    assert groups(alice, "key") == {"": (2, 60)}
    assert list(groups(alice, "day").values()) == [(2, 60)]
    assert groups(bob, "model") == {"local/retrieval": (1, 0)}
    alice.get("/api/usage?groupBy=user").problem(400)
    assert budget_of(bob)["spentMicros"] == 0


def test_what_a_killed_process_reserved_is_freed(make_deployment, shape, provider):
    provider.script({"tokens": ["one ", {"hang": True}]}, default=THREE_TOKENS)
    settings = priced(provider, DRAMATIS_RESERVATION_LEASE="1s", DRAMATIS_MONTHLY_BUDGET_MICROS="60",
                      DRAMATIS_TURN_LEASE="60s")
    with make_deployment(shape, settings) as deployment:
        alice = deployment.client("alice")
        persona = three_token_persona(alice)
        with alice.stream("/api/chat", {"message": "Hi", "persona_id": persona,
                                        "stream": True}) as stream:
            until(stream, "delta")
            assert budget_of(alice)["reservedMicros"] == 30
            deployment.kill()
        deployment.start()
        alice = deployment.client("alice")
        wait_for(lambda: budget_of(alice)["reservedMicros"] == 0 or
                 budget_of(alice)["spentMicros"] == 30, "the reservation to be freed")


def test_cost_is_counted_for_prometheus(deployment, provider):
    provider.script(default=THREE_TOKENS)
    alice = deployment.client("alice")
    chat(alice, three_token_persona(alice)).expect(200)
    pages = [Client(management).get("/metrics").body.decode()
             for management in deployment.managements()]
    found = re.findall(r'^dramatis_cost_micros_total\{(.*)\} (\S+)$', "\n".join(pages), re.M)
    assert [float(value) for labels, value in found if 'model="openai/double"' in labels] == [30.0]


def test_a_cancelled_answer_is_paid_for_by_estimate(deployment, provider):
    provider.script({"tokens": ["one ", {"hang": True}]})
    alice = deployment.client("alice")
    persona = three_token_persona(alice)
    with alice.stream("/api/chat", {"message": "Hi", "persona_id": persona,
                                    "stream": True}) as stream:
        start = stream.next().json()
        until(stream, "delta")
        alice.post(f"/api/turns/{start['turn_id']}/cancel").expect(200)
        usage = list(stream)[-1].json()["usage"]
    assert usage["estimated"] and usage["cost_micros"] > 0
    group, = alice.get("/api/usage?groupBy=model").expect(200)["groups"]
    assert group["estimated"] and group["costMicros"] == usage["cost_micros"]
    assert budget_of(alice)["reservedMicros"] == 0
