"""Appending a message with its turn on PostgreSQL: conversation's store beside pgbench.

Both send the same SQL, prepared: append-load records what the store sends and writes pgbench's
script from it. An append is two transactions: the message with its turn, the reply that ends it.
The server keeps its files but does not wait for the disk, so that the clients are what is measured.
"""

import glob
import json
import os
import pathlib
import re
import resource
import subprocess
import tempfile

from bench.measure import interleaved, medians, tool
from tests.harness import postgres

ROUNDS = 7
SECONDS = 2
CLIENTS = 16


class Databases:
    """A fresh database for each run."""

    def __init__(self, url):
        self._url = url
        self._made = 0

    def fresh(self):
        self._made += 1
        return postgres.create_database(self._url, f"append_{self._made}")


def ours(databases):
    report = json.loads(tool("append-load", "--url", databases.fresh(), "run",
                             "--clients", CLIENTS, "--seconds", SECONDS))
    return {"per_second": report["appends"] / report["seconds"],
            "cpu_us": report["cpu_us"] / report["appends"]}


def _children_cpu_us():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1_000_000


def pgbench(databases, folder):
    url = databases.fresh()
    tool("append-load", "--url", url, "prepare", "--clients", CLIENTS)
    script = pathlib.Path(folder) / "append.sql"
    script.write_bytes(tool("append-load", "--url", url, "script"))
    before = _children_cpu_us()
    ran = subprocess.run(
        [sorted(glob.glob("/usr/lib/postgresql/*/bin/pgbench"))[-1], "-n", "-M", "prepared", "-f", script, "-c", str(CLIENTS),
         "-j", str(CLIENTS), "-T", str(SECONDS), "-D", "n=0", url],
        env=dict(os.environ, PGOPTIONS="-c search_path=conversation"), check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    cpu = _children_cpu_us() - before
    text = ran.stdout.decode()
    appends = int(re.search(r"transactions actually processed: (\d+)", text)[1])
    failed = int(re.search(r"number of failed transactions: (\d+)", text)[1])
    # The recorded conversation holds two messages itself.
    stored = int(postgres.psql(url, "select count(*) from conversation.messages")[0][0]) - 2
    if failed or stored != 2 * appends:
        raise SystemExit(f"void: {stored} messages after {appends} appends: {text}")
    per_second = float(re.search(r"tps = ([\d.]+) \(without", text)[1])
    return {"per_second": per_second, "cpu_us": cpu / appends}


def measure(table):
    with tempfile.TemporaryDirectory(prefix="dramatis-bench-postgres-") as folder:
        pathlib.Path(folder).chmod(0o755)
        cluster = postgres.Cluster.start(pathlib.Path(folder) / "cluster")
        databases = Databases(cluster.url)
        try:
            store, peer = interleaved(ROUNDS, lambda: ours(databases),
                                      lambda: pgbench(databases, folder))
        finally:
            cluster.stop()
    store, peer = medians(store), medians(peer)
    table.add(f"append on PostgreSQL, {CLIENTS} clients: CPU per append", store["cpu_us"], "us")
    table.add("the same, pgbench", peer["cpu_us"], "us")
    table.add("appends/s", store["per_second"])
    table.add("appends/s, pgbench with the same SQL", peer["per_second"])
    table.add("ratio of appends/s", store["per_second"] / peer["per_second"], at_least=0.4)
