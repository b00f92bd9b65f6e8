"""./dev where nothing is built yet: each job builds what it runs."""

import json
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
        stand_in(tmp_path, name, text)
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


@pytest.mark.parametrize("words,said", [
    ("foo", "there is no job 'foo'"), ("lint al", "lint takes nothing or 'all'"),
    ("test fast", "test takes nothing, 'quick' or 'long'"), ("fuzz long", "fuzz takes nothing or"),
    ("bench gatway", "bench knows no 'gatway'"), ("clean all", "clean takes nothing")])
def test_wrong_words_are_told_before_anything_is_built(clone, words, said):
    (clone / "build").mkdir()
    ran = run_dev(clone, *words.split())
    assert ran.returncode != 0
    assert said in ran.stderr
    assert (clone / "build").exists()
    assert not (clone / "built").exists()


def test_help_names_every_job():
    text = (ROOT / "dev").read_text()
    jobs = re.findall(r"^  ([a-z]+)\) ", text[text.index("case \"${1:-help}\" in"):], re.MULTILINE)
    said = subprocess.run(["bash", ROOT / "dev", "help"], check=True, capture_output=True,
                          text=True).stdout
    assert {"up", "test", "coverage", "tools", "bench"} <= set(jobs)
    for job in jobs:
        assert f"./dev {job}" in said
    assert "./dev test long" in said


@pytest.fixture
def repository(clone):
    """A clone under git, of sources with a change in the last of two commits; where a linter notes
    what it is called for."""
    stand_in(clone, "ninja", 'case "$*" in *compdb*) echo "[]" ;; esac')
    stand_in(clone, "clang-format-19", "true")
    stand_in(clone, "clang-tidy", 'for file; do :; done; echo "$file" >>linted')
    (clone / "build" / "tidy").mkdir(parents=True)
    (clone / "build" / "tidy" / "compile_commands.json").write_text("[]")
    (clone / "tests" / "lint").mkdir(parents=True)
    required = clone / "tests" / "lint" / "requirements.txt"
    required.write_text("clang-tidy==0\n")
    tools = clone / "build" / "tools" / "lint"
    tools.mkdir(parents=True)
    with open(required) as text:
        (tools / "versions").write_text(subprocess.run(
            ["sha256sum"], stdin=text, check=True, capture_output=True, text=True).stdout)
    git(clone, "init", "--quiet")
    commit(clone, "first.cc", "second.cc", "second.h", "third.cc")
    commit(clone, "first.cc", "second.h", "alone.h")
    return clone


def stand_in(clone, name, text):
    file = clone / "stand-ins" / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def git(clone, *arguments):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments],
                   cwd=clone, check=True, capture_output=True)


def commit(clone, *names):
    for name in names:
        with open(clone / name, "a") as file:
            file.write("// more\n")
    git(clone, "add", *names)
    git(clone, "commit", "--quiet", "--message", "More")


def lint_changed(clone, seconds=20):
    """The stage of `./dev test`: its exit status, what it said, and what was linted."""
    (clone / "linted").unlink(missing_ok=True)
    ran = subprocess.run(
        ["bash", "-c", f"set -- help; . ./dev >/dev/null; lint_changed {seconds}"], cwd=clone,
        capture_output=True, text=True, timeout=60,
        env={**os.environ, "PATH": f"{clone}/stand-ins:{os.environ['PATH']}"})
    linted = clone / "linted"
    return (ran.returncode, ran.stdout + ran.stderr,
            set(linted.read_text().split()) if linted.exists() else set())


def test_the_last_commit_is_linted_where_there_is_no_main_branch_to_compare_with(repository):
    assert lint_changed(repository)[::2] == (0, {"first.cc", "second.cc"})


def test_what_differs_from_the_main_branch_is_linted(repository):
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    commit(repository, "third.cc")
    commit(repository, "second.cc")
    assert lint_changed(repository)[::2] == (0, {"second.cc", "third.cc"})


def test_of_the_main_branch_the_last_ten_commits_are_linted_newest_first(repository):
    for _ in range(9):
        commit(repository, "third.cc")
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    status, said, linted = lint_changed(repository)
    assert (status, linted) == (0, {"first.cc", "second.cc", "third.cc"})
    assert "reading what changed: 3 sources" in said
    commit(repository, "third.cc")
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert lint_changed(repository)[::2] == (0, {"third.cc"})


def test_one_commit_alone_has_no_change_to_see_and_all_is_linted_as_far_as_it_goes(repository):
    git(repository, "checkout", "--quiet", "--orphan", "alone")
    git(repository, "commit", "--quiet", "--message", "All")
    (repository / "build" / "tidy" / "compile_commands.json").write_text(json.dumps(
        [{"file": f"{repository}/build/tidy/{name}", "command": f"c++ {repository}/build/tidy/{name}"}
         for name in ("protos/a.cc", "embedded/b.cc", "unity.cxx")]))
    (repository / "build" / "tidy" / "unity.cxx").write_text(f'#include "{repository}/first.cc"\n')
    status, said, linted = lint_changed(repository)
    assert (status, linted) == (0, {f"{repository}/build/tidy/unity.cxx"})
    assert "there is no history to see a change in: reading all as far as 20 s go" in said
    commands = json.loads((repository / "build" / "tidy" / "sources" / "compile_commands.json").read_text())
    assert {"file": f"{repository}/first.cc", "command": f"c++ {repository}/first.cc"} in commands


def test_a_clone_cut_off_after_two_commits_lints_the_last(repository, tmp_path):
    commit(repository, "third.cc")
    git(repository, "clone", "--quiet", "--depth", "2", f"file://{repository}", tmp_path / "cut")
    shutil.copy(repository / "dev", tmp_path / "cut")
    said = subprocess.run(["bash", "-c", "set -- help; . ./dev >/dev/null; changed_sources"],
                          cwd=tmp_path / "cut", capture_output=True, text=True, check=True).stdout
    assert said == "third.cc\n"


def test_a_finding_fails_the_stage(repository):
    stand_in(repository, "clang-tidy", "echo a finding; exit 1")
    status, said, _ = lint_changed(repository)
    assert status != 0
    assert "a finding" in said


def test_a_source_in_another_format_fails_the_stage(repository):
    stand_in(repository, "clang-format-19", "exit 1")
    assert lint_changed(repository)[0] != 0


def test_lint_ends_in_time_and_says_what_it_left(repository):
    stand_in(repository, "clang-tidy", "exec sleep 60")
    status, said, _ = lint_changed(repository, seconds=1)
    assert status == 0
    assert {"no time for first.cc", "no time for second.cc"} <= set(said.splitlines())


def test_a_machine_without_clang_tidy_lints_nothing(repository):
    stand_in(repository, "dpkg-query", "true")
    for name in ("apt-get", "sudo"):
        stand_in(repository, name, "exit 100")
    status, said, linted = lint_changed(repository)
    assert (status, linted) == (0, set())
    assert "there is no clang-tidy" in said


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
