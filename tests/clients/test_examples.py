""""Try it out" of /docs: what it fills in works, and what comes back is what is described."""

import json
import re
import urllib.parse

import jsonschema_rs
import pytest

from tests.harness import examples
from tests.harness.sse import events_of


class Contract:
    def __init__(self, document):
        self.document = document
        # Components are found as one document, whose schemas are everybody's.
        self.components = document["components"]

    def operations(self):
        return examples.operations(self.document)

    def resolve(self, value):
        while "$ref" in value:
            target = self.document
            for step in value["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            value = target
        return value

    def check(self, schema, value):
        whole = {**schema, "components": self.components}
        jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(value)

    def request(self, path, operation):
        """The path with what the example fills in, and the body."""
        query = []
        for parameter in map(self.resolve, operation["parameters"]):
            if "example" not in parameter:
                assert not parameter.get("required"), parameter
                continue
            example = parameter["example"]
            self.check(parameter["schema"], example)
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", urllib.parse.quote(example, ""))
            else:
                values = example if isinstance(example, list) else [example]
                query += [(parameter["name"], value) for value in values]
        content = operation.get("requestBody", {}).get("content", {})
        body = content.get("application/json") or next(
            (body for body in content.values() if "example" in body), None)
        if body is not None:
            self.check(body["schema"], body["example"])
        path += f"?{urllib.parse.urlencode(query)}" if query else ""
        return path, body and body["example"]

    def check_answer(self, operation, answer):
        described = self.resolve(operation["responses"][str(answer.status)])
        for name, header in described.get("headers", {}).items():
            value = answer.headers.get(name.lower())
            if name in ("X-Correlation-ID", "ETag", "Location", "Retry-After"):
                assert value, f"{name} is missing"
        kind = answer.headers.get("content-type", "").split(";")[0]
        if not described.get("content"):
            assert not answer.body
            return
        content = described["content"][kind]
        if kind == "text/event-stream":
            for event in events_of(answer.body):
                self.check(content["x-itemSchema"],
                           {"event": event.name, "data": event.json(),
                            **({"id": event.id} if event.id else {})})
        elif kind.startswith("image/"):
            assert answer.body == examples.PICTURE
        else:
            self.check(content["schema"], answer.json())


@pytest.fixture
def contract(document):
    return Contract(json.loads(document.read_text()))


def test_every_example_works(new_deployment, contract):
    client = new_deployment.client("mara:admin")
    failures = []
    for verb, path, operation in contract.operations():
        name = operation["operationId"]
        path, body = contract.request(path, operation)
        kind = examples.kind_of_body(operation)
        if kind is not None:  # a file: the smallest picture
            answer = client.request(verb.upper(), path, examples.PICTURE, {"Content-Type": kind})
            assert answer.status == 200, f"{name}: {answer.body[:1000]}"
            contract.check_answer(operation, answer)
        elif name == examples.ENDLESS:
            with client.stream(path) as events:
                assert events.status == 200
        else:
            if isinstance(body, str):  # a file
                kind = next(kind for kind, file in operation["requestBody"]["content"].items()
                            if file.get("example") == body)
                answer = client.request(verb.upper(), path, body.encode(), {"Content-Type": kind})
            else:
                answer = client.request(verb.upper(), path, body)
            if answer.status not in examples.expected(name):
                failures.append(f"{name}: {answer.status} {answer.body[:1000]}")
            contract.check_answer(operation, answer)
    assert not failures


def test_streams_are_as_described(new_deployment, contract):
    client = new_deployment.client("mara")
    chat = contract.document["paths"]["/api/chat"]["post"]
    said = client.request("POST", "/api/chat", {"message": "Hello", "stream": True})
    assert [event.name for event in events_of(said.body)][-1] == "done"
    contract.check_answer(chat, said)
    # An error after the beginning is an event too.
    names = set()
    item = contract.resolve(chat["responses"]["200"]["content"]["text/event-stream"]["x-itemSchema"])
    for event in item["oneOf"]:
        names.add(event["properties"]["event"]["const"])
    assert names == {"start", "delta", "reset", "done", "error"}


def test_every_operation_is_described(contract):
    names = set()
    for verb, path, operation in contract.operations():
        name = operation["operationId"]
        assert name not in names
        names.add(name)
        assert 0 < len(operation["summary"]) <= 120, (name, operation["summary"])
        assert operation["description"] and operation["tags"] and "security" in operation
        parameters = list(map(contract.resolve, operation["parameters"]))
        in_path = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path))
        assert all("example" in parameter for parameter in parameters if parameter.get("required"))
        assert set(operation["responses"]) >= {"400", "403", "429", "500", "503"}
        body = operation.get("requestBody")
        if body is None:
            continue
        if "application/json" not in body["content"]:
            continue  # a file
        content = body["content"]["application/json"]
        schema = contract.resolve(content["schema"])
        open_ended = path.startswith("/v1/") or name == "ImportPersona_post"  # takes, and passes over, whatever else there is
        assert "example" in content, name
        assert schema.get("additionalProperties", True) is open_ended, name
        if "properties" not in schema:
            continue  # somebody else's document
        assert not in_path & set(schema["properties"]), name
        # The body of an update says what changes, and nothing else.
        if verb in ("put", "patch") and "content" not in schema.get("required", []):
            assert "required" not in schema, name
            assert not {"type", "goalPattern", "etag", "createTime"} & set(schema["properties"])
        assert body["required"] or "required" not in schema, name


def test_limits_formats_and_presence_are_told(contract):
    schemas = contract.components["schemas"]
    new = schemas["persona.Persona.Input"]
    assert set(new["required"]) == {"name", "type"}
    assert (new["properties"]["name"]["minLength"], new["properties"]["name"]["maxLength"]) == (2, 100)
    assert new["properties"]["knowledge"]["maxItems"] == 12
    seen = schemas["persona.Persona"]
    assert seen["properties"]["personaId"]["format"] == "uuid"
    assert seen["properties"]["createTime"]["format"] == "date-time"
    assert {"personaId", "name", "type", "personality", "etag", "updateTime"} <= set(seen["required"])
    assert "ownerId" not in seen["required"]
    traits = schemas["persona.Personality.Input"]["properties"]["openness"]
    assert (traits["minimum"], traits["maximum"]) == (0, 100)
    assert schemas["memory.GoalTarget.Input"]["properties"]["targetDate"]["format"] == "date"
    assert "enum" in schemas["memory.Goal.Input"]["properties"]["goalPattern"]
