"""Every POST there is takes an Idempotency-Key, and repeats its first answer whatever came
since."""

import uuid

import pytest

from tests.harness.provider import BROKEN
from tests.harness.rooms import make_persona, open_room
from tests.system.test_turn_taking import make_ai, speaks

REPLAYED = "idempotency-replayed"


class Scene:
    """Makes what a POST needs, anew for each call."""

    def __init__(self, dramatis, user, provider):
        self.client = dramatis.client(user)
        self.other = dramatis.client(f"{user}-other")
        self.admin = dramatis.client(f"{user}-admin:admin")
        self.provider = provider

    def word(self):
        return f"word-{uuid.uuid4().hex[:8]}"

    def room(self, **fields):
        """A conversation's path, and the personas: a human and a silent AI."""
        me = make_persona(self.client)
        ai, name = make_ai(self.client)
        room = open_room(self.client, [me, ai], settings={"maxAiResponders": 0}, **fields)
        return f"/api/conversations/{room['conversationId']}", me, ai, name

    def goal(self):
        goal = {"title": self.word(), "category": "reading", "goalPattern": "milestone",
                "target": {"metric": "count", "value": 12, "unit": "books",
                           "targetDate": "2999-01-01"}}
        return f"/api/goals/{self.client.post('/api/goals', goal).expect(201)['goalId']}"

    def failed_turn(self):
        """A turn whose answer broke off."""
        persona, name = make_ai(self.client)
        self.provider.script(when={f"You are {name}.": BROKEN})
        body = {"message": "Hello", "persona_id": persona, "stream": True}
        with self.client.stream("/api/chat", body) as stream:
            turn = list(stream)[0].json()["turn_id"]
        self.provider.script(default={"tokens": ["Fine."]})
        return f"/api/turns/{turn}"

    def answered(self):
        """The path of a session in which something was said, and that of its turn."""
        self.provider.script(default={"tokens": ["Fine."]})
        said = self.client.post("/api/chat", {"message": self.word()}).expect(200)
        return f"/api/history/{said['session_id']}", f"/api/turns/{said['turn_id']}"


# What is shown once and kept as a hash is not in the answer that is kept.
ONCE = {"/api/history/{session_id}/share": "url", "/api/keys": "secret",
        "/api/keys/{key_id}/rotate": "secret"}
# By route: what makes a call, as client, path and body; and what changes the matter afterwards.
CALLS, SINCE = {}, {}


def call(route):
    def keep(make):
        CALLS[route] = make
        return make
    return keep


@call("/api/chat")
def chat(scene):
    return scene.client, "/api/chat", {"message": scene.word()}


@call("/api/turns/{turn_id}/cancel")
def cancel(scene):
    return scene.client, f"{scene.failed_turn()}/cancel", {}


SINCE["/api/turns/{turn_id}/cancel"] = lambda scene, path: scene.client.post(
    path.replace("/cancel", "/retry"), {}).expect(200)


@call("/api/turns/{turn_id}/retry")
def retry(scene):
    return scene.client, f"{scene.failed_turn()}/retry", {}


@call("/api/turns/{turn_id}/regenerate")
def regenerate(scene):
    return scene.client, f"{scene.answered()[1]}/regenerate", {}


@call("/api/turns/{turn_id}/select")
def select(scene):
    _, turn = scene.answered()
    scene.client.post(f"{turn}/regenerate", {}).expect(200)
    return scene.client, f"{turn}/select", {}


@call("/api/history/{session_id}/fork")
def fork(scene):
    return scene.client, f"{scene.answered()[0]}/fork", {"sequence": 1, "message": scene.word()}


@call("/api/history/{session_id}/share")
def share(scene):
    return scene.client, f"{scene.answered()[0]}/share", {}


@call("/api/session")
def session(scene):
    return scene.client, "/api/session", {"title": scene.word()}


@call("/api/session/{session_id}/end")
def end_session(scene):
    made = scene.client.post("/api/session", {}).expect(201)["session_id"]
    return scene.client, f"/api/session/{made}/end", {}


SINCE["/api/session/{session_id}/end"] = lambda scene, path: scene.client.delete(
    path.replace("/end", "").replace("/session", "/history")).expect(204)


@call("/api/conversations")
def conversation(scene):
    return scene.client, "/api/conversations", {
        "title": scene.word(), "personaIds": [make_persona(scene.client)]}


@call("/api/conversations/{conversation_id}/close")
def close(scene):
    return scene.client, f"{scene.room()[0]}/close", {"reason": "over"}


@call("/api/conversations/{conversation_id}/pause")
def pause(scene):
    return scene.client, f"{scene.room()[0]}/pause", {}


SINCE["/api/conversations/{conversation_id}/pause"] = lambda scene, path: scene.client.post(
    path.replace("/pause", "/resume"), {}).expect(200)


@call("/api/conversations/{conversation_id}/resume")
def resume(scene):
    path = scene.room()[0]
    scene.client.post(f"{path}/pause", {}).expect(200)
    return scene.client, f"{path}/resume", {}


SINCE["/api/conversations/{conversation_id}/resume"] = lambda scene, path: scene.client.post(
    path.replace("/resume", "/close"), {}).expect(200)


