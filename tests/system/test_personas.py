"""Personas over REST."""

import pytest

FULL = {
    "name": "Ada",
    "type": "ai_agent",
    "description": "An analyst",
    "personality": {"openness": 90, "conscientiousness": 0, "empathy": 100},
    "knowledge": ["technology", "science"],
    "communicationStyle": "analytical",
    "biography": "I write programs for engines that are not built yet.\n\nI like poetry — ☕.",
    "systemPrompt": "Never boast.",
    "greeting": "Good day.",
    "modelConfig": {"model": "local", "temperature": 0, "maxOutputTokens": 200, "topP": 1,
                    "stop": ["END"], "fallbackModels": ["local"]},
    "responseDelay": {"minMs": 0, "maxMs": 10},
    "isPublic": False,
    "allowedInteractions": ["debate", "interview"],
}


def persona(name, **fields):
    return {"name": name, "type": "ai_agent", **fields}


def test_what_was_created_reads_back(client):
    created = client.post("/api/personas", FULL)
    body = created.expect(201)
    assert created.headers["location"] == f"/api/personas/{body['personaId']}"
    read = client.get(created.headers["location"]).expect(200)
    assert read == body
    for field, value in FULL.items():
        if field == "personality":
            assert {**read[field], **value} == read[field]
            assert read[field]["neuroticism"] == 50
        else:
            assert read[field] == value, field
    assert read["version"] == 1
    assert read["createTime"] == read["updateTime"]


def test_defaults_are_filled_in(client):
    read = client.post("/api/personas", persona("Plain")).expect(201)
    assert read["knowledge"] == ["general"]
    assert read["communicationStyle"] == "casual"
    assert read["allowedInteractions"] == ["casual_chat"]
    assert read["isPublic"] is False
    assert set(read["personality"].values()) == {50}


def test_both_spellings_are_read(client):
    read = client.post("/api/personas", persona(
        "Spelt", communication_style="formal", model_config={"max_output_tokens": 7})).expect(201)
    assert read["communicationStyle"] == "formal"
    assert read["modelConfig"]["maxOutputTokens"] == 7


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_update_changes_only_what_the_body_names(client, method):
    path = "/api/personas/" + client.post("/api/personas", FULL).expect(201)["personaId"]
    before = client.get(path).expect(200)
    after = client.request(method, path, {"description": "", "personality": {"openness": 0}})
    read = after.expect(200)
    assert read["description"] == ""
    assert read["personality"]["openness"] == 0
    assert read["personality"]["empathy"] == 100
    assert read["biography"] == before["biography"]
    assert read["version"] == 2
    assert read["etag"] != before["etag"]
    assert client.get(path).expect(200) == read


def test_type_cannot_be_changed(client):
    path = "/api/personas/" + client.post("/api/personas", FULL).expect(201)["personaId"]
    problem = client.patch(path, {"type": "human"}).problem(400, "VALIDATION_FAILED")
    assert [error["field"] for error in problem["errors"]] == ["type"]


def test_stale_etag_is_412_and_changes_nothing(client):
    path = "/api/personas/" + client.post("/api/personas", FULL).expect(201)["personaId"]
    stale = client.get(path).expect(200)["etag"]
    fresh = client.patch(path, {"name": "Ada L"}, {"If-Match": f'"{stale}"'}).expect(200)
    client.patch(path, {"name": "Eve"}, {"If-Match": f'"{stale}"'}).problem(412, "ETAG_MISMATCH")
    client.delete(path, {"If-Match": f'"{stale}"'}).problem(412, "ETAG_MISMATCH")
    assert client.get(path).expect(200) == fresh
    client.delete(path, {"If-Match": f'"{fresh["etag"]}"'}).expect(204)


