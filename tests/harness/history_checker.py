"""Reads everything back and asserts what Dramatis promises: each acknowledged message exactly once,
in order; each turn at most one reply; what was streamed is what is stored.

    ledger = Ledger()
    ledger.acknowledged(client, session_id, user_message_id, turn_id, text)
    ... kill, cut, restart ...
    check(ledger)
"""

import collections
import threading


class Acknowledged:
    """One message that Dramatis said it has, with the turn it began."""

    def __init__(self, session_id, message_id, turn_id, text):
        self.session_id = session_id
        self.message_id = message_id
        self.turn_id = turn_id
        self.text = text
        self.reply = None  # (message id, text), once a `done` or an answer was seen


class Ledger:
    """What clients were told, in the order they were told it. Thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self._entries = collections.defaultdict(list)

    def acknowledged(self, session_id, message_id, turn_id, text):
        entry = Acknowledged(session_id, message_id, turn_id, text)
        with self._lock:
            self._entries[session_id].append(entry)
        return entry

    def answered(self, entry, message_id, text):
        with self._lock:
            entry.reply = (message_id, text)

    def sessions(self):
        with self._lock:
            return {session: list(entries) for session, entries in self._entries.items()}


def check(ledger, client, allow_running=False):
    """Asserts every promise for every session of the ledger; the messages read, by session."""
    histories = {}
    for session_id, entries in ledger.sessions().items():
        messages = client.pages(f"/api/chat/history/{session_id}", "messages")
        histories[session_id] = messages
        check_messages(messages)
        _check_acknowledged(messages, entries)
        for entry in entries:
            _check_turn(client, messages, entry, allow_running)
    return histories


def check_messages(messages):
    """What holds for every history by itself."""
    ids = [message["message_id"] for message in messages]
    assert len(ids) == len(set(ids)), f"a message is there twice: {ids}"
    sequences = [message["sequence"] for message in messages]
    assert sequences == list(range(1, len(messages) + 1)), f"sequence has gaps: {sequences}"
    times = [message["timestamp"] for message in messages]
    assert times == sorted(times), f"times run backwards: {times}"
    replies = [message["metadata"]["turn_id"] for message in messages
               if message["role"] == "assistant"]
    assert len(replies) == len(set(replies)), f"a turn has two replies: {replies}"


def _check_acknowledged(messages, entries):
    stored = [(message["message_id"], message["content"]) for message in messages
              if message["role"] == "user"]
    told = [(entry.message_id, entry.text) for entry in entries]
    # Others may have been stored without the client hearing of it; told ones must all be there.
    remaining = iter(stored)
    for expected in told:
        assert any(found == expected for found in remaining), (
            f"{expected[0]} is missing or out of order in {[id for id, _ in stored]}")


def _check_turn(client, messages, entry, allow_running):
    turn = client.get(f"/api/turns/{entry.turn_id}").expect(200)
    assert turn["user_message_id"] == entry.message_id
    replies = [message for message in messages if message["role"] == "assistant"
               and message["metadata"]["turn_id"] == entry.turn_id]
    if turn["state"] in ("done", "cancelled"):
        assert len(replies) == 1, f"turn {entry.turn_id} is {turn['state']} with {len(replies)}"
        assert replies[0]["message_id"] == turn["message_id"]
        assert replies[0]["content"] == turn["text"]
    else:
        allowed = ("failed", "pending", "running") if allow_running else ("failed",)
        assert turn["state"] in allowed, turn
        assert not replies, f"turn {entry.turn_id} is {turn['state']} and has a reply"
        if turn["state"] == "failed":
            assert turn["error_code"], turn
    if entry.reply is not None:
        assert len(replies) == 1, f"the answer of turn {entry.turn_id} is gone"
        assert (replies[0]["message_id"], replies[0]["content"]) == entry.reply
