"""API keys, as people and programs use them."""

import json
import subprocess
import time
import uuid

import pytest

from tests.harness.client import Client
from tests.harness.deployment import PORTS, Embedded
from tests.harness.program import BIN, run_program

ALL = ["chat", "personas_read", "personas_write", "memory"]


@pytest.fixture
def unique():
    """A name that no other test has."""
    return lambda name: f"{name}-{uuid.uuid4().hex[:8]}"


def with_key(dramatis, secret, header="Authorization"):
    client = Client(dramatis.http)
    client.headers = ({"Authorization": f"Bearer {secret}"} if header == "Authorization"
                      else {header: secret})
    return client


def make(client, **fields):
    return client.post("/api/keys", {"name": "mine", "scopes": ["chat"], **fields}).expect(201)


def test_a_key_is_its_user_and_shows_its_secret_once(dramatis, unique):
    ada = dramatis.client(unique("ada"))
    key = make(ada, scopes=ALL, requestsPerMinute=50, monthlyBudgetMicros=2500000)
    assert key["secret"].startswith("dramatis_local_") and len(key["secret"]) == 15 + 36
    assert (key["prefix"], key["lastFour"]) == (key["secret"][:19], key["secret"][-4:])
    ada.post("/api/memories", {"content": "tea"}).expect(201)
    for header in ("Authorization", "x-api-key"):
        found = with_key(dramatis, key["secret"], header).get("/api/memories").expect(200)
        assert [memory["content"] for memory in found["memories"]] == ["tea"]
    shown = ada.get(f"/api/keys/{key['keyId']}").expect(200)
    assert "secret" not in shown and shown["lastUsedAt"]
    assert (shown["requestsPerMinute"], shown["monthlyBudgetMicros"]) == (50, 2500000)
    assert [k["keyId"] for k in ada.get("/api/keys").expect(200)["keys"]] == [key["keyId"]]
    assert dramatis.client(unique("bob")).get(f"/api/keys/{key['keyId']}").status == 404


def test_a_key_may_do_what_its_scopes_say(dramatis, unique):
    ada = dramatis.client(unique("ada"))
    chat = with_key(dramatis, make(ada)["secret"])
    chat.post("/api/chat", {"message": "Hello"}).expect(200)
    assert chat.get("/api/memories").problem(403, "INSUFFICIENT_SCOPE")["scope"] == "memory"
    assert chat.get("/api/keys").status == 403
    everything = with_key(dramatis, make(ada, scopes=ALL)["secret"])
    everything.get("/api/keys").expect(200)
    assert everything.get("/api/admin/usage").problem(403, "INSUFFICIENT_SCOPE")["scope"] == "admin"


def test_nobody_gives_away_more_than_they_have(dramatis, unique):
    ada = dramatis.client(unique("ada"))
    refused = ada.post("/api/keys", {"name": "x", "scopes": ["admin"]})
    assert refused.problem(403, "INSUFFICIENT_SCOPE")["scope"] == "admin"
    everything = with_key(dramatis, make(ada, scopes=ALL)["secret"])
    make(everything, scopes=["memory"])
    # What a key is kept from, what it makes would not be.
    for limit in ({"personaIds": ["p1"]}, {"requestsPerMinute": 50}, {"monthlyBudgetMicros": 1}):
        limited = make(ada, scopes=ALL, **limit)
        client = with_key(dramatis, limited["secret"])
        client.post("/api/keys", {"name": "x", "scopes": ["chat"]}).problem(403, "PERMISSION_DENIED")
        client.patch(f"/api/keys/{limited['keyId']}", {"name": "y"}).problem(
            403, "PERMISSION_DENIED")
        client.post(f"/api/keys/{limited['keyId']}/rotate", {}).problem(403, "PERMISSION_DENIED")


def test_a_key_that_ends_makes_none_that_ends_later(dramatis, unique):
    ada = dramatis.client(unique("ada"))
    client = with_key(dramatis, make(ada, scopes=ALL, expiresAt="2098-01-01T00:00:00Z")["secret"])
    make(client, expiresAt="2097-01-01T00:00:00Z")
    for expires in ({}, {"expiresAt": "2099-01-01T00:00:00Z"}):
        client.post("/api/keys", {"name": "x", "scopes": ["chat"], **expires}).problem(
            403, "PERMISSION_DENIED")


def test_an_admins_key_is_an_admin_only_where_it_says_so(dramatis, unique):
    root = dramatis.client(unique("root") + ":admin")
    with_key(dramatis, make(root, scopes=[*ALL, "admin"])["secret"]).get(
        "/api/admin/database-status").expect(200)
    with_key(dramatis, make(root, scopes=ALL)["secret"]).get("/api/admin/database-status").problem(
        403, "INSUFFICIENT_SCOPE")


