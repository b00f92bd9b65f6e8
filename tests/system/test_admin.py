"""What admins do: databases, sample data, usage; and the audit log of it."""

import re
import shutil
import tempfile
import uuid

from tests.conftest import make_double_persona
from tests.harness import postgres
from tests.harness.deployment import SERVICES, Separate
from tests.harness.program import wait_for

STATUS = "/api/admin/database-status"
SETUP = "/api/admin/setup-database"
SEED = "/api/admin/seed-database"
USAGE = "/api/admin/usage"
CONFIRMED = {"confirm": "local"}
SAMPLE_USERS = ("mara", "jonas", "priya")


def requests(client):
    """Every admin route, each called once; the answers by path."""
    return {STATUS: client.get(STATUS), SETUP: client.post(SETUP),
            SEED: client.post(SEED, {"confirm": "elsewhere"}), USAGE: client.get(USAGE)}


def counts(status):
    """Rows of every table, as Deployment.row_counts() has them."""
    return {f"{service}.{table['name']}": table["rowCount"]
            for service, database in status["services"].items() for table in database["tables"]}


def test_status_tells_engine_schema_and_rows(dramatis, admin, client):
    client.post("/api/personas", {"name": "Counted", "type": "human"}).expect(201)
    status = admin.get(STATUS).expect(200)
    assert status["environment"] == "local"
    assert set(status["services"]) == set(SERVICES)
    for service, database in status["services"].items():
        assert database["status"] == "serving", service
        assert database["engine"] == ("sqlite" if dramatis.shape == "embedded" else "postgresql")
        assert database["connected"] is True
        assert database["schemaVersion"] >= 1
        assert database["pending"] == []
        assert "problem" not in database
    # What other tests have begun may still add rows.
    names = ("persona.personas", "memory.profiles", "conversation.messages", "inference.usage")
    told = wait_for(
        lambda: (told := counts(admin.get(STATUS).expect(200)))
        and (stored := dramatis.row_counts())
        and all(told[name] == stored[name] for name in names) and told,
        "the numbers of rows to be those of the databases")
    assert told["persona.personas"] > 0
    assert not [name for name in told if "schema_migrations" in name or "sqlite_" in name]


def test_everybody_else_is_refused(dramatis, client, user):
    for caller in (client, dramatis.client(f"{user}:service")):
        for path, response in requests(caller).items():
            assert response.problem(403, "PERMISSION_DENIED"), path
    for path, response in requests(dramatis.client(f"{user}:root")).items():
        assert response.problem(401, "UNAUTHENTICATED"), path


def test_setup_is_idempotent(admin):
    for _ in range(2):
        done = admin.post(SETUP).expect(200)
        assert set(done["services"]) == set(SERVICES)
        assert all(service["applied"] == [] for service in done["services"].values())


def test_setup_honours_its_idempotency_key(admin):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = admin.post(SETUP, headers=key)
    again = admin.post(SETUP, headers=key)
    assert first.expect(200) == again.expect(200)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


def test_seed_tells_a_story(make_deployment, shape):
    with make_deployment(shape) as deployment:
        admin = deployment.client("root:admin")
        seeded = admin.post(SEED, CONFIRMED).expect(200)["services"]
        assert seeded["persona"]["created"] == {"personas": 6}
        assert seeded["memory"]["created"]["profiles"] == 3
        assert seeded["conversation"]["created"]["conversations"] == 3
        assert seeded["inference"] == {"seeded": False, "created": {}}
        for user in SAMPLE_USERS:
            client = deployment.client(user)
            assert client.get("/api/profile").expect(200)["displayName"].lower() == user
            assert len(client.get("/api/personas?ownerId=me").expect(200)["personas"]) == 2
            assert client.get("/api/memories").expect(200)["memories"]
            assert client.get("/api/journal/stats").expect(200)["totalEntries"] == 1
            [goal] = client.get("/api/goals").expect(200)["goals"]
            progress = client.get(f"/api/goals/{goal['goalId']}/progress").expect(200)
            assert 0 < progress["progress"] <= 100
        # The personas answer.
        elias = next(persona["personaId"]
                     for persona in admin.get("/api/personas").expect(200)["personas"]
                     if persona["name"] == "Keeper Elias")
        answer = deployment.client("priya").post(
            "/api/chat", {"message": "How many prisms has the lens?", "persona_id": elias})
        assert "prisms" in answer.expect(200)["response"]


