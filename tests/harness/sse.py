"""Server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html."""

import io
import json


class Event:
    def __init__(self, name, data, id):
        self.name = name
        self.data = data  # text
        self.id = id

    def json(self):
        return json.loads(self.data)

    def __repr__(self):
        return f"Event({self.name}, {self.id}, {self.data[:200]})"


class EventReader:
    """Events of a file of bytes, as they come. An event without its empty line does not count."""

    def __init__(self, file):
        self._file = file
        self.comments = 0

    def __iter__(self):
        return self

    def __next__(self):
        name, data, id = "message", [], None
        while True:
            line = self._file.readline()
            if not line.endswith(b"\n"):
                raise StopIteration
            line = line.rstrip(b"\r\n").decode("utf-8")  # strict: half a code point is an error
            if not line:
                if data:
                    return Event(name, "\n".join(data), id)
                name, id = "message", None
            elif line.startswith(":"):
                self.comments += 1
            else:
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if field == "event":
                    name = value
                elif field == "data":
                    data.append(value)
                elif field == "id":
                    id = value


def events_of(data):
    """The whole events of some bytes."""
    return list(EventReader(io.BytesIO(data)))


class Transcript:
    """What a client of a chat stream shows: apply events to it in the order they came."""

    def __init__(self):
        self.text = ""
        self.turn_id = None
        self.session_id = None
        self.user_message_id = None
        self.cursor = None
        self.done = None
        self.error = None  # the problem document

    def apply(self, event):
        assert not self.ended, f"{event} after the end"
        body = event.json()
        if event.id is not None:
            self.cursor = event.id
        if event.name == "start":
            self.turn_id = body["turn_id"]
            self.session_id = body["session_id"]
            self.user_message_id = body["user_message_id"]
        elif event.name == "delta":
            self.text += body["text"]
        elif event.name == "reset":
            self.text = body.get("text", "")
        elif event.name == "done":
            self.done = body
        elif event.name == "error":
            self.error = body["problem"]
        else:
            raise AssertionError(f"unknown event {event}")
        return self

    def apply_all(self, events):
        for event in events:
            self.apply(event)
        return self

    @property
    def ended(self):
        return self.done is not None or self.error is not None