def test_a_key_is_for_the_personas_that_it_names(dramatis, unique):
    ada = dramatis.client(unique("ada"))
    mine, other = [ada.post("/api/personas", {"name": name, "type": "ai_agent",
                                              "biography": "A lamp."}).expect(201)["personaId"]
                   for name in ("Lamp", "Other")]
    elsewhere = ada.post("/api/chat", {"message": "Hi", "persona_id": other}).expect(200)
    key = with_key(dramatis, make(ada, scopes=ALL, personaIds=[mine])["secret"])
    said = key.post("/api/chat", {"message": "Hello", "persona_id": mine}).expect(200)
    key.post("/api/chat", {"message": "Again", "session_id": said["session_id"]}).expect(200)
    for refused in ({"persona_id": other}, {}, {"session_id": elsewhere["session_id"]}):
        key.post("/api/chat", {"message": "Hello", **refused}).problem(403, "PERMISSION_DENIED")
    key.get(f"/api/personas/{mine}").expect(200)
    key.get(f"/api/personas/{other}").problem(403, "PERMISSION_DENIED")
    key.post("/api/conversations", {"title": "A room", "personaIds": [mine, other]}).problem(
        403, "PERMISSION_DENIED")


def test_a_revoked_key_and_an_expired_one_are_nobodys(dramatis, unique):
    ada = dramatis.client(unique("ada"))
    key = make(ada)
    ada.delete(f"/api/keys/{key['keyId']}").expect(204)
    refused = with_key(dramatis, key["secret"]).get("/api/history")
    assert refused.problem(401, "UNAUTHENTICATED")["detail"] == "the credentials are not valid"
    assert refused.headers["www-authenticate"] == "Bearer"
    ada.get(f"/api/keys/{key['keyId']}").problem(404, "NOT_FOUND")
    ada.delete(f"/api/keys/{key['keyId']}").problem(404, "NOT_FOUND")
    ada.post("/api/keys", {"name": "x", "scopes": ["chat"],
                           "expiresAt": "2020-01-01T00:00:00Z"}).problem(400, "VALIDATION_FAILED")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    short = make(ada, expiresAt=soon)
    deadline = time.monotonic() + 20
    while with_key(dramatis, short["secret"]).get("/api/history").status != 401:
        assert time.monotonic() < deadline, "an expired key was taken"


def test_a_rotated_key_has_a_new_secret_and_the_old_one_for_a_while(dramatis, unique):
    ada = dramatis.client(unique("ada"))
    key = make(ada)
    next_key = ada.post(f"/api/keys/{key['keyId']}/rotate", {"graceSeconds": 600}).expect(200)
    assert next_key["keyId"] == key["keyId"] and next_key["secret"] != key["secret"]
    for secret in (key["secret"], next_key["secret"]):
        with_key(dramatis, secret).get("/api/history").expect(200)
    last = ada.post(f"/api/keys/{key['keyId']}/rotate", {}).expect(200)
    with_key(dramatis, last["secret"]).get("/api/history").expect(200)
    # Never used since they ended, they are refused at once; used ones within 30 s.
    third = ada.post(f"/api/keys/{key['keyId']}/rotate", {}).expect(200)
    fourth = ada.post(f"/api/keys/{key['keyId']}/rotate", {}).expect(200)
    assert with_key(dramatis, third["secret"]).get("/api/history").status == 401
    with_key(dramatis, fourth["secret"]).get("/api/history").expect(200)


def test_changing_a_key_changes_what_is_named(dramatis, unique):
    ada = dramatis.client(unique("ada"))
    key = make(ada, requestsPerMinute=5)
    changed = ada.patch(f"/api/keys/{key['keyId']}", {"scopes": ["memory"]}).expect(200)
    assert (changed["scopes"], changed["name"], changed["requestsPerMinute"]) == (["memory"], "mine", 5)
    stale = ada.patch(f"/api/keys/{key['keyId']}", {"name": "x"}, {"If-Match": key["etag"]})
    assert stale.status == 412
    with_key(dramatis, key["secret"]).get("/api/history").problem(403, "INSUFFICIENT_SCOPE")
    for wrong in ({"scopes": []}, {"scopes": ["everything"]}, {"name": ""},
                  {"requestsPerMinute": 0}, {"monthlyBudgetMicros": -1}):
        ada.patch(f"/api/keys/{key['keyId']}", wrong).problem(400)


def test_the_same_request_again_makes_no_second_key_and_no_second_sight_of_the_secret(
        dramatis, unique):
    ada = dramatis.client(unique("ada"))
    body, header = {"name": "once", "scopes": ["chat"]}, {"Idempotency-Key": unique("k")}
    first = ada.post("/api/keys", body, header).expect(201)
    again = ada.post("/api/keys", body, header)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.expect(201) == {name: value for name, value in first.items() if name != "secret"}
    assert len(ada.get("/api/keys").expect(200)["keys"]) == 1


def test_the_key_has_a_limit_of_its_own(dramatis, unique):
    ada = dramatis.client(unique("ada"))
    client = with_key(dramatis, make(ada, requestsPerMinute=2)["secret"])
    first = client.get("/api/history")
    assert first.headers["ratelimit-policy"] == '"key";q=2;w=60'
    assert first.headers["ratelimit"].startswith('"key";r=1;t=')
    client.get("/api/history").expect(200)
    third = client.get("/api/history")
    assert third.problem(429, "RATE_LIMITED")["retryAfterSeconds"] > 0
    assert 0 < int(third.headers["retry-after"]) <= 30
    ada.get("/api/history").expect(200)


