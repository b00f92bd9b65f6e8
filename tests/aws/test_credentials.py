"""Credentials of a container (ECS, EKS Pod Identity), of a web identity (EKS) and of a machine (IMDSv2) that end
while requests go on."""

import concurrent.futures
import datetime
import http.client
import http.server
import json
import re
import threading
import time
import urllib.parse

import pytest

from tests.aws.test_objects import conformance
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


ROLE = "arn:aws:iam::123456789012:role/dramatis"
METADATA = "/latest/meta-data/iam/security-credentials/"


class Aws:
    """The container's agent at /credentials, STS at /, the machine's metadata at /latest, and a Bedrock that
    answers who shows the keys of one that have not ended. `identities` are the tokens that STS was shown."""

    def __init__(self):
        self.issued, self.used, self.refused, self.identities = {}, set(), 0, []
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

            def body(self):
                return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

            def issue(self):
                """(key, its end)."""
                with aws.lock:
                    aws.fetching += 1
                    aws.most_at_once = max(aws.most_at_once, aws.fetching)
                time.sleep(0.2)  # whoever waited for it would be seen
                end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=LIFETIME)
                with aws.lock:
                    key = f"AKID{len(aws.issued) + 1}"
                    aws.issued[key] = end
                    aws.fetching -= 1
                return key, end.strftime("%Y-%m-%dT%H:%M:%SZ")

            def do_PUT(self):
                seconds = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
                good = self.path == "/latest/api/token" and seconds and int(seconds) <= 21600
                self.body()
                self.answer(200 if good else 400, "text/plain", b"machine-token" if good else b"")

            def do_GET(self):
                if self.path.startswith("/latest"):
                    if self.headers.get("X-aws-ec2-metadata-token") != "machine-token":
                        return self.answer(401, "text/plain", b"")
                    if self.path == METADATA:
                        return self.answer(200, "text/plain", b"dramatis")
                    assert self.path == METADATA + "dramatis"
                key, end = self.issue()
                return self.answer(200, "application/json", json.dumps({
                    "Code": "Success", "AccessKeyId": key, "SecretAccessKey": "secret",
                    "Token": f"token-of-{key}", "Expiration": end}).encode())

            def assume(self):
                asked = dict(urllib.parse.parse_qsl(self.body()))
                assert asked["Action"] == "AssumeRoleWithWebIdentity" and asked["RoleArn"] == ROLE
                assert len(asked["RoleSessionName"]) >= 2 and "Authorization" not in self.headers
                aws.identities.append(asked["WebIdentityToken"])
                key, end = self.issue()
                self.answer(200, "text/xml", (
                    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                    f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
                    f"<SessionToken>token-of-{key}</SessionToken><Expiration>{end}</Expiration>"
                    "</Credentials></AssumeRoleWithWebIdentityResult>"
                    "</AssumeRoleWithWebIdentityResponse>").encode())

            def do_POST(self):
                if self.path == "/":
                    return self.assume()
                self.body()
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
                return self.answer(200 if good else 403, "text/event-stream", body if good else b"{}")

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


def of_container(aws, folder):
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.url}/credentials"}


def of_web_identity(aws, folder):
    token = folder / "token"
    token.write_text("identity-1\n")
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": ROLE, "AWS_ENDPOINT_URL_STS": aws.url}


def of_machine(aws, folder):
    return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": aws.url}


@pytest.mark.parametrize("source", [of_container, of_web_identity, of_machine])
def test_credentials_are_fetched_anew_before_they_end_and_no_request_fails(aws, tmp_path, source):
    file = tmp_path / "providers.yaml"
    file.write_text(json.dumps({"providers": [
        {"name": "bedrock", "dialect": "anthropic", "auth": "sigv4", "region": "eu-central-1",
         "baseUrl": aws.url, "models": ["m"]}]}))
    settings = {"DRAMATIS_PROVIDERS_FILE": str(file), "DRAMATIS_MODEL": "bedrock/m",
                "DRAMATIS_MEMORY_MODEL": "local", **source(aws, tmp_path)}
    with Embedded(tmp_path / "data", settings) as deployment:
        def ask(number):
            until, answers = time.monotonic() + 6, 0
            while time.monotonic() < until:
                # A user has at most so many live sessions.
                client = Client(deployment.http, user=f"user-{number}-{answers // 50}")
                answer = client.post("/api/chat", {"message": "Hello"})
                assert answer.status == 200, answer.body
                answers += 1
                if aws.identities:
                    (tmp_path / "token").write_text("identity-2\n")  # as the kubelet does before one ends
            return answers

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = sum(pool.map(ask, range(8)))
    assert answers > 50
    assert aws.refused == 0
    assert len(aws.issued) >= 2 and len(aws.used) >= 2, "the first ones came due, and others were used"
    assert aws.most_at_once == 1
    if source is of_web_identity:
        assert aws.identities[0] == "identity-1" and aws.identities[-1] == "identity-2"


class Sts(http.server.ThreadingHTTPServer):
    """moto finds its services by the host that was asked: this one asks it as STS is asked. And it wants a
    signature of everybody, which nobody has who comes with a web identity."""

    def __init__(self, moto):
        host = urllib.parse.urlsplit(moto.url).netloc

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                moto.check_signatures(False)
                upstream = http.client.HTTPConnection(host)
                upstream.request("POST", self.path, body, {
                    "Host": "sts.us-east-1.amazonaws.com", "Content-Type": self.headers["Content-Type"]})
                answer = upstream.getresponse()
                content = answer.read()
                moto.check_signatures(True)
                self.server.answers.append((answer.status, content))
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


def test_a_role_by_web_identity_does_in_a_bucket_what_it_may(moto, tmp_path):
    """STS and S3 are moto, which checks the signatures of the role's keys."""
    role = moto.role("pod", ["s3:*"])
    bucket = moto.bucket("web-identity")
    token = tmp_path / "token"
    token.write_text("identity")
    sts = Sts(moto)
    settings = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": role,
                "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts.server_port}",
                "AWS_ENDPOINT_URL_S3": moto.url, "AWS_REGION": "eu-central-1",
                "DRAMATIS_OBJECTS": f"s3://{bucket}"}
    try:
        ran = conformance(settings, "--gtest_filter=*GivesBackWhatWasPut*")
        assert ran.returncode == 0, ran.stdout + str(sts.answers)
        ran = conformance({**settings, "AWS_ROLE_ARN": moto.role("other", ["sqs:*"])},
                          "--gtest_filter=*GivesBackWhatWasPut*")
        assert ran.returncode != 0, "a role without rights is refused"
    finally:
        sts.shutdown()
        sts.server_close()
