"""Fixtures of the system and chaos tests. See tests/harness/ for what they are made of."""

import itertools
import os
import shutil
import tempfile
import uuid

import pytest

from tests.harness import postgres, program
from tests.harness.deployment import Embedded, Separate
from tests.harness.provider import Provider

SHAPES = ("embedded", "separate")
# Tests share their processors with builds, sanitizers and each other: who waits for those is not
# one too many. test_overload.py has its own.
program.ENVIRONMENT["DRAMATIS_QUEUE_DELAY"] = "10s"
_names = itertools.count(1)


def pytest_report_header():
    return f"programs from {program.BIN}"


@pytest.fixture(scope="session")
def postgres_url():
    """A PostgreSQL cluster: the one that `./dev test` started, else one of our own."""
    url = os.environ.get("DRAMATIS_TEST_DATABASE_URL")
    if url:
        yield url
        return
    folder = tempfile.mkdtemp(prefix="dramatis-postgres.")
    cluster = postgres.Cluster.start(folder)
    yield cluster.url
    cluster.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def make_deployment(postgres_url, tmp_path_factory):
    """make_deployment("separate", settings): not started yet; its data are its own."""
    def make(shape, settings=None, **options):
        folder = tmp_path_factory.mktemp(shape)
        if shape == "embedded":
            return Embedded(folder / "data", settings, **options)
        name = f"system_{os.getpid()}_{next(_names)}"
        url = postgres.create_database(postgres_url, name)
        return Separate(url, settings, folder=folder / "data", **options)

    return make  # the databases go with their cluster


@pytest.fixture(scope="session")
def shared_provider():
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def provider(shared_provider):
    """The provider double, as new."""
    shared_provider.reset()
    return shared_provider


@pytest.fixture(scope="session", params=SHAPES)
def dramatis(request, make_deployment, shared_provider):
    """A deployment that tests share: each works as a user of its own and leaves it running. The
    default model is the built-in one; `openai/double` is the provider double."""
    settings = {**shared_provider.settings(), "DRAMATIS_MODEL": "local"}
    with make_deployment(request.param, settings) as deployment:
        yield deployment


@pytest.fixture(params=SHAPES)
def shape(request):
    """For tests that start deployments of their own."""
    return request.param


@pytest.fixture
def user():
    return f"user-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def client(dramatis, user):
    """HTTP as a user nobody else is."""
    return dramatis.client(user)


@pytest.fixture
def admin(dramatis, user):
    return dramatis.client(f"{user}-admin:admin")


@pytest.fixture
def double_persona(client):
    """A persona of this user that the provider double speaks for."""
    return make_double_persona(client)


def make_double_persona(client, **fields):
    persona = {
        "name": f"Persona {uuid.uuid4().hex[:8]}",
        "type": "ai_agent",
        "biography": "I am a stand-in that speaks through a scripted provider.",
        "modelConfig": {"model": "openai/double"},
        **fields,
    }
    return client.post("/api/personas", persona).expect(201)["personaId"]
