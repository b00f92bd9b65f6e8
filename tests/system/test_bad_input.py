"""Bad input for every route: the right status, a problem document that names the field, and nothing
changed. ROUTES must list every route that /openapi.json lists, so that none is forgotten."""

import json
import re
from dataclasses import dataclass, field

import pytest

from tests.harness.client import Client


@dataclass
class Route:
    # A good body, for routes that take one.
    body: dict = None
    # Members of the body with a value that is refused: (path of the field, value, ...).
    bad: list = field(default_factory=list)
    # A member of the body with a value of the wrong JSON type.
    wrong_type: tuple = None
    # Query parameters with a value that is refused.
    bad_query: list = field(default_factory=list)
    paged: bool = False
    # Needs no credentials and takes no request id of a user.
    public: bool = False


PERSONA_BAD = [
    ("name", "x"),
    ("name", "y" * 101),
    ("name", "   "),
    ("description", "d" * 1001),
    ("personality.openness", 101),
    ("personality.empathy", -1),
    ("knowledge", ["arts", "arts"]),
    ("biography", "b" * 200001),
    ("systemPrompt", "s" * 8001),
    ("greeting", "g" * 2001),
    ("modelConfig.temperature", 2.1),
    ("modelConfig.maxOutputTokens", 0),
    ("modelConfig.topP", -0.1),
    ("modelConfig.stop", ["a", "b", "c", "d", "e"]),
    ("responseDelay.minMs", 60001),
]
PROFILE_BAD = [
    ("displayName", "x"),
    ("displayName", "n" * 31),
    ("bio", "b" * 161),
    ("timezone", "Nowhere/Else"),
    ("locale", "not a locale"),
    ("preferences", {f"k{n}": "v" for n in range(51)}),
]
MEMORY_BAD = [
    ("content", ""),
    ("content", "c" * 2001),
    ("confidence", 1.5),
    ("personaId", "p" * 129),
]
GOAL = {"title": "G", "category": "c", "goalPattern": "streak",
        "target": {"value": 3, "period": "day"}}
GOAL_BAD = [
    ("title", "   "),
    ("title", "t" * 201),
    ("title", "two\nlines"),
    ("description", "d" * 1001),
    ("category", ""),
    ("category", "c" * 51),
    ("icon", "i" * 51),
    ("color", "red"),
    ("color", "#12345"),
    ("target.unit", "u" * 31),
    ("target.targetDate", "soon"),
    ("target.startValue", 1e13),
    ("schedule.daysOfWeek", [7]),
    ("schedule.daysOfWeek", [1, 1]),
    ("schedule.preferredTimes", ["24:00"]),
    ("status", "completed"),
    ("metadata", {"m": "x" * 4096}),
]
ACTIVITY_BAD = [
    ("value", 1e13),
    ("value", -1),
    ("unit", "miles"),
    ("activityDate", "2027-02-30"),
    ("activityDate", "yesterday"),
    ("note", "n" * 501),
    ("context", {"c": "x" * 4096}),
]
ENTRY = {"title": "A day", "content": "We met."}
ENTRY_BAD = [
    ("title", " "),
    ("title", "t" * 201),
    ("content", ""),
    ("content", "c" * 50001),
    ("template", "diary"),
    ("mood", "m" * 51),
    ("tags", ["t" * 31]),
    ("tags", ["twice", " twice"]),
    ("tags", [f"tag {n}" for n in range(21)]),
    ("linkedGoalIds", [f"goal {n}" for n in range(11)]),
    ("goalProgress", [{"goalId": "g", "value": 1e13}]),
    ("goalProgress", [{"value": 1}]),
]
PAGING = [("page_size", "0"), ("page_size", "101"), ("page_size", "many")]

