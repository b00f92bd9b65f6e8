"""DATABASE_URL by reference: the password of a real PostgreSQL changes while the programs run."""

import concurrent.futures
import shutil
import tempfile
import threading
import time

import pytest

from tests.harness import postgres
from tests.harness.client import Client
from tests.harness.deployment import PORTS, Embedded
from tests.harness.program import run_program, wait_for

USERS = 24


class Guarded:
    """A cluster that asks the role `app` for its password."""

    def __init__(self, folder):
        self.cluster = postgres.Cluster.start(folder)
        (self.cluster.data / "pg_hba.conf").write_text(
            f"host all {postgres.USER} samehost trust\nhost all app samehost scram-sha-256\n")
        self.sql("select pg_reload_conf()")
        self.sql("create role app login password 'first'")
        self.sql("create database app owner app")

    def sql(self, statement):
        return postgres.psql(self.cluster.url, statement)

    def url(self, password):
        return f"postgresql://app:{password}@127.0.0.1:{self.cluster.port}/app"

    def connections(self):
        return int(self.sql("select count(*) from pg_stat_activity where usename = 'app'")[0][0])


@pytest.fixture(scope="session")
def guarded():
    folder = tempfile.mkdtemp(prefix="dramatis-postgres.")
    database = Guarded(folder)
    yield database
    database.cluster.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def first_password(request):
    if "guarded" in request.fixturenames:
        request.getfixturevalue("guarded").sql("alter role app password 'first'")


def rotate_under_load(guarded, folder, settings, store):
    """`store(url)` puts the URL where `settings` say that it is read."""
    code, output = run_program("dramatis", {**settings, "DRAMATIS_DATA_DIR": str(folder)}, ["migrate"])
    assert code == 0, output
    with Embedded(folder, settings) as deployment:
        def chats(number):
            client = Client(deployment.http, user=f"u{number}")
            return [client.post("/api/chat", {"message": "Hello", "session_id": "s"}).status
                    for _ in range(3)]

        assert chats(0) == [200] * 3
        before = guarded.connections()
        guarded.sql("alter role app password 'second'")
        changed = threading.Timer(0.5, store, [guarded.url("second")])
        changed.start()
        with concurrent.futures.ThreadPoolExecutor(USERS) as pool:
            statuses = [status for each in pool.map(chats, range(USERS)) for status in each]
        changed.join()
        assert statuses == [200] * (3 * USERS)
        assert guarded.connections() > before, "no connection was made with the new password"
        # Nothing of the old time is left: everything is made anew, with the password of now.
        guarded.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'")
        wait_for(lambda: chats(0) == [200] * 3, "the connections to be made anew")
        said = "".join(program.log_text() for program in deployment.programs.values())
        assert ":first@" not in said and ":second@" not in said


def test_a_password_in_a_file_rotates_without_a_failed_request(guarded, tmp_path):
    file = tmp_path / "database-url"
    file.write_text(guarded.url("first") + "\n")
    rotate_under_load(guarded, tmp_path / "data", {"DATABASE_URL_FILE": str(file)}, file.write_text)


def test_the_variable_may_refer_to_the_file(guarded, tmp_path):
    file = tmp_path / "database-url"
    file.write_text(guarded.url("first"))
    settings = {"DATABASE_URL": f"file:{file}", "DRAMATIS_DATA_DIR": str(tmp_path)}
    code, output = run_program("dramatis", settings, ["migrate", "--check"])
    assert "schema is at" in output, output
    file.write_text(guarded.url("wrong"))
    begun = time.monotonic()
    code, output = run_program("dramatis", settings, ["migrate", "--check"])
    assert code != 0 and 'refuses the password of the role "app"' in output
    assert "wrong" not in output and time.monotonic() - begun < 20


@pytest.mark.parametrize("content, named", [
    (None, "cannot read"), ("", "is empty"), ("mysql://x", "must be postgresql://"),
])
def test_what_cannot_be_read_is_named_at_start(tmp_path, content, named):
    file = tmp_path / "url"
    if content is not None:
        file.write_text(content)
    code, output = run_program("dramatis", {**PORTS, "DATABASE_URL": f"file:{file}"}, ["--check-config"])
    assert code != 0 and "DATABASE_URL" in output and named in output


def test_outside_local_a_reference_is_no_secret_in_a_variable(tmp_path):
    file = tmp_path / "url"
    file.write_text("postgresql://app:first@db.example.org/app")
    settings = {"DATABASE_URL": f"file:{file}", "DRAMATIS_ENVIRONMENT": "production"}
    code, output = run_program("dramatis-persona", settings, ["--check-config"])
    assert code != 0 and "DATABASE_URL must have ?sslmode=verify-full" in output
    assert "DATABASE_URL may only be set" not in output and "first" not in output
