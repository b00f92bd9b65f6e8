"""GET /api/personas/{id} over TLS, on connections that stay: what TLS adds here and in nginx.

Both serve the same request over plain HTTP and over TLS 1.3 with the same certificate; counted is
the CPU time of `dramatis`, all in one process, and of nginx in front of an nginx with a static
answer.
"""

import pathlib
import tempfile

from bench.deployment import Deployment
from bench.gateway import Nginx, create_persona, load
from bench.measure import interleaved, medians
from tests.harness.certificates import Authority
from tests.harness.client import Client

ROUNDS = 5


def measure(table):
    with tempfile.TemporaryDirectory(prefix="dramatis-bench-tls-") as folder:
        pathlib.Path(folder).chmod(0o755)
        certificate, key = Authority(folder).issue("public", ["127.0.0.1"])
        settings = {"DRAMATIS_TLS_CERTIFICATE_FILE": str(certificate), "DRAMATIS_TLS_KEY_FILE": str(key)}
        with Deployment() as plain, Deployment(settings=settings) as secure:
            path = create_persona(plain.client)
            answer = plain.client.get(path)
            plain_url = f"http://{plain.address}{path}"
            client = Client(secure.address)
            client.base = f"https://{secure.address}"
            client.options = ["--cacert", str(pathlib.Path(folder) / "ca.crt")]
            secure_url = f"https://{secure.address}{create_persona(client)}"
            body = answer.body
            nginx, nginx_tls = Nginx(body), Nginx(body, (certificate, key))
            try:
                ours, ours_tls, theirs, theirs_tls = map(medians, interleaved(
                    ROUNDS,
                    lambda: load(plain_url, [plain.pid]),
                    lambda: load(secure_url, [secure.pid]),
                    lambda: load(nginx.url, nginx.pids),
                    lambda: load(nginx_tls.url, nginx_tls.pids)))
            finally:
                nginx.stop()
                nginx_tls.stop()
    added, theirs_added = (tls["cpu_us"] - plain["cpu_us"]
                           for plain, tls in ((ours, ours_tls), (theirs, theirs_tls)))
    ratio, theirs_ratio = (tls["cpu_us"] / plain["cpu_us"]
                           for plain, tls in ((ours, ours_tls), (theirs, theirs_tls)))
    table.add("GET a persona in one process: CPU per request", ours["cpu_us"], "us")
    table.add("TLS adds", added, "us")
    table.add("TLS adds in nginx", theirs_added, "us")
    table.add("CPU over TLS to plain, here", ratio)
    table.add("the same, nginx", theirs_ratio)
    table.add("the first to the second", ratio / theirs_ratio, at_most=1.15)