def test_if_match_takes_a_star_and_lists_but_no_weak_etag(client):
    path = "/api/personas/" + client.post("/api/personas", FULL).expect(201)["personaId"]
    assert client.patch(path, {"name": "Eve"}, {"If-Match": "*"}).expect(200)["name"] == "Eve"
    etag = client.get(path).expect(200)["etag"]
    client.patch(path, {"name": "Mia"}, {"If-Match": f'W/"{etag}"'}).problem(412, "ETAG_MISMATCH")
    client.patch(path, {"name": "Mia"}, {"If-Match": f'"x", "{etag}"'}).expect(200)
    client.delete(path, {"If-Match": f'"x", "{etag}"'}).problem(412, "ETAG_MISMATCH")
    client.delete(path, {"If-Match": "*"}).expect(204)
    client.delete(path, {"If-Match": "*"}).problem(404, "NOT_FOUND")


def test_names_are_unique_per_owner(client, dramatis, user):
    client.post("/api/personas", persona("Twin")).expect(201)
    client.post("/api/personas", persona("Twin")).problem(409, "PERSONA_NAME_TAKEN")
    other = dramatis.client(user + "-other")
    other.post("/api/personas", persona("Twin")).expect(201)


def test_idempotency_key_creates_once(client):
    key = {"Idempotency-Key": "create-once"}
    first = client.post("/api/personas", persona("Once"), key)
    second = client.post("/api/personas", persona("Once"), key)
    assert first.expect(201) == second.expect(201)
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    client.post("/api/personas", persona("Twice"), key).problem(409, "IDEMPOTENCY_KEY_REUSED")


def test_pages_neither_repeat_nor_hide(client):
    names = [f"Number {n:02}" for n in range(23)]
    for name in names:
        client.post("/api/personas", persona(name)).expect(201)
    seen, token = [], ""
    while True:
        page = client.get(f"/api/personas?ownerId=me&orderBy=name&pageSize=5&pageToken={token}")
        body = page.expect(200)
        seen += [item["name"] for item in body["personas"]]
        if len(seen) == 5:
            client.post("/api/personas", persona("A newcomer before")).expect(201)
        token = body["nextPageToken"]
        if not token:
            break
    assert seen == names


def test_filters(client):
    for name, fields in {
        "Alpha": {"type": "human"},
        "Beta": {"knowledge": ["arts", "history"], "communicationStyle": "formal"},
        "Gamma": {"isPublic": True, "description": "likes ÖL and 100%"},
    }.items():
        client.post("/api/personas", {**persona(name), **fields}).expect(201)

    def names(query):
        body = client.get(f"/api/personas?ownerId=me&orderBy=name&{query}").expect(200)
        return [item["name"] for item in body["personas"]]

    assert names("type=human") == ["Alpha"]
    assert names("knowledge=arts&knowledge=history") == ["Beta"]
    assert names("communicationStyle=formal") == ["Beta"]
    assert names("isPublic=true") == ["Gamma"]
    assert names("isPublic=false") == ["Alpha", "Beta"]
    assert names("q=LIKES") == ["Gamma"]
    assert names("q=100%25") == ["Gamma"]
    assert names("q=_") == []


def test_private_personas_are_nobody_elses(client, dramatis, user):
    path = "/api/personas/" + client.post("/api/personas", FULL).expect(201)["personaId"]
    other = dramatis.client(user + "-other")
    other.get(path).problem(404, "NOT_FOUND")
    other.patch(path, {"name": "Mine"}).problem(404, "NOT_FOUND")
    other.delete(path).problem(404, "NOT_FOUND")
    client.get(path).expect(200)


def test_public_personas_show_no_private_fields(client, dramatis, user):
    path = "/api/personas/" + client.post(
        "/api/personas", {**FULL, "isPublic": True}).expect(201)["personaId"]
    other = dramatis.client(user + "-other")
    shown = other.get(path).expect(200)
    for field in ("systemPrompt", "modelConfig", "sourceUri", "ownerId"):
        assert field not in shown, field
    other.patch(path, {"name": "Mine"}).problem(403, "PERMISSION_DENIED")
    other.delete(path).problem(403, "PERMISSION_DENIED")


