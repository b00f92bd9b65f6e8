"""What is measured: the real programs on loopback, each with ports of its own choice."""

import pathlib
import tempfile

from tests.harness.client import Client
from tests.harness.program import Program
from tests.harness.provider import Provider

PORTS = {
    "DRAMATIS_HTTP_ADDRESS": "127.0.0.1:0",
    "DRAMATIS_GRPC_ADDRESS": "127.0.0.1:0",
    "DRAMATIS_MANAGEMENT_ADDRESS": "127.0.0.1:0",
    "DRAMATIS_LOG_LEVEL": "info",
}


class Deployment:
    """`dramatis` on SQLite in a folder that vanishes with it; with a provider double if asked, which
    speaks Anthropic's API too."""

    def __init__(self, provider=False, folder=None, settings=None, anthropic=False):
        self._folder = None if folder else tempfile.TemporaryDirectory(prefix="dramatis-bench-")
        self.folder = pathlib.Path(folder or self._folder.name)
        self.provider = Provider() if provider else None
        settings = dict(PORTS, DRAMATIS_DATA_DIR=str(self.folder / "data"), **(settings or {}))
        if self.provider:
            settings.update(self.provider.settings())
        if anthropic:
            settings.update({"ANTHROPIC_BASE_URL": f"http://{self.provider.address}",
                             "ANTHROPIC_API_KEY": "sk-ant-test"})
        self.program = Program("dramatis", settings)
        self.address = self.program.address("http")
        self.pid = self.program.process.pid
        self.client = Client(self.address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.terminate()
        if self.provider:
            self.provider.stop()
        if self._folder:
            self._folder.cleanup()


class Split:
    """One gateway program before one persona program: what crosses the gateway alone is seen."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="dramatis-bench-")
        settings = dict(PORTS, DRAMATIS_DATA_DIR=f"{self._folder.name}/data")
        self.persona = Program("dramatis-persona", settings)
        target = self.persona.address("grpc")
        self.gateway = Program("dramatis-gateway", dict(PORTS, DRAMATIS_PERSONA_ADDRESS=target))
        self.address = self.gateway.address("http")
        self.grpc_address = target
        self.client = Client(self.address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gateway.terminate()
        self.persona.terminate()
        self._folder.cleanup()
