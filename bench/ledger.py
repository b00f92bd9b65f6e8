"""What a turn costs the ledger, on both engines: its CPU, and what waits for the disk."""

import json
import shutil
import tempfile

from bench.measure import tool
from tests.harness import postgres


def measure(table):
    folder = tempfile.mkdtemp(prefix="ledger-bench.")
    cluster = postgres.Cluster.start(tempfile.mkdtemp(prefix="ledger-bench-postgres."))
    try:
        for engine, where in (("SQLite", folder), ("PostgreSQL", cluster.url)):
            report = json.loads(tool("ledger-bench", where))
            table.add(f"reserve and settle, 16 turns at once, {engine}: CPU of a turn",
                      report["cpu_us"], "us", at_most=150)
            table.add("the same, one turn after the other", report["cpu_us_alone"], "us")
            table.add("to reserve, before the first text", report["reserve_us_alone"], "us")
            table.add("to settle, after the last", report["settle_us_alone"], "us")
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
