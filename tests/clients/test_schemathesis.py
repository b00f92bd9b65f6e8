"""Schemathesis sends what /openapi.json allows and what it does not, and finds nothing that
schemathesis.toml and schemathesis_accepted.json do not accept."""

from tests.clients.conftest import VENV, run
from tests.harness.program import ROOT


def test_schemathesis_finds_no_fault(new_deployment, document, tmp_path):
    client = new_deployment.client("schemathesis:admin")
    client.post("/api/admin/seed-database", {"confirm": "local"}).expect(200)
    run(VENV / "schemathesis", "--config-file", ROOT / "tests/clients/schemathesis.toml", "run",
        document, "--url", f"http://{new_deployment.http}", "--checks", "all",
        "--baseline", ROOT / "tests/clients/schemathesis_accepted.json",
        "--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--workers", "2",
        "--request-timeout", "60", "--max-response-time", "60", "--no-color", cwd=tmp_path)
