"""What a crowd does to those whom Dramatis serves: twice as many chats as it can answer, and ten
thousand bad tokens a second.

The program has one processor and the load the other (where there are two), so that the load does
not take from the program what it measures. The peak is what 16, 64 or 512 connections get,
whichever get most, which ask again as soon as they are answered; twice that comes from 1,024 at its
own pace, whatever was answered. Where less is answered there are fewer of them: one that is not
used for long is closed. Peak and crowd last equally long, so that what turns leave to be done
afterwards, memories above all, is in both. Good callers ask at a steady rate, without and with the
bad ones beside them, in turn.
"""

import json
import os
import pathlib
import statistics
import subprocess
import tempfile

from bench.deployment import PORTS
from bench.measure import cpu_us, interleaved, medians
from tests.harness.own_issuer import OwnIssuer
from tests.harness.program import BIN, ENVIRONMENT, _die_with_parent, wait_for

ROUNDS = 3
SECONDS = 4
CROWD_SECONDS = 15
BAD_PER_SECOND = 10_000
GOOD_PER_SECOND = 500
FLOOD_ROUNDS = 3
PROXIED = ["--header", "X-Forwarded-Proto: https"]


def on(processor):
    return ["taskset", "-c", str(processor)] if len(os.sched_getaffinity(0)) > 1 else []


def start_load(address, path, token, number_of_connections, seconds=SECONDS, rate=0, body=None, more=()):
    command = [*on(1), BIN / "rate-load", "--address", address, "--path", path, "--connections",
               str(number_of_connections), "--seconds", str(seconds), "--rate", str(int(rate)), *PROXIED,
               "--header", f"Authorization: Bearer {token}", *more]
    if body is not None:
        command += ["--method", "POST", "--body", json.dumps(body)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def report_of(process):
    printed, _ = process.communicate(timeout=120)
    if process.returncode != 0:
        raise SystemExit(f"void: rate-load failed: {printed!r}")
    return json.loads(printed)


def load(*arguments, **options):
    return report_of(start_load(*arguments, **options))


def per_second(report, *statuses):
    return sum(report["statuses"].get(status, {"in_time": 0})["in_time"] for status in statuses) / report["seconds"]


class Deployed:
    """`dramatis` on a processor of its own. Its log goes to a file: whoever reads it would be
    load."""

    def __init__(self, folder, settings):
        os.makedirs(folder)
        self._log = pathlib.Path(folder) / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*on(0), BIN / "dramatis"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                env={**ENVIRONMENT, **PORTS, "DRAMATIS_DATA_DIR": f"{folder}/data", **settings},
                preexec_fn=_die_with_parent)
        self.address = wait_for(self._address, "dramatis to listen")
        self.pid = self._process.pid

    def _address(self):
        for line in self._log.read_text().splitlines():
            if '"listening"' in line and json.loads(line).get("protocol") == "http":
                return json.loads(line)["address"]
        return None

    def stop(self):
        self._process.terminate()
        self._process.wait(60)


def overload(table, deployment):
    """Chats with the built-in model, each of a user of its own."""
    where, body = (deployment.address, "/api/chat", "local:u%"), {"message": "Where do you live?"}

    def quietly(seconds):
        return load(*where, 64, seconds=seconds, rate=50, body=body)["statuses"]

    load(*where, 64, seconds=2, body=body)  # warm
    before = quietly(3)["200"]["median_ms"]
    peaks, answered, refusals, recoveries = [], [], [], []
    for _ in range(ROUNDS):
        best = max((16, 64, 512),
                   key=lambda number: per_second(load(*where, number, body=body), "200"))
        peak = per_second(load(*where, best, seconds=CROWD_SECONDS, body=body), "200")
        crowd = load(*where, min(1024, int(5 * peak)), seconds=CROWD_SECONDS, rate=2 * peak, body=body)
        if set(crowd["statuses"]) - {"200", "429"}:
            raise SystemExit(f"void: answered {crowd['statuses']}")
        peaks.append(peak)
        answered.append(per_second(crowd, "200") / peak)
        if "429" in crowd["statuses"]:
            refusals.append(crowd["statuses"]["429"])
        recovery = 1
        while (after := quietly(1)).keys() != {"200"} or after["200"]["median_ms"] > 2 * before:
            recovery += 1
            if recovery > 20:
                raise SystemExit("void: it does not recover")
        recoveries.append(recovery)
    table.add("chats: peak", round(statistics.median(peaks)), "/s")
    table.add("chats answered at twice that, of the peak", statistics.median(answered), at_least=0.9)
    for name in ("median", "p95"):
        if refusals:
            table.add(f"chats refused meanwhile: {name}",
                      statistics.median(one[f"{name}_ms"] for one in refusals), "ms", at_most=5)
    table.add("chats answered as fast as before, after", max(recoveries), "s", at_most=10)


def flood(table, folder):
    """Good callers beside ten thousand bad tokens a second, of one address and of very many."""
    with OwnIssuer() as issuer:
        deployment = Deployed(folder, {
            "DRAMATIS_ENVIRONMENT": "production", "DRAMATIS_TRUSTED_PROXIES": "127.0.0.1",
            "DRAMATIS_RATE_LIMIT": "off", "DRAMATIS_USER_RATE_LIMIT": "off", **issuer.settings()})
        token = issuer.token("ada")
        # Signed by nobody, each another. The last kind has the length of a signature from the
        # ten-thousandth on: those are verified.
        head, payload, signature = token.split(".")
        unsigned = f"{head}.{payload}.{signature[:-10]}%AAAA"
        callers = {"one address": ("203.0.113.9", unsigned),
                   "many addresses": ("2001:db8:%h::1", unsigned),
                   "many addresses, to be verified":
                       ("2001:db8:%h::1", f"{head}.{payload}.{signature[:-10]}%AAAAA")}

        def good():
            return start_load(deployment.address, "/api/personas", token, 16, rate=GOOD_PER_SECOND)

        def alone():
            before = cpu_us([deployment.pid])
            times = report_of(good())["statuses"]["200"]
            return {**times, "cpu": cpu_us([deployment.pid]) - before}

        def beside(address, bad):
            crowd = start_load(deployment.address, "/api/personas", bad, 64, rate=BAD_PER_SECOND,
                               more=["--header", f"X-Forwarded-For: {address}"])
            before = cpu_us([deployment.pid])
            times = report_of(good())["statuses"]["200"]
            report = report_of(crowd)
            cpu = cpu_us([deployment.pid]) - before
            return {**times, "bad": per_second(report, "401", "429"), "cpu": cpu}

        alone_, *crowded = interleaved(FLOOD_ROUNDS, alone,
                                       *[lambda of=caller: beside(*of) for caller in callers.values()])
        deployment.stop()
    for name, results in zip(callers, crowded):
        times = medians(results)
        table.add(f"bad tokens from {name}", round(times["bad"]), "/s")
        table.add(f"CPU of refusing one: {name}",
                  (times["cpu"] - medians(alone_)["cpu"]) / (times["bad"] * SECONDS), "us")
        table.add(f"good callers' median beside them: {name}", times["median_ms"], "ms")
        table.add(f"good callers' median beside them, to alone: {name}",
                  times["median_ms"] / medians(alone_)["median_ms"], at_most=1.2)
        table.add(f"good callers answered, to alone: {name}", times["in_time"] / medians(alone_)["in_time"],
                  at_least=0.8)


def measure(table):
    with tempfile.TemporaryDirectory(prefix="dramatis-bench-") as folder:
        deployment = Deployed(f"{folder}/local", {})
        overload(table, deployment)
        deployment.stop()
        flood(table, f"{folder}/production")
