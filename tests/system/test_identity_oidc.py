"""`dramatis` in production: whom it lets in, how it is reached, and when it refuses to start."""

import http.client
import itertools
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.harness import grpcurl
from tests.harness.client import Client
from tests.harness.deployment import FULL_NAMES, PORTS, SERVICES, Embedded
from tests.harness.oidc import Issuer, encode, forged
from tests.harness.program import run_program, wait_for
from tests.harness.stub_server import StubServer
from tests.system.test_identity import FOR_ADMINS, FOR_SERVICES, FOR_USERS

PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
HSTS = "max-age=31536000"


@pytest.fixture(scope="module")
def issuer():
    with Issuer() as running:
        yield running


@pytest.fixture(scope="module")
def production(issuer, tmp_path_factory):
    settings = {
        "DRAMATIS_ENVIRONMENT": "production",
        "DRAMATIS_OIDC_ISSUER": issuer.url,
        "DRAMATIS_OIDC_AUDIENCE": "dramatis",
        "DRAMATIS_TRUSTED_PROXIES": "127.0.0.1",
        # Tests of other things ask more than one user or address may.
        "DRAMATIS_USER_RATE_LIMIT": "off",
        "DRAMATIS_ADDRESS_RATE_LIMIT": "off",
    }
    with Embedded(tmp_path_factory.mktemp("production") / "data", settings) as deployment:
        yield deployment


def browser(deployment, token=None, **headers):
    """A client whose requests come through the proxy."""
    client = Client(deployment.http)
    client.headers = {**PROXIED, **headers}
    if token is not None:
        client.headers["Authorization"] = f"Bearer {token}"
    return client


@pytest.fixture(scope="module")
def tokens(issuer):
    return {user: issuer.token(user) for user in ("alice", "bob", "root")}


# --- who is let in --------------------------------------------------------------------------------

def test_a_user_of_the_issuer_chats_and_is_alone_with_it(production, tokens):
    alice, bob = browser(production, tokens["alice"]), browser(production, tokens["bob"])
    answer = alice.post("/api/chat", {"message": "Hello"}).expect(200)
    history = alice.get(f"/api/chat/history/{answer['session_id']}").expect(200)
    assert [message["role"] for message in history["messages"]] == ["user", "assistant"]
    assert bob.get(f"/api/history/{answer['session_id']}").status == 404
    # Streams too, and what services of the process call each other for: memory and inference.
    with alice.stream("/api/chat", {"message": "And again", "stream": True}) as stream:
        assert [event for event in stream][-1].name == "done"
    assert alice.get("/api/memory/profile").status in (200, 404)


def test_an_admin_is_whom_the_role_names(production, tokens):
    assert browser(production, tokens["root"]).get("/api/admin/database-status").status == 200
    browser(production, tokens["alice"]).get("/api/admin/database-status").problem(
        403, "PERMISSION_DENIED")


def test_a_token_is_good_for_what_its_scopes_say(production, issuer):
    client = browser(production, issuer.token("root", scope="chat"))
    assert client.get("/api/session/none").status == 404
    assert client.get("/api/personas").problem(403, "INSUFFICIENT_SCOPE")["scope"] == "personas_read"
    refused = client.get("/api/admin/database-status").problem(403, "INSUFFICIENT_SCOPE")
    assert refused["scope"] == "admin" and "admin" in refused["detail"]


def test_the_services_ports_take_the_same_tokens(production, tokens):
    for service in SERVICES:
        rpc, request = FOR_USERS[service]
        grpcurl.call(production.grpc(service), f"{FULL_NAMES[service]}/{rpc}", request,
                     [f"authorization: Bearer {tokens['alice']}"])
    for service, rpc, request in FOR_SERVICES:
        with pytest.raises(grpcurl.GrpcError) as error:
            grpcurl.call(production.grpc(service), f"{FULL_NAMES[service]}/{rpc}", request,
                         [f"authorization: Bearer {tokens['alice']}"])
        assert error.value.code == "PermissionDenied", rpc
    for rpc in FOR_ADMINS:
        with pytest.raises(grpcurl.GrpcError) as error:
            grpcurl.call(production.grpc("memory"), f"dramatis.admin.v1.AdminService/{rpc}",
                         {"service": "memory", "confirm": "x"} if rpc == "SeedDatabase"
                         else {"service": "memory"},
                         [f"authorization: Bearer {tokens['alice']}"])
        assert error.value.code == "PermissionDenied", rpc


# --- whom it refuses ------------------------------------------------------------------------------

