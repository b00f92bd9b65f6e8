"""Who may do what: every RPC and every route of the protos, by everybody who could come, with
every kind of id. Made from the descriptors: a new RPC is in it by itself."""

import base64
import copy
import http.client
import json
import re
import statistics
import time
import uuid

import pytest

from tests.harness import grpcurl
from tests.harness.archives import sillytavern_lines
from tests.harness.deployment import Embedded, FULL_NAMES
from tests.harness.rpc_table import rpcs
from tests.harness.own_issuer import OwnIssuer

ALL = list(rpcs())
ROUTES = [rpc for rpc in ALL if rpc.path is not None]
SCOPES = ["chat", "personas_read", "personas_write", "memory", "admin"]
NEEDED = {"account": ["chat", "personas_read", "personas_write", "memory"]}


class World:
    """A deployment in production, whoever may come to it, and what Ada has in it."""

    def __init__(self, deployment, issuer):
        self.deployment = deployment
        token = issuer.token
        self.ada = f"Bearer {token('ada')}"
        self.bob = f"Bearer {token('bob')}"
        self.ben = f"Bearer {token('ben')}"
        self.eve = f"Bearer {token('eve')}"
        self.admin = f"Bearer {token('root', roles=['admin'])}"
        self.refused = {
            "anonymous": None,
            "expired": f"Bearer {token('ada', exp=1)}",
            "wrong audience": f"Bearer {token('ada', aud='another')}",
            "another issuer's": f"Bearer {token('ada', iss='https://id.example.com')}",
            "of the local form": "Bearer local:ada:admin",
            "another service": "Bearer local:ada:service",
            "of another environment":
                "Bearer dramatis_local_0123456789ABCDEFGHIJKLMNOPQRST1lo1Xc",
            "misspelt": "Bearer dramatis_production_" + "a" * 36,
            "revoked": f"Bearer {self.revoked_key()}",
        }
        self.keys = {scope: f"Bearer {self.key([scope])['secret']}" for scope in SCOPES[:-1]}
        self.ids = self.furnish()
        self.member = f"Bearer {token('mia')}"
        self.room = self.open_room()

    def ask(self, verb, path, authorization, body=None, headers=None):
        """Status and body, of a stream the beginning."""
        connection = http.client.HTTPConnection(self.deployment.http, timeout=20)
        sent = {"X-Forwarded-Proto": "https", **(headers or {})}
        if authorization is not None:
            sent["Authorization"] = authorization
        if body is not None:
            if isinstance(body, dict) and body.keys() == {"contentType", "data"}:  # a file
                sent["Content-Type"], body = body["contentType"], base64.b64decode(body["data"])
            else:
                sent["Content-Type"] = "application/json"
                body = json.dumps(body).encode()
        connection.request(verb, path, body, sent)
        response = connection.getresponse()
        stream = response.headers.get("Content-Type", "").startswith("text/event-stream")
        answer = response.status, (b"" if stream else response.read())
        connection.close()
        return answer

    def made(self, path, body, by=None):
        status, answer = self.ask("POST", path, by or self.ada, body)
        assert status in (200, 201, 202), (path, status, answer)
        return json.loads(answer)

    def key(self, scopes, by=None):
        return self.made("/api/keys", {"name": "a key", "scopes": scopes}, by)

    def revoked_key(self):
        key = self.key(["chat"])
        assert self.ask("DELETE", f"/api/keys/{key['keyId']}", self.ada)[0] == 204
        return key["secret"]

    def furnish(self):
        """One of everything of Ada's, private: its id by the name of the field that takes it."""
        persona = self.made("/api/personas", {"name": "Hers", "type": "human"})["personaId"]
        ai = self.made("/api/personas", {"name": "Her AI", "type": "ai_agent",
                                         "biography": "A lamp."})["personaId"]
        chat = self.made("/api/chat", {"message": "Hello", "persona_id": ai,
                                       "session_id": "ada-session"})
        room = self.made("/api/conversations", {"title": "Her room",
                                                "personaIds": [persona]})["conversationId"]
        message = self.made(f"/api/conversations/{room}/messages",
                            {"content": "Said in private", "personaId": persona})["message"]
        goal = self.made("/api/goals", {"title": "Hers", "category": "x",
                                        "goalPattern": "milestone",
                                        "target": {"metric": "count", "value": 3,
                                                   "targetDate": "2099-01-01"}})["goalId"]
        activity = self.made(f"/api/goals/{goal}/activities", {"value": 1})["activityId"]
        entry = self.made("/api/journal", {"title": "Hers", "content": "Private"})["entryId"]
        memory = self.made("/api/memories", {"content": "Private"})["memoryId"]
        export = self.made("/api/exports", {})["exportId"]
        lines = base64.b64encode(sillytavern_lines()).decode()
        file = self.made("/api/imports", {"contentType": "application/jsonl", "data": lines})
        return {
            "export_id": export, "import_id": file["importId"],
            "persona_id": ai, "with": persona, "conversation_id": room,
            "source_conversation_id": room, "message_id": message["messageId"],
            "trigger_message_id": message["messageId"], "reply_to_message_id": message["messageId"],
            "source_message_id": message["messageId"], "turn_id": chat["turn_id"],
            "session_id": chat["session_id"], "goal_id": goal, "activity_id": activity,
            "entry_id": entry, "memory_id": memory, "key_id": self.key(["chat"])["keyId"],
            "owner_id": "ada",
        }

    def open_room(self):
        """A room of Ada's that Mia has joined: its id, and those of Ada's persona and message in
        it."""
        hers = self.made("/api/personas", {"name": "Host", "type": "human"})["personaId"]
        guest = self.made("/api/personas", {"name": "Guest", "type": "human"}, self.member)["personaId"]
        room = self.made("/api/conversations", {
            "title": "Open room", "personaIds": [hers], "visibility": "unlisted",
            "settings": {"allowLateJoining": True}})["conversationId"]
        self.made(f"/api/conversations/{room}/join", {"personaId": guest}, self.member)
        said = self.made(f"/api/conversations/{room}/messages",
                         {"content": "Welcome to you", "personaId": hers})["message"]
        assert self.ask("PATCH", f"/api/conversations/{room}", self.ada, {"visibility": "private"})[0] == 200
        return {"conversation_id": room, "message_id": said["messageId"], "persona_id": hers}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with OwnIssuer() as issuer:
        settings = {
            "DRAMATIS_ENVIRONMENT": "production", **issuer.settings(),
            "DRAMATIS_TRUSTED_PROXIES": "127.0.0.1", "DRAMATIS_ADMIN_MUTATIONS": "false",
            "DRAMATIS_USER_RATE_LIMIT": "off", "DRAMATIS_ADDRESS_RATE_LIMIT": "off",
        }
        with Embedded(tmp_path_factory.mktemp("matrix") / "data", settings) as deployment:
            yield World(deployment, issuer)


