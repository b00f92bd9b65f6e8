"""Clients that generators make from /openapi.json call every operation once, with success."""

import shutil

from tests.clients.conftest import TOOLS, VENV, run, run_node, run_python
from tests.harness.program import ROOT

HERE = ROOT / "tests" / "clients"


def test_redocly_finds_no_error(document):
    run_node("@redocly/cli/bin/cli.js", "lint", document)


def test_typescript_client_calls_everything(new_deployment, document, tmp_path):
    """openapi-typescript and openapi-fetch, compiled by `tsc --strict`."""
    for file in ("calls.ts", "tsconfig.json"):
        shutil.copy(HERE / "typescript" / file, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(TOOLS / "node_modules")
    run_node("openapi-typescript/bin/cli.js", document, "-o", tmp_path / "api.ts")
    run_node("typescript/bin/tsc", "-p", tmp_path)
    run(VENV / "node", tmp_path / "calls.js", f"http://{new_deployment.http}", document)


def test_python_client_calls_everything(new_deployment, document, tmp_path):
    """openapi-generator's, whose models check every answer."""
    run(VENV / "openapi-generator-cli", "generate", "-g", "python", "-i", document,
        "-o", tmp_path / "client", "--additional-properties=packageName=dramatis_client")
    run_python(HERE / "python" / "calls.py", f"http://{new_deployment.http}", document,
               PYTHONPATH=str(tmp_path / "client"))