def test_seed_names_the_same_personas_everywhere(make_deployment, shape):
    with make_deployment(shape) as deployment:
        admin = deployment.client("root:admin")
        admin.post(SEED, CONFIRMED).expect(200)
        personas = {persona["personaId"]: persona["name"]
                    for persona in admin.get("/api/personas").expect(200)["personas"]}
        rooms = deployment.client("mara").get("/api/conversations").expect(200)["conversations"]
        assert len(rooms) == 3
        for room in rooms:
            members = {member["personaId"]: member["name"] for member in room["participants"]}
            assert members.items() <= personas.items()
            messages = deployment.client("mara").get(
                f"/api/conversations/{room['conversationId']}/messages").expect(200)["messages"]
            assert messages and {message["personaId"] for message in messages} <= set(members)


def test_seed_is_for_new_deployments(make_deployment, shape):
    with make_deployment(shape) as deployment:
        admin = deployment.client("root:admin")
        for body, field in ((None, "confirm"), ({"confirm": "production"}, "confirm"),
                            ({"confirm": "local", "force": True}, "force")):
            problem = admin.post(SEED, body).problem(400)
            assert [error["field"] for error in problem["errors"]] == [field]
        deployment.client("alice").put("/api/profile", {"displayName": "Alice"}).expect(200)
        before = deployment.row_counts()
        refused = admin.post(SEED, CONFIRMED).problem(403, "ADMIN_DISABLED")
        assert refused["service"] == "memory"
        assert deployment.row_counts() == before


def test_seed_twice(make_deployment, shape):
    with make_deployment(shape) as deployment:
        admin = deployment.client("root:admin")
        key = {"Idempotency-Key": "seed-1"}
        first = admin.post(SEED, CONFIRMED, key)
        assert "idempotency-replayed" not in first.headers
        # What jobs do with what was written, when they come.
        later = {"persona.persona_holds", "conversation.message_search",
                 "conversation.unindexed_messages"}

        def written():
            return {name: count for name, count in deployment.row_counts().items()
                    if name not in later}
        before = written()
        again = admin.post(SEED, CONFIRMED, key)
        assert again.expect(200) == first.expect(200)
        assert again.headers["idempotency-replayed"] == "true"
        admin.post(SEED, CONFIRMED).problem(403, "ADMIN_DISABLED")
        assert written() == before


def test_seed_goes_on_where_it_was_interrupted(make_deployment):
    with make_deployment("separate") as deployment:
        admin = deployment.client("root:admin")
        deployment.programs["dramatis-memory"].kill()
        admin.post(SEED, CONFIRMED).problem(503)
        assert deployment.row_counts()["persona.personas"] == 1  # the default one
        deployment.start_again("dramatis-memory")
        wait_for(lambda: admin.get("/readyz").status == 200, "memory to be back")
        admin.post(SEED, CONFIRMED).expect(200)


def test_a_deployment_may_forbid_changes(make_deployment, shape):
    with make_deployment(shape, {"DRAMATIS_ADMIN_MUTATIONS": "false"}) as deployment:
        admin = deployment.client("root:admin")
        before = deployment.row_counts()
        admin.post(SETUP).problem(403, "ADMIN_DISABLED")
        admin.post(SEED, CONFIRMED).problem(403, "ADMIN_DISABLED")
        assert admin.get(STATUS).status == 200
        assert deployment.row_counts() == before