def snake(name):
    return re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def is_id(name):
    return name.endswith(("_id", "_ids")) or name == "with"


def request_of(rpc, id_of):
    """The path and body of the RPC's example, each id in it replaced by id_of(its field's name)."""
    def replaced(name, value):
        if isinstance(value, dict):
            return {key: replaced(snake(key), inner) for key, inner in value.items()}
        if isinstance(value, list) and value and isinstance(value[0], str) and is_id(name):
            return [id_of(name.removesuffix("s"))]
        if isinstance(value, list):
            return [replaced(name, inner) for inner in value]
        return id_of(name) if isinstance(value, str) and is_id(name) else value

    fields = replaced("", copy.deepcopy(rpc.example))
    taken = {snake(name): (name, value) for name, value in fields.items()}
    path = rpc.path
    for variable in re.findall(r"\{([^}=]+)[^}]*\}", path):
        name, value = taken.pop(variable, (None, None))
        fields.pop(name, None)
        value = id_of(variable) if is_id(variable) or value is None else value
        path = re.sub(r"\{" + variable + r"[^}]*\}", str(value), path)
    if not rpc.body:
        query = "&".join(f"{name}={value}" for name, value in fields.items()
                         if isinstance(value, (str, int)) and not isinstance(value, bool))
        return f"{path}?{query}" if query else path, None
    if rpc.body == "*":
        return path, fields
    return path, next((value for name, value in fields.items() if snake(name) == rpc.body), {})


def absent_id(name):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


IDS = ("persona_id", "conversation_id", "message_id", "turn_id", "session_id", "goal_id", "activity_id",
       "entry_id", "memory_id", "key_id", "with", "owner_id", "trigger_message_id", "reply_to_message_id",
       "source_message_id", "source_conversation_id", "import_id", "export_id")


def comparable(answer, id_of):
    """An answer without what is its own: correlation id, and the ids that were asked for."""
    status, body = answer
    text = re.sub(rb'"correlation_?[iI]d":"[^"]*"', b"", body)
    for name in IDS:
        text = text.replace(id_of(name).encode(), b"<id>")
    return status, text


def by_name(rpc):
    return rpc.route.replace("/", ":")


