"""The journal over REST, and what personas are told of it."""

import datetime
import random
import urllib.parse
import uuid
import zoneinfo

import pytest

from tests.harness import grpcurl
from tests.harness.deployment import FULL_NAMES


def write(client, title="A day", content="We met at noon.", **fields):
    return client.post("/api/journal", {"title": title, "content": content, **fields}).expect(201)


def add_goal(client, title, **fields):
    goal = {"title": title, "category": "tests", "goalPattern": "recurring",
            "target": {"metric": "count", "value": 1, "unit": "pages", "period": "day"}, **fields}
    return client.post("/api/goals", goal).expect(201)["goalId"]


def listed(client, **filters):
    query = urllib.parse.urlencode(filters)
    found = client.get(f"/api/journal?{query}").expect(200)
    return [entry["title"] for entry in found["entries"]]


def fields_of(problem):
    return [error["field"] for error in problem["errors"]]


def test_what_the_client_encrypts_nobody_reads(client):
    """It is stored and given back as it is, found by no word, and no persona hears of it."""
    encryption = {"algorithm": "AES-256-GCM", "keyId": "phone-1", "nonce": "AAECAwQFBgcICQoL"}
    content = "q83vEjRWeJCrze8="
    entry = write(client, "zanzibar", content, encryption=encryption, wordCount=7, tags=["zanzibar"])
    path = f"/api/journal/{entry['entryId']}"
    assert (entry["content"], entry["encryption"], entry["wordCount"]) == (content, encryption, 7)
    assert entry["shareWithPersonas"] is False
    assert client.get(path).expect(200) == entry
    for words in ("zanzibar", content, "q83vEjRWeJCrze8"):
        assert listed(client, q=words) == []
    assert listed(client, tag="zanzibar") == ["zanzibar"]
    assert "wordCount" not in write(client, "silent", content, encryption={"algorithm": "age"})

    for body, field in (({"content": "We met."}, "encryption"), ({"encryption": encryption}, "content"),
                        ({"shareWithPersonas": True}, "shareWithPersonas"),
                        ({"content": "not base64!", "encryption": encryption}, "content"),
                        ({"content": content, "encryption": {"keyId": "k"}}, "encryption.algorithm")):
        assert fields_of(client.patch(path, body).problem(400, "VALIDATION_FAILED")) == [field], body
    assert client.patch(path, {"title": "other"}).expect(200)["content"] == content
    plain = client.patch(path, {"content": "We met.", "encryption": None}).expect(200)
    assert "encryption" not in plain and plain["wordCount"] == 2
    assert listed(client, q="met") == ["other"]
    long = {"title": "long", "content": "a" * 50_001}
    assert fields_of(client.post("/api/journal", long).problem(400, "VALIDATION_FAILED")) == ["content"]
    write(client, "long", "A" * 200_000, encryption=encryption)


def test_entries_come_and_go(client):
    goal = add_goal(client, "Read")
    body = {"title": " A day at sea ", "content": " We met.\n\nIt didn't rain. ☔ ",
            "template": "dream-journal", "mood": "so-so",
            "tags": ["sea", "art", "Été"],
            "linkedGoalIds": [goal],
            "goalProgress": [{"goalId": goal, "value": 0.5, "note": "half"}],
            "shareWithPersonas": True}
    created = client.post("/api/journal", body)
    entry = created.expect(201)
    path = created.headers["location"]
    assert path == f"/api/journal/{entry['entryId']}"
    assert entry["title"] == "A day at sea"
    for name in ("content", "template", "mood", "tags", "linkedGoalIds", "goalProgress",
                 "shareWithPersonas"):
        assert entry[name] == body[name]
    assert entry["wordCount"] == 5
    assert client.get(path).expect(200) == entry

    changed = client.patch(path, {"content": "Gone.", "shareWithPersonas": False, "tags": []},
                           {"If-Match": entry["etag"]}).expect(200)
    assert (changed["content"], changed["tags"]) == ("Gone.", [])
    assert changed["shareWithPersonas"] is False
    assert (changed["title"], changed["wordCount"]) == ("A day at sea", 1)
    assert client.put(path, {"mood": ""}).expect(200)["mood"] == ""
    client.put(path, {"title": "late"}, {"If-Match": entry["etag"]}).problem(412, "ETAG_MISMATCH")
    client.delete(path, {"If-Match": entry["etag"]}).problem(412, "ETAG_MISMATCH")
    assert client.get(path).expect(200)["title"] == "A day at sea"
    client.delete(path).expect(204)
    client.get(path).problem(404, "NOT_FOUND")
    client.delete(path).problem(404, "NOT_FOUND")


