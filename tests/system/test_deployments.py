"""compose.yaml and every overlay of k8s/: what they start starts, and what they ask is answered."""

import pathlib
import re

import pytest

from tests.harness.containers import Machine, compose_stacks, overlays, pod_stacks
from tests.harness.program import ROOT, run_program

STACKS = compose_stacks() + pod_stacks()
PROGRAMS = ("dramatis-gateway", "dramatis-persona", "dramatis-conversation", "dramatis-memory",
            "dramatis-inference")


def test_there_is_something_of_each_kind():
    assert [stack.name for stack in compose_stacks()] == ["compose.local.yaml", "compose.yaml"]
    assert [stack.name for stack in STACKS if stack.proven] == ["compose.yaml", "k8s/overlays/production"]
    assert len(pod_stacks()) == len(overlays()) == 2


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_every_program_is_started_and_probed(stack):
    probed = {container.command[0] for container in stack.containers
              if container.probes and not container.is_postgres}
    assert probed == set(PROGRAMS)


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_what_it_starts_answers_what_it_asks(stack, tmp_path_factory):
    with Machine(tmp_path_factory.mktemp("machine")) as machine:
        machine.run(stack)
        for program in PROGRAMS:
            assert any(container.command[0] == program for container in stack.containers)
        # Where the documents say that people find it.
        if not stack.proven:
            assert machine.ask(["curl", "-fsS", "http://127.0.0.1:8080/api/health"])
            return
        https = ["curl", "-fsS", "--cacert", machine.secrets / "authority" / "ca.crt",
                 "--resolve", "chat.test:8443:127.0.0.1"]
        assert machine.ask([*https, "https://chat.test:8443/api/health"])
        assert not machine.ask([*https, "https://chat.test:8443/api/personas"])  # 401
        check_roles(machine)


def check_roles(machine):
    """Each service's role may touch the rows of its own tables and nothing else (property 5)."""
    tables = machine.sql("select table_schema, table_name from information_schema.tables where "
                         "table_schema in ('persona', 'conversation', 'memory', 'inference')")
    assert len(tables) > 20
    granted = {}
    for role, schema, table, privilege in machine.sql(
            "select grantee, table_schema, table_name, privilege_type from "
            "information_schema.role_table_grants where grantee like 'dramatis_%' and grantee <> "
            "'dramatis_migrations' and table_schema not in ('pg_catalog', 'information_schema')"):
        granted.setdefault((role, schema, table), set()).add(privilege)
    rows = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert granted == {
        (f"dramatis_{schema}", schema, table): {"SELECT"} if table == "schema_migrations" else rows
        for schema, table in tables}
    owners = machine.sql("select distinct tableowner from pg_tables where schemaname in "
                         "('persona', 'conversation', 'memory', 'inference')")
    assert owners == [["dramatis_migrations"]]
    flags = machine.sql("select rolname from pg_roles where rolname like 'dramatis_%' and (rolsuper or "
                        "rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)")
    assert flags == []
    # Nobody but the owner may make anything.
    for role in ("persona", "conversation", "memory", "inference"):
        assert machine.sql(f"select has_database_privilege('dramatis_{role}', 'dramatis', 'create'), "
                           f"has_schema_privilege('dramatis_{role}', '{role}', 'create'), "
                           f"has_schema_privilege('dramatis_{role}', 'public', 'usage')") == [["f", "f", "f"]]
    # Not in plain text, and not without the authority.
    url = (machine.secrets / "memory" / "database-url").read_text()
    assert machine.ask(["psql", "-X", "-d", url, "-c", "select 1"])
    for worse in ("sslmode=disable", f"sslmode=verify-full&sslrootcert={machine.secrets}/memory/tls.crt"):
        assert not machine.ask(["psql", "-X", "-d", url.partition("?")[0] + "?" + worse, "-c", "select 1"])


def default_addresses(program):
    """By setting, of this program: what its --help says."""
    code, text = run_program(program, {}, ["--help"])
    assert code == 0, text
    found = {}
    for setting, entries in re.findall(r"^  (DRAMATIS_\w+_ADDRESS) (.*)$", text, re.MULTILINE):
        for address, programs in re.findall(r"(127\.0\.0\.1:\d+) \(([^)]*)\)", entries):
            for name in programs.split(", "):
                found[(setting, name)] = address
    return found


def test_the_documents_name_the_ports_that_programs_listen_on():
    addresses = default_addresses("dramatis")
    readme = (ROOT / "README.md").read_text()
    for service in ("persona", "conversation", "memory", "inference"):
        port = addresses[("DRAMATIS_GRPC_ADDRESS", service)].rpartition(":")[2]
        assert f"{service} {port}" in readme
        page = (ROOT / "services" / service / "README.md").read_text()
        for setting in ("DRAMATIS_GRPC_ADDRESS", "DRAMATIS_MANAGEMENT_ADDRESS"):
            own = addresses[(setting, service)].rpartition(":")[2]
            for number in re.findall(r"\b(?:5005|909)\d\b", page):
                if number[:3] == own[:3]:
                    assert number == own, f"services/{service}/README.md says {number}"


def test_programs_say_each_port_once():
    taken = default_addresses("dramatis")
    services = [(setting, name) for setting, name in taken if name not in ("dramatis", "gateway")]
    assert len({taken[one] for one in services}) == len(services)
    assert pathlib.Path(ROOT / "docs" / "configuration.md").read_text().count("127.0.0.1:9095") == 0
