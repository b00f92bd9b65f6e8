"""Dramatis as people run it, in both shapes, with one interface for tests.

    with Embedded(folder, settings) as dramatis: ...        # `dramatis`, on SQLite
    with Separate(database_url, settings) as dramatis: ...  # five programs, on PostgreSQL

    dramatis.client("alice")      # HTTP through the gateway
    dramatis.kill(); dramatis.start()
"""

import contextlib
import pathlib
import sqlite3

from tests.harness import postgres
from tests.harness.client import Client
from tests.harness.program import Program, run_program, wait_for

SERVICES = ("persona", "memory", "inference", "conversation")
FULL_NAMES = {name: f"dramatis.{name}.v1.{name.capitalize()}Service" for name in SERVICES}
PORTS = {
    "DRAMATIS_HTTP_ADDRESS": "127.0.0.1:0",
    "DRAMATIS_GRPC_ADDRESS": "127.0.0.1:0",
    "DRAMATIS_MANAGEMENT_ADDRESS": "127.0.0.1:0",
}


class Deployment:
    """What both shapes share. `programs`: every running one by name."""

    def __init__(self, settings):
        self.settings = {"DRAMATIS_ENVIRONMENT": "local", **PORTS, **settings}
        self.programs = {}

    @property
    def http(self):
        """The gateway's address."""
        return self.programs[self.gateway].address("http")

    def client(self, user=None, **options):
        return Client(self.http, user, **options)

    def start(self):
        raise NotImplementedError

    def _await_ready(self, address):
        client = Client(address)
        # As a proxy asks that speaks TLS, for those that serve nobody else.
        proxied = {"X-Forwarded-Proto": "https"}
        wait_for(lambda: client.get("/readyz", proxied).status == 200, f"{address} to be ready")

    def kill(self):
        """kill -9 of every program."""
        for program in self.programs.values():
            program.process.kill()
        for program in self.programs.values():
            program.kill()

    def stop(self):
        """SIGTERM to every program, the gateway first; the exit codes."""
        order = sorted(self.programs, key=lambda name: not name.startswith(self.gateway))
        for name in order:
            self.programs[name].process.terminate()
        return {name: self.programs[name].wait() for name in order}

    def restart(self):
        self.stop()
        self.start()

    def log_lines(self):
        return [line for program in self.programs.values() for line in program.lines]

    def row_counts(self):
        """Rows of every table of every service, as "<service>.<table>": number; but not how far
        rows have been brought up to date (shared/sql/backfill.h)."""
        raise NotImplementedError

    def execute(self, service, statement):
        """Runs SQL behind the programs' back, as an hour that passes would; {schema} stands before
        each table. What comes back as rows of text."""
        raise NotImplementedError

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_):
        self.kill()


def is_sqlite(file):
    with file.open("rb") as content:
        return content.read(16) == b"SQLite format 3\0"


class Embedded(Deployment):
    """All in one program, on SQLite."""

    shape = "embedded"
    gateway = "dramatis"

    def __init__(self, folder, settings=None, arguments=()):
        self.folder = pathlib.Path(folder)
        super().__init__({"DRAMATIS_DATA_DIR": str(self.folder), **(settings or {})})

    def start(self):
        self.programs = {"dramatis": Program("dramatis", self.settings)}
        self._await_ready(self.http)

    def grpc(self, service):
        return self.programs["dramatis"].address("grpc")

    def managements(self):
        return [self.programs["dramatis"].address("management")]

    def database_files(self):
        """The SQLite file of each service."""
        return {file.stem: file for file in sorted(self.folder.iterdir())
                if file.is_file() and is_sqlite(file)}

    def row_counts(self):
        counts = {}
        for service, file in self.database_files().items():
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10) as database:
                tables = [row[0] for row in database.execute(
                    "select name from sqlite_master where type = 'table' and sql not like "
                    "'%virtual%' and name <> 'backfills' order by name")]
                for table in tables:
                    counts[f"{service}.{table}"] = database.execute(
                        f'select count(*) from "{table}"').fetchone()[0]
            database.close()
        return counts

    def execute(self, service, statement):
        with contextlib.closing(sqlite3.connect(self.folder / f"{service}.db", timeout=10)) as database:
            with database:
                rows = database.execute(statement.format(schema="main")).fetchall()
        return [tuple(str(value) for value in row) for row in rows]


class Separate(Deployment):
    """Five programs, on PostgreSQL. With `replicas`, conversation runs so many times, each behind a
    gateway of its own: `http_addresses`."""

    shape = "separate"
    gateway = "dramatis-gateway"

    def __init__(self, database_url, settings=None, replicas=1, folder=None):
        own = {"DATABASE_URL": database_url}
        if folder is not None:
            own["DRAMATIS_DATA_DIR"] = str(folder)
        super().__init__({**own, **(settings or {})})
        self.database_url = database_url
        self.replicas = replicas

    def migrate(self):
        for service in SERVICES:
            code, output = run_program(f"dramatis-{service}", self.settings, ["migrate"])
            assert code == 0, output

    def _start(self, name, program, own):
        self.programs[name] = Program(program, {**self.settings, **own})

    def start_again(self, name):
        """Starts a program that was ended, where its neighbours look for it."""
        ended = self.programs[name]
        again = {**ended.settings, "DRAMATIS_MANAGEMENT_ADDRESS": "127.0.0.1:0"}
        for protocol in ("grpc", "http"):
            if any(line.get("protocol") == protocol for line in ended.lines):
                again[f"DRAMATIS_{protocol.upper()}_ADDRESS"] = ended.address(protocol)
        self.programs[name] = Program(ended.name, again)
        self.programs[name].address("management")

    def start(self):
        self.migrate()
        self.programs = {}
        neighbours = {}
        for service in ("persona", "inference", "memory"):  # each before its callers
            self._start(f"dramatis-{service}", f"dramatis-{service}", dict(neighbours))
            neighbours[f"DRAMATIS_{service.upper()}_ADDRESS"] = self.grpc(service)
        for number in range(self.replicas):
            suffix = f"-{number + 1}" if number else ""
            self._start(f"dramatis-conversation{suffix}", "dramatis-conversation", neighbours)
        for number in range(self.replicas):
            suffix = f"-{number + 1}" if number else ""
            conversation = self.programs[f"dramatis-conversation{suffix}"].address("grpc")
            self._start(f"dramatis-gateway{suffix}", "dramatis-gateway",
                        {**neighbours, "DRAMATIS_CONVERSATION_ADDRESS": conversation})
        for address in self.http_addresses():
            self._await_ready(address)

    def http_addresses(self):
        return [program.address("http") for name, program in self.programs.items()
                if name.startswith("dramatis-gateway")]

    def grpc(self, service):
        return self.programs[f"dramatis-{service}"].address("grpc")

    def managements(self):
        return [program.address("management") for program in self.programs.values()]

    def row_counts(self):
        tables = postgres.psql(
            self.database_url,
            "select schemaname, tablename from pg_tables where schemaname not in "
            "('pg_catalog', 'information_schema') and tablename <> 'backfills' order by 1, 2")
        union = " union all ".join(
            f"""select '{schema}.{table}', count(*) from "{schema}"."{table}" """
            for schema, table in tables)
        return {name: int(count) for name, count in postgres.psql(self.database_url, union)}

    def execute(self, service, statement):
        return [tuple(row) for row in
                postgres.psql(self.database_url, statement.format(schema=service))]