def test_an_entry_is_kept_from_personas_unless_told_otherwise(client):
    entry = write(client)
    assert entry["shareWithPersonas"] is False
    assert entry["template"] == "blank"
    assert (entry["tags"], entry["linkedGoalIds"], entry["goalProgress"]) == ([], [], [])


def test_tags_keep_their_order(client):
    tags = [f"tag {number}" for number in range(20)]
    random.Random(1).shuffle(tags)
    entry = write(client, tags=tags)
    assert client.get(f"/api/journal/{entry['entryId']}").expect(200)["tags"] == tags
    assert client.get("/api/journal").expect(200)["entries"][0]["tags"] == tags


def test_the_longest_entry_is_kept(client):
    content = "🌊" * 50000
    entry = write(client, content=content)
    assert client.get(f"/api/journal/{entry['entryId']}").expect(200)["content"] == content


def test_idempotency_key_writes_once(client):
    key = {"Idempotency-Key": "journal 1"}
    body = {"title": "Once", "content": "Only."}
    first = client.post("/api/journal", body, key)
    second = client.post("/api/journal", body, key)
    assert first.expect(201) == second.expect(201)
    assert second.headers["idempotency-replayed"] == "true"
    client.post("/api/journal", {**body, "content": "Other."}, key).problem(
        409, "IDEMPOTENCY_KEY_REUSED")
    assert listed(client) == ["Once"]


def test_entries_are_listed_newest_first_in_pages(client):
    for number in range(12):
        write(client, f"Day {number}", tags=["even" if number % 2 == 0 else "odd"])
    expected = [f"Day {number}" for number in range(11, -1, -1)]
    pages = client.pages("/api/journal", "entries", size=5)
    assert [entry["title"] for entry in pages] == expected
    pages = client.pages("/api/journal?tag=odd", "entries", size=2)
    assert [entry["title"] for entry in pages] == expected[::2]

    token = client.get("/api/journal?pageSize=5").expect(200)["nextPageToken"]
    write(client, "Day 12")
    page = client.get(f"/api/journal?pageSize=5&pageToken={token}").expect(200)
    assert [entry["title"] for entry in page["entries"]] == expected[5:10]
    client.get(f"/api/journal?tag=odd&pageToken={token}").problem(400, "INVALID_CURSOR")
    client.get("/api/journal?pageToken=forged").problem(400, "INVALID_CURSOR")


def test_pages_of_long_entries_end_early_and_lose_none(client):
    for number in range(9):
        write(client, f"Day {number}", "é🌊 " * 16666)
    pages = client.pages("/api/journal", "entries", size=100)
    assert [entry["title"] for entry in pages] == [f"Day {n}" for n in range(8, -1, -1)]


