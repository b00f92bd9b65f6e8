"""HTTPS as clients see it: the gateway's own TLS, by real clients."""

import http.client
import os
import re
import resource
import socket
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.harness.certificates import Authority
from tests.harness.client import Client
from tests.harness.deployment import PORTS, Embedded
from tests.harness.program import run_program, wait_for


class Secure:
    """`dramatis` with a certificate, and an authority that clients believe."""

    def __init__(self, folder, settings=None, key="ec"):
        self.authority = Authority(folder / "tls")
        self.certificate, self.key = self.authority.issue(
            "public", ["chat.test", "localhost", "127.0.0.1"], key)
        self.deployment = Embedded(folder / "data", {
            "DRAMATIS_TLS_CERTIFICATE_FILE": str(self.certificate),
            "DRAMATIS_TLS_KEY_FILE": str(self.key),
            **(settings or {})})

    def __enter__(self):
        # Whether it is ready is asked where no TLS is in the way.
        self.deployment._await_ready = lambda address: wait_for(
            lambda: Client(self.deployment.managements()[0]).get("/readyz").status == 200, "it to be ready")
        self.deployment.__enter__()
        return self

    def __exit__(self, *_):
        self.deployment.__exit__()

    @property
    def address(self):
        return self.deployment.http

    @property
    def port(self):
        return int(self.address.rpartition(":")[2])

    def curl(self, path, *options):
        """Status, headers and body by curl, over https."""
        ran = subprocess.run(["curl", "-sS", "-i", "--cacert", self.authority.file, "--http1.1",
                              *options, f"https://{self.address}{path}"], capture_output=True, timeout=60)
        assert ran.returncode == 0, ran.stderr.decode()
        head, _, body = ran.stdout.partition(b"\r\n\r\n")
        return int(head.split()[1]), head.decode().lower(), body

    def context(self, **options):
        context = ssl.create_default_context(cafile=self.authority.file)
        for name, value in options.items():
            setattr(context, name, value)
        return context

    def connect(self, context=None):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        return (context or self.context()).wrap_socket(plain, server_hostname="127.0.0.1")

    def s_client(self, *options):
        ran = subprocess.run(
            ["openssl", "s_client", "-connect", self.address, "-CAfile", self.authority.file, *options],
            input=b"", capture_output=True, timeout=30)
        return ran.returncode, (ran.stdout + ran.stderr).decode(errors="replace")


@pytest.fixture(scope="module", params=["ec", "2048"], ids=["ECDSA", "RSA"])
def secure(request, tmp_path_factory):
    with Secure(tmp_path_factory.mktemp("secure"), key=request.param) as running:
        yield running


GET = b"GET /api/personas HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_a_request_over_tls_is_answered_and_says_that_it_stays(secure):
    status, head, body = secure.curl("/api/health")
    assert status == 200 and b"healthy" in body
    assert "strict-transport-security: max-age=31536000" in head
    status, _, body = secure.curl("/api/chat", "-H", "content-type: application/json", "-d",
                                  '{"message":"Where do you live?"}')
    assert status == 200 and b"Troms" in body
    ran = subprocess.run(["curl", "-sSN", "--cacert", secure.authority.file, "-H",
                          "content-type: application/json", "-d", '{"message":"Hi","stream":true}',
                          f"https://{secure.address}/api/chat"], capture_output=True, timeout=60)
    assert b"event: done" in ran.stdout


@pytest.mark.parametrize("version,taken", [("-tls1_3", True), ("-tls1_2", True), ("-tls1_1", False),
                                           ("-tls1", False)])
def test_the_versions_are_1_2_and_1_3(secure, version, taken):
    code, said = secure.s_client(version, "-cipher", "ALL:@SECLEVEL=0", "-verify_return_error")
    assert ("Verify return code: 0 (ok)" in said and code == 0) == taken, said


