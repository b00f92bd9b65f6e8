"""`/v1` as seen by programs that take long to install: each in an environment of its own, made for the
test and gone with it."""

import json
import subprocess
import sys

import pytest

from tests.clients.test_openai import HERE, SAID, ask, asked, check_nothing_is_kept

__all__ = ["asked"]  # the fixture

LITELLM = "litellm==1.110.2"


@pytest.mark.long
def test_litellm(asked, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run([tmp_path / "venv/bin/pip", "install", "-q", "--disable-pip-version-check", LITELLM],
                   check=True)
    ran = subprocess.run([tmp_path / "venv/bin/python", HERE / "sdk.py", ask(asked, litellm=True)],
                         check=True, capture_output=True, text=True)
    got = json.loads(ran.stdout.splitlines()[-1])
    assert got["chat"] == got["stream"] == SAID
    assert got["usage"] > 0 and got["stream_usage"] > 0
    assert (got["unauthenticated"], got["missing"], got["too_many"]) == \
        ("AuthenticationError", "NotFoundError", "RateLimitError")
    assert got["broken"]
    check_nothing_is_kept(asked, ["Good day", SAID])
