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
            if not re.search(r"(_test|_fuzz)\.cc$|/testing/", file.as_posix())]


def violations(files, pattern, text_of=code_of):
    found = []
    for file in files:
        for number, line in enumerate(text_of(file).splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()}")
    return found


def wing_of(file, root):
    """The folder of a service, or of the gateway, that a file stands in; "" for those beside
    them."""
    parts = file.relative_to(ROOT / root).parts
    return parts[0] if len(parts) > 1 else ""


# The layers of cmake/Targets.cmake, dramatis_service().
def core_files(service):
    return [file for file in production(f"services/{service}")
            if wing_of(file, f"services/{service}") not in ("", "sql", "peers")]


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
def test_sql_stands_in_the_folder_sql_only(service):
    """One folder to read, and to review, for every statement of a service."""
    files = [file for file in production(f"services/{service}")
             if wing_of(file, f"services/{service}") != "sql"]
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


def includes_between_wings(root):
    """Which wing includes which: {wing: {other wing: [file]}}."""
    found = {}
    for file in production(root):
        wing = wing_of(file, root)
        for included in re.findall(rf'#include "{root}/([^"]+)"', file.read_text()):
            other = included.split("/")[0] if "/" in included else ""
            if other != wing:
                found.setdefault(wing, {}).setdefault(other, []).append(str(file.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("root", [f"services/{service}" for service in SERVICES] + ["gateway"])
def test_wings_are_layers(root):
    """Following includes from wing to wing never leads back, and the files beside them, which wire
    everything, are included by none: a reader can begin at the bottom."""
    includes = includes_between_wings(root)
    assert includes

    def below(wing, seen):
        for other in includes.get(wing, {}):
            if other not in seen:
                seen.add(other)
                below(other, seen)
        return seen

    for wing, others in includes.items():
        assert wing not in below(wing, set()), f"{wing} includes itself by way of {others}"
        assert wing == "" or "" not in others, others


def test_folders_stay_readable():
    """A newcomer gets lost in a folder of more than 40 sources."""
    counts = {}
    for file in tracked("services/*.cc", "services/*.h", "gateway/*.cc", "gateway/*.h",
                        "shared/*.cc", "shared/*.h"):
        folder = str(file.parent.relative_to(ROOT))
        counts[folder] = counts.get(folder, 0) + 1
    assert {folder: count for folder, count in counts.items() if count > 40} == {}


@pytest.mark.parametrize("service", SERVICES)
def test_services_do_not_include_each_other(service):
    """They meet in protos/ only."""
    others = "|".join(other for other in SERVICES if other != service)
    files = tracked(f"services/{service}/*.cc", f"services/{service}/*.h")
    assert not violations(files, rf'#include\s+"(services/({others})|gateway)/')


def test_shared_and_gateway_include_no_service():
    """Mains may include the list of all programs, and who finds keys in one of them."""
    files = tracked("shared/*.cc", "shared/*.h", "gateway/*.cc", "gateway/*.h")
    mains = {ROOT / "gateway/main.cc", ROOT / "gateway/tools/describe.cc"}
    assert not violations([file for file in files if file not in mains], r'#include\s+"services/')
    assert not violations(mains, r'#include\s+"services/(?!deployment/)')


# Where shared/ speaks of a service all the same, and why.
NAMES_OF_SERVICES = {
    # The vocabulary of the contract: options.proto lists callers and scopes.
    "shared/call/method_rules.cc", "shared/call/scopes.cc",
    # A key may be limited to personas, which is part of who calls.
    "shared/call/access.cc", "shared/call/access.h", "shared/call/call.cc", "shared/call/call.h",
    "shared/call/call_record.cc", "shared/call/identity_claims.cc",
    "shared/methods/call_steps.cc",
    # One text for each metric, for tests/contract/test_metrics.py and every /metrics.
    "shared/metrics/metric_help.cc",
}


def test_shared_names_no_service():
    """What a service or the gateway is stands in its own folder: a service can be added, renamed
    and taken out without an edit in shared/."""
    names = '(?<![a-z])((?i:persona|conversation|inference)s?|gateway|GATEWAY)(?![a-z])'
    memory = '"memory"|memory::v|/memory/|DRAMATIS_MEMORY_'  # which is another thing as well
    found = violations(production("shared"), f"{names}|{memory}")
    assert {line.split(":")[0] for line in found} == NAMES_OF_SERVICES, found


def test_boost_and_pqxx_stay_behind_our_headers():
    """Libraries that throw are caught where they are called."""
    assert not violations([file for file in production("services") if file.suffix == ".h"],
                          r"#include\s+[<\"](boost/(asio|beast)|pqxx)")


def test_files_stay_readable():
    """500 lines at most, and 600 for a suite of tests; most are far below."""
    long = []
    for file in tracked("*.cc", "*.h", "*.proto", "*.py"):
        count = len(file.read_text().splitlines())
        if count > (600 if re.search(r"_test\.cc$|/test_\w+\.py$", file.as_posix()) else 500):
            long.append(f"{file.relative_to(ROOT)}: {count}")
    assert not long


def test_comments_keep_to_100_columns():
    """clang-format, which keeps code to them, leaves comments alone: it breaks tables and examples.
    An address may be longer."""
    wide = []
    for file in tracked("*.cc", "*.h", "*.proto", "*.py"):
        mark = "#" if file.suffix == ".py" else "//"
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if len(line) > 100 and line.lstrip().startswith(mark) and "://" not in line:
                wide.append(f"{file.relative_to(ROOT)}:{number}")
    assert not wide


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
