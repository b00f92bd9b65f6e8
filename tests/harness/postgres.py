"""Throw-away PostgreSQL clusters on a free loopback port.

    cluster = Cluster.start(folder)      # folder: empty, gone to the user PostgreSQL runs as
    cluster.url                          # postgresql://dramatis@127.0.0.1:41234/postgres
    cluster.create_database("run_1")     # its URL
    cluster.stop()

As a program, for `./dev test`: `postgres.py start <folder> [port [secrets]]` prints the URL,
`postgres.py stop <folder>` stops what start started.

`secrets`: a folder with tls.crt, tls.key and pg_hba.conf, as deploy/secrets makes it; whoever is
not the superuser then comes by what that file says.
"""

import glob
import os
import pathlib
import pwd
import socket
import subprocess
import sys
import urllib.parse

USER = "dramatis"
# Nothing here outlives a test, so nothing needs to reach the disk.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "64MB",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _binary(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else name


def _account():
    """PostgreSQL refuses to run as root: the account to run as then, else None."""
    if os.geteuid() != 0:
        return None
    names = [entry.pw_name for entry in pwd.getpwall()]
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


def _run(arguments, **options):
    account = _account()
    if account is not None:
        options.update(user=account.pw_uid, group=account.pw_gid, extra_groups=[])
    # Files, not pipes: the server inherits them and would keep a pipe open for ever.
    with open(os.devnull, "rb") as nothing:
        return subprocess.run(arguments, stdin=nothing, cwd="/", **options)


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        options = (self.folder / "port").read_text() if (self.folder / "port").exists() else "0"
        self.port = int(options)

    @classmethod
    def start(cls, folder, port=None, secrets=None):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        account = _account()
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        os.chmod(folder, 0o755)
        log = (folder / "log").as_posix()
        with open(log, "ab") as output:
            _run([_binary("initdb"), "-D", folder / "data", "-U", USER, "--auth=trust",
                  "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
                 check=True, stdout=output, stderr=output)
        if secrets is not None:
            cls._install(folder / "data", pathlib.Path(secrets), account)
        # Another process may take the port between the probe and the start: then try another.
        for attempt in range(5):
            (folder / "port").write_text(str(port or free_port()))
            cluster = cls(folder)
            try:
                cluster.restart()
                return cluster
            except subprocess.CalledProcessError:
                if attempt == 4:
                    print(pathlib.Path(log).read_text(errors="replace"), file=sys.stderr)
                    raise
        raise AssertionError("unreachable")

    @staticmethod
    def _install(data, secrets, account):
        (data / "pg_hba.conf").write_text(f"host all {USER} samehost trust\n"
                                          + (secrets / "pg_hba.conf").read_text())
        for name in ("tls.crt", "tls.key"):
            (data / name).write_bytes((secrets / name).read_bytes())
            (data / name).chmod(0o600)
            if account is not None:
                os.chown(data / name, account.pw_uid, account.pw_gid)

    def restart(self):
        """Starts the stopped cluster again, on the same port."""
        settings = [f"-c {name}={value}" for name, value in SETTINGS.items()]
        if (self.data / "tls.key").exists():
            settings += ["-c ssl=on", "-c ssl_cert_file=tls.crt", "-c ssl_key_file=tls.key"]
        settings += [f"-p {self.port}", "-k ''"]  # no socket file: paths of those must be short
        with open(self.folder / "log", "ab") as output:
            _run([_binary("pg_ctl"), "-D", self.data, "-w", "-t", "60", "-l",
                  self.data / "server.log", "-o", " ".join(settings), "start"],
                 check=True, stdout=output, stderr=output)

    def stop(self, mode="immediate"):
        with open(self.folder / "log", "ab") as output:
            _run([_binary("pg_ctl"), "-D", self.data, "-w", "-m", mode, "stop"],
                 check=False, stdout=output, stderr=output)

    @property
    def url(self):
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    def create_database(self, name):
        return create_database(self.url, name)


def psql(url, statement):
    """The rows of a statement, each a list of texts."""
    ran = subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", url,
         "-c", statement],
        check=True, capture_output=True, text=True)
    return [line.split("\t") for line in ran.stdout.splitlines()]


def create_database(url, name):
    """Makes a database in the cluster of `url`; the URL of it."""
    psql(url, f'create database "{name}"')
    return urllib.parse.urlsplit(url)._replace(path=f"/{name}").geturl()


if __name__ == "__main__":
    _, command, target, *port = sys.argv
    if command == "start":
        print(Cluster.start(target, *map(int, port[:1]), *port[1:]).url)
    elif command == "stop":
        Cluster(target).stop()
    else:
        sys.exit(f"unknown command {command}")
