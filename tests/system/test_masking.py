"""Nothing tells that a model speaks for a participant who is not revealed: every route of the
contract is asked about it by those who may not know, and the raw bytes of every answer, event and
error are searched. Then the owner and an admin, who may know, and everybody after the reveal."""

import json
import re
import subprocess
import threading
import uuid

import pytest

from tests.harness.bad_input import ROUTES
from tests.harness.client import Client
from tests.harness.program import wait_for
from tests.harness.rooms import make_persona, open_room, path_of, say

MODEL = "openai/double"
STATIC = {"GET /livez", "GET /readyz", "GET /openapi.json", "GET /docs"}
# They end what the others look at.
LAST = ["DELETE {ROOM}/messages/{message_id}", "POST {ROOM}/leave",
        "DELETE {ROOM}/participants/{persona_id}", "POST {ROOM}/close", "DELETE {ROOM}"]


class Ear(threading.Thread):
    """Everything that a follower gets, byte by byte."""

    def __init__(self, client, path, cursor=None):
        super().__init__(daemon=True)
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": cursor} if cursor else {})}
        self.process = subprocess.Popen(client._curl("GET", f"{path}/events", None, headers, ["-N"]),
                                        stdout=subprocess.PIPE)
        self.heard = b""
        self.start()
        wait_for(lambda: b"\r\n\r\n" in self.heard, "the stream")

    def run(self):
        while piece := self.process.stdout.read1(65536):
            self.heard += piece

    def until(self, text):
        wait_for(lambda: text.encode() in self.heard, f"{text!r} in the events")
        return self.heard

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.join(10)
        self.process.stdout.close()


class Stage:
    """A public conversation in which a model speaks for one participant and a person for two."""

    def __init__(self, dramatis, user, ambiguous):
        self.dramatis = dramatis
        name = uuid.uuid4().hex[:8]
        self.owner_id = f"puppeteer-{name}"
        self.owner = dramatis.client(self.owner_id)
        self.other = dramatis.client(f"{user}-other")
        self.stranger = dramatis.client(f"{user}-stranger")
        self.admin = dramatis.client(f"{user}-admin:admin")
        self.me = make_persona(self.owner)
        # In an ambiguous conversation a plain AI is hidden as well.
        self.mask = make_persona(
            self.owner, "ai_agent" if ambiguous else "ai_ambiguous", isPublic=not ambiguous,
            biography="Speaks little.", modelConfig={"model": MODEL},
            responseDelay={"minMs": 0, "maxMs": 0})
        self.guest = make_persona(self.other)
        self.spare = make_persona(self.stranger)
        self.room = open_room(self.owner, [self.me, self.mask], visibility="public",
                              settings={"ambiguous": ambiguous})
        self.path = path_of(self.room)
        self.other.post(f"{self.path}/join", {"personaId": self.guest}).expect(200)
        self.ears = {part: Ear(client, self.path) for part, client in self.clients().items()}
        said = say(self.owner, self.path, self.me, f"A question, @{self.name_of(self.mask)}?")
        self.question = said.expect(201)["message"]
        self.reply = wait_for(self._reply, "the reply")
        self.turn = self.reply["turnId"]
        for ear in self.ears.values():
            ear.until(self.reply["messageId"])
        self.ears["owner"].until('"state":"done"')

    def clients(self):
        return {"owner": self.owner, "other": self.other, "stranger": self.stranger,
                "admin": self.admin}

    def name_of(self, persona_id):
        return self.owner.get(f"/api/personas/{persona_id}").expect(200)["name"]

    def _reply(self):
        messages = self.owner.get(f"{self.path}/messages").expect(200)["messages"]
        return next((m for m in messages if m["personaId"] == self.mask), None)

    def ids(self):
        room = self.room["conversationId"]
        return {"conversation_id": room, "message_id": self.reply["messageId"],
                "persona_id": self.mask, "turn_id": self.turn, "session_id": room,
                "goal_id": room, "entry_id": room, "memory_id": room, "activity_id": room,
                "user_id": self.owner_id, "key_id": room, "share_id": room, "token": room,
                "import_id": room, "export_id": room,
                "model": self.mask}

    def assert_silent(self, raw, asked=""):
        """No trace in what somebody got who asked for `asked`, which an error may repeat."""
        text = raw.decode("utf-8")
        for part in filter(None, [asked, asked.partition("?")[0]]):
            text = text.replace(part, "")
        for secret in (self.owner_id, self.turn, MODEL, '"ai_ambiguous"', '"generated":true',
                       '"inputTokens"', '"outputTokens"', '"costMicros"', '"typing"',
                       "event: typing", "event: turn", "event: delta"):
            assert secret not in text, f"{secret} in the answer to {asked}: {text}"
        # What the participant is seen to be.
        for document in json_documents(text):
            for found in objects(document):
                if found.get("personaId") != self.mask:
                    continue
                if "name" in found:
                    assert found["type"] == "unknown", found
                if "content" in found:
                    assert "generated" not in found and not found.get("turnId"), found

    def bodies(self):
        """What a route is asked about the masked participant; those of others as they come."""
        about = {"personaId": self.mask, "conversationId": self.room["conversationId"]}
        return {
            "POST /api/chat": [{"message": "Hi", "persona_id": self.mask}],
            "POST /api/chat/preview": [{"message": "Hi", "persona_id": self.mask}],
            "POST /api/session": [{"persona_id": self.mask}],
            "POST /api/ai/generate-response": [
                about, {**about, "triggerMessageId": self.question["messageId"]},
                {**about, "stream": True}],
            "POST {ROOM}/messages": [{"personaId": self.mask, "content": "As you"},
                                     {"personaId": self.guest, "content": "An answer",
                                      "replyToMessageId": self.reply["messageId"]}],
            "POST {ROOM}/reveal": [{"personaId": self.mask}],
            "POST {ROOM}/participants": [{"personaId": self.mask}],
            "POST {ROOM}/join": [{"personaId": self.mask}],
            "POST {ROOM}/leave": [{"personaId": self.mask}],
            "POST /api/memories": [{"content": "c", "personaId": self.mask}],
            "POST /api/conversations": [{"title": "Mine", "personaIds": [self.spare, self.mask]}],
        }

    def queries(self):
        return {
            "GET /api/personas": [f"q={self.name_of(self.mask)[-8:]}", "type=human",
                                  "type=ai_agent", "type=ai_ambiguous", f"ownerId={self.owner_id}"],
            "GET /api/personas/{persona_id}/compatibility": [f"with={self.spare}"],
            "GET /api/conversations": [f"personaId={self.mask}", "q=room"],
            "GET {ROOM}/messages": ["", "afterSequence=0"],
            "GET /api/memories/search": ["q=reply"],
            "GET /api/admin/usage": ["groupBy=persona", "groupBy=model"],
        }


