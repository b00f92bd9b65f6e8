"""The five programs as they run in production: identity keys, mutual TLS between them, PostgreSQL
over verified TLS with a role for each service, TLS at the gateway.

    with Production(folder, issuer) as deployment:
        deployment.client(token)
"""

import os
import pathlib
import ssl

from tests.harness import postgres
from tests.harness.certificates import Authority
from tests.harness.client import Client
from tests.harness.deployment import PORTS, SERVICES, Separate
from tests.harness.program import run_program

CALLERS = ("gateway", "conversation", "memory")


class Production(Separate):
    def __init__(self, folder, issuer_url, database_url, settings=None, replicas=1, gateway=None):
        self.folder = pathlib.Path(folder)
        self.identity = self.folder / "identity"
        self.run_identity("new")
        self.authority = Authority(self.folder / "tls")
        for name in ("gateway", *SERVICES):
            self.authority.issue(name)
        self.authority.issue("public", ["chat.test", "localhost", "127.0.0.1"])
        (self.folder / "database-url").write_text(database_url)
        own = {
            "DRAMATIS_ENVIRONMENT": "production",
            "DATABASE_URL": "",
            "DATABASE_URL_FILE": str(self.folder / "database-url"),
            "DRAMATIS_GRPC_TLS_CA_FILE": str(self.authority.file),
            "DRAMATIS_OIDC_ISSUER": issuer_url,
            "DRAMATIS_OIDC_AUDIENCE": "dramatis",
        }
        self.of_gateway = gateway or {"DRAMATIS_TRUSTED_PROXIES": "127.0.0.1"}
        super().__init__(database_url, {**own, **(settings or {})}, replicas, self.folder / "data")

    def run_identity(self, step):
        code, output = run_program("dramatis", {}, ["identity", step, str(self.identity)])
        assert code == 0, output
        return output

    def settings_of(self, program):
        """What only this program is given."""
        name = program.removeprefix("dramatis-")
        own = {"DRAMATIS_GRPC_TLS_CERTIFICATE_FILE": str(self.authority.folder / f"{name}.crt"),
               "DRAMATIS_GRPC_TLS_KEY_FILE": str(self.authority.folder / f"{name}.key")}
        if name in CALLERS:
            own["DRAMATIS_IDENTITY_KEY_FILE"] = str(self.identity / f"{name}.json")
        if name == "gateway":
            # Tests ask more often than people do.
            own.update({"DRAMATIS_USER_RATE_LIMIT": "off", **self.of_gateway})
        else:
            own["DRAMATIS_IDENTITY_KEYS_FILE"] = str(self.identity / "keys.json")
        return own

    def _start(self, name, program, own):
        super()._start(name, program, {**self.settings_of(program), **own})

    def migrate(self):
        for service in SERVICES:
            program = f"dramatis-{service}"
            code, output = run_program(program, {**self.settings, **self.settings_of(program)},
                                       ["migrate"])
            assert code == 0, output

    @property
    def speaks_tls(self):
        return "DRAMATIS_TLS_CERTIFICATE_FILE" in self.of_gateway