def test_setup_makes_the_schema_that_services_wait_for(make_deployment):
    deployment = make_deployment("separate")
    deployment.migrate = lambda: None
    deployment._await_ready = lambda address: None
    with deployment:
        admin = deployment.client("root:admin")
        wait_for(lambda: admin.get(STATUS).status == 200, "the gateway to answer")
        assert admin.get("/readyz").status == 503
        for path in ("/api/personas", "/api/profile", "/api/history"):
            admin.get(path).problem(503)
        for service, database in admin.get(STATUS).expect(200)["services"].items():
            assert database["status"] == "not_serving", service
            assert database["connected"] is True
            assert database["schemaVersion"] == 0
            assert database["pending"][0].startswith("0001_")
            assert database["tables"] == []
        logged = [line for line in deployment.log_lines()
                  if line.get("message") == "waiting for the database"]
        assert len(logged) == len(SERVICES)
        assert all("migrate" in line["error"] and SETUP in line["error"] for line in logged)

        done = admin.post(SETUP).expect(200)["services"]
        assert all(service["applied"][0].startswith("0001_") for service in done.values())
        wait_for(lambda: admin.get("/readyz").status == 200, "the services to start")
        admin.post("/api/chat", {"message": "Hello"}).expect(200)
        assert all(service["applied"] == []
                   for service in admin.post(SETUP).expect(200)["services"].values())


def test_status_of_a_service_that_is_down(make_deployment):
    with make_deployment("separate") as deployment:
        admin = deployment.client("root:admin")
        deployment.programs["dramatis-memory"].kill()
        services = admin.get(STATUS).expect(200)["services"]
        assert services["memory"]["status"] == "not_serving"
        assert services["memory"]["connected"] is False
        assert services["memory"]["problem"]
        assert services["persona"]["status"] == "serving"
        assert admin.post(SETUP).problem(503)["service"] == "memory"


def test_status_of_a_database_that_is_away(tmp_path):
    folder = tempfile.mkdtemp(prefix="dramatis-admin.")
    cluster = postgres.Cluster.start(folder)
    try:
        with Separate(cluster.create_database("away"), folder=tmp_path) as deployment:
            admin = deployment.client("root:admin")
            cluster.stop()
            for service, database in admin.get(STATUS).expect(200)["services"].items():
                assert database["engine"] == "postgresql"
                assert database["connected"] is False, service
                assert database["problem"] == "the database cannot be read just now"
            cluster.restart()
            wait_for(lambda: all(database["connected"] and database["status"] == "serving"
                                 for database in
                                 admin.get(STATUS).expect(200)["services"].values()),
                     "the databases to be back")
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def usage(admin, **parameters):
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return admin.get(f"{USAGE}?{query}")


def usage_groups(admin, group_by):
    """Every group of the usage, by its key, page for page: a deployment has many users."""
    groups, token = {}, ""
    while True:
        page = usage(admin, groupBy=group_by, pageSize=100, pageToken=token).expect(200)
        assert page["groupBy"] == group_by
        groups.update((group["key"], group) for group in page["groups"])
        token = page["nextPageToken"]
        if not token:
            return groups


def test_usage_by_everything(make_deployment, provider, shape):
    # What memory asks a model counts too, at a time of its own: here it asks nothing.
    settings = {**provider.settings(), "DRAMATIS_MODEL": "local",
                "DRAMATIS_MEMORY_EXTRACTION": "false"}
    provider.script({"tokens": ["Hello"]})
    with make_deployment(shape, settings) as deployment:
        admin, client = deployment.client("root:admin"), deployment.client("alice")
        persona = make_double_persona(client)
        client.post("/api/chat", {"message": "Hi", "persona_id": persona}).expect(200)
        client.post("/api/chat", {"message": "Hi"}).expect(200)
        deployment.client("bob").post("/api/chat", {"message": "Hi"}).expect(200)

        # A call is written before its reply is told.
        calls = {group_by: {key: group["calls"]
                            for key, group in usage_groups(admin, group_by).items()}
                 for group_by in ("user", "persona", "model", "day")}
        assert calls["user"] == {"alice": 2, "bob": 1}
        assert calls["persona"].pop(persona) == 1
        assert list(calls["persona"].values()) == [2], "the default persona's"
        assert calls["model"] == {"local/retrieval": 2, "openai/double": 1}
        assert sum(calls["day"].values()) == 3
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in calls["day"])
        alice = usage_groups(admin, "user")["alice"]
        assert alice["inputTokens"] > 0 and alice["outputTokens"] > 0


