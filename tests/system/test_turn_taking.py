"""Who answers in a conversation, when, and with what: through HTTP, in both shapes."""

import datetime
import json
import time
import uuid

import pytest

from tests.conftest import SHAPES
from tests.harness.program import wait_for
from tests.harness.provider import BROKEN
from tests.harness.rooms import make_persona, messages_of, open_room, path_of, say

AT_ONCE = {"minMs": 0, "maxMs": 0}


def make_ai(client, name=None, delay=0, **fields):
    """An AI persona that the provider double speaks for, and that waits so many ms; id and name."""
    name = name or f"Bot{uuid.uuid4().hex[:8]}"
    persona = make_persona(client, fields.pop("kind", "ai_agent"), name=name,
                           modelConfig={"model": "openai/double"},
                           responseDelay={"minMs": delay, "maxMs": delay}, **fields)
    return persona, name


def seconds(timestamp):
    return datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()


def speaks(name, *tokens, **step):
    """The part of a script by which the persona of this name says this."""
    return {f"You are {name}.": {"tokens": list(tokens), **step}}


def replies(client, path):
    return [m for m in messages_of(client, path) if m.get("generated")]


def wait_for_replies(client, path, count):
    wait_for(lambda: len(replies(client, path)) >= count, f"{count} replies")
    return replies(client, path)


