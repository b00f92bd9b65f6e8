"""Bad input for every route: the right status, a problem document that names the field, and nothing
changed. ROUTES, in tests/harness/bad_input.py, must list every route that /openapi.json lists, so
that none is forgotten."""

import json
import re

import pytest

from tests.harness.archives import sillytavern_lines
from tests.harness.bad_input import ENTRY, GOAL, PAGING, ROUTES
from tests.harness.client import Client
from tests.harness.program import wait_for
from tests.harness.rooms import open_room, path_of, say

# A wrong enumerator is found while reading, before any rule is checked.
ENUMERATIONS = {"type", "visibility", "role", "status", "if_busy", "scopes", "grantType", "kind"}
BODY_ROUTES = [name for name, route in ROUTES.items() if route.body is not None]
PAGED_ROUTES = [name for name, route in ROUTES.items() if route.paged]
SESSION_PATH = "{session_id}"


class Scene:
    """A user with one of everything, so that every route has something to act on."""

    def __init__(self, dramatis, user):
        self.dramatis = dramatis
        self.client = dramatis.client(user)
        self.admin = dramatis.client(f"{user}:admin")
        persona = self.client.post("/api/personas", {"name": "Here", "type": "ai_agent"}).expect(201)
        human = self.client.post("/api/personas", {"name": "Me", "type": "human"}).expect(201)
        said = self.client.post("/api/chat", {"message": "Hi", "session_id": "here"}).expect(200)
        memory = self.client.post("/api/memories", {"content": "Was here."}).expect(201)
        goal = self.client.post("/api/goals", GOAL).expect(201)
        done = self.client.post(f"/api/goals/{goal['goalId']}/activities", {}).expect(201)
        entry = self.client.post("/api/journal", ENTRY).expect(201)
        room = open_room(self.client, [human["personaId"]])
        share = self.client.post("/api/history/here/share", {}).expect(201)
        key = self.client.post("/api/keys", {"name": "here", "scopes": ["chat"]}).expect(201)
        message = say(self.client, path_of(room), human["personaId"]).expect(201)
        self.ids = {"persona_id": persona["personaId"], "session_id": "here",
                    "model": persona["personaId"], "user_id": user, "key_id": key["keyId"],
                    "share_id": share["share_id"], "token": share["url"].split("/")[-1],
                    "turn_id": said["turn_id"], "memory_id": memory["memoryId"],
                    "goal_id": goal["goalId"], "activity_id": done["activityId"],
                    "entry_id": entry["entryId"], "conversation_id": room["conversationId"],
                    "message_id": message["message"]["messageId"]}
        self.ids["export_id"] = self.done("exports", self.client.post("/api/exports", {}))
        self.ids["import_id"] = self.done("imports", self.client.post(
            "/api/imports", sillytavern_lines(), {"Content-Type": "application/jsonl"}))
        # Memory takes note of a chat after its answer.
        wait_for(lambda: dramatis.row_counts()["memory.observations"] == 1, "the observation")
        wait_for(lambda: dramatis.row_counts()["conversation.unindexed_messages"] == 0, "the index")

    def done(self, kind, answer):
        """The id of an import or export, once that has ended."""
        job = answer.expect(202)[f"{kind[:-1]}Id"]
        wait_for(lambda: self.client.get(f"/api/{kind}/{job}").expect(200)["state"] == "done", kind)
        return job

    def path(self, template):
        path = re.sub(r"\{(\w+)\}", lambda match: self.ids[match[1]], template)
        # Required query parameters, so that only what a test adds is wrong.
        if path.endswith("/compatibility"):
            path += f"?with={self.ids['persona_id']}"
        if path.endswith("/search"):
            path += "?q=here"
        return path

    def send(self, route, body=None, headers=None, query=""):
        method, template = route.split(" ")
        path = self.path(template)
        if query:
            path += ("&" if "?" in path else "?") + query
        if body is None and ROUTES[route].body is not None:
            body = ROUTES[route].body
        client = self.admin if ROUTES[route].admin else self.client
        return client.request(method, path, body, headers)

    def unchanged(self):
        return Unchanged(self.dramatis)


class Unchanged:
    """Asserts that nothing was written inside of it."""

    def __init__(self, dramatis):
        self.dramatis = dramatis

    def __enter__(self):
        self.before = self.dramatis.row_counts()

    def __exit__(self, kind, *_):
        if kind is None:
            assert self.dramatis.row_counts() == self.before


