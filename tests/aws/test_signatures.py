"""Signatures of requests as random as they may be, against those of AWS' own SDK for Python:
another thousand with every run. shared/aws/vectors/ holds two hundred that stay the same."""

import importlib.util
import json
import random
import subprocess

import pytest

from tests.harness.program import BIN, ROOT

CASES = 1000


@pytest.fixture(scope="module")
def generate():
    file = ROOT / "shared" / "aws" / "vectors" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_signatures_are_those_of_the_sdk(generate):
    seed = random.SystemRandom().randrange(2 ** 32)
    random.seed(seed)
    cases = [generate.case(number) for number in range(CASES)]
    signed = subprocess.run([BIN / "sign-requests", generate.NOW.isoformat()], text=True,
                            input="".join(json.dumps(case) + "\n" for case in cases),
                            capture_output=True, check=True, timeout=120).stdout.splitlines()
    assert len(signed) == CASES
    for case, ours in zip(cases, signed):
        assert ours == case["authorization"], f"seed {seed}: {case}"