ROUTES = {
    "GET /api/health": Route(public=True),
    "GET /api/personas": Route(
        paged=True,
        bad_query=[("type", "robot"), ("is_public", "perhaps"), ("order_by", "age"),
                   ("q", "q" * 201), ("knowledge", "nothing")]),
    "POST /api/personas": Route(
        body={"name": "Somebody", "type": "ai_agent"}, wrong_type=("name", 5),
        bad=PERSONA_BAD + [("type", "robot"), ("type", None), ("name", None)]),
    "GET /api/personas/{persona_id}": Route(),
    "PUT /api/personas/{persona_id}": Route(
        body={"description": "new"}, wrong_type=("description", ["x"]), bad=PERSONA_BAD),
    "PATCH /api/personas/{persona_id}": Route(
        body={"description": "new"}, wrong_type=("isPublic", "perhaps"), bad=PERSONA_BAD),
    "DELETE /api/personas/{persona_id}": Route(),
    "GET /api/personas/{persona_id}/prompt": Route(),
    "GET /api/personas/{persona_id}/compatibility": Route(bad_query=[("with", "")]),
    "POST /api/chat": Route(
        body={"message": "Hi"}, wrong_type=("message", {"text": "Hi"}),
        bad=[("message", ""), ("message", " \n\t "), ("message", "m" * 8001), ("message", None),
             ("session_id", "no spaces"), ("session_id", "s" * 129), ("session_id", "ü"),
             ("persona_id", "p" * 129)]),
    "GET /api/turns/{turn_id}": Route(),
    "GET /api/turns/{turn_id}/stream": Route(bad_query=[("cursor", "nonsense")]),
    "POST /api/turns/{turn_id}/cancel": Route(body={}),
    "POST /api/turns/{turn_id}/retry": Route(body={}),
    "GET /api/chat/history/{session_id}": Route(paged=True, bad_query=[("order", "sideways")]),
    "POST /api/session": Route(
        body={"title": "T"}, wrong_type=("ttl_seconds", "soon"),
        bad=[("title", "t" * 201), ("ttl_seconds", 59), ("ttl_seconds", 2592001),
             ("metadata", {"m": "x" * 4096})]),
    "GET /api/session/{session_id}": Route(),
    "DELETE /api/session/{session_id}": Route(),
    "POST /api/session/{session_id}/end": Route(body={}),
    "GET /api/history": Route(
        paged=True, bad_query=[("status", "asleep"), ("from", "yesterday"), ("q", "q" * 201)]),
    "GET /api/history/{session_id}": Route(paged=True),
    "DELETE /api/history/{session_id}": Route(),
    "GET /api/profile": Route(),
    "PUT /api/profile": Route(body={"bio": "b"}, wrong_type=("bio", 1), bad=PROFILE_BAD),
    "PATCH /api/profile": Route(body={"bio": "b"}, wrong_type=("bio", True), bad=PROFILE_BAD),
    "GET /api/memories": Route(paged=True, bad_query=[("persona_id", "p" * 129)]),
    "POST /api/memories": Route(
        body={"content": "c"}, wrong_type=("confidence", "sure"), bad=MEMORY_BAD),
    "GET /api/memories/{memory_id}": Route(),
    "PATCH /api/memories/{memory_id}": Route(
        body={"content": "c"}, wrong_type=("content", 7), bad=MEMORY_BAD),
    "DELETE /api/memories/{memory_id}": Route(),
    "GET /api/memories/search": Route(bad_query=[("q", "q" * 1001), ("page_size", "0")]),
    "GET /api/ai/status": Route(),
    "GET /api/goals": Route(
        paged=True, bad_query=[("status", "lost"), ("goal_pattern", "none"),
                               ("category", "c" * 51)]),
    "POST /api/goals": Route(
        body=GOAL, wrong_type=("target.value", "three"),
        bad=GOAL_BAD + [("title", None), ("category", None), ("target", None),
                        ("goalPattern", None), ("target.value", 0), ("target.value", 366)]),
    "GET /api/goals/{goal_id}": Route(),
    "PUT /api/goals/{goal_id}": Route(
        body={"description": "d"}, wrong_type=("schedule.allowSkipDays", "perhaps"), bad=GOAL_BAD),
    "PATCH /api/goals/{goal_id}": Route(
        body={"description": "d"}, wrong_type=("title", 1), bad=GOAL_BAD),
    "DELETE /api/goals/{goal_id}": Route(),
    "POST /api/goals/{goal_id}/complete": Route(body={}),
    "POST /api/goals/{goal_id}/restore": Route(body={}),
    "GET /api/goals/{goal_id}/activities": Route(
        paged=True, bad_query=[("start_date", "2027-02-30"), ("end_date", "soon"),
                               ("activity_type", "rest")]),
    "POST /api/goals/{goal_id}/activities": Route(
        body={"value": 1}, wrong_type=("value", "much"), bad=ACTIVITY_BAD),
    "GET /api/goals/{goal_id}/activities/{activity_id}": Route(),
    "GET /api/goals/{goal_id}/progress": Route(bad_query=[("period", "decade")]),
    "GET /api/journal": Route(
        paged=True, bad_query=[("goal_id", "g" * 129), ("tag", "t" * 31), ("mood", "m" * 51),
                               ("from", "yesterday"), ("to", "2027-02-30"), ("q", "q" * 1001)]),
    "POST /api/journal": Route(
        body=ENTRY, wrong_type=("tags", "sea"),
        bad=ENTRY_BAD + [("title", None), ("content", None)]),
    "GET /api/journal/{entry_id}": Route(),
    "PUT /api/journal/{entry_id}": Route(
        body={"mood": "calm"}, wrong_type=("shareWithPersonas", "perhaps"), bad=ENTRY_BAD),
    "PATCH /api/journal/{entry_id}": Route(
        body={"mood": "calm"}, wrong_type=("content", 7), bad=ENTRY_BAD),
    "DELETE /api/journal/{entry_id}": Route(),
    "GET /api/journal/stats": Route(),
}
BODY_ROUTES = [name for name, route in ROUTES.items() if route.body is not None]
PAGED_ROUTES = [name for name, route in ROUTES.items() if route.paged]
SESSION_PATH = "{session_id}"