# --- without anybody to sign in -------------------------------------------------------------------

PRODUCTION = {"DRAMATIS_ENVIRONMENT": "production", "DRAMATIS_TRUSTED_PROXIES": "127.0.0.1"}


def keys_create(program, settings, *arguments):
    ran = subprocess.run([BIN / program, "keys", "create", *arguments], capture_output=True,
                         env={"PATH": "/usr/bin:/bin", **settings}, timeout=60)
    return ran.returncode, ran.stdout.decode(), ran.stderr.decode()


@pytest.mark.parametrize("program", ["dramatis", "dramatis-memory"])
def test_the_first_admin_of_a_deployment_without_an_issuer_makes_a_key(program, tmp_path):
    settings = {**PRODUCTION, "DRAMATIS_DATA_DIR": str(tmp_path / "data")}
    if program == "dramatis":
        code, output = run_program("dramatis", {**PORTS, **settings})
        assert code == 1 and "dramatis keys create --user <you> --admin" in output
    else:  # a program of its own stays in `local`; its files are the same
        settings["DRAMATIS_ENVIRONMENT"] = "local"
    code, secret, said = keys_create(program, settings, "--user", "root", "--admin", "--days", "30")
    assert code == 0, said
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    assert secret.count("\n") == 1 and "only time" in said
    if program != "dramatis":
        return
    with Embedded(tmp_path / "data", PRODUCTION) as deployment:
        client = Client(deployment.http)
        client.headers = {"X-Forwarded-Proto": "https", "x-api-key": secret.strip()}
        client.get("/api/admin/database-status").expect(200)
        made = client.post("/api/keys", {"name": "next", "scopes": ["chat"], "expiresAt": ends}).expect(
            201)
        assert made["secret"].startswith("dramatis_production_")
        for credentials in ({}, {"Authorization": "Bearer local:root:admin"},
                            {"x-api-key": secret.strip()[:-1] + "!"}):
            client.headers = {"X-Forwarded-Proto": "https", **credentials}
            client.get("/api/history").problem(401, "UNAUTHENTICATED")
        # Of an address without credentials a limited number.
        statuses = [client.get("/api/history").status for _ in range(70)]
        assert statuses.count(429) >= 1 and set(statuses) == {401, 429}
        client.headers = {"X-Forwarded-Proto": "https", "x-api-key": secret.strip()}
        answer = client.get("/api/history")
        assert answer.status == 200
        assert answer.headers["ratelimit-policy"] == '"user";q=600;w=60, "deployment";q=1000;w=1'


@pytest.mark.parametrize("arguments,said", [
    ([], "--user must be given"),
    (["--user"], "--user takes a value"),
    (["--user", "a", "--scopes", "everything"], "there is no scope 'everything'"),
    (["--user", "a", "--days", "0"], "--days must be 1 to 3650"),
    (["--user", "a", "--colour", "red"], "unknown option '--colour'"),
    (["--user", "a", "--name", "x" * 101], "key.name"),
])
def test_the_command_says_what_is_wrong(arguments, said, tmp_path):
    code, secret, output = keys_create("dramatis", {"DRAMATIS_DATA_DIR": str(tmp_path / "data")},
                                       *arguments)
    assert (code, secret) == (2, "")
    assert said in output


# --- what is never written down -------------------------------------------------------------------

def test_secrets_are_in_no_log_metric_or_table(make_deployment):
    with make_deployment("embedded", {"DRAMATIS_LOG_LEVEL": "debug"}) as deployment:
        ada = deployment.client("ada")
        key = make(ada, scopes=ALL)
        other = ada.post(f"/api/keys/{key['keyId']}/rotate", {"graceSeconds": 5},
                         {"Idempotency-Key": "rotation"}).expect(200)
        canaries = [key["secret"], other["secret"], "canary-content", "canary-token",
                    "dramatis_local_" + "Z" * 36]
        client = with_key(deployment, key["secret"])
        client.post("/api/chat", {"message": "canary-content"}).expect(200)
        client.post("/api/memories", {"content": "canary-content"}).expect(201)
        bodies = [with_key(deployment, secret).get("/api/history").body.decode()
                  for secret in canaries[3:]]
        metrics = [Client(address).get("/metrics").body.decode()
                   for address in deployment.managements()]
        logs = [json.dumps(line) if isinstance(line, dict) else str(line)
                for line in deployment.log_lines()]
        audits = [line for line in logs if "sign-in refused" in line]
        assert any('"reason": "form"' in line or '\\"reason\\":\\"form\\"' in line
                   or '"reason":"form"' in line for line in audits), audits
        assert any("CreateKey" in line and "audit" in line for line in logs)
        for canary in canaries:
            for where in (*logs, *metrics, *bodies):
                assert canary not in where
        for name, file in deployment.database_files().items():
            assert key["secret"].encode() not in file.read_bytes(), name
