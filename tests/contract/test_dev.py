"""./dev where nothing is built yet: each job builds what it runs."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from tests.harness import coverage_table

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Stand-ins for what a job calls: packages are there, and a build leaves a note of its targets.
STAND_INS = {
    "dpkg-query": "echo installed",
    "cmake": 'case "$1" in\n'
             '  --preset) mkdir -p "build/$2" && touch "build/$2/build.ninja" ;;\n'
             '  --build) shift 3; echo "$@" >>built ;;\n'
             "esac",
    "ninja": "true",
}


@pytest.fixture
def clone(tmp_path):
    """A clone as git makes one, without a build folder."""
    for name in ("dev", "bench"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy(source, tmp_path / name)
    stand_ins = tmp_path / "stand-ins"
    stand_ins.mkdir()
    for name, text in STAND_INS.items():
        file = stand_ins / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
    return tmp_path


def run_dev(clone, *arguments):
    return subprocess.run(
        ["bash", clone / "dev", *arguments], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PATH": f"{clone}/stand-ins:{os.environ['PATH']}"})


def test_bench_builds_the_programs_and_the_load_programs(clone):
    (clone / "bench" / "run").write_text("#!/bin/sh\necho measured $@\n")
    ran = run_dev(clone, "bench", "gateway")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "measured gateway\n"
    built = set((clone / "built").read_text().split())
    loads = re.findall(r"add_executable\((\S+)", (ROOT / "bench" / "CMakeLists.txt").read_text())
    assert len(loads) >= 3
    assert set(loads) <= built
    assert {"dramatis", "dramatis-gateway", "dramatis-persona", "provider-double"} <= built


def test_help_names_every_job():
    text = (ROOT / "dev").read_text()
    jobs = re.findall(r"^  ([a-z]+)\) ", text[text.index("case \"${1:-help}\" in"):], re.MULTILINE)
    said = subprocess.run(["bash", ROOT / "dev", "help"], check=True, capture_output=True,
                          text=True).stdout
    assert {"up", "test", "coverage", "tools", "bench"} <= set(jobs)
    for job in jobs:
        assert f"./dev {job}" in said
    assert "./dev test long" in said


def test_coverage_is_counted_by_folder_without_tests():
    def file(name, lines, run):
        return {"filename": f"/src/{name}", "summary": {
            "lines": {"count": lines, "covered": run}, "branches": {"count": 4, "covered": 1}}}
    found = coverage_table.rows([
        file("services/persona/personas/personas.cc", 10, 5), file("services/persona/model/store.h", 10, 10),
        file("services/persona/personas/personas_test.cc", 90, 90), file("gateway/pages/site.cc", 4, 4),
        file("gateway/testing/client.cc", 9, 9), file("protos/generated/x.pb.cc", 9, 9),
        {"filename": "/usr/include/x.h", "summary": {}}], pathlib.Path("/src"))
    assert found == {"gateway": [4, 4, 4, 1], "services/persona": [20, 15, 8, 2]}
    assert "| services/persona | 20 | 75.0 % | 8 | 25.0 % |" in coverage_table.table(found)
    assert "| all | 24 | 79.2 % | 12 | 25.0 % |" in coverage_table.table(found)
