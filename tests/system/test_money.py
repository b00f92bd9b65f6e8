"""What calls to models cost: reserved before, settled after, limited by budgets, shown to users."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import make_double_persona
from tests.harness.client import Client, chat
from tests.harness.program import wait_for
from tests.harness.rooms import make_persona, open_room, path_of, say

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
    # Micros are whole numbers, for readers of integers too: not 1e+08.
    shown = admin.put(path, {"monthlyBudgetMicros": 10 ** 8})
    shown.expect(200)
    assert b'"monthlyBudgetMicros":100000000,' in shown.body
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


def spent(client):
    return budget_of(client)["spentMicros"]


def charged_keys(client):
    groups = client.get("/api/usage?groupBy=key").expect(200)["groups"]
    return {group["key"]: group["costMicros"] for group in groups}


def make_key(client, deployment, **fields):
    """A client that comes with a key of this one's, and the key's id."""
    key = client.post("/api/keys", {"name": "k", "scopes": ["chat", "personas_read"],
                                    **fields}).expect(201)
    with_key = Client(deployment.http, timeout=120)
    with_key.headers = {"Authorization": f"Bearer {key['secret']}"}
    return with_key, key["keyId"]


def test_whoever_writes_in_a_room_pays_for_the_answer(make_deployment, shape, provider):
    provider.script(default=THREE_TOKENS)
    with make_deployment(shape, priced(provider, DRAMATIS_RESPONSE_DELAY="false")) as deployment:
        alice, bob = deployment.client("alice"), deployment.client("bob")
        hers, his = make_persona(alice), make_persona(bob)
        answering = three_token_persona(alice)
        path = path_of(open_room(alice, [hers, answering], visibility="public"))
        bob.post(f"{path}/join", {"personaId": his}).expect(200)
        name = alice.get(f"/api/personas/{answering}").expect(200)["name"]

        say(bob, path, his, f"@{name}, what do you think?").expect(201)
        wait_for(lambda: spent(bob) == 30, "bob to pay")
        assert spent(alice) == 0
        by_key, key = make_key(alice, deployment)
        say(by_key, path, hers, f"And you, @{name}?").expect(201)
        wait_for(lambda: spent(alice) == 30, "alice to pay")
        assert charged_keys(alice) == {key: 30} and spent(bob) == 30

        # Whoever asks for an answer pays for it, whosever message it answers.
        alice.patch(path, {"settings": {"turnPolicy": "manual"}}).expect(200)
        message = say(alice, path, hers, "Anybody?").expect(201)["message"]
        bob.post("/api/ai/generate-response",
                 {"conversationId": path.rsplit("/", 1)[1], "personaId": answering,
                  "triggerMessageId": message["messageId"]}).expect(200)
        assert (spent(alice), spent(bob)) == (30, 60)


def test_whoever_writes_pays_for_the_choice_of_who_answers(make_deployment, shape, provider):
    provider.script(default=THREE_TOKENS)
    with make_deployment(shape, priced(provider, DRAMATIS_MODEL="openai/double",
                                       DRAMATIS_RESPONSE_DELAY="false")) as deployment:
        alice, bob = deployment.client("alice"), deployment.client("bob")
        his = make_persona(bob)
        first, second = three_token_persona(alice), three_token_persona(alice)
        path = path_of(open_room(alice, [first, second], visibility="public", settings={
            "turnPolicy": "model", "maxAiResponders": 1}))
        bob.post(f"{path}/join", {"personaId": his}).expect(200)
        by_key, key = make_key(bob, deployment)
        say(by_key, path, his, "Go on.").expect(201)
        # Three tokens of a choice that names nobody, and three of the answer.
        wait_for(lambda: charged_keys(bob) == {key: 60}, "bob's key to pay for both")
        assert spent(alice) == 0


def test_an_ai_that_answers_an_ai_is_paid_for_by_whoever_began(make_deployment, shape, provider):
    provider.script(default=THREE_TOKENS)
    with make_deployment(shape, priced(provider, DRAMATIS_RESPONSE_DELAY="false")) as deployment:
        alice, bob = deployment.client("alice"), deployment.client("bob")
        his = make_persona(bob)
        first, second = three_token_persona(alice), three_token_persona(alice)
        name = alice.get(f"/api/personas/{second}").expect(200)["name"]
        provider.script({"tokens": [f"@{name}, ", "and ", "you?"]}, default=THREE_TOKENS)
        path = path_of(open_room(alice, [first, second], visibility="public",
                                 settings={"allowAiChains": True, "maxAiResponders": 1}))
        bob.post(f"{path}/join", {"personaId": his}).expect(200)
        begins = alice.get(f"/api/personas/{first}").expect(200)["name"]
        say(bob, path, his, f"@{begins}?").expect(201)
        wait_for(lambda: spent(bob) >= 60, "the chain to be paid for")
        assert spent(alice) == 0


def test_a_key_pays_also_for_a_turn_that_another_process_ends(make_deployment, shape, provider):
    provider.script({"tokens": ["one ", {"hang": True}]}, default=THREE_TOKENS)
    settings = priced(provider, DRAMATIS_TURN_LEASE="1s", DRAMATIS_RESERVATION_LEASE="1s")
    with make_deployment(shape, settings) as deployment:
        alice = deployment.client("alice")
        persona = three_token_persona(alice)
        by_key, key = make_key(alice, deployment)
        with by_key.stream("/api/chat", {"message": "Hi", "persona_id": persona, "session_id": "s",
                                         "stream": True}) as stream:
            until(stream, "delta")
            deployment.kill()
        deployment.start()
        alice = deployment.client("alice")
        wait_for(lambda: charged_keys(alice) == {key: 30}, "the key to be charged", timeout=60)


def test_a_keys_budget_for_three_makes_three_calls_at_two_replicas(make_deployment, provider):
    provider.script(default=THREE_TOKENS)
    with make_deployment("separate", priced(provider), replicas=2) as deployment:
        alice = Client(deployment.http_addresses()[0], "alice", timeout=120)
        persona = three_token_persona(alice)
        key = alice.post("/api/keys", {"name": "k", "scopes": ["chat", "personas_read"],
                                       "monthlyBudgetMicros": 90}).expect(201)
        clients = [Client(address, timeout=120) for address in deployment.http_addresses()]
        for client in clients:
            client.headers = {"Authorization": f"Bearer {key['secret']}"}
        with ThreadPoolExecutor(30) as pool:
            answers = list(pool.map(lambda i: chat(clients[i % 2], persona), range(30)))
        assert sorted(answer.status for answer in answers) == [200] * 3 + [429] * 27
        assert charged_keys(alice) == {key["keyId"]: 90}
        # Its user may go on without it.
        chat(alice, persona).expect(200)


def test_the_deployment_has_a_budget_too(make_deployment, shape, provider):
    provider.script(default=THREE_TOKENS)
    settings = priced(provider, DRAMATIS_DEPLOYMENT_BUDGET_MICROS="60")
    with make_deployment(shape, settings) as deployment:
        alice, bob, cid = (deployment.client(name) for name in ("alice", "bob", "cid"))
        for client in (alice, bob):
            chat(client, three_token_persona(client)).expect(200)
        problem = chat(cid, three_token_persona(cid)).problem(429, "BUDGET_EXCEEDED")
        assert "deployment" in problem["detail"]
        assert provider.counts()["count"] == 2 and spent(cid) == 0


def test_tokens_of_a_minute_are_exact_at_two_replicas(make_deployment, provider):
    provider.script(default=THREE_TOKENS)
    with make_deployment("separate", priced(provider), replicas=2) as deployment:
        addresses = deployment.http_addresses()
        admin, probe = Client(addresses[0], "root:admin"), Client(addresses[0], "probe")
        used = chat(probe, three_token_persona(probe)).expect(200)["usage"]
        most = 4 * (used["input_tokens"] + used["output_tokens"])
        for user in ("alice", "bob", "cid"):  # a minute may begin in between
            clients = [Client(address, user, timeout=120) for address in addresses]
            persona = three_token_persona(clients[0])
            admin.put(f"/api/admin/budgets/{user}", {"tokensPerMinute": most}).expect(200)
            before, minute = provider.counts()["count"], time.time() // 60
            with ThreadPoolExecutor(40) as pool:
                answers = list(pool.map(lambda i: chat(clients[i % 2], persona), range(40)))
            if time.time() // 60 == minute:
                break
        made = [answer.json()["usage"] for answer in answers if answer.status == 200]
        assert provider.counts()["count"] - before == len(made) >= 2
        assert sum(usage["input_tokens"] + usage["output_tokens"] for usage in made) <= most
        for answer in answers:
            if answer.status != 200:
                answer.problem(429, "RATE_LIMITED")


def test_an_answer_without_usage_is_estimated_and_never_free(deployment, provider):
    provider.script(default={**THREE_TOKENS, "usage": False})
    alice = deployment.client("alice")
    usage = chat(alice, three_token_persona(alice)).expect(200)["usage"]
    assert usage["estimated"] and usage["cost_micros"] > 0 and usage["input_tokens"] > 0
    group, = alice.get("/api/usage?groupBy=model").expect(200)["groups"]
    assert group["estimated"] and group["costMicros"] == usage["cost_micros"]
    assert (spent(alice), budget_of(alice)["reservedMicros"]) == (usage["cost_micros"], 0)