def test_filters_alone_and_together(client):
    reading = add_goal(client, "Read")
    running = add_goal(client, "Run")
    first = write(client, "one", "The cats were sleeping.", mood="calm", tags=["home", "cats"],
                  linkedGoalIds=[reading])
    second = write(client, "two", "A walk by the sea.", mood="glad", tags=["sea"],
                   goalProgress=[{"goalId": running, "value": 5}])
    third = write(client, "three", "Cats by the sea.", mood="calm", tags=["sea", "cats"],
                  linkedGoalIds=[reading, running])

    assert listed(client) == ["three", "two", "one"]
    assert listed(client, goalId=reading) == ["three", "one"]
    assert listed(client, goalId=running) == ["three", "two"]
    assert listed(client, tag="sea") == ["three", "two"]
    assert listed(client, tag="se") == []
    assert listed(client, mood="calm") == ["three", "one"]
    assert listed(client, q="cat") == ["three", "one"]
    assert listed(client, q="walking SEA") == ["two"]
    assert listed(client, q="home") == ["one"]
    assert listed(client, q="zebra") == []
    # Each bound alone; the start belongs to a period, its end does not.
    start, end = second["createTime"], third["createTime"]
    assert first["createTime"] < start < end
    assert listed(client, **{"from": start}) == ["three", "two"]
    assert listed(client, to=start) == ["one"]
    assert listed(client, **{"from": start, "to": end}) == ["two"]
    assert listed(client, **{"from": start, "to": start}) == []
    assert listed(client, goalId=reading, tag="cats", mood="calm", q="sea") == ["three"]
    assert listed(client, goalId=reading, tag="cats", mood="calm", q="sea", to=end) == []
    client.patch(f"/api/journal/{third['entryId']}", {"tags": ["home"], "linkedGoalIds": []})
    assert listed(client, tag="sea") == ["two"]
    assert listed(client, goalId=reading) == ["one"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_dates_are_days_of_the_users_zone(client, zone):
    client.put("/api/profile", {"timezone": zone}).expect(200)
    entry = write(client)
    made = datetime.datetime.fromisoformat(entry["createTime"].replace("Z", "+00:00"))
    day = made.astimezone(zoneinfo.ZoneInfo(zone)).date()
    after = day + datetime.timedelta(days=1)
    assert listed(client, **{"from": day, "to": after}) == ["A day"]
    assert listed(client, **{"from": after}) == []
    assert listed(client, to=day) == []
    assert client.get("/api/journal/stats").expect(200)["lastEntryDate"] == str(day)


def test_search_takes_any_text_as_words(client):
    write(client, content="Reads C++ books.")
    for query in ('"', "';--", "a AND (", "*", "😀", 'books NEAR "', "owner : u"):
        listed(client, q=query)


def test_bad_input_is_named(client):
    entry = write(client, "One", "Kept.", tags=["a"])
    path = f"/api/journal/{entry['entryId']}"
    good = {"title": "A day", "content": "We met."}
    for change, field in [
            ({"title": ""}, "title"), ({"title": " \n"}, "title"), ({"title": "x" * 201}, "title"),
            ({"content": ""}, "content"), ({"content": "x" * 50001}, "content"),
            ({"template": "daily_reflection"}, "template"), ({"mood": "x" * 51}, "mood"),
            ({"tags": [f"{n}" for n in range(21)]}, "tags"),
            ({"tags": ["ok", "x" * 31]}, "tags[1]"),
            ({"tags": ["a", "a "]}, "tags[1]"), ({"tags": [" "]}, "tags[0]"),
            ({"linkedGoalIds": [f"g{n}" for n in range(11)]}, "linkedGoalIds"),
            ({"goalProgress": [{"value": 1}]}, "goalProgress[0].goalId"),
            ({"goalProgress": [{"goalId": "g", "note": "x" * 501}]}, "goalProgress[0].note")]:
        for answer in (client.post("/api/journal", {**good, **change}), client.patch(path, change)):
            assert fields_of(answer.problem(400, "VALIDATION_FAILED")) == [field], change
    assert fields_of(client.post("/api/journal", {"content": "x"}).problem(400)) == ["title"]
    assert fields_of(client.post("/api/journal", {"title": "x"}).problem(400)) == ["content"]
    client.post("/api/journal", {**good, "feeling": "x"}).problem(400)
    for query, field in [("from=yesterday", "from"), ("to=2026-02-30", "to"),
                         ("from=2026-1-1", "from"),
                         ("from=2026-01-02&to=2026-01-01", "to"), ("pageSize=0", "pageSize"),
                         ("pageSize=101", "pageSize"), (f"tag={'x' * 31}", "tag")]:
        assert fields_of(client.get(f"/api/journal?{query}").problem(400)) == [field], query
    client.get("/api/journal?colour=red").problem(400)
    assert client.get("/api/journal").expect(200)["entries"] == [entry]


def test_goals_of_others_cannot_be_linked(client, dramatis, user):
    foreign = add_goal(dramatis.client(user + "-other"), "Theirs")
    entry = write(client, tags=["kept"])
    path = f"/api/journal/{entry['entryId']}"
    for goal in (foreign, str(uuid.uuid4())):
        for change in ({"linkedGoalIds": [goal]}, {"goalProgress": [{"goalId": goal, "value": 1}]}):
            client.post("/api/journal", {"title": "x", "content": "y", **change}).problem(
                422, "LINKED_GOAL_UNKNOWN")
            client.patch(path, {"tags": ["gone"], **change}).problem(422, "LINKED_GOAL_UNKNOWN")
    assert client.get("/api/journal").expect(200)["entries"] == [entry]


def test_links_to_archived_goals_stay(client):
    goal = add_goal(client, "Read")
    entry = write(client, linkedGoalIds=[goal])
    client.delete(f"/api/goals/{goal}").expect(204)
    path = f"/api/journal/{entry['entryId']}"
    assert client.patch(path, {"mood": "calm"}).expect(200)["linkedGoalIds"] == [goal]
    assert listed(client, goalId=goal) == ["A day"]


def test_entries_are_the_callers_own(client, dramatis, user):
    path = f"/api/journal/{write(client, content='xylophones')['entryId']}"
    for other in (dramatis.client(user + "-other"), dramatis.client(user + "-admin:admin")):
        other.get(path).problem(404, "NOT_FOUND")
        other.patch(path, {"title": "x"}).problem(404, "NOT_FOUND")
        other.put(path, {"title": "x"}).problem(404, "NOT_FOUND")
        other.delete(path).problem(404, "NOT_FOUND")
        assert listed(other, q="xylophones") == []
        assert other.get("/api/journal/stats").expect(200)["totalEntries"] == 0
    assert client.get(path).expect(200)["title"] == "A day"


def test_statistics_of_an_empty_journal(client):
    assert client.get("/api/journal/stats").expect(200) == {
        "totalEntries": 0, "totalWords": 0, "averageWords": 0, "currentStreak": 0,
        "longestStreak": 0, "moodDistribution": {}, "topTags": [], "entriesThisWeek": 0,
        "entriesThisMonth": 0}


def test_statistics_equal_a_recount(client):
    chance = random.Random(20261121)
    entries = {}
    for _ in range(40):
        body = {"content": "word " * chance.randint(1, 30),
                "mood": chance.choice(["", "calm", "glad"]),
                "tags": chance.sample([f"tag {n}" for n in range(12)], chance.randint(0, 5))}
        kind = chance.randint(0, 9)
        if kind < 6 or not entries:
            entry = write(client, **body)
            entries[entry["entryId"]] = entry
        elif kind < 8:
            changed = chance.choice(sorted(entries))
            entries[changed] = client.patch(f"/api/journal/{changed}", body).expect(200)
        else:
            gone = chance.choice(sorted(entries))
            client.delete(f"/api/journal/{gone}").expect(204)
            del entries[gone]

    stats = client.get("/api/journal/stats").expect(200)
    words = sum(len(entry["content"].split()) for entry in entries.values())
    moods, tags = {}, {}
    for entry in entries.values():
        if entry["mood"]:
            moods[entry["mood"]] = moods.get(entry["mood"], 0) + 1
        for tag in entry["tags"]:
            tags[tag] = tags.get(tag, 0) + 1
    assert stats["totalEntries"] == len(entries)
    assert stats["totalWords"] == words
    assert stats["averageWords"] == pytest.approx(words / len(entries))
    assert stats["moodDistribution"] == moods
    top = sorted(tags.items(), key=lambda item: (-item[1], item[0]))[:10]
    assert [(item["tag"], item["count"]) for item in stats["topTags"]] == top
    days = {entry["createTime"][:10] for entry in entries.values()}
    assert stats["lastEntryDate"] == max(days)
    assert 1 <= stats["currentStreak"] <= stats["longestStreak"] <= len(days)


def recalled(dramatis, user, query):
    """The sources of what a persona is told, in order."""
    parts = grpcurl.call(dramatis.grpc("memory"), f"{FULL_NAMES['memory']}/Recall",
                         {"userId": user, "personaId": "p", "query": query, "budgetBytes": 65536},
                         [f"authorization: Bearer local:{user}:service"])[0].get("parts", [])
    return {part["source"]: part["text"] for part in parts}


def test_personas_are_told_what_is_shared_and_nothing_else(client, dramatis, user):
    told = write(client, "A day at sea", "We saw porpoises. " * 100, shareWithPersonas=True)
    kept = write(client, "A secret", "I fear porpoises.")
    goal = add_goal(client, "See porpoises")
    hidden = add_goal(client, "Befriend porpoises", shareWithPersonas=False)
    memory = client.post("/api/memories", {"content": "Likes porpoises."}).expect(201)["memoryId"]

    found = recalled(dramatis, user, "porpoises")
    assert list(found) == [f"goal/{goal}", f"memory/{memory}", f"journal/{told['entryId']}"]
    excerpt = found[f"journal/{told['entryId']}"]
    assert "A day at sea. We saw porpoises." in excerpt
    assert excerpt.endswith("porpoises.") and len(excerpt) < 800

    client.patch(f"/api/journal/{told['entryId']}", {"shareWithPersonas": False}).expect(200)
    client.patch(f"/api/goals/{goal}", {"shareWithPersonas": False}).expect(200)
    assert list(recalled(dramatis, user, "porpoises")) == [f"memory/{memory}"]
    client.patch(f"/api/journal/{kept['entryId']}", {"shareWithPersonas": True}).expect(200)
    client.patch(f"/api/goals/{hidden}", {"shareWithPersonas": True}).expect(200)
    assert list(recalled(dramatis, user, "porpoises")) == [
        f"goal/{hidden}", f"memory/{memory}", f"journal/{kept['entryId']}"]


def test_the_journal_reaches_the_prompt(client, provider, double_persona):
    write(client, "A day at sea", "We saw porpoises.", shareWithPersonas=True)
    write(client, "A secret", "I fear whales.")
    add_goal(client, "Learn Portuguese")
    add_goal(client, "Win a lottery", shareWithPersonas=False)
    client.post("/api/chat", {"message": "What about whales and a lottery?",
                              "persona_id": double_persona}).expect(200)
    prompt = "\n".join(message["content"] for message in provider.requests()[0]["messages"][:-1])
    assert "We saw porpoises." in prompt
    assert "Learn Portuguese" in prompt
    assert "whales" not in prompt and "lottery" not in prompt
