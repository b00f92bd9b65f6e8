"""Profile and memories over REST."""


def remember(client, content, **fields):
    return client.post("/api/memories", {"content": content, **fields}).expect(201)


def test_profile_has_defaults_and_keeps_changes(client):
    fresh = client.get("/api/profile").expect(200)
    assert (fresh["timezone"], fresh["locale"], fresh["units"]) == ("UTC", "en", "metric")
    assert "createTime" not in fresh
    client.put("/api/profile", {"displayName": "Ada", "timezone": "Europe/Stockholm",
                                "preferences": {"theme": "dark"}}).expect(200)
    client.patch("/api/profile", {"bio": "☕"}).expect(200)
    read = client.get("/api/profile").expect(200)
    assert read["displayName"] == "Ada"
    assert read["timezone"] == "Europe/Stockholm"
    assert read["bio"] == "☕"
    assert read["preferences"] == {"theme": "dark"}
    client.put("/api/profile", {"bio": "x"}, {"If-Match": fresh["etag"] or '"x"'}).problem(
        412, "ETAG_MISMATCH")


def test_unknown_time_zone_is_named(client):
    problem = client.put("/api/profile", {"timezone": "Mars/Olympus"}).problem(
        400, "VALIDATION_FAILED")
    assert [error["field"] for error in problem["errors"]] == ["timezone"]


def test_memories_come_and_go(client):
    created = client.post("/api/memories", {"content": "Likes tea."})
    memory = created.expect(201)
    assert created.headers["location"] == f"/api/memories/{memory['memoryId']}"
    assert memory["confidence"] == 1
    path = created.headers["location"]
    assert client.get(path).expect(200) == memory
    changed = client.patch(path, {"confidence": 0}, {"If-Match": memory["etag"]}).expect(200)
    assert (changed["confidence"], changed["content"]) == (0, "Likes tea.")
    client.delete(path, {"If-Match": memory["etag"]}).problem(412, "ETAG_MISMATCH")
    client.delete(path).expect(204)
    client.get(path).problem(404, "NOT_FOUND")


def test_memories_are_listed_newest_first_in_pages(client):
    for number in range(12):
        remember(client, f"Fact {number}")
    listed = client.pages("/api/memories", "memories", size=5)
    assert [memory["content"] for memory in listed] == [f"Fact {n}" for n in range(11, -1, -1)]


def test_search_ranks_by_rarer_words(client):
    remember(client, "The cat sleeps.")
    remember(client, "The dog sleeps in the garden.")
    remember(client, "My bicycle is green.")
    found = client.get("/api/memories/search?q=the%20dog%20garden").expect(200)["results"]
    assert found[0]["memory"]["content"] == "The dog sleeps in the garden."
    scores = [result["score"] for result in found]
    assert scores == sorted(scores, reverse=True)
    assert client.get("/api/memories/search?q=zebra").expect(200)["results"] == []


def test_search_takes_any_text_as_words(client):
    remember(client, "Reads C++ books.")
    for query in ("%22", "'%3B--", "a%20AND%20(", "*", "%F0%9F%98%80", "books%20NEAR%20%22"):
        client.get(f"/api/memories/search?q={query}").expect(200)


def test_memories_are_the_callers_own(client, dramatis, user):
    memory = remember(client, "A secret of mine about xylophones.")
    other = dramatis.client(user + "-other")
    path = f"/api/memories/{memory['memoryId']}"
    other.get(path).problem(404, "NOT_FOUND")
    other.patch(path, {"content": "x"}).problem(404, "NOT_FOUND")
    other.delete(path).problem(404, "NOT_FOUND")
    assert other.get("/api/memories").expect(200)["memories"] == []
    assert other.get("/api/memories/search?q=xylophones").expect(200)["results"] == []


def test_memories_reach_the_prompt(client, provider, double_persona):
    client.put("/api/profile", {"displayName": "Grace"}).expect(200)
    remember(client, "Keeps three hedgehogs.")
    client.post("/api/chat", {"message": "What do hedgehogs eat?",
                              "persona_id": double_persona}).expect(200)
    prompt = "\n".join(message["content"] for message in provider.requests()[0]["messages"])
    assert "Keeps three hedgehogs." in prompt
    assert "Grace" in prompt


def test_idempotency_key_remembers_once(client):
    key = {"Idempotency-Key": "k 1"}
    first = client.post("/api/memories", {"content": "Once."}, key)
    second = client.post("/api/memories", {"content": "Once."}, key)
    assert first.expect(201) == second.expect(201)
    assert second.headers["idempotency-replayed"] == "true"
    assert len(client.get("/api/memories").expect(200)["memories"]) == 1