@pytest.mark.parametrize("cipher", ["AES128-SHA", "ECDHE+AES128:!AESGCM:!AESCCM", "DHE", "aNULL"])
def test_weak_ciphers_are_refused(secure, cipher):
    code, said = secure.s_client("-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
    assert code != 0 and "Cipher is (NONE)" in said


@pytest.mark.parametrize("offered,selected", [("http/1.1", "http/1.1"), ("h2,http/1.1", "http/1.1"),
                                              ("h2", None), ("http/1.0,spdy/3", None)])
def test_alpn_is_http_1_1(secure, offered, selected):
    code, said = secure.s_client("-alpn", offered)
    if selected is None:
        assert code != 0 and "no application protocol" in said
    else:
        assert f"ALPN protocol: {selected}" in said
    assert "No ALPN negotiated" in secure.s_client()[1]


def test_nobody_renegotiates_and_sessions_resume(secure, tmp_path):
    ran = subprocess.run(["openssl", "s_client", "-connect", secure.address, "-tls1_2"], input=b"R\n",
                         capture_output=True, timeout=30)
    said = (ran.stdout + ran.stderr).decode(errors="replace")
    assert "no renegotiation" in said or "Secure Renegotiation IS NOT" in said or ran.returncode != 0
    for version in ("-tls1_2", "-tls1_3"):
        kept = tmp_path / f"session{version}"
        ask = subprocess.run(["openssl", "s_client", "-connect", secure.address, version, "-ign_eof",
                              "-sess_out", kept],
                             input=b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                             capture_output=True, timeout=30)
        assert kept.exists(), ask.stderr
        again = subprocess.run(["openssl", "s_client", "-connect", secure.address, version, "-sess_in", kept],
                               input=b"", capture_output=True, timeout=30)
        assert b"Reused" in again.stdout


def read_answer(stream):
    answer = http.client.HTTPResponse(stream)
    answer.begin()
    return answer.status, answer.read()


def test_a_connection_takes_many_requests_however_they_are_cut(secure):
    with secure.connect() as stream:
        for _ in range(50):
            stream.sendall(GET)
            assert read_answer(stream)[0] == 200
        # Byte by byte: a record each.
        for byte in GET:
            stream.sendall(bytes([byte]))
        assert read_answer(stream)[0] == 200
        stream.sendall(GET * 5)  # pipelined
        reader = stream.makefile("rb")
        for _ in range(5):
            assert reader.readline().split()[1] == b"200"
            length = 0
            while (line := reader.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            assert len(reader.read(length)) == length


def test_large_bodies_go_both_ways(secure):
    big = b'{"name":"Big","type":"ai_agent","biography":"' + b"b" * 190_000 + b'"}'
    with secure.connect() as stream:
        stream.sendall(b"POST /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                       b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(big))
        assert stream.recv(1024).startswith(b"HTTP/1.1 100")
        stream.sendall(big)
        status, body = read_answer(stream)
        assert status == 201 and body.count(b"b" * 1000) >= 1
        stream.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        # Slowly: the server has to wait for us.
        time.sleep(0.2)
        status, body = read_answer(stream)
        assert status == 200 and len(body) > 100_000


def test_plain_http_on_the_port_is_told_so(secure):
    client = Client(secure.address)
    answer = client.get("/api/personas?q=x")
    assert answer.status == 308
    assert answer.headers["location"] == f"https://{secure.address}/api/personas?q=x"
    assert "strict-transport-security" not in answer.headers  # RFC 6797, section 7.2
    client.post("/api/chat", {"message": "Hi"}).problem(403, "HTTPS_REQUIRED")


@pytest.mark.parametrize("bytes_sent", [b"\x16", b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                                        b"\x16" * 600, bytes(range(256)) * 64, b"\x15\x03\x01\x00\x02\x02\x28",
                                        b"\x80\x2e\x01\x00\x02"])
def test_what_is_no_handshake_ends_the_connection(secure, bytes_sent):
    with socket.create_connection(("127.0.0.1", secure.port), timeout=15) as stream:
        stream.sendall(bytes_sent)
        stream.shutdown(socket.SHUT_WR)
        try:
            while stream.recv(4096):
                pass
        except ConnectionResetError:
            pass
    assert secure.curl("/api/health")[0] == 200


def test_a_client_of_another_authority_goes_away_and_others_are_served(secure):
    with pytest.raises(ssl.SSLError):
        secure.connect(ssl.create_default_context())
    assert secure.curl("/api/health")[0] == 200


# --- bounded --------------------------------------------------------------------------------------

def test_a_slow_handshake_is_cut(tmp_path):
    with Secure(tmp_path, {"DRAMATIS_HTTP_HEADER_TIMEOUT": "500ms"}) as secure:
        hello = ssl.MemoryBIO()
        out = ssl.MemoryBIO()
        half = secure.context().wrap_bio(hello, out, server_hostname="127.0.0.1")
        with pytest.raises(ssl.SSLWantReadError):
            half.do_handshake()
        first = out.read()
        for sent in (b"", first[:1], first[:50], first):
            began = time.monotonic()
            with socket.create_connection(("127.0.0.1", secure.port), timeout=20) as stream:
                stream.sendall(sent)
                try:
                    while stream.recv(65536):
                        pass
                except ConnectionResetError:
                    pass
            assert time.monotonic() - began < 10
        # After the handshake, a head that does not come.
        with secure.connect() as stream:
            stream.sendall(b"GET /")
            assert stream.recv(100) == b""


def resident(program):
    with open(f"/proc/{program.process.pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])


def test_idle_connections_cost_little(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Secure(tmp_path) as secure:
        program = secure.deployment.programs["dramatis"]
        context = secure.context()

        def open_one(_):
            stream = secure.connect(context)
            stream.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert stream.recv(4096).startswith(b"HTTP/1.1 200")
            return stream

        with ThreadPoolExecutor(8) as pool:
            warm = list(pool.map(open_one, range(50)))
            before = resident(program)
            streams = list(pool.map(open_one, range(400)))
        per_connection = (resident(program) - before) / 400
        for stream in warm + streams:
            stream.close()
        assert per_connection < 40, f"{per_connection} KiB for an idle connection"


def test_beyond_the_limit_connections_are_refused(tmp_path):
    with Secure(tmp_path, {"DRAMATIS_MAX_CONNECTIONS": "3"}) as secure:
        held = [secure.connect() for _ in range(3)]
        with pytest.raises((ssl.SSLError, ConnectionError, OSError)):
            secure.connect()
        for stream in held:
            stream.close()
        wait_for(lambda: secure.curl("/livez")[0] == 200, "room for another")


# --- certificates that change ---------------------------------------------------------------------

def serial(secure):
    _, said = secure.s_client()
    ran = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=said.encode(), capture_output=True)
    return ran.stdout


def test_another_certificate_is_shown_and_no_stream_is_cut(tmp_path):
    with Secure(tmp_path, {"DRAMATIS_SSE_HEARTBEAT": "100ms", "DRAMATIS_LOCAL_DELAY": "0s"}) as secure:
        client = subprocess.run(
            ["curl", "-sS", "--cacert", secure.authority.file, f"https://{secure.address}/api/personas",
             "-H", "content-type: application/json", "-d", '{"name":"Me","type":"human"}'],
            capture_output=True, check=True)
        persona = re.search(rb'"personaId":"([^"]+)"', client.stdout)[1].decode()
        room = subprocess.run(
            ["curl", "-sS", "--cacert", secure.authority.file, f"https://{secure.address}/api/conversations",
             "-H", "content-type: application/json", "-d",
             '{"title":"Room","personaIds":["%s"]}' % persona], capture_output=True, check=True)
        conversation = re.search(rb'"conversationId":"([^"]+)"', room.stdout)[1].decode()
        with secure.connect() as stream:
            stream.sendall(f"GET /api/conversations/{conversation}/events HTTP/1.1\r\nHost: localhost\r\n"
                           "Accept: text/event-stream\r\n\r\n".encode())
            assert b"200" in stream.recv(4096)
            shown = serial(secure)
            assert b"serial=" in shown
            secure.authority.issue("public", ["chat.test", "localhost", "127.0.0.1"])
            wait_for(lambda: serial(secure) not in (shown, b""), "the new certificate")
            # The stream goes on, on the session that it began with.
            subprocess.run(
                ["curl", "-sS", "--cacert", secure.authority.file,
                 f"https://{secure.address}/api/conversations/{conversation}/messages", "-H",
                 "content-type: application/json", "-d",
                 '{"personaId":"%s","content":"still here"}' % persona], check=True, capture_output=True)
            received = b""
            while b"still here" not in received:
                piece = stream.recv(4096)
                assert piece, "the stream was cut"
                received += piece
        # What cannot be used is told, and the certificate before it stays.
        shown = serial(secure)
        secure.certificate.write_text("nonsense")
        program = secure.deployment.programs["dramatis"]
        wait_for(lambda: "has no certificate in PEM" in program.log_text(), "a complaint")
        assert serial(secure) == shown


# --- when it does not start -----------------------------------------------------------------------

def test_files_that_cannot_be_used_are_named(tmp_path):
    authority = Authority(tmp_path / "tls")
    certificate, key = authority.issue("a", ["localhost"])
    other = authority.issue("b", ["localhost"])[1]
    expired, expired_key = authority.issue_expired("c")
    broken = tmp_path / "broken"
    broken.write_text("no PEM")

    def said(certificate, key):
        settings = {**PORTS, "DRAMATIS_TLS_CERTIFICATE_FILE": str(certificate or ""),
                    "DRAMATIS_TLS_KEY_FILE": str(key or "")}
        code, output = run_program("dramatis", settings, ["--check-config"])
        assert code == 2
        lines = [line for line in output.splitlines() if line.strip()]
        assert len(lines) == 1, output
        return lines[0]

    assert "DRAMATIS_TLS_KEY_FILE must be set" in said(certificate, None)
    assert "DRAMATIS_TLS_CERTIFICATE_FILE must be set" in said(None, key)
    assert "is not the key of" in said(certificate, other)
    assert "has expired" in said(expired, expired_key)
    assert "no certificate in PEM" in said(broken, key)
    assert "no private key in PEM" in said(certificate, broken)
    assert "No such file" in said(tmp_path / "none", key)
