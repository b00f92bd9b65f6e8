"""The five programs in production: what they take from each other, and what they refuse."""

import base64
import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.harness import grpcurl, postgres
from tests.harness.certificates import Authority
from tests.harness.client import Client
from tests.harness.deployment import FULL_NAMES, PORTS, SERVICES
from tests.harness.descriptors import rpcs
from tests.harness.oidc import Issuer, encode
from tests.harness.production import CALLERS, Production
from tests.harness.program import run_program, wait_for
from tests.system.test_identity import FOR_SERVICES, FOR_USERS

PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


@pytest.fixture(scope="module")
def issuer():
    with Issuer() as running:
        yield running


@pytest.fixture(scope="module")
def production(issuer, postgres_url, tmp_path_factory):
    url = postgres.create_database(postgres_url, f"production_{time.monotonic_ns()}")
    with Production(tmp_path_factory.mktemp("production"), issuer.url, url, replicas=2) as running:
        yield running


@pytest.fixture(scope="module")
def tokens(issuer):
    return {user: issuer.token(user) for user in ("alice", "bob", "root")}


def browser(address, token=None, **headers):
    client = Client(address)
    client.headers = {**PROXIED, **headers}
    if token is not None:
        client.headers["Authorization"] = f"Bearer {token}"
    return client


def tls_of(production, service, shown="gateway"):
    """As the program `shown` calls; as nobody with None."""
    files = [production.authority.folder / f"{shown}.{kind}" for kind in ("crt", "key")] if shown else []
    return grpcurl.Tls(production.authority.file, service, *files)


def sign(production, claims, program="gateway", header=None):
    """An identity token by a program's key, by way of OpenSSL's command line."""
    jwk = json.loads((production.identity / f"{program}.json").read_text())
    seed = base64.urlsafe_b64decode(jwk["d"] + "=")
    # PKCS #8 of an Ed25519 key (RFC 8410).
    der = bytes.fromhex("302e020100300506032b657004220420") + seed
    pem = production.folder / f"{program}-{threading.get_ident()}.pem"
    pem.write_text("-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(der).decode()
                   + "\n-----END PRIVATE KEY-----\n")
    head = {"alg": "EdDSA", "kid": jwk["kid"], "typ": "dramatis-id+jwt", **(header or {})}
    signed = f"{encode(head)}.{encode(claims)}"
    text = production.folder / f"{program}-{threading.get_ident()}.txt"
    text.write_text(signed)
    signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", pem, "-in", text],
                               check=True, capture_output=True).stdout
    return f"{signed}.{encode(signature)}"


def claims_of(program, audience, user="alice", role="user", life=300, ago=0):
    now = int(time.time()) - ago
    return {"iss": program, "aud": audience, "iat": now, "exp": now + life, "sub": user, "roles": [role]}


def code_of(production, service, method, request=None, headers=(), shown="gateway"):
    """What a call is answered with: "OK", or the code and the text of the refusal."""
    try:
        grpcurl.call(production.grpc(service), method, request or {}, headers,
                     tls=tls_of(production, service, shown))
        return "OK", ""
    except grpcurl.GrpcError as error:
        return error.code, str(error)


# --- it works -------------------------------------------------------------------------------------

def test_a_user_chats_and_is_remembered(production, tokens):
    alice = browser(production.http, tokens["alice"])
    bob = browser(production.http, tokens["bob"])
    answer = alice.post("/api/chat", {"message": "My name is Alice and I love green tea."}).expect(200)
    history = alice.get(f"/api/chat/history/{answer['session_id']}").expect(200)
    assert [message["role"] for message in history["messages"]] == ["user", "assistant"]
    assert bob.get(f"/api/history/{answer['session_id']}").status == 404
    with alice.stream("/api/chat", {"message": "And again", "stream": True}) as stream:
        assert [event for event in stream][-1].name == "done"
    # What memory is told afterwards goes by identities of the programs' own.
    wait_for(lambda: production.row_counts()["memory.memories"] > 0, "something to be remembered")
    assert browser(production.http, tokens["root"]).get("/api/admin/database-status").status == 200
    alice.get("/api/admin/database-status").problem(403)
    browser(production.http).get("/api/personas").problem(401)