# --- REST -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("rpc", ROUTES, ids=by_name)
def test_credentials_that_name_nobody_are_refused_in_the_same_words(world, rpc):
    path, body = request_of(rpc, absent_id)
    answers = {who: world.ask(rpc.verb, path, credentials, body)
               for who, credentials in world.refused.items()}
    if rpc.access == "ACCESS_PUBLIC":
        assert answers["anonymous"][0] != 401
        return
    told = {comparable(answer, absent_id) for answer in answers.values()}
    assert {status for status, _ in told} == {401}, answers
    assert len(told) == 1, told


@pytest.mark.parametrize("rpc", [rpc for rpc in ROUTES if rpc.scope], ids=by_name)
def test_a_key_without_the_scope_is_told_which_one_it_lacks(world, rpc):
    path, body = request_of(rpc, absent_id)
    needed = NEEDED.get(rpc.scope, [rpc.scope])
    for scope, credentials in world.keys.items():
        status, answer = world.ask(rpc.verb, path, credentials, body)
        lacking = [name for name in needed if name != scope]
        if not lacking:
            assert b"INSUFFICIENT_SCOPE" not in answer
            continue
        assert status == 403, (scope, answer)
        problem = json.loads(answer)
        assert (problem["code"], problem["scope"]) == ("INSUFFICIENT_SCOPE", " ".join(lacking))


@pytest.mark.parametrize("rpc", [rpc for rpc in ROUTES if rpc.access == "ACCESS_ADMIN"], ids=by_name)
def test_what_is_for_admins_is_refused_to_users_and_not_to_admins(world, rpc):
    path, body = request_of(rpc, absent_id)
    status, answer = world.ask(rpc.verb, path, world.ada, body)
    assert (status, json.loads(answer)["code"]) == (403, "PERMISSION_DENIED")
    status, answer = world.ask(rpc.verb, path, world.admin, body)
    assert status not in (401,) and b"PERMISSION_DENIED" not in answer


@pytest.mark.parametrize("rpc", [rpc for rpc in ROUTES
                                 if rpc.access in ("ACCESS_USER", "ACCESS_OWNER")
                                 and rpc.scope != "admin"], ids=by_name)
def test_somebody_elses_and_nobodys_are_the_same_bytes(world, rpc):
    def hers(name):
        return world.ids.get(name, absent_id(name))

    # By two users who are alike, so that what the first one has made is not in the second one's
    # way.
    path, body = request_of(rpc, hers)
    theirs = world.ask(rpc.verb, path, world.bob, body)
    path, body = request_of(rpc, absent_id)
    nobodys = world.ask(rpc.verb, path, world.ben, body)
    assert theirs[0] == nobodys[0], (theirs, nobodys)
    if theirs[0] >= 400:
        assert comparable(theirs, hers) == comparable(nobodys, absent_id)
    # Whatever it was, nothing of hers is in it.
    for secret in (b"Said in private", b"Her room", b"Her AI", b"A lamp"):
        assert secret not in theirs[1]


def test_nothing_of_hers_has_changed(world):
    """After everything above, all of it is there."""
    ids = world.ids
    for path in (f"/api/personas/{ids['persona_id']}", f"/api/conversations/{ids['conversation_id']}",
                 f"/api/session/{ids['session_id']}", f"/api/turns/{ids['turn_id']}",
                 f"/api/goals/{ids['goal_id']}", f"/api/journal/{ids['entry_id']}",
                 f"/api/memories/{ids['memory_id']}", f"/api/keys/{ids['key_id']}"):
        assert world.ask("GET", path, world.ada)[0] == 200, path
        assert world.ask("GET", path, world.bob)[0] == 404, path


def test_an_idempotency_key_is_its_users(world):
    headers = {"Idempotency-Key": "the same"}
    hers = world.ask("POST", "/api/memories", world.ada, {"content": "Ada's"}, headers)
    his = world.ask("POST", "/api/memories", world.bob, {"content": "Bob's"}, headers)
    assert hers[0] == his[0] == 201
    assert b"Ada's" not in his[1]


# --- ids that headers, tokens and bodies carry beside those of their route ------------------------

def test_a_place_in_somebody_elses_stream_is_nobodys(world):
    """Last-Event-ID, as it was sent to Ada."""
    headers = {"Accept": "text/event-stream", "Last-Event-ID": f"{world.ids['turn_id']}:1:3"}
    hers = world.ask("GET", f"/api/turns/{world.ids['turn_id']}/stream", world.bob, None, headers)
    absent = absent_id("turn_id")
    headers["Last-Event-ID"] = f"{absent}:1:3"
    nobodys = world.ask("GET", f"/api/turns/{absent}/stream", world.ben, None, headers)
    assert hers[0] == 404
    assert comparable(hers, lambda name: world.ids.get(name, "-")) == comparable(nobodys, absent_id)


