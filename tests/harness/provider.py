"""The provider double as a process of its own; see tests/provider_double/script.h."""

import json

from tests.harness.client import Client
from tests.harness.program import Program


# An answer that cannot be read from its second word on: the turn fails, since nothing stands in for
# a provider that has begun to speak, and the failure is not held against it.
BROKEN = {"tokens": ["Half ", {"raw": "data: {oops\n\n"}]}


class Provider:
    MODEL = "double"

    def __init__(self):
        self.program = Program("provider-double", {})
        self.address = self.program.address()
        self._client = Client(self.address)

    def settings(self):
        """What makes Dramatis use it, for personas whose model is `openai/double`."""
        return {
            "OPENAI_BASE_URL": f"http://{self.address}/v1",
            "OPENAI_API_KEY": "sk-test-0123456789",
            # Room for any history that a test makes.
            "DRAMATIS_OPENAI_MODELS": f"{self.MODEL}@1000000",
            # What memory asks a model would use up steps of scripts and count as calls: it asks the
            # built-in one, unless a test is about it.
            "DRAMATIS_MEMORY_MODEL": "local",
        }

    def script(self, *steps, default=None, when=None):
        """The next requests get `steps`, one each; those after them `default`. `when`: by a text
        that a request holds, the step that it gets instead."""
        body = {"steps": list(steps), "when": when or {}}
        if default is not None:
            body["default"] = default
        self._client.post("/script", body).expect(200)

    def release(self):
        """Lets one answer go on that holds: the next `{"hold": True}` among its tokens."""
        self._client.post("/release").expect(200)

    def counts(self):
        return self._client.get("/counts").expect(200)

    def requests(self):
        """The bodies received, parsed."""
        recorded = self._client.get("/requests").expect(200)
        return [json.loads(request["body"]) for request in recorded["requests"]]

    def authorizations(self):
        recorded = self._client.get("/requests").expect(200)
        return [request["authorization"] for request in recorded["requests"]]

    def reset(self):
        self._client.post("/reset").expect(200)

    def stop(self):
        self.program.kill()


def answer(*pieces, **members):
    """A step of a script whose stream is just these pieces."""
    return {"tokens": list(pieces), "tail": False, **members}
