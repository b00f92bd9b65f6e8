"""Everything of a user as one archive, and back into an empty deployment."""

import hashlib
import io
import json
import zipfile

import pytest

from tests.harness.examples import PICTURE
from tests.harness.program import wait_for
from tests.harness.rooms import make_persona, open_room, path_of, say
from tests.system.test_imports import ZIP, imported, send

JOURNAL = {"title": "Day", "content": "Tagged", "tags": ["b", "a"], "mood": "calm"}


def live(client):
    """Something of everything, some of it changed since."""
    client.put("/api/profile", {"displayName": "Ada", "timezone": "Europe/Berlin"}).expect(200)
    client.put("/api/profile", {"bio": "Counts."}).expect(200)
    persona = make_persona(client, type="ai_agent", name="Tutor", biography="Knows\nall.",
                           greeting="Good day.")
    client.patch(f"/api/personas/{persona}", {"description": "changed", "nickname": "Tut",
                                              "alternateGreetings": ["Hm?"], "tags": ["a"]}).expect(200)
    client.put(f"/api/personas/{persona}/lore", {"scanDepth": 3, "entries": [
        {"keys": ["monad"], "content": "It is a burrito.", "sticky": 2}]}).expect(200)
    client.request("PUT", f"/api/personas/{persona}/avatar", PICTURE,
                   {"Content-Type": "image/png"}).expect(200)
    me = make_persona(client)
    card = {"spec": "chara_card_v2", "spec_version": "2.0", "data": {
        "name": "Carded", "description": "d", "extensions": {"x": [1, None]}}}
    client.post("/api/personas/import", card).expect(201)
    goal = client.post("/api/goals", {
        "title": "Run", "category": "sport", "goalPattern": "milestone", "metadata": {"a": 1},
        "target": {"metric": "count", "value": 3, "targetDate": "2099-01-01"}}).expect(201)
    for number in range(3):
        client.post(f"/api/goals/{goal['goalId']}/activities",
                    {"value": 1, "note": f"n{number}", "activityDate": f"2026-01-0{number + 1}"}
                    ).expect(201)
    client.post(f"/api/goals/{goal['goalId']}/complete", {}).expect(200)
    archived = client.post("/api/goals", {
        "title": "Rest", "category": "sport", "goalPattern": "streak",
        "target": {"metric": "count", "value": 3, "period": "day"}}).expect(201)
    client.delete(f"/api/goals/{archived['goalId']}").expect(204)
    entry = client.post("/api/journal", {**JOURNAL, "linkedGoalIds": [goal["goalId"]]}).expect(201)
    client.put(f"/api/journal/{entry['entryId']}", {"content": "Other words now"}).expect(200)
    client.post("/api/memories", {"content": "Drinks tea", "personaId": persona}).expect(201)
    session = client.post("/api/session", {"persona_id": persona, "title": "Lessons",
                                           "metadata": {"k": "v"}}).expect(201)["session_id"]
    for text in ("What is a monad?", "And a comonad? größer 😀"):
        turn = client.post("/api/chat", {"message": text, "session_id": session}).expect(200)
    client.post(f"/api/turns/{turn['turn_id']}/regenerate", {}).expect(200)
    ended = client.post("/api/chat", {"message": "Bye", "session_id": "bye"}).expect(200)
    client.delete("/api/session/bye").expect(200)
    long = client.post("/api/history/bye/fork", {"sequence": 1}).expect(201)["session_id"]
    room = path_of(open_room(client, [me, persona], title="Hall", topic="Nets", topicTags=["x"]))
    first = say(client, room, me, "First").expect(201)["message"]
    client.put(f"{room}/messages/{first['messageId']}", {"content": "Edited"}).expect(200)
    wait_for(lambda: len(client.get(f"{room}/messages").expect(200)["messages"]) > 1, "a reply")
    client.post(f"{room}/close", {"reason": "done"}).expect(200)
    return {"sessions": [session, "bye", long], "turns": [turn["turn_id"], ended["turn_id"]],
            "room": room, "goal": goal["goalId"], "personas": [persona, me]}


def strip(value, names=("score", "cursor")):
    if isinstance(value, dict):
        return {k: strip(v, names) for k, v in value.items() if k not in names}
    return [strip(v, names) for v in value] if isinstance(value, list) else value


