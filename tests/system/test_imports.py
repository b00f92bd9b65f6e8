"""Chats that people bring along: both shapes of ChatGPT's export, Claude's, SillyTavern's; and
files that mean no good."""

import io
import json
import os
import socket
import struct
import time
import zipfile

import pytest

from tests.harness.archives import (chatgpt_chat, chatgpt_zip, claude_zip, sillytavern_lines,
                                    zip_of)
from tests.harness.program import wait_for
from tests.harness.rooms import make_persona

ZIP = {"Content-Type": "application/zip"}
LINES = {"Content-Type": "application/jsonl"}


def send(client, body, headers=ZIP, query=""):
    return client.post(f"/api/imports{query}", body, headers)


def ended(client, import_id):
    def look():
        job = client.get(f"/api/imports/{import_id}").expect(200)
        return job if job["state"] in ("done", "failed") else None

    return wait_for(look, "the import to end")


def imported(client, body, headers=ZIP, query=""):
    job = send(client, body, headers, query).expect(202)
    done = ended(client, job["importId"])
    assert done["state"] == "done", done
    return done


def texts(client, session):
    return [(m["role"], m["content"]) for m in
            client.get(f"/api/history/{session}").expect(200)["messages"]]


@pytest.mark.parametrize("parts", [None, 2])
def test_chatgpt_in_both_shapes(client, parts):
    answer = send(client, chatgpt_zip(3, parts))
    job = answer.expect(202)
    assert answer.headers["location"] == f"/api/imports/{job['importId']}"
    assert job["source"] == "chatgpt" and job["state"] in ("queued", "running", "done")
    done = ended(client, job["importId"])
    assert done["state"] == "done", done
    assert done["counts"] == {"sessions": 3, "messages": 9}
    assert "endTime" in done and done["createTime"] <= done["endTime"]
    listed = client.get("/api/history").expect(200)["conversations"]
    assert {c["title"] for c in listed} == {"Chat 0", "Chat 1", "Chat 2"}
    session = client.get("/api/session/chatgpt-6a0000000001").expect(200)
    assert session["status"] == "expired" and session["message_count"] == 3
    assert session["created_at"].startswith("2023-11-14T22:30:00")
    assert texts(client, "chatgpt-6a0000000001") == [
        ("user", "user 1.0 says hello, größer 😀"),
        ("assistant", "assistant 1.1 says hello, größer 😀"),
        ("user", "user 1.2 says hello, größer 😀")]
    message = client.get("/api/history/chatgpt-6a0000000001").expect(200)["messages"][1]
    assert message["timestamp"].startswith("2023-11-14T22:30:01.25")
    persona = client.get(f"/api/personas/{session['persona_id']}").expect(200)
    assert persona["name"] == "ChatGPT" and persona["type"] == "ai_agent"
    found = client.get("/api/history?q=gr%C3%B6%C3%9Fer").expect(200)["conversations"]
    assert len(found) == 3


def test_what_was_imported_goes_on_as_a_fork(client):
    imported(client, chatgpt_zip(1))
    fork = client.post("/api/history/chatgpt-6a0000000000/fork", {"sequence": 2}).expect(201)
    said = client.post("/api/chat", {"message": "And now?",
                                     "session_id": fork["session_id"]}).expect(200)
    assert said["response"]
    assert len(texts(client, fork["session_id"])) == 4


def test_claude_and_a_persona_of_ones_own(client):
    persona = make_persona(client, type="ai_agent", name="Old friend")
    done = imported(client, claude_zip(), query=f"?personaId={persona}")
    assert done["source"] == "claude"
    assert done["counts"] == {"sessions": 2, "messages": 4, "leftOut": 2}
    assert done["leftOut"][0] == {"item": "Talk 0", "reason": "1 of its messages have no text"}
    session = "claude-0b7e7a3c-0000-4000-8000-000000000001"
    assert client.get(f"/api/session/{session}").expect(200)["persona_id"] == persona
    assert texts(client, session) == [("user", "Question 1"), ("assistant", "Answer 1")]


