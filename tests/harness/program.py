"""One program under test: started with its own settings, read through its log, ended by signal."""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import threading
import time
import urllib.request

from tests.harness import canaries

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("DRAMATIS_BIN", ROOT / "build" / "release" / "bin"))
# Of every program under test, beside its settings: where it counts what runs (./dev coverage).
ENVIRONMENT = {"PATH": "/usr/bin:/bin",
               **{name: os.environ[name] for name in ("LLVM_PROFILE_FILE",) if name in os.environ}}

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for(condition, what, timeout=20.0, pause=0.02):
    """Polls until `condition()` is true; what it returned."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s for {what}")
        time.sleep(pause)


class Program:
    """A running program. `lines` are its log's lines, each a dict (or the text where it is none).
    `wrapper` runs it: `ip netns exec ...`."""

    def __init__(self, name, settings, arguments=(), cwd="/", wrapper=()):
        self.name = name
        self.settings = settings
        self.lines = []
        self.raw = []  # the same as they came
        self._searched = False
        canaries.given(settings)
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*wrapper, BIN / name, *arguments],
            env={**ENVIRONMENT, **settings},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=_die_with_parent,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with self.process.stderr as log:
            for line in log:
                self.raw.append(line)
                try:
                    self.lines.append(json.loads(line))
                except ValueError:
                    self.lines.append({"text": line.decode(errors="replace").rstrip()})

    def _address(self, protocol):
        for line in self.lines:
            if line.get("event") == "listening" and line.get("protocol") == protocol:
                return line["address"]
        return None

    def address(self, protocol="http", timeout=20.0):
        """Where it listens, once it does."""
        def found():
            if self.process.poll() is not None and not self._address(protocol):
                self._reader.join(5)
                raise AssertionError(
                    f"{self.name} ended with {self.process.returncode}:\n{self.log_text()}")
            return self._address(protocol)
        return wait_for(found, f"{self.name} to listen for {protocol}", timeout)

    def log_text(self):
        return "\n".join(line.get("text") or json.dumps(line) for line in self.lines)

    @property
    def running(self):
        return self.process.poll() is None

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        self._search_log()

    def terminate(self, timeout=30.0):
        """SIGTERM; the exit code."""
        self._search_metrics()
        self.process.terminate()
        return self.wait(timeout)

    @contextlib.contextmanager
    def stopped(self):
        """SIGSTOP inside, SIGCONT after: it is there, and does not answer."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def wait(self, timeout=30.0):
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end in {timeout} s:\n{self.log_text()}")
        self._reader.join(5)
        self._search_log()
        return code

    def _search_log(self):
        if not self._searched:
            self._searched = True
            canaries.search(f"the log of {self.name}", b"".join(self.raw))

    def _search_metrics(self):
        address = self._address("management")
        if address is None or not self.running:
            return
        try:
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
                text = answer.read()
        except OSError:
            return  # stopped on purpose, or in a network of its own
        canaries.search(f"the metrics of {self.name}", text)


def run_program(name, settings, arguments=(), timeout=60.0, prefix=()):
    """Runs a program to its end, by way of the command `prefix`: (exit code, what it printed)."""
    ran = subprocess.run(
        [*prefix, BIN / name, *arguments],
        env={**ENVIRONMENT, **settings},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
    )
    canaries.search(f"what {name} prints", ran.stdout)
    return ran.returncode, ran.stdout.decode(errors="replace")
