"""Files of other programs, as their users export them, for tests of imports."""

import io
import json
import zipfile


def zip_of(files):
    """A zip archive: {name: text or bytes}."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def chatgpt_chat(number, messages=3, title=None):
    """One chat with a branch that was left, a system message, a tool's and a hidden one."""
    base = 1_700_000_000 + number * 1000
    mapping = {"root": {"id": "root", "parent": None, "children": ["sys"], "message": None}}

    def add(name, parent, role, parts, kind="text", recipient="all", hidden=False, time=base):
        mapping[name] = {"id": name, "parent": parent, "children": [], "message": {
            "id": f"{name}-{number}", "author": {"role": role}, "create_time": time,
            "content": {"content_type": kind, "parts": parts}, "recipient": recipient,
            "metadata": {"is_visually_hidden_from_conversation": True} if hidden else {}}}
        return name

    parent = add("sys", "root", "system", [""])
    parent = add("hidden", parent, "user", ["my instructions"], hidden=True)
    add("left", parent, "user", ["an earlier try that was edited away"])
    for i in range(messages):
        role = "user" if i % 2 == 0 else "assistant"
        if i == 1:
            parent = add("tool", parent, "assistant", ["search()"], kind="code",
                         recipient="browser")
        parts = [f"{role} {number}.{i} says hello, größer 😀"]
        if i == 0:
            parts = [{"asset_pointer": "file://picture"}, *parts]
        parent = add(f"m{i}", parent, role, parts, kind="multimodal_text" if i == 0 else "text",
                     time=base + i + 0.25)
    return {"conversation_id": f"6a{number:010d}", "title": title or f"Chat {number}",
            "create_time": base, "update_time": base + 500, "mapping": mapping,
            "current_node": parent, "default_model_slug": "gpt-5"}


def chatgpt_zip(count=3, parts=None, **options):
    """`parts`: how many files the chats are in; None for the older shape with one."""
    chats = [chatgpt_chat(number, **options) for number in range(count)]
    files = {"user.json": "{}", "chat.html": "<html></html>"}
    if parts is None:
        files["conversations.json"] = json.dumps(chats)
    else:
        files["export_manifest.json"] = "{}"
        for part in range(parts):
            files[f"conversations-{part:03d}.json"] = json.dumps(chats[part::parts])
    return zip_of(files)


def claude_zip(count=2):
    chats = [{"uuid": f"0b7e7a3c-0000-4000-8000-{number:012d}", "name": f"Talk {number}",
              "created_at": "2025-03-04T05:06:07.123456Z",
              "updated_at": "2025-03-04T06:06:07.123456Z",
              "account": {"uuid": "x"},
              "chat_messages": [
                  {"uuid": "m1", "sender": "human", "text": f"Question {number}", "content": [],
                   "created_at": "2025-03-04T05:06:08Z", "attachments": [], "files": []},
                  {"uuid": "m2", "sender": "assistant", "text": "",
                   "created_at": "2025-03-04T05:06:09Z",
                   "content": [{"type": "thinking", "thinking": "hm"},
                               {"type": "text", "text": f"Answer {number}"},
                               {"type": "tool_use", "name": "x"}]},
                  {"uuid": "m3", "sender": "human", "text": "", "content": [
                      {"type": "tool_result", "content": "y"}],
                   "created_at": "2025-03-04T05:06:10Z"}]} for number in range(count)]
    return zip_of({"users.json": "[]", "memories.json": "[]",
                   "projects/p1.json": json.dumps({"uuid": "p1", "name": "P"}),
                   "conversations.json": json.dumps(chats)})


def sillytavern_lines():
    return "\n".join(json.dumps(line) for line in [
        {"user_name": "Ada", "character_name": "Tessa", "create_date": "2026-01-02T03:04:05.000Z",
         "chat_metadata": {"integrity": "x"}},
        {"name": "Tessa", "is_user": False, "is_system": False,
         "send_date": "2026-01-02T03:04:05.000Z", "mes": "The net is torn.", "extra": {}},
        {"name": "Ada", "is_user": True, "is_system": False,
         "send_date": "January 2, 2026 3:05am", "mes": "Let me help."},
        {"name": "System", "is_user": False, "is_system": True, "mes": "hidden"},
    ]).encode()