@pytest.fixture(scope="module", params=("embedded", "separate"))
def scene(request, make_deployment):
    """In a deployment of its own: nobody else writes meanwhile."""
    with make_deployment(request.param) as deployment:
        yield Scene(deployment, "bad-input")


def fields_of(problem):
    return [error["field"] for error in problem.get("errors", [])]


def spelled(name):
    """A field's name in one spelling, to compare by."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def assert_names(problem, name):
    """The problem names the field, or a part of it, as in `knowledge[1]`."""
    named = {spelled(re.split(r"\[", found)[0]).lower() for found in fields_of(problem)}
    assert spelled(name).lower() in named, f"{name} is not in {problem}"


def with_member(body, path, value):
    changed = json.loads(json.dumps(body))
    target = changed
    *parents, last = path.split(".")
    for parent in parents:
        target = target.setdefault(parent, {})
    target[last] = value
    return changed


def test_every_route_is_listed_here(dramatis):
    document = Client(dramatis.http).get("/openapi.json").expect(200)
    served = {f"{method.upper()} {re.sub(r'[A-Z]', lambda m: '_' + m[0].lower(), path)}"
              for path, methods in document["paths"].items() for method in methods
              if method in ("get", "post", "put", "patch", "delete")}
    static = {"GET /livez", "GET /readyz", "GET /openapi.json", "GET /docs"}
    assert served - static == set(ROUTES)


@pytest.mark.parametrize("route", BODY_ROUTES)
def test_bodies_that_are_not_json(scene, route):
    good = json.dumps({**ROUTES[route].body})
    first = next(iter(ROUTES[route].body), "x")
    deep = '{"x":' + "[" * 32 + "]" * 32 + "}"
    bodies = {
        "empty value": b'{"x":}',
        "trailing comma": b'{"x":1,}',
        "single quotes": b"{'x':1}",
        "unquoted": b"{x:1}",
        "comment": b'{"x":1/**/}',
        "cut off": good.encode()[:-1],
        "two documents": good.encode() + b"{}",
        "NaN": b'{"x":NaN}',
        "leading zero": b'{"x":01}',
        "control character": b'{"x":"\x01"}',
        "lone surrogate": b'{"x":"\\ud800"}',
        "bad UTF-8": b'{"x":"\xff"}',
        "overlong UTF-8": b'{"x":"\xc0\xaf"}',
        "UTF-16": good.encode("utf-16"),
        "duplicate key": f'{{"{first}":"a","{first}":"b"}}'.encode(),
        "too deep": deep.encode(),
        "array": b"[]",
        "text": b'"x"',
        "null": b"null",
    }
    with scene.unchanged():
        for name, body in bodies.items():
            problem = scene.send(route, body).problem(400)
            assert problem["code"] in ("MALFORMED_JSON", "VALIDATION_FAILED"), (name, problem)
            if name == "duplicate key":
                assert first in json.dumps(problem), problem


@pytest.mark.parametrize("route", BODY_ROUTES)
def test_wrong_media_types(scene, route):
    good = json.dumps(ROUTES[route].body).encode()
    with scene.unchanged():
        for media in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx",
                      "application/json; charset=latin1"):
            scene.send(route, good, {"Content-Type": media}).problem(415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("route", BODY_ROUTES)
def test_oversize_bodies(scene, route):
    big = json.dumps({**ROUTES[route].body, "x": "y" * 1024 * 1024}).encode()
    with scene.unchanged():
        scene.send(route, big).problem(413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("route", BODY_ROUTES)
def test_unknown_members_are_named(scene, route):
    if ROUTES[route].open:
        scene.send(route, {**ROUTES[route].body, "surprise": 1}).problem(404)  # there is no such model
        return
    with scene.unchanged():
        problem = scene.send(route, {**ROUTES[route].body, "surprise": 1}).problem(400)
        assert_names(problem, "surprise")


@pytest.mark.parametrize("route", BODY_ROUTES)
def test_refused_values_are_named(scene, route):
    cases = ROUTES[route].bad + ([ROUTES[route].wrong_type] if ROUTES[route].wrong_type else [])
    with scene.unchanged():
        for path, value in cases:
            body = with_member(ROUTES[route].body, path, value)
            if value is None:
                del body[path]
            problem = scene.send(route, body).problem(400, "VALIDATION_FAILED")
            assert_names(problem, path)


@pytest.mark.parametrize("route", BODY_ROUTES)
def test_every_violation_is_reported_at_once(scene, route):
    bad = {path: value for path, value in ROUTES[route].bad
           if "." not in path and value is not None and path not in ENUMERATIONS}
    if len(bad) < 2:
        return
    with scene.unchanged():
        problem = scene.send(route, {**ROUTES[route].body, **bad}).problem(400)
        # Some rules are checked by a service only when the field rules hold.
        assert len(set(fields_of(problem))) >= 2, problem


@pytest.mark.parametrize("route", ROUTES)
def test_unknown_query_parameters_are_named(scene, route):
    with scene.unchanged():
        assert_names(scene.send(route, query="surprise=1").problem(400), "surprise")


@pytest.mark.parametrize("route", [name for name, route in ROUTES.items() if route.bad_query])
def test_refused_query_parameters_are_named(scene, route):
    with scene.unchanged():
        for name, value in ROUTES[route].bad_query:
            if name in ("with",):
                response = scene.client.get(scene.path(route.split(" ")[1]).split("?")[0] + "?with=")
            else:
                response = scene.send(route, query=f"{name}={value}".replace(" ", "%20"))
            assert_names(response.problem(400), name)


@pytest.mark.parametrize("route", PAGED_ROUTES)
def test_bad_pages_and_cursors(scene, route):
    other = next(name for name in PAGED_ROUTES if name != route)
    page = scene.send(other, query="page_size=1").expect(200)
    foreign = page.get("next_page_token") or page.get("nextPageToken") or "AAAA"
    with scene.unchanged():
        for name, value in PAGING:
            assert_names(scene.send(route, query=f"{name}={value}").problem(400), "page_size")
        for token in ("x", "AAAA", "%F0%9F%98%80", "e30", foreign, "a" * 2001):
            problem = scene.send(route, query=f"page_token={token}").problem(400)
            assert_names(problem, "page_token")


@pytest.mark.parametrize("route", ROUTES)
def test_undecodable_urls(scene, route):
    with scene.unchanged():
        for query in ("q=%ff", "q=%zz", "q=%"):
            scene.send(route, query=query).problem(400)


@pytest.mark.parametrize("route", [name for name in ROUTES if "{" in name])
def test_ids_that_cannot_be(scene, route):
    method, template = route.split(" ")
    with scene.unchanged():
        for id in ("%20", "a" * 200, "%ff", "%00", "no%2Fslash"):
            if id == "no%2Fslash" and "{user_id}" in template:
                continue  # an issuer's ids may hold one
            path = re.sub(r"\{\w+\}", id.replace("\\", "\\\\"), template)
            if path.endswith("/compatibility"):
                path += f"?with={scene.ids['persona_id']}"
            who = scene.admin if ROUTES[route].admin else scene.client
            response = who.request(method, path, ROUTES[route].body)
            too_long = id == "a" * 200 and "{model}" not in template  # a model's name may be longer
            statuses = (400,) if SESSION_PATH in template or too_long else (400, 404)
            assert response.status in statuses, (id, response.status, response.body)
            response.problem(response.status)


@pytest.mark.parametrize("route", ROUTES)
def test_wrong_methods_say_which_are_right(scene, route):
    template = route.split(" ")[1]
    right = {name.split(" ")[0] for name in ROUTES if name.split(" ")[1] == template}
    with scene.unchanged():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - right:
            response = scene.client.request(
                method, scene.path(template), {} if method in ("POST", "PUT", "PATCH") else None)
            response.problem(405, "METHOD_NOT_ALLOWED")
            allowed = {name.strip() for name in response.headers["allow"].split(",")}
            assert right <= allowed, (method, allowed)
            assert method not in allowed


@pytest.mark.parametrize("route", ROUTES)
def test_unknown_paths(scene, route):
    template = scene.path(route.split(" ")[1]).split("?")[0]
    with scene.unchanged():
        for path in (template + "/nothing/here", template + "//", re.sub("^/(api|v1)", "/other", template)):
            scene.client.request(route.split(" ")[0], path, ROUTES[route].body).problem(
                404, "ROUTE_NOT_FOUND")


def test_nesting_is_allowed_to_32(scene):
    def nested(depth):  # the object and its metadata are two levels of it
        return ('{"metadata":{"a":' + "[" * (depth - 2) + "]" * (depth - 2) + "}}").encode()

    scene.send("POST /api/session", nested(32)).expect(201)
    with scene.unchanged():
        scene.send("POST /api/session", nested(33)).problem(400, "MALFORMED_JSON")
        scene.send("POST /api/session", nested(5000)).problem(400, "MALFORMED_JSON")


def test_lengths_count_code_points_after_trimming(scene):
    scene.send("POST /api/memories", {"content": "  " + "😀" * 2000 + "\n"}).expect(201)
    with scene.unchanged():
        problem = scene.send("POST /api/memories", {"content": "😀" * 2001}).problem(400)
        assert_names(problem, "content")


@pytest.mark.parametrize("nothing", [" \u3000\n", "\u200b", "\u2060\ufeff", "\u3164 \u115f\u1160", "\u200d\ufe0f"])
def test_a_message_that_shows_nothing_is_none(scene, nothing):
    with scene.unchanged():
        for route, field in (("POST /api/chat", "message"), ("POST /api/memories", "content"),
                             ("POST /api/conversations/{conversation_id}/messages", "content"),
                             ("PATCH /api/conversations/{conversation_id}/messages/{message_id}", "content"),
                             ("POST /api/history/{session_id}/fork", "message")):
            body = {**ROUTES[route].body, field: nothing}
            assert_names(scene.send(route, body).problem(400), field)
        asked = {**ROUTES["POST /v1/chat/completions"].body,
                 "messages": [{"role": "user", "content": nothing}]}
        assert_names(scene.send("POST /v1/chat/completions", asked).problem(400), "messages")
    # Joiners between emoji, and what is invisible beside something, stay.
    family = "\u200b👩\u200d👩\u200d👧\ufe0f"
    kept = scene.send("POST /api/memories", {"content": family}).expect(201)
    assert kept["content"] == family


@pytest.mark.parametrize("route,begin,end", [
    ("GET /api/history", ("from", "2026-02-02T00:00:00Z"), ("to", "2026-02-01T23:59:59Z")),
    ("GET /api/journal", ("from", "2026-02-02"), ("to", "2026-02-01")),
    ("GET /api/usage", ("from", "2026-02-02T00:00:00Z"), ("to", "2026-02-01T23:59:59Z")),
    ("GET /api/goals/{goal_id}/activities", ("startDate", "2026-02-02"), ("endDate", "2026-02-01"))])
def test_a_span_ends_not_before_it_begins(scene, route, begin, end):
    spans = "&".join(f"{name}={value}" for name, value in (begin, end))
    problem = scene.send(route, query=spans).problem(400)
    assert {error["field"] for error in problem["errors"]} <= {begin[0], end[0]}
    scene.send(route, query=f"{begin[0]}={begin[1]}").expect(200)


def test_limits_are_written_out(scene):
    with scene.unchanged():
        problem = scene.send("POST /api/session", {"ttl_seconds": 1}).problem(400)
        assert problem["errors"][0]["message"] == "must be from 60 to 2592000"


@pytest.mark.parametrize("key", ["", "k" * 129, "ключ"])
def test_bad_idempotency_keys(scene, key):
    with scene.unchanged():
        problem = scene.send("POST /api/memories", {"content": "c"},
                             {"Idempotency-Key": key}).problem(400)
        assert_names(problem, "Idempotency-Key")


@pytest.mark.parametrize("authorization", [
    "Bearer nonsense", "Basic bG9jYWw6YQ==", "Bearer local:", "Bearer local:a b", "local:alice",
    "Bearer local:alice:root", "Bearer local:" + "a" * 129])
def test_bad_credentials(scene, authorization):
    client = Client(scene.dramatis.http)
    client.headers["Authorization"] = authorization
    with scene.unchanged():
        response = client.get("/api/profile")
        response.problem(401, "UNAUTHENTICATED")
        assert "www-authenticate" in response.headers


@pytest.mark.parametrize("method, path, body, field", [
    ("POST", "/api/chat", {"message": "a\u0000b"}, "message"),
    ("POST", "/api/session", {"title": "a\u0000b"}, "title"),
    ("POST", "/api/session", {"metadata": {"a": [{"b": "\u0000"}]}}, "metadata"),
    ("PUT", "/api/profile", {"bio": "a\u0000b"}, "bio"),
    ("PUT", "/api/profile", {"preferences": {"\u0000": "x"}}, "preferences"),
    ("POST", "/api/memories", {"content": "a\u0000b"}, "content"),
    ("POST", "/api/journal", {"title": "T", "content": "a\u0000b"}, "content"),
    ("POST", "/api/goals", {"title": "T", "category": "c", "goalPattern": "milestone",
                            "target": {"metric": "count", "value": 1},
                            "metadata": {"\u0000": 1}}, "metadata"),
])
def test_a_text_with_u0000_is_refused_by_name(client, method, path, body, field):
    problem = client.request(method, path, body).problem(400, "VALIDATION_FAILED")
    assert field in [error["field"] for error in problem["errors"]], problem
