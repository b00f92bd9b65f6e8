"""Credentials of a container (ECS, EKS Pod Identity) that end while requests go on."""

import concurrent.futures
import datetime
import http.server
import json
import re
import threading
import time

import pytest

from tests.harness.client import Client
from tests.harness.deployment import Embedded

EVENTS = [
    ("message_start", {"message": {"id": "m", "model": "m", "usage": {"input_tokens": 4, "output_tokens": 1}}}),
    ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
    ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": "Stars."}}),
    ("content_block_stop", {"index": 0}),
    ("message_delta", {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}),
    ("message_stop", {}),
]
# As long before their end as credentials are fetched anew, and a little.
LIFETIME = 300 + 2


class Aws:
    """The container's agent at /credentials, and a Bedrock that answers who shows the keys of one that
    have not ended."""

    def __init__(self):
        self.issued, self.used, self.refused = {}, set(), 0
        self.fetching, self.most_at_once, self.lock = 0, 0, threading.Lock()
        aws = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                with aws.lock:
                    aws.fetching += 1
                    aws.most_at_once = max(aws.most_at_once, aws.fetching)
                time.sleep(0.2)  # whoever waited for it would be seen
                end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=LIFETIME)
                with aws.lock:
                    key = f"AKID{len(aws.issued) + 1}"
                    aws.issued[key] = end
                    aws.fetching -= 1
                self.answer(200, "application/json", json.dumps({
                    "AccessKeyId": key, "SecretAccessKey": "secret", "Token": f"token-of-{key}",
                    "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode())

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                shown = re.search(r"Credential=(\w+)/", self.headers.get("Authorization", ""))
                key = shown[1] if shown else ""
                good = (key in aws.issued
                        and datetime.datetime.now(datetime.timezone.utc) < aws.issued[key]
                        and self.headers.get("X-Amz-Security-Token") == f"token-of-{key}")
                with aws.lock:
                    aws.used.add(key)
                    aws.refused += not good
                body = "".join(f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n"
                               for name, data in EVENTS).encode()
                self.answer(200 if good else 403, "text/event-stream", body if good else b"{}")

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def aws():
    double = Aws()
    yield double
    double.stop()


def test_credentials_are_fetched_anew_before_they_end_and_no_request_fails(aws, tmp_path):
    file = tmp_path / "providers.yaml"
    file.write_text(json.dumps({"providers": [
        {"name": "bedrock", "dialect": "anthropic", "auth": "sigv4", "region": "eu-central-1",
         "baseUrl": aws.url, "models": ["m"]}]}))
    settings = {"DRAMATIS_PROVIDERS_FILE": str(file), "DRAMATIS_MODEL": "bedrock/m",
                "DRAMATIS_MEMORY_MODEL": "local",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.url}/credentials"}
    with Embedded(tmp_path / "data", settings) as deployment:
        def ask(number):
            until, answers = time.monotonic() + 6, 0
            while time.monotonic() < until:
                # A user has at most so many live sessions.
                client = Client(deployment.http, user=f"user-{number}-{answers // 50}")
                answer = client.post("/api/chat", {"message": "Hello"})
                assert answer.status == 200, answer.body
                answers += 1
            return answers

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = sum(pool.map(ask, range(8)))
    assert answers > 50
    assert aws.refused == 0
    assert len(aws.issued) >= 2 and len(aws.used) >= 2, "the first ones came due, and others were used"
    assert aws.most_at_once == 1
