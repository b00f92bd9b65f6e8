"""`dramatis` in production with the tokens of a Cognito user pool."""

import pytest

from tests.harness.aws import Aws, UserPool
from tests.harness.client import Client
from tests.harness.deployment import Embedded
from tests.harness.oidc import forged
from tests.harness.program import wait_for


@pytest.fixture(scope="module")
def pool():
    with Aws() as aws:
        made = UserPool(aws)
        for group in ("admin", "readers"):
            made.add_group(group)
        made.add("alice", groups=["readers"])
        made.add("bob")
        made.add("root", groups=["readers", "admin"])
        yield made


@pytest.fixture(scope="module")
def production(pool, tmp_path_factory):
    settings = {
        "DRAMATIS_ENVIRONMENT": "production",
        "DRAMATIS_OIDC_ISSUER": pool.issuer,
        "DRAMATIS_OIDC_JWKS_URL": pool.jwks_url,
        "DRAMATIS_OIDC_AUDIENCE": pool.client_id,
        "DRAMATIS_TRUSTED_PROXIES": "127.0.0.1",
    }
    with Embedded(tmp_path_factory.mktemp("cognito") / "data", settings) as deployment:
        yield deployment


def browser(deployment, token):
    client = Client(deployment.http)
    client.headers = {"X-Forwarded-Proto": "https", "Authorization": f"Bearer {token}"}
    return client


def test_a_user_of_the_pool_chats(production, pool):
    alice = browser(production, pool.tokens("alice")["AccessToken"])
    bob = browser(production, pool.tokens("bob")["AccessToken"])
    answer = alice.post("/api/chat", {"message": "Hello"}).expect(200)
    assert alice.get(f"/api/history/{answer['session_id']}").status == 200
    bob.get(f"/api/history/{answer['session_id']}").problem(404)
    # Signed in again it is the same user, by the pool's `sub`.
    again = browser(production, pool.tokens("alice")["AccessToken"])
    assert again.get(f"/api/history/{answer['session_id']}").status == 200


def test_an_admin_is_who_is_in_the_group(production, pool):
    path = "/api/admin/database-status"
    assert browser(production, pool.tokens("root")["AccessToken"]).get(path).status == 200
    for user in ("alice", "bob"):
        browser(production, pool.tokens(user)["AccessToken"]).get(path).problem(403, "PERMISSION_DENIED")


def test_only_access_tokens_of_this_app_come_in(production, pool):
    of_another = pool.tokens("alice", pool.new_client())["AccessToken"]
    alice = pool.tokens("alice")
    for token in (alice["IdToken"], of_another,
                  forged(alice["AccessToken"], claims={"cognito:groups": ["admin"]})):
        browser(production, token).get("/api/personas").problem(401, "UNAUTHENTICATED")

    def reasons():  # the log is read a moment after the answer
        return {line["reason"] for line in production.log_lines() if line["message"] == "sign-in refused"}
    wait_for(lambda: reasons() == {"token_use", "audience", "signature"}, "the log to say why")