def test_a_stream_is_followed_at_the_other_replica(production, tokens):
    one, other = (browser(address, tokens["alice"]) for address in production.http_addresses())
    with one.stream("/api/chat", {"message": "Where do you live?", "stream": True}) as stream:
        turn = json.loads(next(iter(stream)).data)["turn_id"]
        with other.stream(f"/api/turns/{turn}/stream") as followed:
            assert [event for event in followed][-1].name == "done"


def test_the_services_ports_take_clients_tokens(production, tokens):
    for service in SERVICES:
        rpc, request = FOR_USERS[service]
        header = [f"authorization: Bearer {tokens['alice']}"]
        assert code_of(production, service, f"{FULL_NAMES[service]}/{rpc}", request, header)[0] == "OK"
    for service, rpc, request in FOR_SERVICES:
        assert code_of(production, service, f"{FULL_NAMES[service]}/{rpc}", request, header)[
            0] == "PermissionDenied"


def test_background_work_goes_on_after_a_crash(production, tokens):
    alice = browser(production.http, tokens["alice"])
    answer = alice.post("/api/chat", {"message": "Hello", "session_id": "before-the-crash"}).expect(200)
    production.programs["dramatis-conversation"].kill()
    production.start_again("dramatis-conversation")
    wait_for(lambda: alice.get("/readyz").status == 200, "the gateway to be ready")
    again = alice.post("/api/chat", {"message": "Again", "session_id": "before-the-crash"}).expect(200)
    assert again["session_id"] == answer["session_id"]


# --- who may call what ----------------------------------------------------------------------------

def test_every_rpc_refuses_every_token_that_is_not_for_it(production):
    good = {service: claims_of("gateway", service) for service in SERVICES}

    def tokens_for(service):
        other = "persona" if service == "memory" else "memory"
        token = sign(production, good[service])
        head, payload, signature = token.split(".")
        return {
            "missing": [],
            "another program's": [sign(production, claims_of("gateway", other))],
            "expired": [sign(production, claims_of("gateway", service, ago=400))],
            "unsigned": [f"{encode({'alg': 'none', 'kid': 'gateway-1', 'typ': 'dramatis-id+jwt'})}."
                         f"{payload}."],
            "altered": [f"{head}.{encode({**good[service], 'sub': 'root'})}.{signature}"],
            "by another": [sign(production, good[service], program="memory")],
            "twice": [token, token],
        }

    made = {service: tokens_for(service) for service in SERVICES}

    def ask(job):
        service, method, kind = job
        headers = [f"x-dramatis-identity: {token}" for token in made[service][kind]]
        return job, code_of(production, service, method, {}, headers)[0]

    every = rpcs()
    assert len(every) > 60
    jobs = [(service, method, kind) for index, (service, method, _) in enumerate(every)
            # All kinds of each service's first RPC, then each RPC with two kinds in turn.
            for place, kind in enumerate(made[service])
            if place in (index % 7, (index + 3) % 7)]
    with ThreadPoolExecutor(8) as pool:
        for job, code in pool.map(ask, jobs):
            assert code == "Unauthenticated", job


def test_each_program_calls_what_it_may_call_and_nothing_else(production):
    made = {(program, service): sign(production, claims_of(program, service, role="service"), program)
            for program in CALLERS for service in SERVICES}

    def probe(job):
        program, (service, method, _) = job
        return job, code_of(production, service, method, {},
                            [f"x-dramatis-identity: {made[program, service]}"])

    jobs = [(program, rpc) for rpc in rpcs() for program in CALLERS]
    with ThreadPoolExecutor(8) as pool:
        for (program, (service, method, callers)), (code, text) in pool.map(probe, jobs):
            refused = f"the program {program} may not call this" in text
            assert refused == (program not in callers), (program, method, code, text)


