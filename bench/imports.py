"""How long years of chats take to come in: 10,000 conversations with 300,000 messages, as ChatGPT
exports them, on SQLite, and until searches find all of them; and how much memory that takes."""

import io
import json
import random
import sqlite3
import time
import zipfile

from bench.deployment import Deployment
from bench.measure import cpu_us, resident_kib
from bench.scale import sentence

CHATS, MESSAGES = 10_000, 30


def chat(number, rng):
    mapping, parent = {"root": {"parent": None, "message": None}}, "root"
    for i in range(MESSAGES):
        mapping[f"n{i}"] = {"parent": parent, "message": {
            "id": f"{number}-{i}", "author": {"role": "assistant" if i % 2 else "user"},
            "create_time": 1.7e9 + number * 100 + i,
            "content": {"content_type": "text", "parts": [sentence(rng, 40 if i % 2 else 12)]}}}
        parent = f"n{i}"
    return {"conversation_id": f"chat-{number}", "title": f"Chat {number}", "mapping": mapping,
            "create_time": 1.7e9 + number * 100, "current_node": parent}


def export():
    target, rng = io.BytesIO(), random.Random(1)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("conversations.json", "w") as file:
            file.write(b"[")
            for number in range(CHATS):
                file.write((b"," if number else b"") + json.dumps(chat(number, rng)).encode())
            file.write(b"]")
    return target.getvalue()


def unindexed(deployment):
    with sqlite3.connect(f"file:{deployment.folder}/data/conversation.db?mode=ro", uri=True) as db:
        return db.execute("select count(*) from unindexed_messages").fetchone()[0]


def measure(table):
    body = export()
    with Deployment() as deployment:
        before, cpu = resident_kib(deployment.pid), cpu_us([deployment.pid])
        begun, most = time.monotonic(), 0
        job = deployment.client.post("/api/imports", body,
                                     {"Content-Type": "application/zip"}).expect(202)
        state = {}
        while state.get("state") not in ("done", "failed"):
            time.sleep(0.2)
            most = max(most, resident_kib(deployment.pid))
            state = deployment.client.get(f"/api/imports/{job['importId']}").expect(200)
        took = time.monotonic() - begun
        if state["state"] != "done" or state["counts"] != {
                "sessions": CHATS, "messages": CHATS * MESSAGES}:
            raise SystemExit(f"void: {state}")
        while unindexed(deployment) > 0:
            time.sleep(0.5)
            most = max(most, resident_kib(deployment.pid))
        found = time.monotonic() - begun
        cpu = (cpu_us([deployment.pid]) - cpu) / 1e6
    table.add("import of 10,000 conversations with 300,000 messages, SQLite: CPU", cpu, "s")
    table.add("the same: from the upload's first byte to done", took, "s", at_most=60)
    table.add("the same: until searches find all of it", found, "s")
    table.add("the same: memory more than before, at most", (most - before) / 1024, "MiB",
              at_most=64)
