"""AWS as moto plays it, with signatures and rights checked. `./dev test` puts it into
build/tools/aws, with the versions of requirements.txt."""

import pytest

from tests.aws.moto import Moto


@pytest.fixture(scope="session")
def moto():
    server = Moto()
    yield server
    server.stop()