def test_sillytavern(client):
    done = imported(client, sillytavern_lines(), LINES)
    assert done["source"] == "sillytavern" and done["counts"] == {"sessions": 1, "messages": 2}
    [listed] = client.get("/api/history").expect(200)["conversations"]
    assert listed["title"] == "With Tessa"
    assert texts(client, listed["session_id"]) == [("assistant", "The net is torn."),
                                                   ("user", "Let me help.")]


def test_twice_changes_nothing(client):
    file = chatgpt_zip(4)
    imported(client, file)
    before = client.get("/api/history").expect(200)
    again = imported(client, file)
    assert again["counts"] == {"unchanged": 4}
    assert client.get("/api/history").expect(200) == before
    assert len(client.pages("/api/personas?ownerId=me", "personas")) == 1
    key = {"Idempotency-Key": "once", **ZIP}
    first = send(client, file, key).expect(202)
    second = send(client, file, key)
    assert second.expect(202)["importId"] == first["importId"]
    assert second.headers["idempotency-replayed"] == "true"
    send(client, chatgpt_zip(1), key).problem(409, "IDEMPOTENCY_KEY_REUSED")
    ids = [job["importId"] for job in client.pages("/api/imports", "imports", size=1)]
    assert len(ids) == 3 and ids == sorted(ids, reverse=True)


def test_nobody_elses(client, dramatis, user):
    job = send(client, chatgpt_zip(1)).expect(202)
    other = dramatis.client(f"{user}-other")
    other.get(f"/api/imports/{job['importId']}").problem(404, "NOT_FOUND")
    assert other.get("/api/imports").expect(200)["imports"] == []
    foreign = make_persona(other, type="ai_agent")
    send(client, chatgpt_zip(1), query=f"?personaId={foreign}").problem(404)
    ended(client, job["importId"])


