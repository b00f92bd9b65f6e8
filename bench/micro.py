"""The parts of a request in nanoseconds of CPU, each beside a peer; see bench/micro/*.cc."""

import json
import re
import subprocess

from bench.measure import tool

REPETITIONS = 7
PEER = "Peer"


def verify_us():
    """What `openssl speed` says of one RS256 verification, with a key of 2,048 bits."""
    ran = subprocess.run(["openssl", "speed", "-seconds", "2", "rsa2048"], check=True,
                         capture_output=True, text=True)
    per_second = re.search(r"^rsa 2048 bits.*\s([\d.]+)$", ran.stdout, re.MULTILINE)[1]
    return 1_000_000 / float(per_second)


def measure(table):
    report = json.loads(tool(
        "micro-bench", "--benchmark_format=json", "--benchmark_min_time=0.05",
        f"--benchmark_repetitions={REPETITIONS}", "--benchmark_enable_random_interleaving=true",
        "--benchmark_report_aggregates_only=true"))
    if any(run.get("error_occurred") for run in report["benchmarks"]):
        raise SystemExit(f"void: {report['benchmarks']}")
    medians = {run["run_name"]: run["cpu_time"] for run in report["benchmarks"]
               if run["aggregate_name"] == "median"}
    for name, nanoseconds in medians.items():
        peers = [other for other in medians if other.startswith(name + PEER)]
        if peers:
            table.add(name, round(nanoseconds), "ns")
            table.add(f"ratio to {peers[0][len(name) + len(PEER):]}",
                      nanoseconds / medians[peers[0]])
    table.add("identity between services, a call", medians["IdentityBetweenServices"] / 1000, "us",
              at_most=5)
    table.add("the same, of a user not seen before", medians["IdentityOfAUserNotSeenBefore"] / 1000, "us")
    table.add("a token seen before, a request", medians["TokenSeenBefore"] / 1000, "us", at_most=3)
    table.add("a key seen before, a request", medians["KeySeenBefore"] / 1000, "us", at_most=3)
    table.add("a new RS256 token", medians["NewRs256Token"] / 1000, "us")
    table.add("the same to what `openssl speed` says of its signature",
              medians["NewRs256Token"] / 1000 / verify_us(), at_most=1.2)
