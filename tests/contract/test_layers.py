"""Rules on the source text that no compiler checks. Each says what it protects."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ("persona", "conversation", "inference", "memory")


def tracked(*patterns):
    """The files of the repository that match, without those of other people."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard",
                             *patterns], cwd=ROOT, check=True, capture_output=True).stdout
    return [ROOT / name for name in listed.decode().split("\0")
            if name and (ROOT / name).is_file()]


def code_of(path):
    """A C++ file's text without its comments."""
    text = path.read_text()
    return re.sub(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', lambda m: m[1] or "", text,
                  flags=re.DOTALL)


def production(*folders):
    files = tracked(*(f"{folder}/*.cc" for folder in folders),
                    *(f"{folder}/*.h" for folder in folders))
    return [file for file in files
            if not re.search(r"(_test|_fuzz)\.cc$|/(fakes|[a-z_]*_fixture)\.h$|/testing[a-z_]*\.(cc|h)$",
                             file.as_posix())]


def violations(files, pattern, text_of=code_of):
    found = []
    for file in files:
        for number, line in enumerate(text_of(file).splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()}")
    return found


# The layers of cmake/Targets.cmake, dramatis_service().
SERVER_FILE = re.compile(r"^(.*_service|.*_module|.*_server|peers|grpc_.*)\.(cc|h)$")


def core_files(service):
    return [file for file in production(f"services/{service}")
            if not SERVER_FILE.match(file.name) and not file.name.startswith("sql_store")
            and file.name != "main.cc"]


def test_gateway_names_no_resource():
    """A new RPC touches no gateway file."""
    nouns = ("persona|personas|conversation|conversations|session|sessions|memories|profile|goal|"
             "goals|journal|turn_id|turns|participant|history|chat")
    # The composition root may say which services a deployment has.
    files = [file for file in production("gateway") if file.name != "main.cc"]
    assert files
    assert not violations(files, rf"(?i)(?<![a-z])({nouns})(?![a-z])")


STATEMENT = (r'(?i)(^|["(])\s*(select\s+.+\s+from|insert\s+into|update\s+\w+\s+set|delete\s+from|'
             r"create\s+(table|index)|alter\s+table)\b")


@pytest.mark.parametrize("service", SERVICES)
def test_sql_stands_in_the_sql_store_only(service):
    """One file to read, and to review, for every statement of a service."""
    files = [file for file in production(f"services/{service}")
             if not file.name.startswith("sql_store")]
    assert not violations(files, STATEMENT)


def test_sql_stands_nowhere_else():
    files = [file for file in production("shared", "gateway") if "/sql/" not in file.as_posix()]
    assert not violations(files, STATEMENT)


@pytest.mark.parametrize("service", SERVICES)
def test_rules_know_neither_grpc_nor_a_database(service):
    """Use cases run, and are tested, without a server. (event_source.h is a plain interface.)"""
    files = core_files(service)
    assert files, f"services/{service} has no rules"
    assert not violations(
        files, r'#include\s+[<"](grpc|grpcpp|pqxx|sqlite3|shared/rpc/(?!event_source)|shared/sql|.*\.grpc\.pb\.h|'
               r"embedded/.*_migrations)")


@pytest.mark.parametrize("service", SERVICES)
def test_services_do_not_include_each_other(service):
    """They meet in protos/ only."""
    others = "|".join(other for other in SERVICES if other != service)
    files = tracked(f"services/{service}/*.cc", f"services/{service}/*.h")
    assert not violations(files, rf'#include\s+"(services/({others})|gateway)/')


def test_shared_and_gateway_include_no_service():
    files = tracked("shared/*.cc", "shared/*.h", "gateway/*.cc", "gateway/*.h")
    assert not violations(files, r'#include\s+"services/')


def test_boost_and_pqxx_stay_behind_our_headers():
    """Libraries that throw are caught where they are called."""
    assert not violations([file for file in production("services") if file.suffix == ".h"],
                          r"#include\s+[<\"](boost/(asio|beast)|pqxx)")


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_is_relayed(service):
    """What is forgotten there works, but in one process it costs twice as much."""
    proto = (ROOT / f"protos/dramatis/{service}/v1/{service}.proto").read_text()
    rpcs = re.findall(r"\brpc (\w+)\(.*?\).*?\{(.*?)\n  \}", proto, re.DOTALL)
    routes = [name for name, options in rpcs if "google.api.http" in options]
    code = code_of(ROOT / f"services/{service}/{service}_service.cc")
    assert routes
    assert routes == re.findall(r'relay\("(\w+)", &\w+::\1\);', code)


def test_files_stay_readable():
    """500 lines at most, and 600 for a suite of tests; most are far below."""
    long = []
    for file in tracked("*.cc", "*.h", "*.proto", "*.py"):
        count = len(file.read_text().splitlines())
        if count > (600 if re.search(r"_test\.cc$|/test_\w+\.py$", file.as_posix()) else 500):
            long.append(f"{file.relative_to(ROOT)}: {count}")
    assert not long


def test_nothing_is_left_for_later():
    marks = "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"])
    files = tracked("*.cc", "*.h", "*.proto", "*.py", "*.sql", "*.cmake", "*CMakeLists.txt", "dev")
    found = violations([file for file in files if file != pathlib.Path(__file__)],
                       rf"\b({marks})\b(?!\(#\d+\))", pathlib.Path.read_text)
    assert not found


def test_every_header_says_what_it_is_for():
    """And is included once."""
    for header in tracked("shared/*.h", "services/*.h", "gateway/*.h", "tests/*.h", "bench/*.h"):
        text = header.read_text()
        assert text.startswith("// "), header
        assert "#pragma once" in text, header


def test_every_proto_element_has_a_comment():
    """They become /openapi.json and what grpcurl shows."""
    missing = []
    for proto in tracked("protos/dramatis/*.proto"):
        before = ""
        for number, line in enumerate(proto.read_text().splitlines(), 1):
            element = re.match(r"\s*(message|enum|service|rpc|oneof|(optional |repeated )?"
                               r"[\w.<>, ]+ \w+ = \d+|[A-Z][A-Z0-9_]+ = \d+)", line)
            if element and not before.strip().startswith("//"):
                missing.append(f"{proto.relative_to(ROOT)}:{number}: {line.strip()}")
            before = line
    assert not missing
