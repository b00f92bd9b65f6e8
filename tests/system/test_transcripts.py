"""Transcripts of sessions in a folder, read back once retention has taken the rows away."""

import json
import uuid

import pytest

from tests.harness.client import Client
from tests.harness.program import run_program, wait_for
from tests.system.test_exports import exported
from tests.system.test_imports import imported


@pytest.fixture(scope="module", params=["embedded", "separate"])
def kept(request, make_deployment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("transcripts")
    settings = {"DRAMATIS_TRANSCRIPTS": f"file:{folder}", "DRAMATIS_RETENTION": "1s"}
    with make_deployment(request.param, settings) as deployment:
        deployment.transcripts = folder
        yield deployment


def somebody(deployment):
    user = f"u-{uuid.uuid4().hex[:8]}"
    client = Client(deployment.http, user=user)
    client.user = user
    return client


def chatted(client, session="talk", messages=("I am Ada.", "größer 😀", "Bye")):
    for message in messages:
        client.post("/api/chat", {"message": message, "session_id": session}).expect(200)
    before = client.get(f"/api/chat/history/{session}?page_size=100").expect(200)
    client.delete(f"/api/session/{session}").expect(200)
    return before


def purged(deployment, client, session="talk"):
    """Waits until the session's messages are in its transcript only."""
    wait_for(lambda: deployment.execute(
        "conversation", "select t.purged from {schema}.transcripts t join {schema}.conversations c"
        " on c.conversation_id = t.conversation_id"
        f" where c.session_id = '{session}' and c.user_id = '{client.user}' and t.purged"),
        "the rows to go", timeout=30)
    assert [("0",)] == deployment.execute(
        "conversation", "select count(*) from {schema}.messages m join {schema}.conversations c"
        " on c.conversation_id = m.conversation_id"
        f" where c.session_id = '{session}' and c.user_id = '{client.user}'")


def file_of(deployment, client, session="talk"):
    return deployment.transcripts / client.user / f"{session}.json"


def test_history_reads_on_after_the_rows_are_gone(kept):
    client = somebody(kept)
    before = chatted(client)
    purged(kept, client)
    written = json.loads(file_of(kept, client).read_text())
    assert [(m["role"], m["content"]) for m in written] == [
        (m["role"], m["content"]) for m in before["messages"]]
    assert written == before["messages"]
    assert client.get("/api/chat/history/talk?page_size=100").expect(200) == before
    assert client.get("/api/history/talk?page_size=100").expect(200)["messages"] == before["messages"]
    page = client.get("/api/chat/history/talk?page_size=4").expect(200)
    rest = client.get(f"/api/chat/history/talk?page_size=4&page_token={page['next_page_token']}").expect(200)
    assert page["messages"] + rest["messages"] == before["messages"]
    newest = client.get("/api/chat/history/talk?page_size=2&order=desc").expect(200)["messages"]
    assert newest == before["messages"][:-3:-1]
    session = client.get("/api/session/talk").expect(200)
    assert session["status"] == "ended" and session["message_count"] == len(before["messages"])
    listed = client.get("/api/history").expect(200)["conversations"]
    assert [entry["session_id"] for entry in listed] == ["talk"]
    assert client.get("/api/history?q=Ada").expect(200)["conversations"], "the title is found"
    client.post("/api/chat", {"message": "More", "session_id": "talk"}).problem(409, "SESSION_ENDED")
    assert somebody(kept).get("/api/chat/history/talk").expect(200)["messages"] == []


def test_what_is_gone_from_the_rows_is_forked_shared_and_exported_all_the_same(kept):
    client = somebody(kept)
    before = chatted(client)
    purged(kept, client)
    texts = [m["content"] for m in before["messages"]]
    shared = client.post("/api/history/talk/share", {}).expect(201)
    assert [m["content"] for m in client.get(shared["url"]).expect(200)["messages"]] == texts
    assert client.get("/api/chat/history/talk?page_size=100").expect(200) == before

    other = somebody(kept)
    before = chatted(other)
    purged(kept, other)
    fork = other.post("/api/history/talk/fork", {"sequence": 3}).expect(201)["session_id"]
    assert [m["content"] for m in other.get(f"/api/chat/history/{fork}").expect(200)["messages"]] \
        == [m["content"] for m in before["messages"]][:3]

    third = somebody(kept)
    before = chatted(third)
    purged(kept, third)
    _, archive = exported(third)
    heir = somebody(kept)
    imported(heir, archive)
    assert [m["content"] for m in heir.get("/api/chat/history/talk?page_size=100").expect(200)["messages"]] \
        == [m["content"] for m in before["messages"]]


def test_a_transcript_goes_with_its_session_and_with_the_account(kept):
    client = somebody(kept)
    chatted(client)
    chatted(client, "second")
    purged(kept, client)
    purged(kept, client, "second")
    client.delete("/api/history/talk").expect(204)
    assert client.get("/api/chat/history/talk").expect(200)["messages"] == []
    client.get("/api/history/talk").problem(404)
    wait_for(lambda: not file_of(kept, client).exists(), "the file to go")
    assert file_of(kept, client, "second").exists()
    client.request("DELETE", "/api/account", {"confirm": client.user}).expect(202)
    wait_for(lambda: not file_of(kept, client, "second").parent.exists(), "the account's to go", timeout=30)


def test_a_transcript_that_is_missing_is_no_empty_history(kept):
    client = somebody(kept)
    chatted(client)
    purged(kept, client)
    file_of(kept, client).unlink()
    client.get("/api/chat/history/talk").problem(404)
    client.post("/api/history/talk/share", {}).problem(404)
    client.delete("/api/history/talk").expect(204)


def test_without_transcripts_sessions_that_are_over_are_deleted(make_deployment):
    with make_deployment("embedded", {"DRAMATIS_RETENTION": "1s"}) as deployment:
        client = somebody(deployment)
        chatted(client)
        client.post("/api/chat", {"message": "Still here", "session_id": "live"}).expect(200)
        wait_for(lambda: client.get("/api/history/talk").status == 404, "the session to go", timeout=30)
        assert client.get("/api/chat/history/live").expect(200)["messages"]


@pytest.mark.parametrize("settings, named", [
    ({"DRAMATIS_TRANSCRIPTS": "/data"}, "DRAMATIS_TRANSCRIPTS must be s3://"),
    ({"DRAMATIS_RETENTION": "soon"}, "DRAMATIS_RETENTION must be a duration"),
    ({"DRAMATIS_TRANSCRIPT_RETENTION": "30d"}, "DRAMATIS_TRANSCRIPT_RETENTION is of transcripts"),
    ({"DRAMATIS_TRANSCRIPTS": "file:/x", "DRAMATIS_RETENTION": "30d",
      "DRAMATIS_TRANSCRIPT_RETENTION": "12h"}, "must not be shorter than DRAMATIS_RETENTION"),
])
def test_wrong_settings_are_named(settings, named):
    code, output = run_program("dramatis", settings, ["--check-config"])
    assert code != 0 and named in output
