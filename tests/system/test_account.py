"""Deleting an account: nothing of the user is left anywhere, and other people's rooms stay
whole."""

import uuid

import pytest

from tests.harness.program import wait_for
from tests.harness.rooms import make_persona, messages_of, open_room, path_of, say


def delete_account(client, user):
    return client.request("DELETE", "/api/account", {"confirm": user}).expect(202)


def is_gone(client):
    """Whether nothing of the user shows."""
    return not client.get("/api/history").expect(200)["conversations"] and not client.get(
        "/api/goals").expect(200)["goals"] and not client.get("/api/memories").expect(200)["memories"]


def live(client):
    """Something of everything."""
    made = {"persona": make_persona(client), "public": make_persona(client, isPublic=True)}
    client.put("/api/profile", {"displayName": "Ada", "timezone": "Europe/Berlin"}).expect(200)
    client.post("/api/goals", {"title": "Run", "category": "sport", "goalPattern": "milestone",
                               "target": {"metric": "count", "value": 3,
                                          "targetDate": "2099-01-01"}}).expect(201)
    client.post("/api/journal", {"title": "Day", "content": "Tagged", "tags": ["x"]}).expect(201)
    client.post("/api/memories", {"content": "Drinks tea"}).expect(201)
    made["turn"] = client.post("/api/chat", {"message": "I live in Rome", "session_id": "s"},
                               {"Idempotency-Key": "k1"}).expect(200)
    return made


@pytest.fixture
def life(client):
    return live(client)


def test_only_the_caller_can_be_confirmed(client, life):
    problem = client.request("DELETE", "/api/account", {"confirm": "somebody"}).problem(400)
    assert [error["field"] for error in problem["errors"]] == ["confirm"]
    client.request("DELETE", "/api/account", {}).problem(400, "VALIDATION_FAILED")
    assert client.get("/api/history/s").expect(200)["messages"]


def test_everything_of_the_user_goes(client, user, life):
    job = delete_account(client, user)
    assert job.keys() == {"jobId"}
    wait_for(lambda: is_gone(client), "the account to go")
    client.get("/api/history/s").problem(404)
    client.get(f"/api/turns/{life['turn']['turn_id']}").problem(404)
    client.get(f"/api/personas/{life['persona']}").problem(404)
    client.get(f"/api/personas/{life['public']}").problem(404)
    assert "displayName" not in client.get("/api/profile").expect(200)
    assert client.get("/api/journal/stats").expect(200)["totalEntries"] == 0
    # The same id begins anew, also under a key and a session id that it had used.
    again = client.post("/api/chat", {"message": "Hello", "session_id": "s"},
                        {"Idempotency-Key": "k1"}).expect(200)
    assert again["turn_id"] != life["turn"]["turn_id"]
    assert [m["content"] for m in client.get("/api/history/s").expect(200)["messages"]][0] == "Hello"


def test_other_people_keep_what_was_said_to_them(client, user, dramatis, life):
    other = dramatis.client(f"{user}-other")
    theirs = make_persona(other)
    path = path_of(open_room(other, [theirs], visibility="public"))
    client.post(f"{path}/join", {"personaId": life["persona"]}).expect(200)
    mine = say(client, path, life["persona"], "first").expect(201)["message"]
    client.put(f"{path}/messages/{mine['messageId']}", {"content": "edited"}).expect(200)
    say(other, path, theirs, "second").expect(201)
    own = path_of(open_room(client, [life["public"]], visibility="public"))
    other.post(f"{own}/join", {"personaId": theirs}).expect(200)
    say(other, own, theirs, "heard").expect(201)
    alone = path_of(open_room(client, [life["persona"]]))

    delete_account(client, user)
    wait_for(lambda: other.get(own).expect(200)["status"] == "terminated",
             "the room to close")
    wait_for(lambda: is_gone(client), "the account to go")

    assert [(m["content"], m["personaName"]) for m in messages_of(other, path)][0] == (
        "edited", "deleted user")
    assert [m["content"] for m in messages_of(other, path)] == ["edited", "second"]
    say(other, path, theirs, "third").expect(201)
    names = {p["name"] for p in other.get(path).expect(200)["participants"]}
    assert "deleted user" in names
    assert [m["content"] for m in messages_of(other, own)] == ["heard"]
    client.get(alone).problem(404)
    client.put(f"{path}/messages/{mine['messageId']}", {"content": "again"}).problem(403)
    assert other.get(f"/api/personas/{theirs}").expect(200)["personaId"] == theirs


def test_a_turn_under_way_ends(make_deployment, shape, user):
    with make_deployment(shape, {"DRAMATIS_LOCAL_DELAY": "1s"}) as dramatis:
        client = dramatis.client(user)
        with client.stream("/api/chat", {"message": "Tell me everything", "session_id": "s",
                                         "stream": True}) as stream:
            next(iter(stream))
            delete_account(client, user)
            wait_for(lambda: is_gone(client), "the account to go")
            assert [event.name for event in stream][-1] == "error"
        client.get("/api/history/s").problem(404)


def test_no_row_has_the_user_any_more(make_deployment, shape):
    user = f"zaphod-{uuid.uuid4().hex}"
    with make_deployment(shape) as dramatis:
        client, other = dramatis.client(user), dramatis.client("trillian")
        live(client)
        me, theirs = make_persona(client), make_persona(other)
        path = path_of(open_room(other, [theirs], visibility="public"))
        client.post(f"{path}/join", {"personaId": me}).expect(200)
        say(client, path, me, "first").expect(201)
        path_of(open_room(client, [me]))
        deleted = path_of(open_room(client, [me]))
        client.delete(deleted).expect(204)
        assert {"conversation", "inference", "memory", "persona"} == {
            table.partition(".")[0] for table in tables_with(dramatis, user)}
        delete_account(client, user)
        wait_for(lambda: not tables_with(dramatis, user), "all rows to go")
        assert [m["content"] for m in messages_of(other, path)] == ["first"]


def tables_with(dramatis, text):
    """Tables in which the text stands somewhere, also as bytes. Not the blocks of SQLite's
    full-text indexes, which it writes anew when it merges them."""
    found = set()
    for name in dramatis.row_counts():
        if name.endswith("_words_data"):
            continue
        service, _, table = name.partition(".")
        rows = "t.*" if dramatis.shape == "embedded" else "cast(t as text)"
        content = str(dramatis.execute(service, f'select {rows} from "{{schema}}"."{table}" t'))
        if text in content or text.encode().hex() in content:
            found.add(name)
    return found
