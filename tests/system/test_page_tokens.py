"""Page tokens: nobody makes them but the services, and every replica, and the next run, reads
them."""

import base64
import hashlib

import pytest


def block(data):
    return len(data).to_bytes(4, "big") + data


def forge(scope, *keys):
    """A token as it could be made when its checksum needed no secret."""
    encoded = b"".join(block(key) for key in keys)
    digest = hashlib.sha256(b"dramatis page token\n" + block(scope.encode()) + encoded).digest()
    return base64.urlsafe_b64encode(digest[:16] + encoded).rstrip(b"=").decode()


# Every list: its path, what its tokens were bound to for the admin `local`, and how many keys.
LISTS = {
    "/api/personas": ("personas\nlocal\nadmin\n", 2),
    "/api/conversations": ("rooms\nlocal\n1\n", 1),
    "/api/history": ("history\nlocal\n", 2),
    "/api/memories": ("memories\nlocal\n", 2),
    "/api/goals": ("goals\nlocal\n0\n0\n", 2),
    "/api/journal": ("journal\nlocal\n\n\n\n\n\n", 2),
    "/api/admin/usage": ("usage\n", 3),
    "/api/usage": ("own_usage\n", 3),
}


@pytest.mark.parametrize("path", LISTS)
def test_a_forged_token_is_named_and_never_a_failure_of_ours(dramatis, path):
    scope, count = LISTS[path]
    client = dramatis.client()
    for key in (b"1", b"\x00", b"9" * 30, b"\xff\xfe", b""):
        for token in (forge(scope, *[key] * count), "x", "AAAA" * 20):
            problem = client.get(f"{path}?pageToken={token}").problem(400)
            assert [error["field"] for error in problem["errors"]] == ["pageToken"], problem


def test_a_token_is_good_after_a_restart(make_deployment, shape):
    with make_deployment(shape) as deployment:
        client = deployment.client("pages")
        for number in range(3):
            client.post("/api/memories", {"content": f"Fact {number}"}).expect(201)
        token = client.get("/api/memories?pageSize=1").expect(200)["nextPageToken"]
        deployment.restart()
        client = deployment.client("pages")
        page = client.get(f"/api/memories?pageSize=1&pageToken={token}").expect(200)
        assert [memory["content"] for memory in page["memories"]] == ["Fact 1"]
        changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
        problem = client.get(f"/api/memories?pageToken={changed}").problem(400, "INVALID_CURSOR")
        assert problem["errors"][0]["field"] == "pageToken"
