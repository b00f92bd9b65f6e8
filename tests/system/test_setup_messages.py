"""What people meet while they set Dramatis up. Each message says which thing, what is wrong with it
and what to do; none says a password."""

import os
import pathlib
import shutil
import socket
import tempfile

import pytest

from tests.harness import postgres
from tests.harness.deployment import PORTS, SERVICES
from tests.harness.program import ROOT, Program, run_program, wait_for

PASSWORD = "s3cret-word"


@pytest.fixture
def settings(tmp_path):
    return {**PORTS, "DRAMATIS_DATA_DIR": str(tmp_path / "data")}


def refused(program, settings, arguments=(), prefix=()):
    """What a program says that does not start."""
    code, output = run_program(program, settings, list(arguments), prefix=prefix)
    assert code == 1, output
    assert PASSWORD not in output
    return output


# --- the data folder ------------------------------------------------------------------------------


@pytest.mark.parametrize("program", ["dramatis", "dramatis-persona"])
@pytest.mark.parametrize("command", [[], ["migrate"]], ids=["start", "migrate"])
def test_a_broken_file_is_named(program, command, settings):
    folder = pathlib.Path(settings["DRAMATIS_DATA_DIR"])
    folder.mkdir()
    (folder / "persona.db").write_text("x" * 10_000)
    said = refused(program, settings, command)
    assert f"{folder}/persona.db is no SQLite database" in said
    assert "move it away" in said and "backup" in said


def test_a_folder_where_the_file_should_be_is_named(settings):
    folder = pathlib.Path(settings["DRAMATIS_DATA_DIR"])
    (folder / "persona.db").mkdir(parents=True)
    said = refused("dramatis", settings)
    assert f"cannot open {folder}/persona.db: Is a directory" in said


def in_tmpfs(folder, options, then="true"):
    """A command's prefix: it sees a small file system of its own at `folder`."""
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *as_root, "--mount", "sh", "-ec",
            f'mount -t tmpfs -o {options} none "{folder}"; {then}; exec "$0" "$@"']


