"""HTTP as people do it: every request is a run of the command line program curl.

    alice = Client("127.0.0.1:8080", user="alice")
    response = alice.post("/api/chat", {"message": "Hello"})
    with alice.stream("/api/chat", {"message": "Hello", "stream": True}) as events:
        for event in events: ...

Where bytes matter (half an answer, a malformed head) there is `raw_exchange`.
"""

import json
import socket
import subprocess

from tests.harness import canaries
from tests.harness.sse import EventReader


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # names in lower case; the last one where repeated
        self.body = body

    def json(self):
        return json.loads(self.body)

    def expect(self, status):
        """The parsed body (None where empty), if the status is the expected one."""
        assert self.status == status, f"{self.status} instead of {status}: {self.body[:2000]!r}"
        return self.json() if self.body else None

    def problem(self, status, code=None):
        """The problem document (RFC 9457), checked for what every one of them has."""
        assert self.status == status, f"{self.status} instead of {status}: {self.body[:2000]!r}"
        assert self.headers["content-type"].startswith("application/problem+json"), self.headers
        document = self.json()
        assert document["status"] == status
        for member in ("type", "title", "code", "correlationId"):
            assert document.get(member), f"{member} is missing: {document}"
        assert document["correlationId"] == self.headers["x-correlation-id"]
        if code is not None:
            assert document["code"] == code, document
        return document


def _parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(lines[0].split(" ")[1]), headers


class Client:
    def __init__(self, address, user=None, timeout=60):
        self.base = f"http://{address}"
        self.address = address
        self.timeout = timeout
        self.headers = {}
        self.options = []  # of curl, beside those that every request has
        if user is not None:
            self.headers["Authorization"] = f"Bearer local:{user}"

    def _curl(self, method, path, payload, headers, options=()):
        merged = {**self.headers, **(headers or {})}
        canaries.sent(merged, payload)
        if payload is not None and "Content-Type" not in merged:
            merged["Content-Type"] = "application/json"
        command = ["curl", "-sS", "-i", "-g", "--path-as-is", "--http1.1", "-X", method,
                   "-m", str(self.timeout), "-H", "Expect:"]
        for name, value in merged.items():
            # curl sends a header without a value only when it ends with a semicolon.
            command += ["-H", f"{name}: {value}" if value else f"{name};"]
        if payload is not None:
            command += ["--data-binary", "@-"]
        if method == "HEAD":
            command[command.index("-X"):command.index("-X") + 2] = ["-I"]
        return command + [*self.options, *options, self.base + path]

    def request(self, method, path, body=None, headers=None):
        """`body`: bytes as they are, anything else as JSON."""
        payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        ran = subprocess.run(self._curl(method, path, payload, headers),
                             input=payload if payload is not None else b"", capture_output=True)
        assert ran.returncode == 0, f"curl {method} {path}: {ran.returncode} {ran.stderr.decode()}"
        head, _, rest = ran.stdout.partition(b"\r\n\r\n")
        status, fields = _parse_head(head)
        canaries.answered(status, rest)
        return Response(status, fields, rest)

    def get(self, path, headers=None):
        return self.request("GET", path, None, headers)

    def post(self, path, body=None, headers=None):
        return self.request("POST", path, {} if body is None else body, headers)

    def put(self, path, body, headers=None):
        return self.request("PUT", path, body, headers)

    def patch(self, path, body, headers=None):
        return self.request("PATCH", path, body, headers)

    def delete(self, path, headers=None):
        return self.request("DELETE", path, None, headers)

    def stream(self, path, body=None, headers=None, method=None):
        """An event stream that is read while it comes."""
        payload = None if body is None else json.dumps(body).encode()
        method = method or ("GET" if body is None else "POST")
        headers = {"Accept": "text/event-stream", **(headers or {})}
        return Stream(self._curl(method, path, payload, headers, ["-N"]), payload)

    def pages(self, path, items, size=None):
        """Every item of a list, page by page; fails where an item comes twice."""
        found, token = [], ""
        separator = "&" if "?" in path else "?"
        while True:
            query = f"{path}{separator}page_size={size or 100}" + (
                f"&page_token={token}" if token else "")
            page = self.get(query).expect(200)
            found += page[items]
            token = page.get("next_page_token", page.get("nextPageToken", ""))
            if not token:
                return found


class Stream:
    """An event stream through a curl of its own. Iterating yields events; `kill` drops it."""

    def __init__(self, command, payload):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        if payload is not None:
            self.process.stdin.write(payload)
        self.process.stdin.close()
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.process.stdout.readline()
            if not line:
                reason = self.process.stderr.read().decode(errors="replace")
                self.__exit__()
                raise AssertionError(f"no answer: {head!r} {reason}")
            head += line
        self.status, self.headers = _parse_head(head[:-4])
        self._events = EventReader(self.process.stdout)

    def response(self):
        """What was answered instead of a stream."""
        return Response(self.status, self.headers, self.process.stdout.read())

    def __iter__(self):
        assert self.status == 200, f"{self.status}: {self.process.stdout.read()[:2000]!r}"
        return iter(self._events)

    def next(self):
        return next(iter(self))

    @property
    def comments(self):
        return self._events.comments

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.process.stdout.close()
        self.process.stderr.close()


def raw_exchange(address, request, limit=None, timeout=20.0):
    """Sends bytes, returns what came back until the end, or the first `limit` bytes of it."""
    host, port = address.rsplit(":", 1)
    received = b""
    with socket.create_connection((host, int(port)), timeout=timeout) as connection:
        connection.settimeout(timeout)
        connection.sendall(request)
        while limit is None or len(received) < limit:
            try:
                piece = connection.recv(65536 if limit is None else limit - len(received))
            except ConnectionResetError:
                break
            if not piece:
                break
            received += piece
    return received


def unchunk(body):
    """The payload of as much of a chunked body as is there."""
    payload = b""
    while True:
        line, found, rest = body.partition(b"\r\n")
        if not found or not line:
            return payload
        size = int(line.split(b";")[0], 16)
        if size == 0:
            return payload
        payload += rest[:size]
        if len(rest) < size + 2:
            return payload
        body = rest[size + 2:]


def chat(client, persona, message="Hi", **fields):
    """The answer to a message in a new session, or in that of `fields`."""
    return client.post("/api/chat", {"message": message, "persona_id": persona, **fields})
