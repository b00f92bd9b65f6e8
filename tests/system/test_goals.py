"""Goals, what was done for them, and their progress over REST and gRPC."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from tests.harness import grpcurl
from tests.harness.deployment import FULL_NAMES


def day(offset=0, zone=timezone.utc):
    return (datetime.now(zone) + timedelta(days=offset)).date().isoformat()


TARGETS = {
    "recurring": {"value": 10, "unit": "km", "period": "week"},
    "milestone": {"value": 100, "targetDate": "2099-12-31"},
    "target": {"value": 70, "startValue": 80, "targetDate": "2099-12-31"},
    "streak": {"value": 3, "period": "day"},
    "limit": {"value": 2, "period": "day"},
}


def goal(title, pattern="milestone", target=(), **fields):
    return {"title": title, "category": "tests", "goalPattern": pattern,
            "target": {**TARGETS[pattern], **dict(target)}, **fields}


def create(client, title, pattern="milestone", target=(), **fields):
    return client.post("/api/goals", goal(title, pattern, target, **fields)).expect(201)


def path_of(found):
    return f"/api/goals/{found['goalId']}"


def record(client, path, value=None, **fields):
    body = fields if value is None else {"value": value, **fields}
    return client.post(f"{path}/activities", body).expect(201)


def progress(client, path, period=None):
    query = f"?period={period}" if period else ""
    return client.get(f"{path}/progress{query}").expect(200)


def titles(client, query=""):
    return [found["title"] for found in client.pages(f"/api/goals{query}", "goals")]


def test_a_goal_reads_back_as_it_was_set(client):
    body = goal("  Run 10 km — ☕ ", "recurring", {"metric": "distance", "targetType": "minimum"},
                description="Along the river.", icon="🏃", color="#00aaFF", visibility="unlisted",
                schedule={"frequency": "weekly", "daysOfWeek": [0, 6], "preferredTimes": ["07:30"],
                          "allowSkipDays": True, "catchUpAllowed": False},
                metadata={"a": [1, {"b": None}]}, shareWithPersonas=False)
    created = client.post("/api/goals", body)
    read = created.expect(201)
    assert created.headers["location"] == path_of(read)
    assert client.get(path_of(read)).expect(200) == read
    assert read["title"] == "Run 10 km — ☕"
    for name in ("category", "goalPattern", "description", "icon", "color", "visibility", "metadata",
                 "shareWithPersonas"):
        assert read[name] == body[name], name
    for name in ("target", "schedule"):
        assert {**read[name], **body[name]} == read[name]
    assert read["status"] == "active"
    assert read["createTime"] == read["updateTime"]
    assert "completeTime" not in read


def test_defaults_are_filled_in(client):
    read = create(client, "Plain")
    assert (read["status"], read["visibility"]) == ("active", "private")
    assert read["shareWithPersonas"] is True
    assert read["target"]["metric"] == "count"


@pytest.mark.parametrize("pattern, target, field", [
    ("recurring", {"period": None}, "target.period"),
    ("limit", {"period": None}, "target.period"),
    ("streak", {"period": None}, "target.period"),
    ("milestone", {"period": "day"}, "target.period"),
    ("milestone", {"targetDate": None}, "target.targetDate"),
    ("target", {"targetDate": None}, "target.targetDate"),
    ("recurring", {"targetDate": "2099-12-31"}, "target.targetDate"),
    ("milestone", {"targetDate": "2020-01-01"}, "target.targetDate"),
    ("milestone", {"targetDate": day()}, "target.targetDate"),
    ("milestone", {"targetDate": "2099-02-30"}, "target.targetDate"),
    ("milestone", {"targetDate": "tomorrow"}, "target.targetDate"),
    ("target", {"startValue": None}, "target.startValue"),
    ("target", {"direction": "increase"}, "target.direction"),
    ("streak", {"value": 366}, "target.value"),
    ("limit", {"value": 0}, "target.value"),
    ("limit", {"value": -1}, "target.value"),
    ("limit", {"value": None}, "target.value"),
    ("recurring", {"targetType": "range"}, "target.minValue"),
])
def test_patterns_name_what_they_need_and_refuse(client, pattern, target, field):
    body = goal("Refused", pattern, target)
    body["target"] = {name: value for name, value in body["target"].items() if value is not None}
    problem = client.post("/api/goals", body).problem(400, "VALIDATION_FAILED")
    assert field in [error["field"] for error in problem["errors"]]
    assert titles(client) == []


def test_updates_change_what_the_body_names(client):
    created = create(client, "Read")
    path = path_of(created)
    changed = client.put(path, {"target": {"value": 12}, "description": "Novels."}).expect(200)
    assert changed["target"] == {**created["target"], "value": 12}
    assert (changed["title"], changed["description"]) == ("Read", "Novels.")
    assert changed["etag"] != created["etag"]
    client.patch(path, {"title": "x"}, {"If-Match": created["etag"]}).problem(412, "ETAG_MISMATCH")
    client.patch(path, {"title": "Read more"}, {"If-Match": changed["etag"]}).expect(200)
    problem = client.patch(path, {"goalPattern": "streak"}).problem(400, "VALIDATION_FAILED")
    assert [error["field"] for error in problem["errors"]] == ["goalPattern"]
    problem = client.patch(path, {"target": {"period": "day"}}).problem(400, "VALIDATION_FAILED")
    assert [error["field"] for error in problem["errors"]] == ["target.period"]
    problem = client.patch(path, {"status": "archived"}).problem(400, "VALIDATION_FAILED")
    assert [error["field"] for error in problem["errors"]] == ["status"]
    assert client.get(path).expect(200)["title"] == "Read more"


def test_if_match_takes_a_star_for_any_version(client):
    path = path_of(create(client, "Read"))
    client.patch(path, {"title": "Read more"}, {"If-Match": "*"}).expect(200)
    client.delete(path, {"If-Match": "*"}).expect(204)
    assert client.get(path).expect(200)["status"] == "archived"


def test_a_goal_goes_through_its_life(client):
    path = path_of(create(client, "Read"))
    stale = client.get(path).expect(200)["etag"]
    record(client, path, 50)
    client.patch(path, {"status": "paused"}).expect(200)
    record(client, path, 25)
    client.delete(path, {"If-Match": stale}).problem(412, "ETAG_MISMATCH")
    completed = client.post(f"{path}/complete").expect(200)
    assert completed["status"] == "completed" and completed["completeTime"]
    assert client.post(f"{path}/complete").expect(200) == completed
    client.post(f"{path}/activities", {"value": 1}).problem(409, "GOAL_NOT_ACTIVE")
    client.patch(path, {"title": "x"}).problem(409, "GOAL_NOT_ACTIVE")
    assert progress(client, path)["progress"] == 75
    restored = client.post(f"{path}/restore").expect(200)
    assert restored["status"] == "active" and "completeTime" not in restored
    client.delete(path).expect(204)
    client.delete(path).expect(204)
    assert client.get(path).expect(200)["status"] == "archived"
    client.post(f"{path}/complete").problem(409, "GOAL_NOT_ACTIVE")
    assert titles(client) == []
    assert titles(client, "?status=archived") == ["Read"]
    assert len(client.get(f"{path}/activities").expect(200)["activities"]) == 2
    client.post(f"{path}/restore").expect(200)
    assert titles(client) == ["Read"]


def test_drafts_take_no_activities(client):
    path = path_of(create(client, "Later", status="draft"))
    client.post(f"{path}/activities", {"value": 1}).problem(409, "GOAL_NOT_ACTIVE")
    client.post(f"{path}/complete").problem(409, "GOAL_NOT_ACTIVE")
    client.patch(path, {"status": "active"}).expect(200)
    record(client, path, 1)


def test_lists_are_paged_and_filtered(client):
    for number in range(7):
        create(client, f"Goal {number}", "streak" if number % 2 else "limit",
               category="odd" if number % 2 else "even")
    client.patch(path_of(client.get("/api/goals").expect(200)["goals"][0]),
                 {"status": "paused"}).expect(200)
    listed = client.pages("/api/goals", "goals", size=3)
    assert [found["title"] for found in listed] == [f"Goal {n}" for n in range(6, -1, -1)]
    assert titles(client, "?goalPattern=streak") == ["Goal 5", "Goal 3", "Goal 1"]
    assert titles(client, "?category=even&status=active") == ["Goal 4", "Goal 2", "Goal 0"]
    assert titles(client, "?status=paused") == ["Goal 6"]
    token = client.get("/api/goals?page_size=2").expect(200)["nextPageToken"]
    client.get(f"/api/goals?category=odd&page_token={token}").problem(400, "INVALID_CURSOR")


def test_titles_of_active_goals_are_unique(client, dramatis, user):
    first = create(client, "Straße laufen")
    client.post("/api/goals", goal(" STRASSE LAUFEN ")).problem(409, "GOAL_TITLE_TAKEN")
    second = create(client, "Swim")
    client.patch(path_of(second), {"title": "strasse laufen"}).problem(409, "GOAL_TITLE_TAKEN")
    client.delete(path_of(first)).expect(204)
    create(client, "STRASSE laufen")
    client.post(f"{path_of(first)}/restore").problem(409, "GOAL_TITLE_TAKEN")
    create(dramatis.client(user + "-other"), "Straße laufen")


def test_sixty_at_once_make_fifty_goals(client, dramatis, user):
    other = dramatis.client(user + "-other")
    for number in range(50):
        create(other, f"Other {number}")
    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(
            lambda number: client.post("/api/goals", goal(f"Goal {number}")), range(60)))
    made = [answer for answer in answers if answer.status == 201]
    assert len(made) == 50
    for answer in answers:
        if answer.status != 201:
            answer.problem(422, "GOAL_QUOTA_EXCEEDED")
    assert len(titles(client)) == 50
    client.post("/api/goals", goal("One more")).problem(422, "GOAL_QUOTA_EXCEEDED")
    draft = create(client, "A draft", status="draft")
    client.patch(path_of(draft), {"status": "active"}).problem(422, "GOAL_QUOTA_EXCEEDED")
    client.delete(path_of(made[0].json())).expect(204)
    client.patch(path_of(draft), {"status": "active"}).expect(200)
    client.post(f"{path_of(made[0].json())}/restore").problem(422, "GOAL_QUOTA_EXCEEDED")


def test_one_key_makes_one_goal(client):
    key = {"Idempotency-Key": "k 1"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post("/api/goals", goal("Once"), key), range(8)))
    assert len({answer.expect(201)["goalId"] for answer in answers}) == 1
    replayed = [answer for answer in answers if "idempotency-replayed" in answer.headers]
    assert len(replayed) == 7
    client.post("/api/goals", goal("Twice"), key).problem(409, "IDEMPOTENCY_KEY_REUSED")
    path = path_of(answers[0].json())
    first = client.post(f"{path}/activities", {"value": 1}, key)
    second = client.post(f"{path}/activities", {"value": 1}, key)
    assert first.expect(201) == second.expect(201)
    assert progress(client, path)["currentValue"] == 1
    done = client.post(f"{path}/complete", {}, key).expect(200)
    client.delete(path).expect(204)
    again = client.post(f"{path}/complete", {}, key)
    assert again.expect(200) == done and again.headers["idempotency-replayed"] == "true"
    restored = client.post(f"{path}/restore", {}, key).expect(200)
    client.delete(path).expect(204)
    assert client.post(f"{path}/restore", {}, key).expect(200) == restored
    assert client.get(path).expect(200)["status"] == "archived"


def test_activities_read_back_and_are_filtered(client):
    path = path_of(create(client, "Run", "recurring"))
    created = client.post(f"{path}/activities", {
        "value": 2.5, "unit": "km", "activityType": "partial", "activityDate": day(-3),
        "note": "Rain ☔", "context": {"shoes": ["old"]}})
    activity = created.expect(201)
    assert created.headers["location"] == f"{path}/activities/{activity['activityId']}"
    assert client.get(created.headers["location"]).expect(200) == activity
    assert (activity["value"], activity["unit"], activity["activityType"]) == (2.5, "km", "partial")
    assert (activity["note"], activity["context"]) == ("Rain ☔", {"shoes": ["old"]})
    for offset in (-2, -1, 0):
        record(client, path, 1, activityDate=day(offset))
    record(client, path, activityType="skipped", activityDate=day(-1))

    def days(query=""):
        listed = client.pages(f"{path}/activities{query}", "activities", size=2)
        return [found["activityDate"] for found in listed]

    assert days() == [day(), day(-1), day(-1), day(-2), day(-3)]
    assert days(f"?startDate={day(-1)}") == [day(), day(-1), day(-1)]
    assert days(f"?endDate={day(-1)}") == [day(-2), day(-3)]
    assert days(f"?startDate={day(-2)}&endDate={day()}") == [day(-1), day(-1), day(-2)]
    assert days("?activityType=skipped") == [day(-1)]
    for name in ("startDate", "endDate"):
        problem = client.get(f"{path}/activities?{name}=2027-02-30").problem(400)
        assert [error["field"] for error in problem["errors"]] == [name]


@pytest.mark.parametrize("body, field", [
    ({}, "value"),
    ({"value": -1}, "value"),
    ({"value": 1, "activityType": "skipped"}, "value"),
    ({"value": 1, "unit": "miles"}, "unit"),
    ({"value": 1, "activityDate": day(3)}, "activityDate"),
    ({"value": 1, "activityDate": "2027-02-30"}, "activityDate"),
    ({"value": 1, "activityDate": "1969-12-31"}, "activityDate"),
    ({"value": 1, "activityType": "rest"}, "activityType"),
    ({"value": 1, "note": "n" * 501}, "note"),
])
def test_activities_name_what_is_wrong(client, body, field):
    path = path_of(create(client, "Run", "recurring"))
    problem = client.post(f"{path}/activities", body).problem(400, "VALIDATION_FAILED")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert client.get(f"{path}/activities").expect(200)["activities"] == []


def test_progress_goes_by_the_pattern(client):
    recurring = path_of(create(client, "Run", "recurring", {"period": "month"}))
    milestone = path_of(create(client, "Read"))
    target = path_of(create(client, "Weigh less", "target"))
    streak = path_of(create(client, "Meditate", "streak"))
    limit = path_of(create(client, "Coffee", "limit"))
    assert [progress(client, path)["progress"]
            for path in (recurring, milestone, target, streak, limit)] == [0, 0, 0, 0, 100]
    for path, value in ((recurring, 10), (milestone, 40), (target, 77.5), (limit, 3)):
        record(client, path, value)
    for offset in (-3, -1, 0):
        record(client, streak, activityDate=day(offset))
    read = {path: progress(client, path) for path in (recurring, milestone, target, streak, limit)}
    assert read[recurring]["progress"] == 100
    assert read[milestone]["progress"] == 40
    assert (read[target]["progress"], read[target]["currentValue"]) == (25, 77.5)
    assert read[streak]["progress"] == pytest.approx(200 / 3)
    assert read[streak]["statistics"]["currentStreak"] == 2
    assert read[limit]["progress"] == 0
    for found in read.values():
        assert found["trend"] in ("up", "down", "stable")
        assert 1 <= len(found["insights"]) <= 3


def test_trend_is_of_the_last_five_values(client):
    path = path_of(create(client, "Weigh less", "target"))
    for value in (10, 20, 90, 85, 80, 76, 72):
        record(client, path, value)
    assert progress(client, path)["trend"] == "down"
    for value in (75, 75, 75, 75, 75):
        record(client, path, value)
    assert progress(client, path)["trend"] == "stable"


def test_more_than_a_hundred_activities_count(client):
    path = path_of(create(client, "Read"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: record(client, path, 0.5, activityDate=day(-(number % 30))),
                      range(130)))
    found = progress(client, path, "all")
    assert found["progress"] == 65
    assert found["statistics"]["entries"] == 130
    assert found["statistics"]["total"] == 65
    assert len(client.pages(f"{path}/activities", "activities")) == 130


def test_periods_bound_the_statistics(client):
    path = path_of(create(client, "Read"))
    record(client, path, 1)
    record(client, path, 2, activityDate=day(-400))
    today = datetime.now(timezone.utc).date()
    monday = today - timedelta(days=today.weekday())
    bounds = {
        "week": monday.isoformat(), "month": today.replace(day=1).isoformat(),
        "quarter": today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1).isoformat(),
        "year": today.replace(month=1, day=1).isoformat()}
    for period, start in bounds.items():
        statistics = progress(client, path, period)["statistics"]
        assert (statistics["startDate"], statistics["total"]) == (start, 1), period
        assert statistics["endDate"] > day()
    for period in ("all", "current", None):
        statistics = progress(client, path, period)["statistics"]
        assert "startDate" not in statistics and statistics["total"] == 3
    client.get(f"{path}/progress?period=decade").problem(400, "VALIDATION_FAILED")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_today_is_the_users(client, zone):
    """The two are never on the same day, so one of them is not on UTC's."""
    client.put("/api/profile", {"timezone": zone}).expect(200)
    today = day(zone=ZoneInfo(zone))
    path = path_of(create(client, "Meditate", "streak"))
    assert record(client, path)["activityDate"] == today
    found = progress(client, path)
    assert found["statistics"]["startDate"] == today
    assert found["currentValue"] == 1