def everything(client, made):
    """All that the API shows of a user."""
    paths = ["/api/profile", "/api/journal/stats", "/api/memories/search?q=tea",
             "/api/history?q=monad",
             f"/api/goals/{made['goal']}/progress?period=all"]
    paths += [f"/api/personas/{p}" for p in made["personas"]]
    paths += [f"/api/personas/{p}/lore" for p in made["personas"]]
    paths += [f"/api/session/{s}" for s in made["sessions"]]
    paths += [f"/api/history/{s}" for s in made["sessions"]]
    paths += [f"/api/turns/{t}" for t in made["turns"]]
    paths += [f"/api/turns/{made['turns'][0]}/alternatives"]
    shown = {path: client.get(path).expect(200) for path in paths}
    shown["avatar"] = client.get(f"/api/personas/{made['personas'][0]}/avatar").body
    assert shown["avatar"] == PICTURE
    for path, items in {"/api/personas?ownerId=me": "personas", "/api/goals": "goals",
                        "/api/goals?status=archived": "goals", "/api/journal": "entries",
                        f"/api/goals/{made['goal']}/activities": "activities",
                        "/api/memories": "memories", "/api/history": "conversations",
                        f"{made['room']}/messages": "messages"}.items():
        shown[path] = client.pages(path, items)
    for persona in shown["/api/personas?ownerId=me"]:
        path = f"/api/personas/{persona['personaId']}/export?format=json"
        shown[path] = client.get(path).expect(200)
    shown["room"] = client.get(made["room"]).expect(200)
    return strip(shown)


def exported(client):
    answer = client.post("/api/exports", {})
    job = answer.expect(202)
    path = f"/api/exports/{job['exportId']}"
    assert answer.headers["location"] == path

    def look():
        now = client.get(path).expect(200)
        return now if now["state"] in ("done", "failed") else None

    done = wait_for(look, "the export to end")
    assert done["state"] == "done", done
    archive = client.get(f"{path}/archive")
    assert archive.status == 200 and archive.headers["content-type"] == "application/zip"
    assert archive.headers["content-disposition"] == "attachment"
    body = archive.body
    assert len(body) == done["sizeBytes"]
    assert done["expireTime"] > done["endTime"]
    return done, body


@pytest.fixture
def life(client):
    return live(client)


def test_an_archive_is_what_its_manifest_says(client, user, life):
    done, body = exported(client)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["format"] == "dramatis-archive" and manifest["userId"] == user
        listed = {file["name"] for file in manifest["files"]}
        assert listed | {"manifest.json"} == set(archive.namelist())
        assert listed == {f"{s}.jsonl" for s in ("persona", "memory", "inference", "conversation")}
        kinds = {}
        for file in manifest["files"]:
            content = archive.read(file["name"])
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
            assert len(content) == file["bytes"]
            lines = [json.loads(line) for line in content.splitlines()]
            assert len(lines) == file["lines"]
            for line in lines:
                [kind] = set(line) - {"version"}
                kinds[kind] = kinds.get(kind, 0) + 1
    assert kinds == done["counts"]
    assert kinds["session"] == 3 and kinds["room"] == 1 and kinds["goal"] == 2
    assert kinds["usage"] >= 3
    assert b"Idempotency" not in body


def test_everything_comes_back_in_an_empty_deployment(client, user, life, make_deployment,
                                                      dramatis):
    before = everything(client, life)
    _, body = exported(client)
    with make_deployment(dramatis.shape) as empty:
        there = empty.client(user)
        done = imported(there, body)
        assert done["source"] == "dramatis" and not done["leftOut"], done
        assert done["counts"]["sessions"] == 3 and done["counts"]["rooms"] == 1
        after = everything(there, life)
        changed = {path: (shown, after[path]) for path, shown in before.items()
                   if after[path] != shown}
        assert not changed
        again = imported(there, body)
        assert set(again["counts"]) == {"unchanged"}, again
        assert everything(there, life) == before
        # It goes on from there.
        said = there.post("/api/chat", {"message": "And now?",
                                        "session_id": life["sessions"][0]}).expect(200)
        assert said["response"]


def test_somebody_elses_archive_takes_nothing_from_them(client, dramatis, user, life):
    before = everything(client, life)
    _, body = exported(client)
    other = dramatis.client(f"{user}-other")
    done = imported(other, body)
    reasons = {left["reason"] for left in done["leftOut"]}
    assert "its id is that of somebody else's persona" in reasons, done
    assert everything(client, life) == before
    assert len(other.pages("/api/goals", "goals")) == 1
    other.get(f"/api/turns/{life['turns'][0]}").problem(404)


def test_what_only_admins_may_have_nobody_else_brings_along(client, user, life, make_deployment,
                                                            dramatis):
    _, body = exported(client)
    with make_deployment(dramatis.shape, settings={"DRAMATIS_RESTRICT_AI_PERSONAS": "true"}) as strict:
        done = imported(strict.client(user), body)
        why = "only admins may have AI personas here"
        assert {left["item"] for left in done["leftOut"] if left["reason"] == why} == \
            {"persona Tutor", "persona Carded"}, done
        assert done["counts"]["personas"] == 1  # the human one
        listed = strict.client(user).pages("/api/personas?ownerId=me", "personas")
        assert [persona["type"] for persona in listed] == ["human"]
        done = imported(strict.client(f"{user}:admin"), body)
        assert done["counts"]["personas"] == 2 and not done["leftOut"], done


