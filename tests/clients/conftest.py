"""The contract as other people's tools read it. `./dev test` puts them into build/tools/clients,
with the versions of requirements.txt and package-lock.json."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.harness.client import Client
from tests.harness.vector_table import write_table
from tests.harness.program import ROOT

TOOLS = pathlib.Path(os.environ.get("DRAMATIS_CLIENT_TOOLS", ROOT / "build/tools/clients"))
VENV = TOOLS / "venv" / "bin"


def run(*command, cwd=None, **environment):
    """The output of a program that must succeed."""
    ran = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True,
                         env={**os.environ, "PATH": f"{VENV}:{os.environ['PATH']}", **environment})
    assert ran.returncode == 0, f"{command[0]}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def run_node(script, *arguments, cwd=None):
    """A script of an npm package, as `@redocly/cli/bin/cli.js`."""
    return run(VENV / "node", TOOLS / "node_modules" / script, *arguments, cwd=cwd)


def run_python(*arguments, **environment):
    return run(sys.executable, *arguments, **environment)


@pytest.fixture
def new_deployment(make_deployment, provider, tmp_path):
    """One that may be seeded; the model `openai/double` fails for messages with FAIL."""
    provider.script(default={"tokens": ["I build ", "telescopes."]},
                    when={"FAIL": {"status": 400, "error": "no"}})
    settings = {**provider.settings(), "DRAMATIS_ADMIN_MUTATIONS": "true",
                **write_table(tmp_path / "table")}
    with make_deployment("embedded", settings) as deployment:
        yield deployment


@pytest.fixture
def document(new_deployment, tmp_path):
    """The deployment's /openapi.json, as a file."""
    file = tmp_path / "openapi.json"
    file.write_bytes(Client(new_deployment.http).get("/openapi.json").body)
    json.loads(file.read_text())
    return file
