"""System routes and what every answer has in common."""

import re
import uuid

import pytest

from tests.harness.client import Client, raw_exchange
from tests.harness.deployment import SERVICES
from tests.harness.program import wait_for


def test_health_names_every_service(dramatis):
    health = Client(dramatis.http).get("/api/health").expect(200)
    assert health["status"] == "healthy"
    assert health["services"] == {service: "serving" for service in SERVICES}
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", health["version"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", health["time"])


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_answer_on_both_ports(dramatis, path):
    assert Client(dramatis.http).get(path).status == 200
    for management in dramatis.managements():
        assert Client(management).get(path).status == 200


def test_metrics_are_on_the_management_port_only(dramatis):
    Client(dramatis.http).get("/metrics").problem(404, "ROUTE_NOT_FOUND")
    for management in dramatis.managements():
        metrics = Client(management).get("/metrics")
        assert metrics.status == 200
        assert metrics.headers["content-type"].startswith("text/plain")
        assert b"# TYPE dramatis_" in metrics.body


def test_openapi_describes_every_route(dramatis):
    document = Client(dramatis.http).get("/openapi.json").expect(200)
    assert document["openapi"].startswith("3.1")
    for path, method in [
        ("/api/health", "get"),
        ("/api/personas", "get"),
        ("/api/personas", "post"),
        ("/api/personas/{persona_id}", "patch"),
        ("/api/personas/{persona_id}", "put"),
        ("/api/chat", "post"),
        ("/api/turns/{turn_id}/stream", "get"),
        ("/api/session/{session_id}/end", "post"),
        ("/api/history/{session_id}", "delete"),
        ("/api/profile", "put"),
        ("/api/memories/search", "get"),
        ("/api/ai/status", "get"),
    ]:
        spellings = {path, re.sub(r"_([a-z])", lambda m: m[1].upper(), path)}
        found = [document["paths"][spelling] for spelling in spellings
                 if spelling in document["paths"]]
        assert found and method in found[0], f"{method} {path}"
        assert found[0][method].get("summary") or found[0][method].get("description")


def test_a_browser_finds_the_page_or_the_docs_at_the_root(dramatis):
    client = Client(dramatis.http)
    for response in (client.get("/"), client.request("HEAD", "/")):
        if response.status == 200:  # built with the page: tests/web
            assert response.headers["content-type"].startswith("text/html")
            assert response.headers["content-security-policy"].startswith("default-src 'none'")
            continue
        assert response.status == 302
        assert response.headers["location"] == "/docs"
        why = [line for line in dramatis.log_lines() if "web page is not in" in line.get("message", "")]
        assert why and why[0]["reason"]
    icon = client.get("/favicon.ico")
    assert icon.status == 200
    assert icon.headers["content-type"] == "image/svg+xml"
    assert client.post("/").problem(405)["code"] == "METHOD_NOT_ALLOWED"


def test_docs_page_loads_nothing_from_elsewhere(dramatis):
    client = Client(dramatis.http)
    page = client.get("/docs")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    text = page.body.decode()
    sources = re.findall(r"""(?:src|href)\s*=\s*["']([^"']+)["']""", text)
    assert sources
    for source in sources:
        assert not re.match(r"(https?:)?//", source), source
        if not source.startswith(("#", "data:")):
            path = source if source.startswith("/") else "/" + source.removeprefix("./")
            assert client.get(path).status == 200, source


def test_every_answer_has_a_correlation_id(dramatis):
    client = Client(dramatis.http)
    for method, path in [("GET", "/api/health"), ("GET", "/nothing"), ("OPTIONS", "/api/personas"),
                         ("PUT", "/api/health")]:
        minted = client.request(method, path).headers["x-correlation-id"]
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", minted)
        for header in ("X-Correlation-ID", "X-Request-ID"):
            echoed = client.request(method, path, headers={header: "abc.DEF-1_2"})
            assert echoed.headers["x-correlation-id"] == "abc.DEF-1_2", (method, path)
    refused = client.get("/api/health", {"X-Correlation-ID": "no spaces please"})
    assert refused.headers["x-correlation-id"] != "no spaces please"


def test_correlation_id_reaches_the_log_of_every_service_that_worked(dramatis, client):
    id = f"trace-{uuid.uuid4()}"
    client.get("/api/memories/none", {"X-Correlation-ID": id}).problem(404, "NOT_FOUND")

    def found():
        lines = [line for line in dramatis.log_lines() if line.get("correlation_id") == id]
        return lines if len(lines) >= 2 else None

    lines = wait_for(found, "two log lines with the correlation id")
    assert any("GetMemory" in line.get("method", "") for line in lines), lines
    assert any(line.get("route") == "/api/memories/{memory_id}" for line in lines), lines


def test_cors_is_an_exact_allow_list(dramatis):
    client = Client(dramatis.http)
    ask = {"Access-Control-Request-Method": "POST",
           "Access-Control-Request-Headers": "content-type"}
    allowed = client.request("OPTIONS", "/api/chat", headers={
        "Origin": "http://localhost:3000", **ask})
    assert allowed.status == 204
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert allowed.headers["access-control-max-age"] == "86400"
    assert "Origin" in allowed.headers["vary"]
    for name in ("Content-Type", "Authorization", "X-Correlation-ID", "X-Request-ID",
                 "Idempotency-Key", "If-Match", "Last-Event-ID", "traceparent"):
        assert name.lower() in allowed.headers["access-control-allow-headers"].lower()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert method in allowed.headers["access-control-allow-methods"]
    for origin in ("http://evil.example", "http://localhost:3000.evil.example", "null",
                   "http://evillocalhost:3000", "https://localhost:3000"):
        refused = client.request("OPTIONS", "/api/chat", headers={"Origin": origin, **ask})
        assert "access-control-allow-origin" not in refused.headers, origin
    simple = client.get("/api/health", {"Origin": "http://localhost:3000"})
    assert simple.headers["access-control-allow-origin"] == "http://localhost:3000"


def test_ai_status_says_what_the_built_in_model_is(client):
    status = client.get("/api/ai/status").expect(200)
    providers = {provider["name"]: provider for provider in status["providers"]}
    assert status["configured"] is True
    assert providers["openai"]["models"] == ["double"]
    assert providers["openai"]["state"] == "available"
    assert "retriev" in providers["local"]["description"].lower()


def test_connection_is_kept_and_pipelined_requests_are_answered_in_order(dramatis):
    one = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    two = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    received = raw_exchange(dramatis.http, one + two)
    assert re.findall(rb"HTTP/1\.1 (\d+)", received) == [b"200", b"404"]


@pytest.mark.parametrize("request_bytes, status", [
    (b"GET /livez HTTP/1.1\r\nX-Long: " + b"a" * 20000 + b"\r\n\r\n", b"431"),
    (b"nonsense\r\n\r\n", b"400"),
    (b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
    (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", b"400"),
])
def test_malformed_heads_are_refused_and_the_connection_closed(dramatis, request_bytes, status):
    received = raw_exchange(dramatis.http, request_bytes)
    assert received.startswith(b"HTTP/1.1 " + status), received[:300]
