"""From exec to ready, and memory when idle."""

import tempfile
import time

from bench.deployment import PORTS
from bench.measure import interleaved, medians, resident_kib
from tests.harness.client import Client
from tests.harness.program import Program

SETTLE_SECONDS = 2


def start(folder):
    """Milliseconds from exec until the program says it is ready on its management port."""
    began = time.monotonic()
    program = Program("dramatis", dict(PORTS, DRAMATIS_DATA_DIR=f"{folder}/data"))
    while not any(line.get("message") == "started" for line in list(program.lines)):
        time.sleep(0.001)
    took = (time.monotonic() - began) * 1000
    assert Client(program.address("management")).get("/readyz").status == 200
    program.terminate()
    return {"ms": took}


def idle(name):
    with tempfile.TemporaryDirectory(prefix="dramatis-bench-") as folder:
        program = Program(name, dict(PORTS, DRAMATIS_DATA_DIR=f"{folder}/data"))
        program.address("management")
        time.sleep(SETTLE_SECONDS)
        kib = resident_kib(program.process.pid)
        program.terminate()
    return kib / 1024


def measure(table):
    with tempfile.TemporaryDirectory(prefix="dramatis-bench-") as folder:
        (ours,) = interleaved(7, lambda: start(folder))
    table.add("from exec to ready, existing data", medians(ours)["ms"], "ms", at_most=100)
    table.add("idle memory, dramatis", idle("dramatis"), "MiB", at_most=50)
    for service in ("persona", "conversation", "memory", "inference", "gateway"):
        table.add(f"idle memory, dramatis-{service}", idle(f"dramatis-{service}"), "MiB",
                  at_most=25)
