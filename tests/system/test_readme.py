"""README.md by its own words: every command that it shows, in order, in a new folder; what it says
is printed is printed, ids and times aside."""

import os
import re
import shlex
import signal
import subprocess
import time

import pytest

from tests.harness.containers import Machine
from tests.harness.program import BIN, ROOT, _die_with_parent, wait_for

README = ROOT / "README.md"
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
END = "@@ended"
PATIENCE = 30.0
# Jobs of ./dev that are no part of the walk: they install and build.
NOT_RUN = ("./dev test", "./dev tools")
# ./dev in the walk: what is built is there.
DEV = """#!/bin/sh
[ "$1" = up ] || exit 2
exec build/release/bin/dramatis
"""


def blocks(text):
    """The fenced blocks: of each its commands, as (command, lines that it is said to print). One
    with a language is an example of what only the reader has: a public name, an issuer, a
    certificate."""
    for language, block in re.findall(r"^```([a-z]*)\n(.*?)^```$", text,
                                      re.MULTILINE | re.DOTALL):
        if language:
            continue
        yield list(transcript(block) if block.startswith("$ ") else plain(block))


def transcript(block):
    """`$ ` begins a command, which goes on after a backslash; the rest is what it prints."""
    command, printed = None, []
    for line in block.splitlines():
        if line.startswith("$ "):
            if command is not None:
                yield command, printed
            command, printed = line[2:], []
        elif command.endswith("\\"):
            command += "\n" + line
        else:
            printed.append(line)
    yield command, printed


def plain(block):
    for line in block.splitlines():
        command = re.sub(r"\s+# .*", "", line).strip()
        if command:
            yield command, []


class Expectation:
    """What README says is printed, as a pattern: an id is any id, `...` is anything."""

    def __init__(self, line):
        self.ids = []
        parts = re.split(rf"({UUID}|[0-9a-f]{{8}}-\.\.\.|\.\.\.)", line)
        self.pattern = "".join(self._pattern(part) for part in parts)

    def _pattern(self, part):
        if re.fullmatch(UUID, part):
            self.ids.append(part)
            return f"({UUID})"
        if part.endswith("-..."):
            return UUID
        return ".*" if part == "..." else re.escape(part)

    def match(self, line):
        """README's ids and this run's, or None."""
        found = re.fullmatch(self.pattern, line)
        return None if found is None else dict(zip(self.ids, found.groups()))


def normal(lines):
    """Without comments and empty lines of an event stream; words that came apart are joined."""
    events = []
    for event in re.split(r"\n{2,}", "\n".join(lines)):
        fields = [line for line in event.splitlines() if line and not line.startswith(":")]
        words = re.fullmatch(r'data: \{"text":"(.*)"\}', fields[-1]) if fields else None
        if words and events and events[-1][0] == "event: delta" == fields[0]:
            before = events[-1][-1].removesuffix('"}')
            fields[-1] = f'{before}{words[1]}"}}'
            events[-1] = fields
        elif fields:
            events.append(fields)
    return [line for fields in events for line in fields]