def test_a_port_without_a_certificate_of_ours_answers_nobody(production, tmp_path):
    stranger = Authority(tmp_path / "stranger")
    stranger.issue("gateway")
    for service in SERVICES:
        rpc, request = FOR_USERS[service]
        token = sign(production, claims_of("gateway", service))
        header = [f"x-dramatis-identity: {token}"]
        method = f"{FULL_NAMES[service]}/{rpc}"
        assert code_of(production, service, method, request, header)[0] == "OK"
        assert code_of(production, service, method, request, header, shown=None)[0] != "OK"
        with pytest.raises(grpcurl.GrpcError):
            grpcurl.call(production.grpc(service), method, request, header)  # in plain text
        with pytest.raises(grpcurl.GrpcError):
            grpcurl.call(production.grpc(service), method, request, header, tls=grpcurl.Tls(
                production.authority.file, service, stranger.folder / "gateway.crt",
                stranger.folder / "gateway.key"))


# --- what changes while they run ------------------------------------------------------------------

class Load:
    """Requests that go on; none may fail."""

    def __init__(self, production, token):
        self.failed, self.answered, self._end = [], 0, threading.Event()
        self.client = browser(production.http, token)

    def _run(self):
        number = 0
        while not self._end.is_set():
            number += 1
            response = self.client.get("/api/personas" if number % 2 else "/api/history")
            if response.status != 200:
                self.failed.append((response.status, response.body[:300]))
            self.answered += 1

    def __enter__(self):
        self._threads = [threading.Thread(target=self._run) for _ in range(3)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()


def said(production, message, count):
    """Each program that was to say something has said it so often."""
    return sum(line.get("message") == message for line in production.log_lines()) >= count


def test_identity_keys_rotate_and_no_request_fails(production, tokens):
    taken, own = "other identity keys are taken", "another identity key"
    called, callers = len(SERVICES) + 1, len(CALLERS) + 2  # with the second replica and its gateway
    with Load(production, tokens["bob"]) as load:
        production.run_identity("new")
        wait_for(lambda: said(production, taken, called), "the new public keys to be read")
        production.run_identity("switch")
        wait_for(lambda: said(production, own, callers), "the new keys to be in use")
        before = load.answered
        wait_for(lambda: load.answered > before + 20, "requests with the new keys")
        old = sign(production, claims_of("gateway", "memory"), header={"kid": "gateway-1"})
        production.run_identity("retire")
        wait_for(lambda: said(production, taken, 2 * called), "the old keys to be gone")
        before = load.answered
        wait_for(lambda: load.answered > before + 20, "requests after that")
    assert not load.failed, load.failed[:3]
    assert code_of(production, "memory", f"{FULL_NAMES['memory']}/GetProfile", {},
                   [f"x-dramatis-identity: {old}"])[0] == "Unauthenticated"


def shown_serial(address, production):
    folder = production.authority.folder
    ran = subprocess.run(
        ["openssl", "s_client", "-connect", address, "-cert", folder / "gateway.crt", "-key",
         folder / "gateway.key", "-alpn", "h2"], input=b"", capture_output=True, timeout=20)
    return subprocess.run(["openssl", "x509", "-noout", "-serial"], input=ran.stdout,
                          capture_output=True).stdout


def test_grpc_certificates_are_replaced_and_no_request_fails(production, tokens):
    before = {service: shown_serial(production.grpc(service), production) for service in SERVICES}
    assert all(b"serial=" in serial for serial in before.values())
    with Load(production, tokens["bob"]) as load:
        for name in ("gateway", *SERVICES):
            production.authority.issue(name)
        wait_for(lambda: all(
            shown_serial(production.grpc(service), production) not in (before[service], b"")
            for service in SERVICES), "the new certificates to be shown", timeout=40, pause=0.5)
    assert not load.failed, load.failed[:3]


# --- when they do not start -----------------------------------------------------------------------

NEEDED = {
    "dramatis-gateway": ("DRAMATIS_IDENTITY_KEY_FILE",),
    "dramatis-conversation": ("DRAMATIS_IDENTITY_KEY_FILE", "DRAMATIS_IDENTITY_KEYS_FILE"),
    "dramatis-memory": ("DRAMATIS_IDENTITY_KEY_FILE", "DRAMATIS_IDENTITY_KEYS_FILE"),
    "dramatis-persona": ("DRAMATIS_IDENTITY_KEYS_FILE",),
    "dramatis-inference": ("DRAMATIS_IDENTITY_KEYS_FILE",),
}


def refusals(production, program, **changes):
    """The lines that the program refuses its settings with; None where it takes them."""
    settings = {**PORTS, **production.settings, **production.settings_of(program), **changes}
    code, output = run_program(program, settings, ["--check-config"])
    if code == 0:
        return None
    return [line for line in output.splitlines() if line.strip()]


@pytest.mark.parametrize("program", NEEDED)
def test_each_names_what_it_lacks_in_one_line(production, program, tmp_path):
    assert refusals(production, program) is None
    for name in NEEDED[program]:
        said_of_it = refusals(production, program, **{name: ""})
        assert len(said_of_it) == 1 and f"{name} must be set" in said_of_it[0]
        assert "dramatis identity new" in said_of_it[0]
        said_of_it = refusals(production, program, **{name: str(tmp_path / "none")})
        assert len(said_of_it) == 1 and name in said_of_it[0] and "No such file" in said_of_it[0]
    files = {f"DRAMATIS_GRPC_TLS_{kind}_FILE": "" for kind in ("CERTIFICATE", "KEY", "CA")}
    said_of_it = refusals(production, program, **files)
    assert len(said_of_it) == 1 and "DRAMATIS_GRPC_TLS=mesh" in said_of_it[0]
    assert refusals(production, program, **files, DRAMATIS_GRPC_TLS="mesh") is None
    for name in files:
        said_of_it = refusals(production, program, **{name: ""})
        assert len(said_of_it) == 1 and f"{name} must be set" in said_of_it[0]
    of_another = str(production.authority.folder / "public.key")
    said_of_it = refusals(production, program, DRAMATIS_GRPC_TLS_KEY_FILE=of_another)
    assert len(said_of_it) == 1 and "is not the key of" in said_of_it[0]


def test_a_key_is_its_programs_own(production):
    of_memory = str(production.identity / "memory.json")
    said_of_it = refusals(production, "dramatis-gateway", DRAMATIS_IDENTITY_KEY_FILE=of_memory)
    assert len(said_of_it) == 1 and "is another program's" in said_of_it[0]


def test_an_expired_certificate_is_told_at_the_start(production, tmp_path):
    authority = Authority(tmp_path / "old")
    certificate, key = authority.issue_expired("persona")
    said_of_it = refusals(production, "dramatis-persona", DRAMATIS_GRPC_TLS_CERTIFICATE_FILE=str(certificate),
                          DRAMATIS_GRPC_TLS_KEY_FILE=str(key))
    assert len(said_of_it) == 1 and "has expired" in said_of_it[0]


def test_a_database_elsewhere_is_verified(production, tmp_path):
    url = tmp_path / "url"
    url.write_text("postgresql://dramatis@db.example.org/dramatis?sslmode=require")
    said_of_it = refusals(production, "dramatis-memory", DATABASE_URL_FILE=str(url))
    assert len(said_of_it) == 1 and "sslmode=verify-full" in said_of_it[0]
    url.write_text("postgresql://dramatis@db.example.org/dramatis?sslmode=verify-full")
    assert refusals(production, "dramatis-memory", DATABASE_URL_FILE=str(url)) is None


def test_what_the_command_says():
    code, output = run_program("dramatis", {}, ["identity"])
    assert code == 2 and "identity new <folder>" in output
    code, output = run_program("dramatis", {}, ["--help"])
    assert "identity switch <folder>" in output
