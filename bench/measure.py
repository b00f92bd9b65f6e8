"""What every measurement needs: CPU time and memory of a process, rounds in turn, medians, the
table.

CPU time is user + system time of the whole process: here it repeats within 10 %, while throughput
on a shared machine swings by half. So it is always the first figure.
"""

import os
import pathlib
import statistics
import subprocess
import time

from tests.harness.program import BIN


def cpu_us(pids):
    """User + system time of the processes so far, in microseconds."""
    return sum(time.clock_gettime(_cpu_clock(pid)) for pid in pids) * 1e6


def _cpu_clock(pid):
    """The clock of a process's CPU time, in nanoseconds: clock_getcpuclockid(3) of Linux. The
    figures in /proc are counted in hundredths of a second."""
    return (~pid << 3) | 2


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ValueError(f"process {pid} has no VmRSS")


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def children(pid):
    listed = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def interleaved(rounds, *runs):
    """Runs each of `runs` in turn, `rounds` times after one warm-up; a list of results for each."""
    results = [[] for _ in runs]
    for round_number in range(rounds + 1):
        for result, run in zip(results, runs):
            value = run()
            if round_number > 0:
                result.append(value)
    return results


def medians(results):
    """Of dicts with the same keys: the median of every key."""
    return {key: statistics.median(result[key] for result in results) for key in results[0]}


def tool(name, *arguments, timeout=300):
    """Runs one of our own load programs; what it printed. Voids the run if it failed."""
    ran = subprocess.run([BIN / name, *map(str, arguments)], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, timeout=timeout)
    if ran.returncode != 0:
        raise SystemExit(f"void: {name} failed: {ran.stdout.decode(errors='replace')}")
    return ran.stdout


class Table:
    """Rows of (what, reached, target, verdict), printed as Markdown."""

    def __init__(self):
        self._rows = []

    def add(self, what, reached, unit="", at_most=None, at_least=None):
        target, verdict = "", ""
        if at_most is not None:
            target, verdict = f"at most {at_most}", "yes" if reached <= at_most else "NO"
        if at_least is not None:
            target, verdict = f"at least {at_least}", "yes" if reached >= at_least else "NO"
        shown = f"{reached:.2f}" if isinstance(reached, float) else str(reached)
        self._rows.append((what, f"{shown} {unit}".strip(), target, verdict))
        print(f"  {what}: {shown} {unit} {target} {verdict}".rstrip(), flush=True)

    def text(self):
        lines = ["| what | reached | target | met |", "|---|---|---|---|"]
        return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in self._rows])