def test_a_page_of_somebody_elses_list_is_as_good_as_a_forged_one(world):
    for path, key in (("/api/keys?pageSize=1", "nextPageToken"), ("/api/memories?pageSize=1", "nextPageToken"),
                      ("/api/history?page_size=1", "next_page_token")):
        status, answer = world.ask("GET", path, world.ada)
        assert status == 200, answer
        token = json.loads(answer).get(key) or ""
        separator = "&" + ("page_token" if "_" in key else "pageToken") + "="
        forged = world.ask("GET", f"{path}{separator}Zm9yZ2Vk", world.bob)
        assert forged[0] == 400
        if token:
            theirs = world.ask("GET", f"{path}{separator}{token}", world.bob)
            assert comparable(theirs, absent_id) == comparable(forged, absent_id)


def test_an_etag_of_hers_opens_nothing(world):
    path = f"/api/goals/{world.ids['goal_id']}"
    etag = json.loads(world.ask("GET", path, world.ada)[1])["etag"]
    theirs = world.ask("PATCH", path, world.bob, {"title": "His"}, {"If-Match": etag})
    nobodys = world.ask("PATCH", f"/api/goals/{absent_id('goal_id')}", world.ben, {"title": "His"},
                        {"If-Match": etag})
    assert theirs[0] == 404
    assert comparable(theirs, lambda name: world.ids.get(name, "-")) == comparable(nobodys, absent_id)


def test_her_session_named_by_another_is_a_session_of_their_own(world):
    """`metadata.session_id` of /v1: sessions are by user."""
    persona = world.made("/api/personas", {"name": "Everybody's", "type": "ai_agent", "isPublic": True,
                                           "biography": "A door."})["personaId"]
    before = world.ask("GET", "/api/history/ada-session", world.ada)
    answer = world.made("/v1/chat/completions", {
        "model": persona, "messages": [{"role": "user", "content": "What was said before?"}],
        "metadata": {"session_id": "ada-session"}}, world.eve)
    assert "Hello" not in json.dumps(answer["choices"][0]["message"])
    assert world.ask("GET", "/api/history/ada-session", world.ada) == before
    history = json.loads(world.ask("GET", "/api/history/ada-session", world.eve)[1])
    assert "Hello" not in [message["content"] for message in history["messages"]]


# --- members
# ---------------------------------------------------------------------------------------

IN_ROOMS = [rpc for rpc in ROUTES if "{conversation_id}" in rpc.path]


@pytest.mark.parametrize("rpc", [rpc for rpc in IN_ROOMS if rpc.verb == "GET" and not rpc.streaming],
                         ids=by_name)
def test_a_member_reads_the_room_and_not_what_is_its_owners(world, rpc):
    path, _ = request_of(rpc, lambda name: world.room.get(name, world.ids.get(name, absent_id(name))))
    assert world.ask("GET", path, world.ada)[0] in (200, 404), path
    status = world.ask("GET", path, world.member)[0]
    assert status in ((403, 404) if rpc.access == "ACCESS_OWNER" else (200,)), path
    assert world.ask("GET", path, world.bob)[0] == 404


@pytest.mark.parametrize("verb,path,body", [
    ("PATCH", "", {"title": "Mine now"}), ("DELETE", "", None), ("POST", "/close", {}),
    ("POST", "/participants", {"personaId": "01890a5d-ac96-774b-bcce-b302099a8057"}),
    ("POST", "/pause", {}),
])
def test_a_member_is_no_owner(world, verb, path, body):
    asked = f"/api/conversations/{world.room['conversation_id']}{path}"
    status, answer = world.ask(verb, asked, world.member, body)
    assert (status, json.loads(answer)["code"]) == (403, "NOT_PERMITTED"), answer


# --- as fast --------------------------------------------------------------------------------------

