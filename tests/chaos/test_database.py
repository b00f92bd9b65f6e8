"""A database that cannot be read or reached: 503, never an empty history; then as before."""

import shutil
import sqlite3
import tempfile

import pytest

from tests.harness import postgres
from tests.harness.deployment import Embedded, Separate
from tests.harness.program import run_program, wait_for

READS = ("/api/chat/history/kept", "/api/history/kept", "/api/history", "/api/session/kept",
         "/api/memories", "/api/memories/search?q=tea", "/api/profile", "/api/personas")
WRITES = (("/api/chat", {"message": "Hello", "session_id": "kept"}),
          ("/api/memories", {"content": "Likes milk."}),
          ("/api/personas", {"name": "New", "type": "ai_agent"}),
          ("/api/session", {"title": "New"}))


def fill(client):
    client.put("/api/profile", {"displayName": "Alice"}).expect(200)
    client.post("/api/memories", {"content": "Likes tea."}).expect(201)
    client.post("/api/personas", {"name": "Kept", "type": "ai_agent"}).expect(201)
    client.post("/api/chat", {"message": "Hello", "session_id": "kept"}).expect(200)


def assert_unavailable(response, where):
    assert response.status == 503, (where, response.status, response.body)
    problem = response.problem(503)
    assert "retry-after" in response.headers, where
    text = response.body.decode().lower()
    for word in ("sqlite", "postgres", "select ", "libpq", "exception", "/data", "server closed"):
        assert word not in text, (where, problem)


@pytest.fixture
def cluster():
    folder = tempfile.mkdtemp(prefix="dramatis-chaos.")
    cluster = postgres.Cluster.start(folder)
    yield cluster
    cluster.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_postgres_away_and_back(cluster, tmp_path):
    with Separate(cluster.create_database("away"), folder=tmp_path) as deployment:
        client = deployment.client("alice")
        fill(client)
        before = {path: client.get(path).expect(200) for path in READS}
        cluster.stop()
        for path in READS:
            assert_unavailable(client.get(path), path)
        for path, body in WRITES:
            assert_unavailable(client.post(path, body), path)
        health = wait_for(lambda: (answer := client.get("/api/health")).status == 503 and answer,
                          "health to say so")
        assert health.json()["status"] == "unhealthy"
        cluster.restart()
        wait_for(lambda: client.get("/api/health").status == 200, "health to come back")
        for path in READS:
            assert client.get(path).expect(200) == before[path]
        client.post("/api/chat", {"message": "Hello again", "session_id": "kept"}).expect(200)


def test_postgres_away_in_the_middle_of_a_turn(cluster, tmp_path, provider):
    settings = {**provider.settings(), "DRAMATIS_MODEL": "openai/double",
                "DRAMATIS_TURN_LEASE": "2s"}
    provider.script(default={"count": 40, "token_delay_ms": 50})
    with Separate(cluster.create_database("middle"), settings, folder=tmp_path) as deployment:
        client = deployment.client("alice")
        with client.stream("/api/chat", {"message": "Hi", "session_id": "kept",
                                         "stream": True}) as stream:
            turn = stream.next().json()["turn_id"]
            stream.next()
            cluster.stop()
            wait_for(lambda: client.get("/api/chat/history/kept").status == 503, "503")
        cluster.restart()
        wait_for(lambda: client.get("/api/health").status == 200, "health to come back")

        def ended():
            answer = client.get(f"/api/turns/{turn}").expect(200)
            return answer if answer["state"] in ("done", "failed") else None

        state = wait_for(ended, "the turn to end", timeout=60, pause=0.2)
        messages = client.get("/api/chat/history/kept").expect(200)["messages"]
        assert messages[0]["content"] == "Hi"
        assert len(messages) == (2 if state["state"] == "done" else 1)


def grow(client):
    """A history larger than what a connection keeps in memory."""
    for number in range(60):
        client.post("/api/memories", {"content": f"{number} " + "😀" * 1990}).expect(201)
        client.post("/api/chat", {"message": "😀" * 8000, "session_id": "kept"}).expect(200)


def damage(file):
    """Overwrites everything but the first page, and what the write-ahead log holds."""
    size = file.stat().st_size
    with file.open("r+b") as data:
        data.seek(4096)
        data.write(b"\xa5" * (size - 4096))
    log = file.with_name(file.name + "-wal")
    if log.exists():
        with log.open("r+b") as data:
            data.write(b"\xa5" * log.stat().st_size)


def test_damaged_sqlite_file_is_never_an_empty_history(tmp_path, provider):
    settings = {**provider.settings(), "DRAMATIS_MODEL": "openai/double"}
    provider.script(default={"count": 1000})
    with Embedded(tmp_path / "data", settings) as deployment:
        client = deployment.client("alice")
        grow(client)
        paths = ("/api/chat/history/kept?page_size=100", "/api/history/kept?page_size=100",
                 "/api/memories?pageSize=100", "/api/history")
        before = {path: client.get(path).expect(200) for path in paths}
        files = deployment.database_files()
        damage(files["conversation"])
        damage(files["memory"])
        refused = 0
        for _ in range(20):  # several connections, some of which may still know some pages
            for path in paths:
                response = client.get(path)
                if response.status == 200:
                    assert response.json() == before[path], path
                else:
                    assert_unavailable(response, path)
                    refused += 1
        assert refused > 0


def test_sqlite_file_that_is_no_database_stops_the_start(tmp_path):
    deployment = Embedded(tmp_path / "data")
    with deployment:
        fill(deployment.client("alice"))
        deployment.stop()
    file = deployment.database_files()["conversation"]
    file.write_bytes(b"this is not a database" * 1000)
    for log in file.parent.glob(file.name + "-*"):
        log.unlink()
    code, output = run_program("dramatis", deployment.settings)
    assert code == 1
    assert "conversation" in output
    assert file.read_bytes().startswith(b"this is not a database")


def test_locked_sqlite_file_is_503_for_writes(tmp_path):
    with Embedded(tmp_path / "data") as deployment:
        client = deployment.client("alice")
        fill(client)
        lock = sqlite3.connect(deployment.database_files()["memory"], isolation_level=None)
        lock.execute("begin immediate")
        try:
            response = client.post("/api/memories", {"content": "Likes milk."})
            assert response.status in (409, 503), response.body
            assert len(client.get("/api/memories").expect(200)["memories"]) == 1
        finally:
            lock.execute("rollback")
            lock.close()
        client.post("/api/memories", {"content": "Likes milk."}).expect(201)