def test_a_folder_that_cannot_be_written(settings, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    said = refused("dramatis", settings,
                   prefix=in_tmpfs(folder, "size=1m", f'mount -o remount,ro "{folder}"'))
    assert f"cannot write to the data folder {folder}: Read-only file system" in said
    assert "DRAMATIS_DATA_DIR" in said


def test_a_disk_that_is_full(settings, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    said = refused("dramatis", settings, prefix=in_tmpfs(folder, "size=60k"))
    assert f"cannot write {folder}/" in said and "the disk is full: make room" in said


def test_a_folder_in_use_names_the_process(settings):
    first = Program("dramatis", settings)
    first.address("http")
    for command in ([], ["migrate"]):
        said = refused("dramatis", settings, command)
        assert f"another process ({first.process.pid}) uses {settings['DRAMATIS_DATA_DIR']}" in said
        assert "end it, or name another folder" in said
    first.kill()


@pytest.mark.parametrize("setting", ["DRAMATIS_HTTP_ADDRESS", "DRAMATIS_GRPC_ADDRESS",
                                     "DRAMATIS_MANAGEMENT_ADDRESS"])
def test_a_port_in_use(setting, settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = refused("dramatis", {**settings, setting: address})
    assert f"cannot listen on {address}: another program uses that port" in said
    assert setting in said


def test_a_persona_file_that_cannot_be_read(settings):
    (pathlib.Path(settings["DRAMATIS_DATA_DIR"]) / "personas").mkdir(parents=True)
    program = Program("dramatis", {**settings, "DRAMATIS_DEFAULT_PERSONA": "file:nobody.txt"})
    program.address("http")
    line = wait_for(lambda: next((line for line in program.lines if "default persona could not be "
                                  "made" in line.get("message", "")), None), "the log to say so")
    program.kill()
    file = f"{settings['DRAMATIS_DATA_DIR']}/personas/nobody.txt"
    assert f"cannot use the persona file {file}: No such file or directory" in line["reason"]
    assert "put a text in UTF-8 there" in line["reason"]


def test_migrate_says_what_it_did(settings):
    numbers = {}
    for service in SERVICES:
        code, said = run_program(f"dramatis-{service}", settings, ["migrate"])
        assert code == 0, said
        folder = ROOT / "services" / service / "migrations"
        number = len({file.name[:4] for file in folder.glob("[0-9]*.sql")})
        assert said.startswith(f"{service}: applied {number} migration"), said
        assert ", schema is at " in said
        numbers[service] = said.rstrip().rpartition(" ")[2]
        code, said = run_program(f"dramatis-{service}", settings, ["migrate"])
        assert said == f"{service}: nothing to apply, schema is at {numbers[service]}\n"


# --- PostgreSQL -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server():
    """A cluster that asks the role `locked` for its password."""
    folder = tempfile.mkdtemp(prefix="dramatis-postgres.")
    cluster = postgres.Cluster.start(folder)
    postgres.psql(cluster.url, f"create role locked login password '{PASSWORD}'")
    postgres.psql(cluster.url, "create role guest login")
    postgres.psql(cluster.url, "create database app")
    rules = cluster.data / "pg_hba.conf"
    rules.write_text("host all locked 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
    postgres.psql(cluster.url, "select pg_reload_conf()")
    yield f"127.0.0.1:{cluster.port}"
    cluster.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_postgres_problems_are_told_apart(server, settings):
    free = postgres.free_port()
    cases = {
        f"dramatis@{server}/nowhere":
            [f'PostgreSQL at {server} has no database "nowhere"', "create it"],
        f"nobody@{server}/app": [f'PostgreSQL at {server} has no role "nobody"', "create it"],
        f"locked:wrong-{PASSWORD}@{server}/app":
            [f'PostgreSQL at {server} refuses the password of the role "locked"', "DATABASE_URL"],
        f"locked@{server}/app": ['wants a password of the role "locked"', "DATABASE_URL"],
        f"dramatis@127.0.0.1:{free}/app":
            [f"nothing listens at 127.0.0.1:{free}", "start PostgreSQL there"],
        "dramatis@no-such-host.invalid:5432/app":
            ["the host of no-such-host.invalid:5432 is unknown"],
        f"guest@{server}/app":
            [f'PostgreSQL at {server}, database "app": the role "guest" lacks a right',
             "permission denied for database app", 'grant create on database "app" to "guest"'],
        f"locked:{PASSWORD}@oh@{server}/app": ["DATABASE_URL is not postgresql://", "%40"],
    }
    for target, words in cases.items():
        said = refused("dramatis-persona", {**settings, "DATABASE_URL": f"postgresql://{target}"},
                       ["migrate"])
        for word in words:
            assert word in said, f"{target}: {said}"


def test_a_schema_that_one_may_not_use(server, settings):
    owner = {**settings, "DATABASE_URL": f"postgresql://dramatis@{server}/app"}
    assert run_program("dramatis-memory", owner, ["migrate"])[0] == 0
    guest = {**settings, "DATABASE_URL": f"postgresql://guest@{server}/app"}
    for command in (["migrate", "--check"], ["migrate"], []):
        said = refused("dramatis-memory", guest, command).replace('\\"', '"')  # of a JSON line
        assert "memory" in said and '"guest"' in said and "grant" in said, said


def test_a_program_that_waits_says_for_what(server, settings):
    program = Program("dramatis-persona", {
        **settings, "DATABASE_URL": f"postgresql://locked:wrong-{PASSWORD}@{server}/app"})
    line = wait_for(lambda: next((line for line in program.lines
                                  if line.get("message") == "waiting for the database"), None),
                    "the log to say so")
    assert f'PostgreSQL at {server} refuses the password of the role "locked"' in line["error"]
    assert PASSWORD not in program.log_text()
    program.kill()