class Shell:
    """One bash for the whole walk, as a newcomer has one."""

    def __init__(self, machine, folder):
        # Apart: curl shows how far it is there, where it does not write to a terminal.
        self.errors = (folder / "shell.errors").open("wb")
        self.process = subprocess.Popen(
            machine.inside(["bash", "--norc"]), cwd=folder, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.errors, text=True, start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)}, preexec_fn=_die_with_parent)

    def run(self, command):
        """What it prints, and its exit code."""
        command = re.sub(r"\s+# .*", "", command)
        if command.endswith("&"):
            command = command[:-1] + ">/dev/null 2>&1 &"
        self.process.stdin.write(f"{command}\ncode=$?; echo; echo {END} $code\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.startswith(END):
                return lines, int(line.split()[1])
            lines.append(line.rstrip("\n"))
        raise AssertionError(f"the shell ended in `{command}`")

    def end(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


class Walk:
    def __init__(self, machine, folder):
        self.machine = machine
        self.folder = folder
        self.shell = Shell(machine, folder)
        self.server = None
        self.ids = {}

    def end(self):
        self.stop()
        self.shell.end()

    def stop(self):
        """Ctrl-C in the terminal of the program."""
        if self.server is None:
            return
        self.server.send_signal(signal.SIGINT)
        assert self.server.wait(40) == 0
        self.server = None

    def up(self, command):
        """`./dev up`, which goes on in a terminal of its own; its last line names a page."""
        self.stop()
        log = self.folder / "up.log"
        with log.open("wb") as output:
            self.server = subprocess.Popen(
                self.machine.inside(["bash", "-c", f"exec env {command}"]), cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={"PATH": os.environ["PATH"]}, preexec_fn=_die_with_parent)

        def page():
            assert self.server.poll() is None, log.read_text()
            lines = log.read_text().splitlines()
            return lines and re.search(r"http://[^\"\s]+", lines[-1])
        found = wait_for(page, f"`{command}` to name a page at its end")
        assert found[0] in README.read_text(), f"README does not name {found[0]}"
        assert self.machine.ask(["curl", "-fsS", "-o", "/dev/null", found[0]])

    def step(self, command, expected):
        if command.startswith(NOT_RUN):
            return
        if re.search(r"(^|\s)\./dev up$", command):
            assert not expected
            return self.up(command)
        if command == "build/release/bin/dramatis-gateway":  # the last of five programs, in front
            self.stop()
            self.shell.run(f"{command} &")
            wait_for(lambda: self.machine.ask(["curl", "-fsS", "http://127.0.0.1:8080/readyz"]),
                     "the five programs to be ready")
            return None
        if command.startswith("export DATABASE_URL="):
            self.prepare_database(command.partition("=")[2])
        for old, new in self.ids.items():
            command = command.replace(old, new)
        self.check(command, expected)
        return None

    def prepare_database(self, url):
        self.stop()
        user, database = re.fullmatch(r"postgresql://(\w+)@127\.0\.0\.1/(\w+)", url).groups()
        own = self.machine.start_postgres(5432)
        for statement in (f'create role "{user}" login', f'create database "{database}" '
                          f'owner "{user}"'):
            assert self.machine.ask(["psql", "-X", "-q", "-d", own, "-c", statement])

    def check(self, command, expected):
        """An answer may take a moment: what only reads is asked again until it is as README
        says."""
        deadline = time.monotonic() + (PATIENCE if reads(command) and expected else 0)
        while True:
            lines, code = self.shell.run(command)
            said, printed = normal(expected), normal(lines)
            ids = matches(said, printed) if said else {}
            if code == 0 and ids is not None:
                self.ids.update(ids)
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"README: {command}\nsays   {said}\nprints {printed} ({code})")
            time.sleep(0.2)


def reads(command):
    return "curl" in command and " -d " not in command.replace("grpcurl", "")


def matches(expected, printed):
    if len(expected) != len(printed):
        return None
    ids = {}
    for line, actual in zip(expected, printed):
        found = Expectation(line).match(actual)
        if found is None:
            return None
        ids.update(found)
    return ids


@pytest.fixture
def walk(tmp_path):
    (tmp_path / "build" / "release").mkdir(parents=True)
    (tmp_path / "build" / "release" / "bin").symlink_to(BIN.absolute())
    dev = tmp_path / "dev"
    dev.write_text(DEV)
    dev.chmod(0o755)
    with Machine(tmp_path) as machine:
        walk = Walk(machine, tmp_path)
        try:
            yield walk
        finally:
            walk.end()


def test_every_command_does_what_readme_says(walk):
    steps = [step for block in blocks(README.read_text()) for step in block]
    assert sum(1 for _, printed in steps if printed) >= 8
    for command, printed in steps:
        walk.step(command, printed)


def test_readme_names_what_its_commands_need():
    text = README.read_text()
    used = {word for block in blocks(text) for command, _ in block
            for word in ("curl", "jq", "grpcurl") if word in shlex.split(command, comments=True)}
    installed = subprocess.run(["bash", "-c", "sed -n '/^tools() {/,/^}/p' dev"], cwd=ROOT,
                               check=True, capture_output=True, text=True).stdout
    for tool in used:
        assert tool in installed, f"./dev tools does not provide {tool}"
    for word in ("minutes on two cores", "begin afresh", "./dev clean", "DRAMATIS_DATA_DIR"):
        assert word in text


def test_the_harness_sees_what_differs():
    assert matches(["1 a: I live in ..."], ["1 a: I live in Rome"]) == {}
    assert matches(["1 a: I live in ..."], ["1 a: I lived"]) is None
    old, new = "01a1fc96-bfb3-756f-93f9-da38fdc50aed", "01a218c4-fd36-7711-bb8a-c31304c5b52d"
    assert matches([f"id: {old}:0:0"], [f"id: {new}:0:0"]) == {old: new}
    assert matches(["a"], ["a", "b"]) is None
    assert normal(['event: delta', 'id: x:1', 'data: {"text":"I"}', '', ': ping', '',
                   'event: delta', 'id: x:5', 'data: {"text":" am"}']) == [
                       'event: delta', 'id: x:5', 'data: {"text":"I am"}']
