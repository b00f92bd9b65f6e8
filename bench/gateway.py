"""GET /api/personas/{id}: the gateway beside nginx's proxy_pass and beside grpc-gateway.

The gateway translates HTTP and JSON to gRPC and back; nginx passes HTTP on to another nginx that
gives a static answer of the same size; grpc-gateway (Go) stands before the same persona service.
Counted is the CPU time of the one in the middle. `dramatis`, all in one process, is there too.
"""

import pathlib
import re
import subprocess
import tempfile
import time

from bench import grpc_gateway
from bench.deployment import Deployment, Split
from bench.measure import children, cpu_us, interleaved, medians
from tests.harness.postgres import free_port

ROUNDS = 7
SECONDS = 2
CONNECTIONS = 32


def wrk(url):
    """Requests, seconds; void if any answer was not 2xx."""
    ran = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", url],
                         stdout=subprocess.PIPE, check=True)
    text = ran.stdout.decode()
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(f"void: {text}")
    requests, seconds = re.search(r"(\d+) requests in ([\d.]+)s", text).groups()
    return int(requests), float(seconds)


def load(url, pids, behind=()):
    """CPU of the one in the middle, and of what stands behind it, for each request."""
    before, before_behind = cpu_us(pids), cpu_us(behind)
    requests, seconds = wrk(url)
    return {"cpu_us": (cpu_us(pids) - before) / requests,
            "behind_us": (cpu_us(behind) - before_behind) / requests,
            "per_second": requests / seconds}


class Nginx:
    """nginx that proxies to an nginx with a static answer; over TLS with (certificate, key)."""

    def __init__(self, body, tls=None):
        self._folder = tempfile.TemporaryDirectory(prefix="dramatis-bench-nginx-")
        folder = pathlib.Path(self._folder.name)
        folder.chmod(0o755)
        (folder / "answer.json").write_bytes(body)
        back, front = free_port(), free_port()
        secure = f"ssl_certificate {tls[0]}; ssl_certificate_key {tls[1]};" if tls else ""
        self._processes = [
            self._start(folder, "back", f"""
                server {{ listen 127.0.0.1:{back}; root {folder}; default_type application/json;
                          keepalive_requests 1000000000;
                          location / {{ try_files /answer.json =404; }} }}"""),
            self._start(folder, "front", f"""
                upstream back {{ server 127.0.0.1:{back}; keepalive 64;
                                 keepalive_requests 1000000000; }}
                server {{ listen 127.0.0.1:{front} {"ssl" if tls else ""};
                          keepalive_requests 1000000000; {secure}
                          location / {{ proxy_pass http://back; proxy_http_version 1.1;
                                        proxy_set_header Connection ""; }} }}"""),
        ]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{front}/answer"
        time.sleep(0.5)
        self.pids = children(self._processes[1].pid)

    @staticmethod
    def _start(folder, name, servers):
        config = folder / f"{name}.conf"
        config.write_text(f"""
            worker_processes 2; daemon off; pid {folder}/{name}.pid; error_log /dev/null;
            events {{ worker_connections 4096; }}
            http {{ access_log off; open_file_cache max=16; {servers} }}""")
        return subprocess.Popen(["/usr/sbin/nginx", "-p", str(folder), "-c", str(config)],
                                stderr=subprocess.DEVNULL)

    def stop(self):
        for process in self._processes:
            process.terminate()
            process.wait()
        self._folder.cleanup()


def create_persona(client):
    """Its path."""
    created = client.post("/api/personas", {
        "name": "Bench", "type": "ai_agent", "isPublic": True,
        "description": "A persona to be read many times.",
    }).expect(201)
    return f"/api/personas/{created['personaId']}"


def measure(table):
    with Split() as split, Deployment() as whole:
        path = create_persona(split.client)
        whole_url = f"http://{whole.address}{create_persona(whole.client)}"
        answer = split.client.get(path)
        answer.expect(200)
        nginx = Nginx(answer.body if isinstance(answer.body, bytes) else answer.body.encode())
        go = grpc_gateway.start(split.grpc_address)
        runs = [lambda: load(f"http://{split.address}{path}", [split.gateway.process.pid],
                             [split.persona.process.pid]),
                lambda: load(nginx.url, nginx.pids),
                lambda: load(whole_url, [whole.pid])]
        if go:
            go_url = f"http://{go.address()}{path}"
            runs.append(lambda: load(go_url, [go.process.pid]))
        try:
            ours, theirs, in_one, *others = map(medians, interleaved(ROUNDS, *runs))
        finally:
            nginx.stop()
            if go:
                go.kill()
    table.add("GET a persona: gateway CPU per request", ours["cpu_us"], "us")
    table.add("the same, nginx proxy_pass", theirs["cpu_us"], "us")
    table.add("ratio of CPU to nginx", ours["cpu_us"] / theirs["cpu_us"], at_most=3.2)
    table.add("the persona service behind it: CPU per request", ours["behind_us"], "us")
    table.add("requests/s, gateway and persona service", ours["per_second"])
    table.add("requests/s, nginx and nginx", theirs["per_second"])
    table.add("ratio of requests/s to nginx", ours["per_second"] / theirs["per_second"])
    table.add("in one process: CPU per request, all of it", in_one["cpu_us"], "us")
    table.add("requests/s in one process", in_one["per_second"])
    for go_gateway in others:
        table.add("the same, grpc-gateway: CPU per request", go_gateway["cpu_us"], "us")
        table.add("ratio of CPU to grpc-gateway", ours["cpu_us"] / go_gateway["cpu_us"])
        table.add("requests/s, grpc-gateway and persona service", go_gateway["per_second"])
        table.add("ratio of requests/s to grpc-gateway",
                  ours["per_second"] / go_gateway["per_second"])
    if not others:
        table.add("grpc-gateway", "not measured: no Go, or no modules")