def objects(document):
    if isinstance(document, dict):
        yield document
        for value in document.values():
            yield from objects(value)
    elif isinstance(document, list):
        for value in document:
            yield from objects(value)


def json_documents(text):
    """An answer's body, or the data of its events."""
    for candidate in [text, *re.findall(r"^data: ?(.*)$", text, re.MULTILINE)]:
        try:
            yield json.loads(candidate)
        except ValueError:
            pass


def served_routes(dramatis):
    document = Client(dramatis.http).get("/openapi.json").expect(200)
    return {f"{method.upper()} {re.sub(r'[A-Z]', lambda m: '_' + m[0].lower(), path)}"
            for path, methods in document["paths"].items() for method in methods
            if method in ("get", "post", "put", "patch", "delete")} - STATIC


ROOM = "/api/conversations/{conversation_id}"


def short(route):
    return route.replace(ROOM, "{ROOM}")


def in_order(routes):
    """Reads before writes, and what ends a conversation at the end."""
    def rank(route):
        name = short(route)
        return (LAST.index(name) + 1 if name in LAST else 0, not name.startswith("GET"), name)
    return sorted(routes, key=rank)


def ask(stage, client, route):
    """Every question about the masked participant that the route takes: (path, raw answer)."""
    method, template = route.split(" ")
    path = re.sub(r"\{(\w+)\}", lambda match: stage.ids()[match[1]], template)
    if path.endswith("/events"):
        return  # listened to all along
    for query in stage.queries().get(short(route), [""]):
        asked = f"{path}?{query}" if query else path
        for body in stage.bodies().get(short(route), [ROUTES[route].body]):
            streamed = "/stream" in path or (body or {}).get("stream")
            headers = {"Accept": "text/event-stream"} if streamed else None
            answer = client.request(method, asked, body, headers)
            assert answer.status < 500, f"{asked}: {answer.body}"
            head = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
            yield asked, answer, head.encode() + answer.body


@pytest.fixture(params=[False, True], ids=["persona", "conversation"])
def ambiguous(request):
    """Whether the whole conversation is, or just one persona in it."""
    return request.param


@pytest.fixture
def stage(ambiguous, dramatis, user, provider):
    provider.script(default={"tokens": ["A masked ", "reply."]})
    made = Stage(dramatis, user, ambiguous)
    yield made
    for ear in made.ears.values():
        ear.stop()


@pytest.mark.parametrize("part", ["stranger", "other"])
def test_no_route_tells_who_is_masked(stage, dramatis, part):
    client = stage.clients()[part]
    asked = 0
    for route in in_order(served_routes(dramatis)):
        name = short(route)
        if "/api/admin" in name or name == "GET /v1/models":  # which names the deployment's models
            continue
        for path, answer, raw in ask(stage, client, route):
            stage.assert_silent(raw, path)
            asked += 1
    assert asked > 60
    stage.assert_silent(stage.ears[part].heard)
    assert stage.reply["messageId"].encode() in stage.ears[part].heard


def test_events_that_are_read_again_tell_no_more(stage):
    for part in ("stranger", "other"):
        first = re.search(rb"^id: ?(\S+)", stage.ears[part].heard, re.MULTILINE)[1].decode()
        again = Ear(stage.clients()[part], stage.path, first)
        try:
            heard = again.until(stage.reply["messageId"])
            stage.assert_silent(heard)
            assert heard.count(b"event: ") == 1, heard
        finally:
            again.stop()


