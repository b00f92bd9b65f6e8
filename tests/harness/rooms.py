"""Conversations of several personas, as tests open them and talk in them."""

import uuid


def make_persona(client, kind="human", **fields):
    """A new persona of the client's; its id."""
    persona = {"name": f"Persona {uuid.uuid4().hex[:8]}", "type": kind, **fields}
    return client.post("/api/personas", persona).expect(201)["personaId"]


def open_room(client, persona_ids, **fields):
    """A new conversation, as it was answered."""
    body = {"title": "A room", "personaIds": list(persona_ids), **fields}
    return client.post("/api/conversations", body).expect(201)


def path_of(room):
    return f"/api/conversations/{room['conversationId']}"


def say(client, path, persona_id, content="Hello", headers=None, **fields):
    """The answer's response, whatever it is."""
    body = {"personaId": persona_id, "content": content, **fields}
    return client.post(f"{path}/messages", body, headers)


def messages_of(client, path, size=None):
    return client.pages(f"{path}/messages", "messages", size)