def test_goals_are_the_callers_own(client, dramatis, user):
    path = path_of(create(client, "Mine"))
    activity = record(client, path, 1)["activityId"]
    for other in (dramatis.client(user + "-other"), dramatis.client(user + "-boss:admin")):
        for method, route, body in (
                ("GET", path, None), ("PUT", path, {"title": "x"}), ("PATCH", path, {"title": "x"}),
                ("DELETE", path, None), ("POST", f"{path}/complete", {}),
                ("POST", f"{path}/restore", {}), ("GET", f"{path}/activities", None),
                ("POST", f"{path}/activities", {"value": 1}),
                ("GET", f"{path}/activities/{activity}", None), ("GET", f"{path}/progress", None)):
            other.request(method, route, body).problem(404, "NOT_FOUND")
        assert titles(other) == []
    assert progress(client, path)["currentValue"] == 1
    second = path_of(create(client, "Mine too"))
    client.get(f"{second}/activities/{activity}").problem(404, "NOT_FOUND")


def test_personas_are_told_of_shared_goals(client, provider, double_persona):
    record(client, path_of(create(client, "Read a hundred books")), 42)
    create(client, "A secret aim", shareWithPersonas=False)
    client.post(f"{path_of(create(client, 'Done already'))}/complete").expect(200)
    client.post("/api/chat", {"message": "Good morning.",
                              "persona_id": double_persona}).expect(200)
    prompt = "\n".join(message["content"] for message in provider.requests()[0]["messages"])
    assert 'Goal "Read a hundred books" (milestone): 42 % done' in prompt
    assert "A secret aim" not in prompt
    assert "Done already" not in prompt


def test_grpc_says_the_same(client, dramatis, user):
    created = create(client, "Over the wire")
    service = FULL_NAMES["memory"]
    mine = [f"authorization: Bearer local:{user}"]
    read = grpcurl.call(dramatis.grpc("memory"), f"{service}/GetGoal",
                        {"goalId": created["goalId"]}, mine)[0]
    assert read["title"] == "Over the wire"
    for method in ("GetGoal", "DeleteGoal", "CompleteGoal", "RestoreGoal", "ListActivities",
                   "GetGoalProgress"):
        with pytest.raises(grpcurl.GrpcError) as error:
            grpcurl.call(dramatis.grpc("memory"), f"{service}/{method}",
                         {"goalId": created["goalId"]}, ["authorization: Bearer local:nobody"])
        assert error.value.code == "NotFound"
