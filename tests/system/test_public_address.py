"""README's way from nothing to a public address: its ten commands, as they stand there, but for
those that install and build. Where they say the machine's own folders they get others, and the
public name is this machine's loopback in a network of its own."""

import os
import re
import subprocess

from tests.harness.containers import Machine
from tests.harness.program import BIN, ROOT, _die_with_parent, wait_for

FOLDERS = {"/etc/dramatis": "secrets", "/var/lib/dramatis": "data", "/var/log/dramatis.log": "log"}
BUILT_BEFORE = ("./dev install", "cmake --preset release", "install build/release/bin/dramatis ")


def commands():
    text = (ROOT / "README.md").read_text()
    section = text[text.index("\n## A public address\n"):]
    block = re.search(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)[1]
    return [line for line in block.splitlines() if line.strip()]


def test_ten_commands_lead_to_a_public_address(tmp_path):
    every = commands()
    assert len(every) == 10
    for command, begins in zip(every, BUILT_BEFORE):
        assert command.startswith(begins)
    script = "\n".join(every[len(BUILT_BEFORE):-1])
    ask = every[-1]
    for folder, here in FOLDERS.items():
        script = script.replace(folder, str(tmp_path / here))
        ask = ask.replace(folder, str(tmp_path / here))
    (tmp_path / ".curlrc").write_text('resolve = "chat.example.org:443:127.0.0.1"\nsilent\nshow-error\nfail\n')
    environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    (tmp_path / "machine").mkdir()
    with Machine(tmp_path / "machine") as machine:
        shell = subprocess.Popen(
            machine.inside(["bash", "-e"]), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=environment, preexec_fn=_die_with_parent)
        try:
            # The shell stays, and with it what it has started.
            shell.stdin.write(f"trap 'kill $(jobs -p)' EXIT\n{script}\necho started\n")
            shell.stdin.flush()
            said = []
            for line in shell.stdout:
                said.append(line)
                if line == "started\n":
                    break
            assert said[-1:] == ["started\n"], said
            assert any("the settings are valid" in line for line in said)

            def answered():
                ran = subprocess.run(machine.inside(["bash", "-c", ask]), cwd=ROOT, env=environment,
                                     capture_output=True)
                return ran.stdout if ran.returncode == 0 else None

            health = wait_for(answered, "the public address to answer", 60)
            assert b'"status":"healthy"' in health.replace(b" ", b"")
            refused = subprocess.run(
                machine.inside(["bash", "-c", ask.replace("/api/health", "/api/personas")]), cwd=ROOT,
                env=environment, capture_output=True)
            assert b"401" in refused.stderr
        finally:
            shell.stdin.close()
            shell.wait(60)
            shell.stdout.close()