def stays(client, path, count, seconds=1.0):
    """There are so many replies, and no more come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert len(replies(client, path)) == count
        time.sleep(0.1)


def prompts_of(provider, name):
    """The system text and the messages of each request for this persona."""
    found = []
    for request in provider.requests():
        system, *messages = request["messages"]
        if f"You are {name}." in system["content"]:
            found.append((system["content"], messages))
    return found


@pytest.fixture
def other(dramatis, user):
    return dramatis.client(f"{user}-other")


def test_a_plain_statement_in_a_room_of_two_gets_exactly_one_reply(client, provider):
    me = make_persona(client, name=f"Hana{uuid.uuid4().hex[:6]}")
    ai, name = make_ai(client)
    provider.script(when=speaks(name, "I ", "see."))
    path = path_of(open_room(client, [me, ai]))
    answer = say(client, path, me, "It rains today.").expect(201)
    assert [turn["personaId"] for turn in answer["turns"]] == [ai]
    assert "score" not in answer["turns"][0]
    (reply,) = wait_for_replies(client, path, 1)
    assert reply["content"] == "I see."
    assert reply["personaId"] == ai
    assert reply["turnId"] == answer["turns"][0]["turnId"]
    assert reply["model"] == "openai/double"
    assert reply["finishReason"] == "stop"
    assert reply["usage"]["outputTokens"] > 0
    assert [m["sequence"] for m in messages_of(client, path)] == [1, 2]
    stays(client, path, 1)
    turn = client.get(f"/api/turns/{reply['turnId']}").expect(200)
    assert (turn["state"], turn["attempt"]) == ("done", 1)
    assert turn["message_id"] == reply["messageId"]


def test_the_prompt_names_speakers_and_tells_who_is_present(client, provider):
    me, hana = make_persona(client, name="Hana"), "Hana"
    ai, name = make_ai(client)
    provider.script(default={"tokens": ["Ok."]})
    path = path_of(open_room(client, [me, ai], title="Harvest", topic="apples", goal="a plan",
                             constraints={"allowedTopics": ["fruit"]}))
    hidden = say(client, path, me, "SECRET", type="action").expect(201)["message"]
    wait_for_replies(client, path, 1)
    client.delete(f"{path}/messages/{hidden['messageId']}").expect(204)
    say(client, path, me, "opens the window", type="action").expect(201)
    wait_for_replies(client, path, 2)
    system, messages = prompts_of(provider, name)[-1]
    for text in ("Harvest", "apples", "a plan", "fruit", f"{name} (you), {hana}"):
        assert text in system, text
    assert "open" not in system.split("You opened with")[0]  # nothing of ambiguity
    assert messages[-1] == {"role": "user", "content": "Hana: [opens the window]"}
    assert "SECRET" not in json.dumps(messages)


def test_at_most_as_many_ais_answer_as_the_room_allows(client, provider):
    me = make_persona(client)
    ais = [make_ai(client)[0] for _ in range(3)]
    provider.script(default={"tokens": ["Ok."]})
    for most in (0, 1, 2, 3):
        path = path_of(open_room(client, [me, *ais], settings={"maxAiResponders": most}))
        turns = say(client, path, me, "What do you think of it?").expect(201)["turns"]
        assert len(turns) == most
        assert len(wait_for_replies(client, path, most)) == most
        stays(client, path, most, 0.5)
    path = path_of(open_room(client, [me, *ais]))
    assert len(say(client, path, me, "Hello.").expect(201)["turns"]) == 2


def test_a_mention_wins_and_so_does_a_reply(client, provider):
    me = make_persona(client)
    ais = dict(make_ai(client, delay=1) for _ in range(3))
    provider.script(default={"tokens": ["Ok."]})
    path = path_of(open_room(client, [me, *ais]))
    for ai, name in ais.items():
        turns = say(client, path, me, f"@{name.upper()} what now").expect(201)["turns"]
        assert [turn["personaId"] for turn in turns] == [ai]
    for reply in wait_for_replies(client, path, 3):
        turns = say(client, path, me, "Go on.", replyToMessageId=reply["messageId"]).expect(201)
        assert [turn["personaId"] for turn in turns["turns"]] == [reply["personaId"]]
    assert len(wait_for_replies(client, path, 6)) == 6


def test_a_switch_makes_everybody_answer_at_once(make_deployment, provider, shape):
    settings = {**provider.settings(), "DRAMATIS_RESPONSE_DELAY": "false"}
    with make_deployment(shape, settings) as dramatis:
        client = dramatis.client("alice")
        me = make_persona(client)
        ai, _ = make_ai(client, delay=60000)
        provider.script(default={"tokens": ["Ok."]})
        path = path_of(open_room(client, [me, ai]))
        answer = say(client, path, me, "Hello").expect(201)
        assert abs(seconds(answer["turns"][0]["dueTime"]) -
                   seconds(answer["message"]["createTime"])) < 5  # clocks of two machines
        assert len(wait_for_replies(client, path, 1)) == 1


def test_a_turn_waits_as_long_as_its_persona_does(client, provider):
    me = make_persona(client)
    provider.script(default={"tokens": ["Ok."]})

    def waited():
        ai, name = make_ai(client, delay=900)
        path = path_of(open_room(client, [me, ai]))
        began = time.monotonic()
        answer = say(client, path, me, "Hello").expect(201)
        turn = client.get(f"/api/turns/{answer['turns'][0]['turnId']}").expect(200)
        assert (turn["state"], turn["attempt"]) == ("pending", 0)
        wait_for(lambda: prompts_of(provider, name), "the request")
        return time.monotonic() - began

    # A timer, not the next look. A busy machine is late once, hardly three times.
    times = [waited()]
    while times[-1] >= 1.9 and len(times) < 3:
        times.append(waited())
    assert 0.85 < times[-1] < 1.9, times


def test_admins_see_why_somebody_speaks(client, admin, provider):
    provider.script(default={"tokens": ["Ok."]})
    me = make_persona(admin)
    ai, _ = make_ai(admin)
    path = path_of(open_room(admin, [me, ai], topic="apples"))
    (turn,) = say(admin, path, me, "Are apples red?").expect(201)["turns"]
    score = turn["score"]
    assert score["reason"] == "alone"
    assert (score["topic"], score["flow"], score["question"], score["traits"]) == (1, 1, 1, 0.5)
    assert score["dominancePenalty"] == 0
    assert abs(score["total"] - 0.9) < 1e-9
    (reply,) = wait_for_replies(admin, path, 1)
    prompt = admin.get(f"{path}/messages/{reply['messageId']}/prompt").expect(200)
    assert prompt["score"] == score


def test_a_burst_of_messages_gets_one_reply_that_answers_the_last(client, provider):
    me = make_persona(client)
    ai, name = make_ai(client, delay=1500)
    provider.script(default={"tokens": ["Ok."]})
    path = path_of(open_room(client, [me, ai]))
    began = time.monotonic()
    turns = [say(client, path, me, f"Number {i}").expect(201)["turns"][0] for i in range(5)]
    assert time.monotonic() - began < 1.4, "too slow a machine for this test"
    assert len({turn["turnId"] for turn in turns}) == 1
    due = [turn["dueTime"] for turn in turns]
    assert due == sorted(due) and due[0] < due[-1]
    wait_for_replies(client, path, 1)
    # Not before the last one's time.
    assert time.monotonic() - began > 1.5
    stays(client, path, 1, 2)
    turn = client.get(f"/api/turns/{turns[0]['turnId']}").expect(200)
    assert turn["user_message_id"] == messages_of(client, path)[4]["messageId"]
    assert len(prompts_of(provider, name)) == 1
    assert "Number 4" in prompts_of(provider, name)[0][1][-1]["content"]


def test_what_is_said_while_an_ai_speaks_is_answered_afterwards(client, provider):
    me = make_persona(client)
    ai, name = make_ai(client)
    provider.script({"tokens": ["One."], "first_delay_ms": 1000}, default={"tokens": ["Two."]})
    path = path_of(open_room(client, [me, ai]))
    say(client, path, me, "First").expect(201)
    wait_for(lambda: prompts_of(provider, name), "the first request")
    for text in ("Second", "Third"):
        say(client, path, me, text).expect(201)
    assert [m["content"] for m in wait_for_replies(client, path, 2)] == ["One.", "Two."]
    stays(client, path, 2)
    messages = prompts_of(provider, name)[1][1]
    # The first reply has been said after the other two messages: it is its own, and the prompt ends
    # with what somebody else said.
    assert messages[-1]["role"] == "user"
    assert "Second" in messages[-1]["content"] and "Third" in messages[-1]["content"]


@pytest.mark.parametrize("how", ["close", "pause", "leave", "remove", "delete"])
def test_who_is_stopped_while_thinking_says_nothing(client, other, provider, how):
    me = make_persona(client)
    ai, name = make_ai(client)
    provider.script(when=speaks(name, "Too ", "late.", first_delay_ms=1500))
    path = path_of(open_room(client, [me, ai]))
    turn = say(client, path, me, "Hello").expect(201)["turns"][0]["turnId"]
    wait_for(lambda: prompts_of(provider, name), "the request")
    if how in ("close", "pause"):
        client.post(f"{path}/{how}", {}).expect(200)
    elif how == "leave":
        client.post(f"{path}/leave", {"personaId": ai}).expect(200)
    elif how == "remove":
        client.delete(f"{path}/participants/{ai}").expect(204)
    else:
        client.delete(path).expect(204)
    if how == "delete":
        time.sleep(2)
        client.get(f"/api/turns/{turn}").problem(404, "NOT_FOUND")
        return
    stays(client, path, 0, 2.5)
    ended = client.get(f"/api/turns/{turn}").expect(200)
    assert ended["state"] == "cancelled"
    assert ended["error_code"] in ("CONVERSATION_CLOSED", "INVALID_STATE", "NOT_PARTICIPANT")
    if how == "pause":
        client.post(f"{path}/resume", {}).expect(200)
        say(client, path, me, "Again").expect(201)
        assert len(wait_for_replies(client, path, 1)) == 1


def test_who_has_not_begun_when_the_room_closes_never_begins(client, provider):
    me = make_persona(client)
    ai, name = make_ai(client, delay=700)
    path = path_of(open_room(client, [me, ai]))
    say(client, path, me, "Hello").expect(201)
    client.post(f"{path}/close", {}).expect(200)
    stays(client, path, 0, 1.5)
    assert prompts_of(provider, name) == []


def test_a_reply_that_crosses_a_constraint_closes_the_room(client, provider):
    me = make_persona(client)
    ai, name = make_ai(client)
    provider.script(when=speaks(name, "Ok."))
    path = path_of(open_room(client, [me, ai], constraints={"maxMessages": 2}))
    say(client, path, me, "Hello").expect(201)
    wait_for_replies(client, path, 1)
    room = client.get(path).expect(200)
    assert (room["status"], room["closeReason"]) == ("completed", "max_messages")


def test_ais_answer_each_other_two_deep_where_the_room_allows_it(client, provider):
    me = make_persona(client)
    (ada, ada_name), (bob, bob_name) = make_ai(client), make_ai(client)
    provider.script(when={**speaks(ada_name, f"What about {bob_name}?"),
                          **speaks(bob_name, f"And {ada_name}?")})
    for chains, expected in ((False, [ada]), (True, [ada, bob, ada])):
        path = path_of(open_room(client, [me, ada, bob], settings={"allowAiChains": chains}))
        say(client, path, me, f"{ada_name}, begin.").expect(201)
        assert [m["personaId"] for m in wait_for_replies(client, path, len(expected))] == expected
        stays(client, path, len(expected))


def test_a_failed_turn_can_be_retried_or_says_a_neutral_line(client, provider):
    me = make_persona(client)
    ai, name = make_ai(client)
    provider.script(when={f"You are {name}.": BROKEN})
    path = path_of(open_room(client, [me, ai]))
    turn = say(client, path, me, "Hello").expect(201)["turns"][0]["turnId"]
    wait_for(lambda: client.get(f"/api/turns/{turn}").json()["state"] == "failed", "the failure")
    assert client.get(f"/api/turns/{turn}").json()["error_code"] == "PROVIDER_FAILED"
    stays(client, path, 0, 0.3)
    fallback = path_of(open_room(client, [me, ai], settings={"fallbackReplies": True}))
    say(client, fallback, me, "Hello").expect(201)
    (reply,) = wait_for_replies(client, fallback, 1)
    assert reply["finishReason"] == "fallback"
    assert reply["content"]
    assert "model" not in reply or reply["model"] == ""
    client.get(f"{fallback}/messages/{reply['messageId']}/prompt").problem(404, "NOT_FOUND")
    provider.script(when=speaks(name, "Now."))
    client.post(f"/api/turns/{turn}/retry", {}).expect(200)
    assert wait_for_replies(client, path, 1)[0]["content"] == "Now."
    client.post(f"/api/turns/{turn}/retry", {}).problem(409, "TURN_NOT_FAILED")


def test_an_empty_reply_is_asked_for_once_more(client, provider):
    me = make_persona(client)
    ai, _ = make_ai(client)
    provider.script({"tokens": ["  \n"]}, default={"tokens": ["Here."]})
    path = path_of(open_room(client, [me, ai]))
    say(client, path, me, "Hello").expect(201)
    assert wait_for_replies(client, path, 1)[0]["content"] == "Here."
    assert len(provider.requests()) == 2


def test_the_own_name_before_a_reply_is_left_out(client, provider):
    me = make_persona(client)
    ai, name = make_ai(client)
    provider.script(when=speaks(name, f"{name}: ", " Hi. \n"))
    path = path_of(open_room(client, [me, ai]))
    say(client, path, me, "Hello").expect(201)
    assert wait_for_replies(client, path, 1)[0]["content"] == "Hi."


def test_a_masked_ai_answers_without_a_trace(client, other, provider):
    """For somebody who may not know that it is one: neither turns, nor the mark, nor the prompt."""
    me = make_persona(client)
    ai, name = make_ai(client, kind="ai_ambiguous")
    theirs = make_persona(other)
    provider.script(when=speaks(name, "Hello there."))
    room = open_room(client, [me, ai], visibility="public")
    path = path_of(room)
    other.post(f"{path}/join", {"personaId": theirs}).expect(200)
    answer = say(other, path, theirs, f"{name}?").expect(201)
    assert answer["turns"] == []
    (reply,) = wait_for_replies(client, path, 1)
    (seen,) = [m for m in messages_of(other, path) if m["messageId"] == reply["messageId"]]
    for field in ("generated", "turnId", "model", "usage", "finishReason"):
        assert not seen.get(field), field
    other.get(f"/api/turns/{reply['turnId']}").problem(404, "NOT_FOUND")
    other.get(f"/api/turns/{reply['turnId']}/stream").problem(404, "NOT_FOUND")
    other.post(f"/api/turns/{reply['turnId']}/cancel", {}).problem(404, "NOT_FOUND")
    other.post(f"/api/turns/{reply['turnId']}/retry", {}).problem(404, "NOT_FOUND")
    other.get(f"{path}/messages/{reply['messageId']}/prompt").problem(403)
    other.post("/api/ai/generate-response",
               {"conversationId": room["conversationId"], "personaId": ai}).problem(403)
    assert "left open here" in prompts_of(provider, name)[0][0]


def test_policies_say_who_speaks_and_why(client, admin, provider):
    provider.script(default={"tokens": ["Yes."]})
    human = make_persona(client)
    (ada, _), (bob, _), (cid, _) = (make_ai(client) for _ in range(3))

    def room_with(policy, **settings):
        return path_of(open_room(client, [human, ada, bob, cid], settings={
            "turnPolicy": policy, "maxAiResponders": 1, **settings}))

    def speakers(path, *said):
        for count, text in enumerate(said, 1):
            say(client, path, human, text).expect(201)
            wait_for_replies(client, path, count)
        return [m["personaId"] for m in replies(client, path)]

    def reason(path):
        message = replies(client, path)[-1]
        score = admin.get(f"{path}/messages/{message['messageId']}/prompt").expect(200)["score"]
        # Everybody who may know that a model speaks is told why it does.
        assert message["turnReason"] == score["reason"]
        return score["reason"]

    listed = room_with("list")
    assert speakers(listed, "Go.", "Go.", "Go.", "Go.") == [ada, bob, cid, ada]
    assert reason(listed) == "list"
    pooled = room_with("pooled", participants=[{"personaId": cid, "muted": True}])
    drawn = speakers(pooled, "Go.", "Go.", "Go.", "Go.")
    assert sorted(drawn[:2]) == sorted(drawn[2:]) == sorted([ada, bob])
    assert reason(pooled) == "pooled"

    manual = room_with("manual")
    say(client, manual, human, "Anybody?").expect(201)
    stays(client, manual, 0)
    client.post("/api/ai/generate-response", {"conversationId": manual.split("/")[-1],
                                              "personaId": bob}).expect(200)
    assert [m["personaId"] for m in replies(client, manual)] == [bob]
    assert reason(manual) == "requested"

    room = client.get(manual).expect(200)
    assert room["settings"]["turnPolicy"] == "manual"
    problem = client.patch(manual, {"settings": {"participants": [
        {"personaId": ada}, {"personaId": ada}]}}).problem(400, "VALIDATION_FAILED")
    assert problem["errors"][0]["field"].endswith("participants[1].personaId")
    changed = client.patch(manual, {"settings": {"turnPolicy": "natural"}}).expect(200)
    assert changed["settings"]["turnPolicy"] == "natural"


ASKED = "say who speaks next"


@pytest.fixture(scope="module", params=SHAPES)
def led(request, make_deployment, shared_provider):
    """A deployment whose default model, which picks who speaks, is the provider double."""
    settings = {**shared_provider.settings(), "DRAMATIS_MODEL": "openai/double",
                "DRAMATIS_RESPONSE_DELAY": "false"}
    with make_deployment(request.param, settings) as deployment:
        yield deployment


@pytest.fixture
def host(led, user):
    return led.client(user)


@pytest.fixture
def judge(led):
    return led.client("root:admin")


def choosing(client, human, *ais, **settings):
    return path_of(open_room(client, [human, *ais], settings={
        "turnPolicy": "model", "maxAiResponders": 2, **settings}))


def score_of(admin, path, number=-1):
    message = replies(admin, path)[number]["messageId"]
    return admin.get(f"{path}/messages/{message}/prompt").expect(200)["score"]


def test_a_model_picks_who_speaks_from_an_enumeration(host, judge, provider):
    client, admin = host, judge
    human = make_persona(client)
    (ada, ada_name), (bob, bob_name), (cid, cid_name) = (make_ai(client) for _ in range(3))
    path = choosing(client, human, ada, bob, cid)
    for said, (picked, name) in enumerate(((cid, cid_name), (ada, ada_name)), 1):
        provider.script(default={"tokens": ["Yes."]},
                        when={ASKED: {"tokens": ['{"choice":', f' "{name}"}}']}})
        answer = say(client, path, human, f"Go {said}.").expect(201)
        assert answer["turns"] == []  # nobody knows yet
        assert wait_for_replies(client, path, said)[-1]["personaId"] == picked
        score = score_of(admin, path)
        assert (score["reason"], score["pickedBy"]) == ("model", "openai/double")
        assert "notPickedBecause" not in score or not score["notPickedBecause"]
    asked = [r for r in provider.requests() if ASKED in r["messages"][0]["content"]][-1]
    schema = asked["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["choice"]["enum"] == [ada_name, bob_name, cid_name]
    assert "Go 2." in asked["messages"][-1]["content"]
    # Who is called answers without anybody being asked.
    before = len(provider.requests())
    turns = say(client, path, human, f"@{bob_name}!").expect(201)["turns"]
    assert [turn["personaId"] for turn in turns] == [bob]
    wait_for_replies(client, path, 3)
    assert len(provider.requests()) == before + 1
    assert score_of(admin, path)["reason"] == "addressed"


@pytest.mark.parametrize("answer, why", [
    ({"tokens": ["Whoever likes."]}, "unusable_answer"),
    ({"tokens": ['{"choice": "Eve"}']}, "unusable_answer"),
    ({"status": 400, "error": "no"}, "PROVIDER_FAILED"),
])
def test_without_a_pick_the_score_decides_and_says_why(host, judge, provider, answer, why):
    client, admin = host, judge
    human = make_persona(client)
    (ada, _), (bob, _) = make_ai(client), make_ai(client)
    path = choosing(client, human, ada, bob)
    provider.script(default={"tokens": ["Yes."]}, when={ASKED: answer})
    say(client, path, human, "Hm.").expect(201)
    (reply, *_) = wait_for_replies(client, path, 1)
    assert reply["personaId"] in (ada, bob)
    score = score_of(admin, path, 0)
    assert score["notPickedBecause"] == why
    assert score["reason"] in ("score", "last_resort")


def test_a_model_that_takes_no_schema_picks_all_the_same(host, judge, provider):
    client, admin = host, judge
    human = make_persona(client)
    (ada, _), (bob, bob_name) = make_ai(client), make_ai(client)
    path = choosing(client, human, ada, bob)
    provider.script(default={"tokens": ["Yes."]},
                    when={ASKED: {"refuses": ["response_format"], "tokens": [f"I say {bob_name}."]}})
    say(client, path, human, "Go on.").expect(201)
    assert wait_for_replies(client, path, 1)[0]["personaId"] == bob
    assert score_of(admin, path)["reason"] == "model"


def test_the_built_in_model_does_not_pick(client, admin, provider):
    human = make_persona(client)
    path = choosing(client, human, *(make_ai(client)[0] for _ in range(2)))
    say(client, path, human, "Hello.").expect(201)
    wait_for_replies(client, path, 1)
    assert score_of(admin, path, 0)["notPickedBecause"] == "retrieval_model"


def test_a_choice_under_way_survives_its_process(make_deployment, shape, provider):
    settings = {**provider.settings(), "DRAMATIS_MODEL": "openai/double",
                "DRAMATIS_TURN_LEASE": "2s", "DRAMATIS_RESPONSE_DELAY": "false"}
    with make_deployment(shape, settings) as deployment:
        client, admin = deployment.client("alice"), deployment.client("root:admin")
        human = make_persona(client)
        (ada, _), (bob, bob_name) = make_ai(client), make_ai(client)
        path = choosing(client, human, ada, bob)
        provider.script(when={ASKED: {"hang": True}})
        say(client, path, human, "Go on.").expect(201)
        wait_for(lambda: any(ASKED in r["messages"][0]["content"] for r in provider.requests()),
                 "the question")
        deployment.kill()
        provider.script(default={"tokens": ["Yes."]},
                        when={ASKED: {"tokens": [f'{{"choice": "{bob_name}"}}']}})
        deployment.start()
        client, admin = deployment.client("alice"), deployment.client("root:admin")
        assert wait_for_replies(client, path, 1)[0]["personaId"] == bob
        stays(client, path, 1, 0.5)
        assert score_of(admin, path)["reason"] == "model"