@pytest.mark.long
@pytest.mark.parametrize("path,name", [
    ("/api/personas/{}", "persona_id"), ("/api/conversations/{}", "conversation_id"),
    ("/api/conversations/{}/messages", "conversation_id"), ("/api/turns/{}", "turn_id"),
    ("/api/session/{}", "session_id"), ("/api/goals/{}", "goal_id"), ("/api/journal/{}", "entry_id"),
    ("/api/keys/{}", "key_id"),
])
def test_somebody_elses_is_refused_as_fast_as_nobodys(world, path, name):
    """Asked in turn, a thousand times each: the medians differ by less than the answers of one kind
    do among themselves."""
    connection = http.client.HTTPConnection(world.deployment.http, timeout=20)
    headers = {"X-Forwarded-Proto": "https", "Authorization": world.ben}
    targets = {"hers": path.format(world.ids[name]), "nobody's": path.format(absent_id(name))}
    took = {"hers": [], "nobody's": []}
    for _ in range(1000):
        for kind, target in targets.items():
            begun = time.perf_counter()
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            answer.read()
            took[kind].append(time.perf_counter() - begun)
            assert answer.status == 404
    connection.close()
    medians = {kind: statistics.median(times) for kind, times in took.items()}
    quartiles = statistics.quantiles(took["nobody's"], n=4)
    noise = max(quartiles[2] - quartiles[0], 20e-6)
    difference = abs(medians["hers"] - medians["nobody's"])
    assert difference < noise / 2, (medians, noise)


# --- gRPC -----------------------------------------------------------------------------------------

OURS = [rpc for rpc in ALL if not rpc.service.startswith("dramatis.gateway.")]


def test_every_service_is_among_them():
    assert {rpc.service for rpc in OURS} >= {
        *FULL_NAMES.values(), "dramatis.openai.v1.OpenAiService", "dramatis.persona.v1.CardService",
        "dramatis.conversation.v1.ArchiveService",
        "dramatis.persona.v1.LoreService", "dramatis.persona.v1.AvatarService",
        "dramatis.admin.v1.AdminService"}


def refused(world, rpc, authorization, also=()):
    headers = [*([f"authorization: {authorization}"] if authorization else []), *also]
    with pytest.raises(grpcurl.GrpcError) as error:
        grpcurl.call(world.deployment.grpc("memory"), rpc.full_name, {}, headers)
    return error.value


@pytest.mark.parametrize("rpc", OURS, ids=lambda rpc: rpc.full_name)
def test_the_services_ports_refuse_whom_the_gateway_refuses(world, rpc):
    public = rpc.access == "ACCESS_PUBLIC"  # for anybody, but for nobody with wrong credentials
    for who in ("anonymous", "expired", "another service")[public:]:
        assert refused(world, rpc, world.refused[who]).code == "Unauthenticated", who
    # Metadata by which programs tell each other for whom they call is nobody's to send.
    said = ["x-dramatis-identity: aYWRh", "x-dramatis-process: " + "0" * 64]
    if not public:
        assert refused(world, rpc, None, said).code == "Unauthenticated"
    if rpc.access in ("ACCESS_ADMIN", "ACCESS_INTERNAL"):
        assert refused(world, rpc, world.ada).code == "PermissionDenied"


def message_of(rpc, id_of):
    """The message of the RPC's example, each id in it replaced by id_of(its field's name)."""
    def replaced(name, value):
        if isinstance(value, dict):
            return {key: replaced(snake(key), inner) for key, inner in value.items()}
        if isinstance(value, list) and value and isinstance(value[0], str) and is_id(name):
            return [id_of(name.removesuffix("s"))]
        if isinstance(value, list):
            return [replaced(name, inner) for inner in value]
        return id_of(name) if isinstance(value, str) and is_id(name) else value

    return replaced("", copy.deepcopy(rpc.example))


def told(world, rpc, authorization, id_of):
    """The code and words of an error, "OK" without."""
    try:
        grpcurl.call(world.deployment.grpc("memory"), rpc.full_name, message_of(rpc, id_of),
                     [f"authorization: {authorization}"], ["-max-time", "5"])
        return "OK"
    except grpcurl.GrpcError as error:
        text = re.sub(r"(?i)correlation_?id\S*\s*\S*", "", str(error))
        for name in IDS:
            text = text.replace(id_of(name), "<id>")
        return error.code, text


WITH_IDS = [rpc for rpc in OURS if rpc.access in ("ACCESS_USER", "ACCESS_OWNER") and rpc.scope != "admin"
            and any(is_id(snake(name)) for name in rpc.example)]


@pytest.mark.parametrize("rpc", WITH_IDS, ids=lambda rpc: rpc.full_name)
def test_somebody_elses_and_nobodys_are_the_same_words(world, rpc):
    def hers(name):
        return world.ids.get(name, absent_id(name))

    theirs, nobodys = told(world, rpc, world.bob, hers), told(world, rpc, world.ben, absent_id)
    assert theirs == nobodys