def test_prompt_is_the_whole_text_with_its_hash(client):
    created = client.post("/api/personas", FULL).expect(201)
    prompt = client.get(f"/api/personas/{created['personaId']}/prompt").expect(200)
    assert FULL["biography"] in prompt["text"]
    assert FULL["systemPrompt"] in prompt["text"]
    assert prompt["text"] == "\n\n".join(part["text"] for part in prompt["parts"])
    import hashlib
    assert prompt["hash"] == hashlib.sha256(prompt["text"].encode()).hexdigest()


def test_compatibility_follows_the_formula(client):
    one = client.post("/api/personas", persona(
        "One", personality={"openness": 90}, knowledge=["arts", "science"])).expect(201)
    two = client.post("/api/personas", persona(
        "Two", personality={"openness": 10}, knowledge=["arts"])).expect(201)
    body = client.get(f"/api/personas/{one['personaId']}/compatibility"
                      f"?with={two['personaId']}").expect(200)
    # Mean distance 80 / 8 = 10; one shared domain of two.
    assert body["score"] == round(0.7 * 90 + 0.3 * 100 * 1 / 2)
    assert body["label"] == "good"


def test_persona_of_an_open_session_cannot_be_deleted(client):
    path = "/api/personas/" + client.post("/api/personas", FULL).expect(201)["personaId"]
    session = client.post("/api/session", {"persona_id": path.rsplit("/", 1)[1]}).expect(201)
    client.delete(path).problem(409, "PERSONA_IN_USE")
    client.delete(f"/api/session/{session['session_id']}").expect(200)
    client.delete(path).expect(204)
    client.get(path).problem(404, "NOT_FOUND")
    client.post("/api/personas", FULL).expect(201)  # the name is free again


def test_strangers_are_not_told_whether_a_model_speaks(dramatis, client, user):
    name = f"Ambiguous {user}"
    created = client.post("/api/personas", {
        "name": name, "type": "ai_ambiguous", "isPublic": True,
        "modelConfig": {"model": "local/retrieval"},
        "responseDelay": {"minMs": 10, "maxMs": 20}}).expect(201)
    assert created["type"] == "ai_ambiguous"
    path = f"/api/personas/{created['personaId']}"

    def listed(caller, **filters):
        query = "".join(f"&{key}={value}" for key, value in filters.items())
        page = caller.get(f"/api/personas?q={user}{query}").expect(200)["personas"]
        return [persona["type"] for persona in page if persona["name"] == name]

    stranger = dramatis.client(f"{user}-stranger")
    seen = stranger.get(path).expect(200)
    assert seen["type"] == "unknown"
    assert not {"responseDelay", "modelConfig", "ownerId", "systemPrompt"} & set(seen)
    assert listed(stranger) == ["unknown"]
    for kind in ("human", "ai_agent", "ai_ambiguous"):
        assert listed(stranger, type=kind) == []
    assert listed(stranger, type="unknown") == ["unknown"]
    other = client.post("/api/personas", {"name": f"Human {user}", "type": "human",
                                          "isPublic": True}).expect(201)
    for method, body in (("PATCH", {"description": "x"}), ("DELETE", None)):
        refusals = [stranger.request(method, f"/api/personas/{one['personaId']}", body)
                    for one in (created, other)]
        assert len({(refusal.status, refusal.json()["detail"]) for refusal in refusals}) == 1
    for caller in (client, dramatis.client(f"{user}-admin:admin")):
        assert caller.get(path).expect(200)["type"] == "ai_ambiguous"
        assert listed(caller, type="ai_ambiguous") == ["ai_ambiguous"]
        assert listed(caller, type="unknown") == []


def test_nothing_is_made_of_unknown_type(client, user):
    problem = client.post("/api/personas", {"name": f"Unknown {user}", "type": "unknown"}).problem(
        400, "VALIDATION_FAILED")
    assert [error["field"] for error in problem["errors"]] == ["type"]
