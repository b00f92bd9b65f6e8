"""Documents made from the descriptors are those in docs/. `./dev docs` writes them anew."""

import json
import re
import subprocess

import pytest

from tests.harness.program import BIN, ROOT


def describe(document):
    return subprocess.run(
        [BIN / "dramatis-describe", BIN.parent / "protos" / "dramatis.binpb", document],
        check=True, capture_output=True).stdout.decode()


@pytest.mark.parametrize("document", ["routes", "errors", "configuration"])
def test_document_is_up_to_date(document):
    made = describe(document)
    assert (ROOT / "docs" / f"{document}.md").read_text() == made, "run ./dev docs"


def test_openapi_has_the_routes_of_the_table():
    paths = json.loads(describe("openapi"))["paths"]
    operations = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    routes = set(re.findall(r"^\| `([A-Z]+ /[^`]*)`", describe("routes"), flags=re.MULTILINE))
    assert len(routes) > 100
    assert operations == routes
