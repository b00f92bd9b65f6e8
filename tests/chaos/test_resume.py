"""Streams that survive a dropped connection: the pieces joined are byte for byte what is stored."""

import json

from tests.harness.client import raw_exchange, unchunk
from tests.harness.sse import Transcript, events_of

TOKENS = ["Grüß", " Gott", ",", " 😀", "😀", "\n", "wie", " geht", "’s", "?", " 👩‍👩‍👧"]
TEXT = "".join(TOKENS)


def follow(client, transcript, drop_after=None):
    """Goes on with a stream from its cursor; drops it after so many events."""
    headers = {"Last-Event-ID": transcript.cursor} if transcript.cursor else {}
    with client.stream(f"/api/turns/{transcript.turn_id}/stream", headers=headers) as stream:
        for number, event in enumerate(stream, 1):
            transcript.apply(event)
            if number == drop_after:
                break


def stored(client, transcript):
    messages = client.get(f"/api/chat/history/{transcript.session_id}").expect(200)["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant"]
    return messages[1]


def test_dropped_after_every_event(client, provider, double_persona):
    """The client goes away after each single event, until the end, while the answer is made."""
    provider.script({"tokens": TOKENS, "token_delay_ms": 30})
    transcript = Transcript()
    with client.stream("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                     "stream": True}) as stream:
        transcript.apply(stream.next())
    drops = 1
    while not transcript.ended:
        follow(client, transcript, drop_after=1)
        drops += 1
    assert drops >= 4
    message = stored(client, transcript)
    assert transcript.text.encode() == message["content"].encode() == TEXT.encode()
    assert transcript.done["message_id"] == message["message_id"]
    assert provider.counts()["count"] == 1


def test_dropped_after_each_kind_of_event_at_every_place(client, provider, double_persona):
    """One run for each number of events read before the first drop; then the rest in one piece."""
    events, read = None, 0
    while events is None or read < events:
        read += 1
        provider.script({"tokens": TOKENS, "token_delay_ms": 10})
        transcript = Transcript()
        with client.stream("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                         "stream": True}) as stream:
            for number, event in enumerate(stream, 1):
                transcript.apply(event)
                if number == read:
                    break
        if transcript.ended:
            break
        follow(client, transcript)
        assert transcript.done is not None
        assert transcript.text.encode() == stored(client, transcript)["content"].encode()
    assert read > 3


def test_dropped_at_every_byte(dramatis, user, client, provider, double_persona):
    """A reader that gets n bytes of the stream and reconnects, for every n."""
    provider.script({"tokens": TOKENS, "token_delay_ms": 5})
    said = client.post("/api/chat", {"message": "Hi", "persona_id": double_persona}).expect(200)

    def read(cursor, limit=None):
        request = (f"GET /api/turns/{said['turn_id']}/stream HTTP/1.1\r\nHost: localhost\r\n"
                   f"Authorization: Bearer local:{user}\r\nAccept: text/event-stream\r\n"
                   f"Connection: close\r\n")
        request += f"Last-Event-ID: {cursor}\r\n\r\n" if cursor else "\r\n"
        head, _, body = raw_exchange(dramatis.http, request.encode(), limit).partition(b"\r\n\r\n")
        chunked = b"transfer-encoding: chunked" in head.lower()
        return events_of(unchunk(body) if chunked else body), len(head) + 4 + len(body)

    whole, size = read(None)
    assert Transcript().apply_all(whole).text == TEXT
    for limit in range(1, size):
        transcript = Transcript()
        transcript.apply_all(read(None, limit)[0])
        if not transcript.ended:
            transcript.apply_all(read(transcript.cursor)[0])
        assert transcript.text.encode() == TEXT.encode(), limit
        assert transcript.done["message_id"] == said["message_id"]


def test_every_cursor_inside_the_text_resumes(client, provider, double_persona):
    """Cursors are byte offsets: each that lies between two code points gives exactly the rest."""
    provider.script({"tokens": TOKENS})
    said = client.post("/api/chat", {"message": "Hi", "persona_id": double_persona}).expect(200)
    turn = said["turn_id"]
    data = TEXT.encode()
    for offset in range(len(data) + 1):
        try:
            data[:offset].decode()
        except UnicodeDecodeError:
            continue
        with client.stream(f"/api/turns/{turn}/stream",
                           headers={"Last-Event-ID": f"{turn}:1:{offset}"}) as stream:
            transcript = Transcript().apply_all(stream)
        assert transcript.text == data[offset:].decode(), offset


def test_cursors_that_cannot_be_are_refused_or_reset(client, provider, double_persona):
    provider.script({"tokens": TOKENS})
    said = client.post("/api/chat", {"message": "Hi", "persona_id": double_persona}).expect(200)
    path = f"/api/turns/{said['turn_id']}/stream"
    for cursor in ("x", "::", f"{said['turn_id']}:1:-1", f"{said['turn_id']}:1:1e3", "other:1:0",
                   f"{said['turn_id']}:99999999999999999999:0"):
        problem = client.get(path, {"Last-Event-ID": cursor, "Accept": "text/event-stream"}).problem(
            400, "INVALID_CURSOR")
        assert problem["errors"], problem
    for cursor in (f"{said['turn_id']}:1:9999", f"{said['turn_id']}:7:0"):
        with client.stream(path, headers={"Last-Event-ID": cursor}) as stream:
            assert Transcript().apply_all(stream).text == TEXT


def test_many_readers_of_one_turn_see_the_same(client, provider, double_persona):
    provider.script({"tokens": TOKENS * 3, "token_delay_ms": 10})
    with client.stream("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                     "stream": True}) as first:
        start = first.next().json()
        readers = [client.stream(f"/api/turns/{start['turn_id']}/stream") for _ in range(10)]
        texts = []
        for reader in readers:
            with reader:
                texts.append(Transcript().apply_all(reader).text)
    assert set(texts) == {"".join(TOKENS * 3)}


def test_slow_reader_gets_everything_and_holds_nobody_up(dramatis, user, client, provider,
                                                         double_persona):
    """One who does not read for a while, of a flood far over what sockets buffer."""
    import socket
    import time

    provider.script({"tokens": ["x" * 1000 + " "] * 4000})
    host, port = dramatis.http.rsplit(":", 1)
    body = json.dumps({"message": "Hi", "persona_id": double_persona, "stream": True}).encode()
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        connection.sendall(
            b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\n"
            b"Authorization: Bearer local:" + user.encode() + b"\r\nContent-Length: "
            + str(len(body)).encode() + b"\r\n\r\n" + body)
        time.sleep(1)
        assert client.get("/api/profile").status == 200
        received = b""
        while piece := connection.recv(65536):
            received += piece
    head, _, payload = received.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        payload = unchunk(payload)
    transcript = Transcript().apply_all(events_of(payload))
    assert transcript.done is not None
    assert transcript.text.strip() == (("x" * 1000 + " ") * 4000).strip()


def test_heartbeats_come_while_the_provider_is_silent(client, provider, double_persona):
    provider.script({"tokens": [{"delay_ms": 17000}, "late"]})
    with client.stream("/api/chat", {"message": "Hi", "persona_id": double_persona,
                                     "stream": True}) as stream:
        transcript = Transcript().apply_all(stream)
        assert transcript.text == "late"
        assert stream.comments >= 1
