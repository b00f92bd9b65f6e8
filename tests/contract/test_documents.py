"""Documents made from the descriptors are those in docs/. `./dev docs` writes them anew."""

import subprocess

import pytest

from tests.harness.program import BIN, ROOT


@pytest.mark.parametrize("document", ["routes", "errors", "configuration"])
def test_document_is_up_to_date(document):
    made = subprocess.run(
        [BIN / "dramatis-describe", BIN.parent / "protos" / "dramatis.binpb", document],
        check=True, capture_output=True).stdout.decode()
    assert (ROOT / "docs" / f"{document}.md").read_text() == made, "run ./dev docs"