def test_archives_that_were_changed_are_not_imported(client, life):
    _, body = exported(client)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["memory.jsonl"] = files["memory.jsonl"].replace(b"Drinks tea", b"Drinks gin")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    job = send(client, target.getvalue(), ZIP).expect(202)

    def look():
        now = client.get(f"/api/imports/{job['importId']}").expect(200)
        return now if now["state"] == "failed" else None

    failed = wait_for(look, "the import to fail")
    assert "memory.jsonl is not what its manifest says" in failed["problem"]


def test_one_export_at_a_time_and_keys_that_were_used(client):
    key = {"Idempotency-Key": "once"}
    first = client.post("/api/exports", {}, key).expect(202)
    again = client.post("/api/exports", {}, key)
    assert again.expect(202) == first and again.headers["idempotency-replayed"] == "true"
    client.post("/api/exports", {"a": 1}, key).problem(400)
    # Done or not, the key's answer is the first one.
    done, _ = exported(client)
    assert client.post("/api/exports", {}, key).expect(202) == first


def test_nobody_elses_export(client, dramatis, user):
    job = client.post("/api/exports", {}).expect(202)
    other = dramatis.client(f"{user}-other")
    other.get(f"/api/exports/{job['exportId']}").problem(404, "NOT_FOUND")
    other.get(f"/api/exports/{job['exportId']}/archive").problem(404, "NOT_FOUND")
    client.get(f"/api/imports/{job['exportId']}").problem(404)


def test_a_deleted_account_leaves_no_archive(client, user, life):
    done, _ = exported(client)
    client.request("DELETE", "/api/account", {"confirm": user}).expect(202)
    wait_for(lambda: client.get(f"/api/exports/{done['exportId']}").status == 404, "it to go")
    client.get(f"/api/exports/{done['exportId']}/archive").problem(404)


# What becomes of every table that has a user: the kind of its lines in an archive; that it is made
# anew from those; or why it is in none.
ANEW = "made anew"
TABLES = {
    "conversation.account_deletions": "this deployment's work",
    "conversation.conversations": ("session", "room"),
    "conversation.idempotency_keys": "this deployment's work",
    "conversation.jobs": "this deployment's work",
    "conversation.memory_outbox": "this deployment's work",
    "conversation.messages": "within session and room",
    "conversation.participants": "within session and room",
    "conversation.room_members": ANEW,
    "conversation.share_tokens": "links of this deployment",
    "conversation.shares": "links of this deployment",
    "conversation.transcripts": "what lies elsewhere: brought back before an export",
    "conversation.turns": "within session",
    "conversation.user_conversations": ANEW,
    "conversation.user_sessions": "this deployment's work",
    "inference.accounts": "how this deployment's budgets stand",
    "inference.idempotency_keys": "this deployment's work",
    "inference.reservations": "how this deployment's budgets stand",
    "inference.usage": ("usage",),
    "memory.activities": ("activity",),
    "memory.activity_days": ANEW,
    "memory.api_key_counts": "credentials of this deployment",
    "memory.api_key_secrets": "credentials of this deployment",
    "memory.api_keys": "credentials of this deployment",
    "memory.goal_counts": ANEW,
    "memory.goals": ("goal",),
    "memory.idempotency_keys": "this deployment's work",
    "memory.journal_entries": ("journalEntry",),
    "memory.journal_goals": ANEW,
    "memory.journal_tags": ANEW,
    "memory.memories": ("memory",),
    "memory.memory_counts": ANEW,
    "memory.memory_embeddings": ANEW,
    "memory.observations": "how far this deployment has read",
    "memory.profiles": ("profile",),
    "memory.summaries": ("summary",),
    "persona.idempotency_keys": "this deployment's work",
    "persona.persona_masks": "what conversations of this deployment ask for",
    "persona.persona_names": ANEW,
    "persona.personas": ("persona",),
}


def user_columns(dramatis):
    """{table: its column that names a user}, by the database's own catalogue."""
    found = {}
    for service in ("conversation", "inference", "memory", "persona"):
        if dramatis.shape == "embedded":
            rows = dramatis.execute(service, "select t.name, c.name from pragma_table_list t, "
                                    "pragma_table_info(t.name) c where t.type = 'table'")
        else:
            rows = dramatis.execute(
                service, "select table_name, column_name from information_schema.columns "
                "where table_schema = '{schema}'")
        for table, column in rows:
            if column in ("user_id", "owner_id"):
                found[f"{service}.{table}"] = column
    return found


def test_no_table_that_has_a_user_is_forgotten(client, user, dramatis, life):
    columns = user_columns(dramatis)
    assert set(columns) == set(TABLES), "say in TABLES what becomes of it, and in user_data.h"
    done, _ = exported(client)
    for table, kinds in TABLES.items():
        if isinstance(kinds, str):
            continue
        service, _, name = table.partition(".")
        [[count]] = dramatis.execute(
            service, f'select count(*) from "{{schema}}"."{name}" '
            f"where {columns[table]} = '{user}'")
        assert sum(done["counts"].get(kind, 0) for kind in kinds) == int(count), table