def test_usage_counts_what_memory_asks(admin, client, user):
    client.post("/api/chat", {"message": "I live in Bergen."}).expect(200)
    # The reply, and what the message says of its user.
    wait_for(lambda: usage_groups(admin, "user")[user]["calls"] == 2, "memory's call")


def test_usage_within_a_time(admin, client, user):
    client.post("/api/chat", {"message": "Hi"}).expect(200)
    wait_for(lambda: user in usage_groups(admin, "user"), "usage")
    ahead = usage(admin, **{"from": "2100-01-01T00:00:00Z", "to": "2101-01-01T00:00:00Z"})
    assert ahead.expect(200)["groups"] == []
    for query, field in (({"from": "2100-01-01T00:00:00Z"}, "from"),
                         ({"from": "2020-01-02T00:00:00Z", "to": "2020-01-02T00:00:00Z"}, "from"),
                         ({"from": "yesterday"}, "from"), ({"groupBy": "planet"}, "groupBy"),
                         ({"pageSize": 101}, "pageSize"), ({"sum": 1}, "sum")):
        problem = usage(admin, **query).problem(400)
        assert [error["field"] for error in problem["errors"]] == [field], query
    usage(admin, pageToken="forged").problem(400, "INVALID_CURSOR")


def test_usage_pages(dramatis, admin, user):
    names = [f"{user}-{number}" for number in range(3)]
    for name in names:
        dramatis.client(name).post("/api/chat", {"message": "Hi"}).expect(200)

    def keys():
        found, token = [], ""
        while True:
            page = usage(admin, groupBy="user", pageSize=2, pageToken=token).expect(200)
            assert len(page["groups"]) <= 2
            found += [group["key"] for group in page["groups"]]
            token = page["nextPageToken"]
            if not token:
                return found

    found = wait_for(lambda: set(names) <= set(all_keys := keys()) and all_keys, "usage")
    assert len(found) == len(set(found))
    assert found == sorted(found)


def test_every_admin_call_is_in_the_audit_log(make_deployment, shape):
    with make_deployment(shape, {"DRAMATIS_LOG_LEVEL": "error"}) as deployment:
        for number, name in enumerate(("root:admin", "alice", "alice:nobody")):
            client = deployment.client(name)
            client.headers["X-Correlation-ID"] = f"audited-{number}"
            requests(client)
        deployment.client("alice").get("/api/personas").expect(200)
        records = [line for line in deployment.log_lines()
                   if line.get("level") == "audit" and line["message"] == "admin call"]
    for number, outcome, user in ((0, "allowed", "root"), (1, "refused", "alice"),
                                  (2, "refused", "")):
        own = [record for record in records if record["correlation_id"] == f"audited-{number}"]
        methods = {record["method"].split("/")[1]: record for record in own
                   if record["method"].startswith(("dramatis.gateway.", "dramatis.inference."))}
        assert set(methods) == {"GetDatabaseStatus", "SetupDatabase", "SeedDatabase", "ListUsage"}
        for method, record in methods.items():
            expected = "failed" if (number, method) == (0, "SeedDatabase") else outcome
            assert record["outcome"] == expected, record
            assert record["user_id"] == user
            assert record["service"] and record["time"]
    # What services decided on their own is there too; what is for everybody is not.
    assert {record["correlation_id"] for record in records} == {
        "audited-0", "audited-1", "audited-2"}
    assert any(record["method"].startswith("dramatis.admin.") for record in records)