class Scene:
    """A user with one of everything, so that every route has something to act on."""

    def __init__(self, dramatis, user):
        self.dramatis = dramatis
        self.client = dramatis.client(user)
        persona = self.client.post("/api/personas", {"name": "Here", "type": "ai_agent"}).expect(201)
        said = self.client.post("/api/chat", {"message": "Hi", "session_id": "here"}).expect(200)
        memory = self.client.post("/api/memories", {"content": "Was here."}).expect(201)
        goal = self.client.post("/api/goals", GOAL).expect(201)
        done = self.client.post(f"/api/goals/{goal['goalId']}/activities", {}).expect(201)
        entry = self.client.post("/api/journal", ENTRY).expect(201)
        self.ids = {"persona_id": persona["personaId"], "session_id": "here",
                    "turn_id": said["turn_id"], "memory_id": memory["memoryId"],
                    "goal_id": goal["goalId"], "activity_id": done["activityId"],
                    "entry_id": entry["entryId"]}

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
        return self.client.request(method, path, body, headers)

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


@pytest.fixture(scope="module")
def scene(dramatis):
    return Scene(dramatis, "bad-input")


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
           # A wrong enumerator is found while reading, before any rule is checked.
           if "." not in path and value is not None and path != "type"}
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
            path = re.sub(r"\{\w+\}", id.replace("\\", "\\\\"), template)
            if path.endswith("/compatibility"):
                path += f"?with={scene.ids['persona_id']}"
            response = scene.client.request(method, path, ROUTES[route].body)
            statuses = (400,) if SESSION_PATH in template or id == "a" * 200 else (400, 404)
            assert response.status in statuses, (id, response.status, response.body)
            response.problem(response.status)


@pytest.mark.parametrize("route", ROUTES)
def test_wrong_methods_say_which_are_right(scene, route):
    template = route.split(" ")[1]
    right = {name.split(" ")[0] for name in ROUTES if name.split(" ")[1] == template}
    if template == "/api/memories/search":
        right |= {"PATCH", "DELETE"}  # there it is the id of a memory
    if template == "/api/journal/stats":
        right |= {"PUT", "PATCH", "DELETE"}  # there it is the id of an entry
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
        for path in (template + "/nothing/here", template + "//", template.replace("/api", "/apis")):
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