def test_admin_routes_tell_strangers_nothing(stage, dramatis):
    for route in served_routes(dramatis):
        if "/api/admin" not in route:
            continue
        for path, answer, raw in ask(stage, stage.other, route):
            assert answer.status == 403
            stage.assert_silent(raw, path)


@pytest.mark.parametrize("ambiguous", [True])
def test_a_masked_ai_is_refused_as_a_masked_human_is(stage):
    """By how a request fails nobody tells one from the other."""
    for client in (stage.stranger, stage.other):
        answers = {}
        for persona, message in ((stage.mask, stage.reply), (stage.me, stage.question)):
            body = {"conversationId": stage.room["conversationId"], "personaId": persona}
            message_path = f"{stage.path}/messages/{message['messageId']}"
            tried = [
                client.post("/api/ai/generate-response", body),
                client.get(f"{message_path}/prompt"),
                client.put(message_path, {"content": "x"}),
                client.delete(message_path),
                client.post(f"{stage.path}/reveal", {"personaId": persona}),
                client.post(f"{stage.path}/leave", {"personaId": persona}),
                say(client, stage.path, persona),
                client.delete(f"{stage.path}/participants/{persona}"),
                client.get(f"{stage.path}/participants/{persona}"),
            ]
            answers[persona] = [(a.status, a.json().get("code") if a.body else None) for a in tried]
        assert answers[stage.mask] == answers[stage.me]


@pytest.mark.parametrize("ambiguous", [False])
def test_what_an_ambiguous_persona_is_does_not_show_in_how_it_is_refused(stage, dramatis):
    """Neither by talking to it nor by looking for it."""
    human = make_persona(stage.owner, isPublic=True)
    for path, field in (("/api/chat", "persona_id"), ("/api/session", "persona_id")):
        refusals = []
        for persona in (stage.mask, human):
            problem = stage.stranger.post(path, {field: persona, "message": "Hi"} if "chat" in path
                                          else {field: persona}).problem(422, "NOT_AN_AI_PERSONA")
            refusals.append((problem["title"], problem["detail"]))
        assert refusals[0] == refusals[1]
    assert stage.owner.post("/api/session", {"persona_id": stage.mask}).status == 201
    # A filter finds it under no type, by its name it is found.
    for kind in ("human", "ai_agent", "ai_ambiguous"):
        listed = stage.stranger.get(f"/api/personas?type={kind}&pageSize=100").expect(200)
        assert stage.mask not in [p["personaId"] for p in listed["personas"]], kind
    found = stage.stranger.get(f"/api/personas?q={stage.name_of(stage.mask)[-8:]}").expect(200)
    assert [p["type"] for p in found["personas"]] == ["unknown"]


def test_owner_and_admin_know(stage):
    for part in ("owner", "admin"):
        client = stage.clients()[part]
        participant = client.get(f"{stage.path}/participants/{stage.mask}").expect(200)
        kind = "ai_agent" if stage.room["settings"]["ambiguous"] else "ai_ambiguous"
        assert participant["type"] == kind and participant["revealed"] is False
        message = client.get(f"{stage.path}/messages/{stage.reply['messageId']}").expect(200)
        assert message["generated"] is True
        assert message["turnId"] == stage.turn
        assert message["model"] == MODEL
        assert message["usage"]["outputTokens"] > 0
        client.get(f"{stage.path}/messages/{stage.reply['messageId']}/prompt").expect(200)
        heard = stage.ears[part].until('"state":"done"').decode()
        assert "event: typing" in heard and stage.turn in heard and MODEL in heard
        # The search finds in this what it is to find.
        for trace in (heard, json.dumps(participant), json.dumps(message)):
            with pytest.raises(AssertionError):
                stage.assert_silent(trace.encode())


def test_everybody_knows_after_the_reveal(stage):
    stage.other.post(f"{stage.path}/reveal", {"personaId": stage.mask}).problem(403)
    stage.owner.post(f"{stage.path}/reveal", {"personaId": stage.mask}).expect(200)
    for part in ("stranger", "other"):
        client = stage.clients()[part]
        participant = client.get(f"{stage.path}/participants/{stage.mask}").expect(200)
        # That it was meant to be ambiguous stays with the owner.
        assert participant["type"] == "ai_agent" and participant["revealed"] is True
        message = client.get(f"{stage.path}/messages/{stage.reply['messageId']}").expect(200)
        assert message["generated"] is True and message["turnId"] == stage.turn
        assert "usage" not in message
        heard = stage.ears[part].until('"type":"reveal"').decode()
        assert "event: participant" in heard
    say(stage.owner, stage.path, stage.me, f"And now, @{stage.name_of(stage.mask)}?").expect(201)
    for part in ("stranger", "other"):
        stage.ears[part].until("event: typing")
        assert stage.owner_id.encode() not in stage.ears[part].until('"state":"done"')