class Listener:
    """What a token's header points to; nobody may ask it anything."""

    def __enter__(self):
        self.heard = []
        self.server = StubServer(self.answer)
        self.url = f"{self.server.url}/keys"
        return self

    def answer(self, request):
        self.heard.append(request.path)
        return 404, {}

    def __exit__(self, *_):
        self.server.stop()


def bad_authorizations(token, listener_url):
    head, payload, signature = token.split(".")
    now = int(time.time())
    return {
        "local user": "Bearer local:alice",
        "local admin": "Bearer local:root:admin",
        "local service": "Bearer local:alice:service",
        "basic": "Basic cm9vdDpyb290LXNlY3JldA==",
        "no scheme": token,
        "no token": "Bearer",
        "nonsense": "Bearer nonsense",
        "dots": "Bearer ..",
        "two tokens": f"Bearer {token},{token}",
        "no signature": f"Bearer {head}.{payload}.",
        "zeros": f"Bearer {head}.{payload}.{encode(bytes(64))}",
        "none": f"Bearer {encode({'alg': 'none'})}.{payload}.",
        "None, signed": f"Bearer {forged(token, header={'alg': 'None'})}",
        "HS256": f"Bearer {forged(token, header={'alg': 'HS256'})}",
        "RS256": f"Bearer {forged(token, header={'alg': 'RS256'})}",
        "another user": f"Bearer {forged(token, claims={'sub': 'root'})}",
        "a role": f"Bearer {forged(token, claims={'roles': ['admin']})}",
        "longer": f"Bearer {forged(token, claims={'exp': now + 99999})}",
        "kid of a path": f"Bearer {forged(token, header={'kid': '../../../../dev/null'})}",
        "kid unknown": f"Bearer {forged(token, header={'kid': 'key-99'})}",
        "jku": f"Bearer {forged(token, header={'kid': 'mine', 'jku': listener_url})}",
        "x5u": f"Bearer {forged(token, header={'kid': 'mine', 'x5u': listener_url})}",
        "jwk": f"Bearer {forged(token, header={'jwk': {'kty': 'oct', 'k': 'AAAA'}})}",
        "crit": f"Bearer {forged(token, header={'crit': ['exp']})}",
        "b64": f"Bearer {forged(token, header={'b64': False})}",
        "padded": f"Bearer {token}==",
    }


def test_every_bad_token_is_answered_in_the_same_bytes(production, tokens):
    with Listener() as listener:
        bad = bad_authorizations(tokens["alice"], listener.url)
        answers, errors = set(), set()
        for name, authorization in [("nothing", None), *bad.items()]:
            client = browser(production)
            if authorization is not None:
                client.headers["Authorization"] = authorization
            response = client.get("/api/personas", {"X-Correlation-ID": "same"})
            response.problem(401, "UNAUTHENTICATED")
            assert response.headers["www-authenticate"] == "Bearer", name
            answers.add(response.body)
            headers = [] if authorization is None else [f"authorization: {authorization}"]
            for service in SERVICES:
                rpc, request = FOR_USERS[service]
                with pytest.raises(grpcurl.GrpcError) as error:
                    grpcurl.call(production.grpc(service), f"{FULL_NAMES[service]}/{rpc}", request,
                                 headers)
                assert error.value.code == "Unauthenticated", name
                errors.add(str(error.value))
        assert len(answers) == 1, answers
        assert len(errors) == 1, errors
        assert listener.heard == []


def records_of(deployment, correlation_id):
    """The log's records of a request, whose last one comes after its answer."""
    def found():
        records = [line for line in deployment.log_lines()
                   if line.get("correlation_id") == correlation_id]
        return records if any(line["message"] == "request" for line in records) else None
    return wait_for(found, "the record of the request")


def test_a_refused_sign_in_is_logged_with_its_reason_and_without_the_token(production, tokens):
    token = forged(tokens["alice"], claims={"sub": "root"})
    browser(production, token).get("/api/personas", {"X-Correlation-ID": "refused-1"}).problem(401)
    records = records_of(production, "refused-1")
    audited = [line for line in records if line["level"] == "audit"]
    assert [(line["message"], line["reason"]) for line in audited] == [
        ("sign-in refused", "signature")]
    assert any(line.get("sign_in") == "signature" and line["level"] == "info" for line in records)
    log = production.programs["dramatis"].log_text()
    for secret in (token, token.split(".")[2], tokens["alice"].split(".")[2]):
        assert secret not in log
    metrics = Client(production.managements()[0]).get("/metrics").body.decode()
    assert re.search(r'dramatis_sign_in_failures_total\{reason="signature"\} [1-9]', metrics)


