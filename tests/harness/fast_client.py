"""HTTP for tests that count: many requests at once, without a process for each of them.

    with connect(address) as connection:
        answer = post(connection, "/api/chat", {"message": "Hello", "stream": True}, user="alice")
        for event in EventReader(answer): ...
"""

import contextlib
import http.client
import json

from tests.harness import canaries


@contextlib.contextmanager
def connect(address, timeout=60):
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        yield connection
    finally:
        connection.close()


def post(connection, path, body, user, headers=None):
    """The answer, its body unread."""
    payload = json.dumps(body)
    canaries.sent(headers or {}, payload.encode())
    connection.request("POST", path, payload, {
        "Content-Type": "application/json", "Authorization": f"Bearer local:{user}",
        **(headers or {})})
    return connection.getresponse()


def get(address, path, user):
    with connect(address) as connection:
        connection.request("GET", path, headers={"Authorization": f"Bearer local:{user}"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{answer.status}: {body[:2000]!r}"
        return json.loads(body)