@call("/api/conversations/{conversation_id}/join")
def join(scene):
    path = scene.room(visibility="public")[0]
    return scene.other, f"{path}/join", {"personaId": make_persona(scene.other)}


@call("/api/conversations/{conversation_id}/leave")
def leave(scene):
    path = scene.room(visibility="public")[0]
    mine = make_persona(scene.other)
    scene.other.post(f"{path}/join", {"personaId": mine}).expect(200)
    return scene.other, f"{path}/leave", {"personaId": mine}


@call("/api/conversations/{conversation_id}/participants")
def participants(scene):
    return scene.client, f"{scene.room()[0]}/participants", {
        "personaId": make_persona(scene.client), "role": "guest"}


@call("/api/conversations/{conversation_id}/reveal")
def reveal(scene):
    path, _, ai, _ = scene.room()
    return scene.client, f"{path}/reveal", {"personaId": ai}


@call("/api/conversations/{conversation_id}/messages")
def message(scene):
    path, me, _, _ = scene.room()
    return scene.client, f"{path}/messages", {"personaId": me, "content": scene.word()}


SINCE["/api/conversations/{conversation_id}/messages"] = lambda scene, path: [
    scene.client.patch(f"{path}/{said['messageId']}", {"content": "Another thing"}).expect(200)
    for said in scene.client.get(path).expect(200)["messages"]]


@call("/api/ai/generate-response")
def generate(scene):
    path, _, ai, name = scene.room()
    scene.provider.script(when=speaks(name, "As you wish."))
    return scene.client, "/api/ai/generate-response", {
        "conversationId": path.rpartition("/")[2], "personaId": ai}


@call("/api/memories")
def memory(scene):
    return scene.client, "/api/memories", {"content": scene.word()}


@call("/api/journal")
def journal(scene):
    return scene.client, "/api/journal", {"title": scene.word(), "content": "It rained."}


@call("/api/goals")
def goals(scene):
    return scene.client, "/api/goals", {
        "title": scene.word(), "category": "reading", "goalPattern": "milestone",
        "target": {"metric": "count", "value": 12, "unit": "books", "targetDate": "2999-01-01"}}


@call("/api/goals/{goal_id}/complete")
def complete(scene):
    return scene.client, f"{scene.goal()}/complete", {}


@call("/api/goals/{goal_id}/restore")
def restore(scene):
    path = scene.goal()
    scene.client.delete(path)
    return scene.client, f"{path}/restore", {}


@call("/api/goals/{goal_id}/activities")
def activity(scene):
    return scene.client, f"{scene.goal()}/activities", {
        "value": 1, "unit": "books", "activityType": "progress", "activityDate": "2026-01-01"}


@call("/api/personas")
def persona(scene):
    return scene.client, "/api/personas", {"name": scene.word(), "type": "human"}


@call("/api/personas/import")
def import_card(scene):
    return scene.client, "/api/personas/import", {
        "spec": "chara_card_v2", "spec_version": "2.0",
        "data": {"name": scene.word(), "description": "A keeper.", "first_mes": "Good evening."}}


@call("/api/keys")
def api_key(scene):
    return scene.client, "/api/keys", {"name": scene.word(), "scopes": ["chat"]}


@call("/api/keys/{key_id}/rotate")
def rotate(scene):
    made = scene.client.post("/api/keys", {"name": "mine", "scopes": ["chat"]}).expect(201)
    return scene.client, f"/api/keys/{made['keyId']}/rotate", {"graceSeconds": 60}


# They change a deployment: tests/system/test_admin.py has their keys. Files: test_imports.py; a
# request that can say only one thing: test_exports.py. What /v1 answers is kept only in a session,
# whose turn has its own key. Tokens are kept nowhere: a code is good once, at its issuer. A preview
# and vectors change nothing.
ELSEWHERE = {"/api/admin/setup-database", "/api/admin/seed-database", "/v1/chat/completions",
             "/v1/responses", "/api/auth/token", "/api/auth/revoke", "/api/imports", "/api/exports",
             "/v1/embeddings", "/api/chat/preview"}


def test_every_post_is_here(client):
    paths = client.get("/openapi.json").expect(200)["paths"]
    spelled = {path.replace("Id}", "_id}") for path, verbs in paths.items() if "post" in verbs}
    assert spelled == set(CALLS) | ELSEWHERE


@pytest.mark.parametrize("route", sorted(CALLS))
def test_a_key_gives_the_first_answer_again(dramatis, user, provider, route):
    scene = Scene(dramatis, user, provider)
    key = {"Idempotency-Key": "once"}
    who, path, body = CALLS[route](scene)
    first = who.post(path, body, key)
    assert 200 <= first.status < 300, first.body
    assert REPLAYED not in first.headers
    SINCE.get(route, lambda *_: None)(scene, path)

    again = who.post(path, body, key)

    answer = first.json()
    assert ONCE.get(route) is None or answer.pop(ONCE[route])
    assert (again.status, again.json()) == (first.status, answer)
    assert again.headers[REPLAYED] == "true"
    _, other_path, other_body = CALLS[route](scene)
    who.post(other_path, other_body, key).problem(409, "IDEMPOTENCY_KEY_REUSED")