def test_a_crowd_of_refused_sign_ins_is_counted_in_the_audit_log(production, tokens):
    """The first of a second have records of their own; none is left out of the count."""
    crowd = 400
    path, bad = "/api/personas", forged(tokens["alice"], claims={"aud": "crowd"})

    def refused():
        metrics = Client(production.managements()[0]).get("/metrics").body.decode()
        found = re.search(r'dramatis_sign_in_failures_total\{reason="signature"\} (\d+)', metrics)
        return int(found.group(1)) if found else 0

    def audited():
        browser(production).get("/api/health").expect(200)  # tells of a second that is over
        return sum(line.get("count", 1) for line in production.log_lines()
                   if line["level"] == "audit" and line.get("reason") == "signature")

    before = refused()
    browsers = [browser(production, bad) for _ in range(4)]
    with ThreadPoolExecutor(len(browsers)) as threads:
        list(threads.map(lambda one: [one.get(path).problem(401)
                                      for _ in range(crowd // len(browsers))], browsers))
    assert refused() == before + crowd
    wait_for(lambda: audited() == refused(), "the audit log to name them all")


def test_an_identity_that_only_the_process_may_state_is_nobodys(production):
    """Metadata with which services of one process vouch for each other."""
    for mark in ("", "0" * 64):
        with pytest.raises(grpcurl.GrpcError) as error:
            grpcurl.call(production.grpc("memory"), f"{FULL_NAMES['memory']}/Recall",
                         {"user_id": "alice", "persona_id": "x"},
                         ["x-dramatis-identity: sYWxpY2U", f"x-dramatis-process: {mark}"])
        assert error.value.code == "Unauthenticated"
    client = browser(production, **{"x-dramatis-identity": "aYWxpY2U", "x-dramatis-process": "x"})
    client.get("/api/personas").problem(401)


def test_a_flood_of_made_up_keys_is_one_question_to_the_issuer(production, tokens, issuer):
    before = issuer.fetches()
    client = browser(production)

    def ask(number):
        token = forged(tokens["alice"], header={"kid": f"made-up-{number}"})
        return client.get("/api/personas", {"Authorization": f"Bearer {token}"}).status

    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(100))) == {401}
    took = time.monotonic() - started
    assert issuer.fetches() - before <= 1 + took / 10
    assert browser(production, tokens["alice"]).get("/api/personas").status == 200


def test_keys_rotate_while_requests_run_and_none_fails(production, issuer, tokens):
    """Whoever has a token of the old key or of the new one is let in, before and after."""
    time.sleep(10.1)  # whatever made-up key was asked for last, a new one may be asked for again
    stop = threading.Event()
    failures, count = [], itertools.count(1)
    current = {"token": tokens["alice"], "asked": 0}

    def ask():
        connection = http.client.HTTPConnection(production.http, timeout=20)
        while not stop.wait(1 / 100):  # the deployment takes 1,000/s of all together
            connection.request("GET", "/api/personas", headers={
                **PROXIED, "Authorization": f"Bearer {current['token']}"})
            answer = connection.getresponse()
            body = answer.read()
            current["asked"] = next(count)
            if answer.status != 200:
                failures.append((answer.status, body))
        connection.close()

    def asked_for_a_while():
        """At least a second, at 200 requests a second or more."""
        begun, seen = time.monotonic(), current["asked"]
        while time.monotonic() < begun + 1 or current["asked"] < seen + 200:
            time.sleep(0.02)
        return (current["asked"] - seen) / (time.monotonic() - begun)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        rates = [asked_for_a_while()]
        issuer.rotate()
        rates.append(asked_for_a_while())  # the old token, while the new key is published
        current["token"] = issuer.token("alice")
        rates.append(asked_for_a_while())
        current["token"] = tokens["alice"]  # of the old key, which is still published
        rates.append(asked_for_a_while())
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert max(rates) >= 200, rates


# --- how it is reached (property 4 of the contract) -----------------------------------------------

READS = ["/", "/api/health", "/api/personas?pageSize=2", "/openapi.json", "/docs", "/livez",
         "/no/such/path", "/api/chat/history/abc"]


@pytest.mark.parametrize("protocol", [None, "http", "https,http", "wss", ""])
def test_plain_http_is_redirected_or_refused(production, tokens, protocol):
    client = Client(production.http)
    client.headers["Authorization"] = f"Bearer {tokens['alice']}"
    client.headers["Host"] = "chat.example.org:8080"
    if protocol is not None:
        client.headers["X-Forwarded-Proto"] = protocol
    for path in READS:
        for method in ("GET", "HEAD"):
            response = client.request(method, path)
            assert response.status == 308, (method, path)
            assert response.headers["location"] == f"https://chat.example.org{path}"
            assert "strict-transport-security" not in response.headers
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/api/chat", "/api/personas/x", "/no/such/path"):
            client.request(method, path, {"message": "Hi"}).problem(403, "HTTPS_REQUIRED")
    assert client.request("OPTIONS", "/api/chat").status == 403


def test_what_came_over_https_is_served_and_says_so(production, tokens):
    client = browser(production, tokens["alice"])
    for path in ("/api/health", "/openapi.json", "/api/personas", "/no/such/path"):
        response = client.get(path)
        assert response.status in (200, 404)
        assert response.headers["strict-transport-security"] == HSTS
    client.get("/api/personas", {"X-Correlation-ID": "whose"}).expect(200)
    client.get("/no/such/path", {"X-Correlation-ID": "whose-2"}).problem(404)
    logged = records_of(production, "whose-2")
    assert [line["client"] for line in logged if line["message"] == "request"] == ["203.0.113.9"]


def test_a_stranger_who_says_https_is_not_believed(issuer, tmp_path):
    with_other_proxy = {
        "DRAMATIS_ENVIRONMENT": "staging",
        "DRAMATIS_OIDC_ISSUER": issuer.url,
        "DRAMATIS_OIDC_AUDIENCE": "dramatis",
        "DRAMATIS_TRUSTED_PROXIES": "10.0.0.0/8,2001:db8::/32",
    }
    with pytest.MonkeyPatch.context() as patch:
        # Nobody who is believed can ask whether it is ready.
        patch.setattr(Embedded, "_await_ready", lambda self, address: None)
        with Embedded(tmp_path / "data", with_other_proxy) as deployment:
            client = browser(deployment, issuer.token("alice"))
            assert client.get("/api/personas").status == 308
            client.post("/api/chat", {"message": "Hi"}).problem(403, "HTTPS_REQUIRED")


# --- when it does not start -----------------------------------------------------------------------

WHOLE = {
    "DRAMATIS_ENVIRONMENT": "production",
    "DRAMATIS_OIDC_ISSUER": "https://id.example.org",
    "DRAMATIS_OIDC_AUDIENCE": "dramatis",
    "DRAMATIS_TRUSTED_PROXIES": "10.0.0.0/8",
}


def without(*names):
    return {name: value for name, value in WHOLE.items() if name not in names}


@pytest.mark.parametrize("settings,said", [
    ({**without("DRAMATIS_OIDC_ISSUER"), "DRAMATIS_OIDC_AUDIENCE": "",
      "DRAMATIS_TRUSTED_PROXIES": ""}, "DRAMATIS_TRUSTED_PROXIES must be set"),
    (without("DRAMATIS_OIDC_AUDIENCE"), "DRAMATIS_OIDC_AUDIENCE must be set"),
    (without("DRAMATIS_TRUSTED_PROXIES"), "DRAMATIS_TRUSTED_PROXIES must be set"),
    ({**WHOLE, "DRAMATIS_TRUSTED_PROXIES": "proxy.example.org"}, "`proxy.example.org`"),
    ({**WHOLE, "DRAMATIS_OIDC_ISSUER": "http://id.example.org"}, "must be an https:// address"),
    ({**WHOLE, "DRAMATIS_GRPC_ADDRESS": "0.0.0.0:50051"}, "gRPC without TLS is for this machine"),
    ({**WHOLE, "DATABASE_URL": "postgresql://u:secret@db/x"}, "DATABASE_URL_FILE"),
], ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("environment", ["staging", "production"])
def test_it_does_not_start_without_what_it_needs(settings, said, environment):
    code, output = run_program("dramatis", {**PORTS, **settings,
                                            "DRAMATIS_ENVIRONMENT": environment}, ["--check-config"])
    assert code == 2
    assert said in output
    assert "secret" not in output
    assert len([line for line in output.splitlines() if line.strip()]) == 1, output


def test_it_starts_with_them():
    code, output = run_program("dramatis", {**PORTS, **WHOLE, "DRAMATIS_HTTP_ADDRESS": "0.0.0.0:0"},
                               ["--check-config"])
    assert code == 0, output