def test_an_upload_that_is_cut_off_stores_nothing(client, dramatis, user):
    host, port = client.address.rsplit(":", 1)
    body = chatgpt_zip(50)
    head = (f"POST /api/imports HTTP/1.1\r\nHost: {client.address}\r\n"
            f"Authorization: Bearer local:{user}\r\nContent-Type: application/zip\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head + body[:len(body) // 2])
        connection.shutdown(socket.SHUT_WR)
        assert b" 400 " in connection.recv(65536).split(b"\r\n")[0]
    # The same, without a word.
    connection = socket.create_connection((host, int(port)), timeout=20)
    connection.sendall(head + body[:len(body) // 2])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    # Whole, but what it says it is ends before.
    send(client, body[:len(body) // 2]).problem(400, "VALIDATION_FAILED")
    assert client.get("/api/imports").expect(200)["imports"] == []
    assert client.get("/api/history").expect(200)["conversations"] == []


def test_in_chunks_of_no_announced_length(client):
    host, port = client.address.rsplit(":", 1)
    body = chatgpt_zip(2)
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall((f"POST /api/imports HTTP/1.1\r\nHost: {client.address}\r\n"
                            f"Authorization: {client.headers['Authorization']}\r\n"
                            "Content-Type: application/zip\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n").encode())
        for i in range(0, len(body), 1000):
            piece = body[i:i + 1000]
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        assert b" 202 " in connection.recv(65536).split(b"\r\n")[0]


def broken_length(body):
    """The central directory says of its first file that it has 2^31 bytes."""
    at = body.rfind(b"PK\x01\x02")
    return body[:at + 20] + struct.pack("<II", 2**31, 2**31) + body[at + 28:]


def bomb(size):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("conversations.json", "w", force_zip64=False) as entry:
            entry.write(b"[")
            for _ in range(size):
                entry.write(b" " * (1 << 20))
            entry.write(b"]")
    return target.getvalue()


BAD = {
    "nothing": b"",
    "text": b"hello",
    "json": b'{"a": 1}',
    "lines": b'{"name": "x"}\n{"name": "y"}\n',
    "no chats": zip_of({"readme.txt": "x"}),
    "no json": zip_of({"conversations.json": "nothing of the kind"}),
    "not an array of chats": zip_of({"conversations.json": '[{"a": 1}]'}),
    "numbers": zip_of({"conversations.json": "[1, 2]"}),
    "breaks off": zip_of({"conversations.json": json.dumps([chatgpt_chat(1)])[:-5] + '"mapping'}),
    "leads out": zip_of({"../../etc/passwd": "x", "conversations.json": "[]"}),
    "leads out absolutely": zip_of({"/etc/passwd": "x", "conversations.json": "[]"}),
    "lengths": broken_length(chatgpt_zip(1)),
    "only a mark": b"PK\x03\x04" + b"\0" * 100,
    "too many files": zip_of({f"f{i}": "" for i in range(10_001)}),
    "inflates": bomb(300),
    "torn line": sillytavern_lines()[:-10],
}


@pytest.mark.parametrize("what", BAD)
def test_files_that_are_no_chats_are_refused(client, what):
    headers = ZIP if BAD[what][:2] == b"PK" else LINES
    response = send(client, BAD[what], headers)
    problem = response.problem(400)
    assert problem["code"] == "VALIDATION_FAILED"
    assert [error["field"] for error in problem["errors"]] == ["body"], problem
    assert client.get("/api/imports").expect(200)["imports"] == []


def test_one_bad_chat_leaves_the_others(client):
    chats = [chatgpt_chat(1), {"title": "odd", "mapping": {}}, chatgpt_chat(2)]
    text = json.dumps(chats).replace('"odd"', '"odd\\ud800"')
    done = imported(client, zip_of({"conversations.json": text}))
    assert done["counts"]["sessions"] == 2
    assert done["leftOut"][0]["reason"]


def test_a_title_is_cut_between_graphemes(client):
    family = "\U0001F468\u200D\U0001F469\u200D\U0001F467"  # five code points
    chats = [{**chatgpt_chat(1), "title": "a" * 197 + family},
             {**chatgpt_chat(2), "title": "b\n" + "b" * 193 + family}]
    imported(client, zip_of({"conversations.json": json.dumps(chats)}))
    titles = {row["title"] for row in client.get("/api/history").expect(200)["conversations"]}
    assert titles == {"a" * 197, "b " + "b" * 193 + family}


def test_media_types_and_sizes(client):
    send(client, b"x", {"Content-Type": "text/plain"}).problem(415, "UNSUPPORTED_MEDIA_TYPE")
    response = client.post("/api/imports", b"x", {**ZIP, "Content-Length": str(201 << 20)})
    response.problem(413, "BODY_TOO_LARGE")


def test_large_bodies_take_little_memory(client, dramatis):
    programs = dramatis.programs.values()
    before = {program.name: rss(program.process.pid) for program in programs}
    noise = os.urandom(60 << 20)
    body = zip_of({"conversations.json": json.dumps([chatgpt_chat(1)]), "picture.bin": noise})
    imported(client, body)
    for program in programs:
        grown = rss(program.process.pid) - before[program.name]
        assert grown < 40 << 20, f"{program.name} has {grown >> 20} MiB more"


def rss(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_job_whose_process_died_goes_on(make_deployment, shape, user):
    options = {"replicas": 2} if shape == "separate" else {}
    with make_deployment(shape, {"DRAMATIS_TURN_LEASE": "1s"}, **options) as dramatis:
        client = dramatis.client(user)
        job = send(client, chatgpt_zip(500, messages=12)).expect(202)
        wait_for(lambda: client.get(f"/api/imports/{job['importId']}").expect(200)["counts"],
                 "the import to have begun")
        if shape == "embedded":
            dramatis.programs["dramatis"].kill()
            dramatis.start()
        else:
            # Which of the two has it nobody knows: each is away once.
            for name in ("dramatis-conversation", "dramatis-conversation-2"):
                dramatis.programs[name].kill()
                dramatis.start_again(name)
        done = ended(dramatis.client(user), job["importId"])
        assert done["state"] == "done", done
        assert done["counts"]["sessions"] == 500 and done["counts"]["messages"] == 6000
        assert "unchanged" not in done["counts"]
