"""What every route of the contract refuses, for tests/system/test_bad_input.py."""

from dataclasses import dataclass, field


@dataclass
class Route:
    # A good body, for routes that take one.
    body: dict = None
    # Members of the body with a value that is refused: (path of the field, value, ...).
    bad: list = field(default_factory=list)
    # A member of the body with a value of the wrong JSON type.
    wrong_type: tuple = None
    # Query parameters with a value that is refused.
    bad_query: list = field(default_factory=list)
    paged: bool = False
    # Needs no credentials and takes no request id of a user.
    public: bool = False
    # For admins only.
    admin: bool = False
    # Passes over fields that it does not know.
    open: bool = False


PERSONA_BAD = [
    ("name", "x"),
    ("name", "y" * 101),
    ("name", "   "),
    ("description", "d" * 1001),
    ("personality.openness", 101),
    ("personality.empathy", -1),
    ("knowledge", ["arts", "arts"]),
    ("biography", "b" * 200001),
    ("systemPrompt", "s" * 8001),
    ("greeting", "g" * 8001),
    ("alternateGreetings", ["g"] * 21),
    ("alternateGreetings", ["g" * 8001]),
    ("groupOnlyGreetings", [""]),
    ("nickname", "n" * 101),
    ("tags", ["twice", "twice"]),
    ("creator", "c" * 201),
    ("creatorNotes", "n" * 20001),
    ("modelConfig.temperature", 2.1),
    ("modelConfig.maxOutputTokens", 0),
    ("modelConfig.topP", -0.1),
    ("modelConfig.stop", ["a", "b", "c", "d", "e"]),
    ("responseDelay.minMs", 60001),
]
PROFILE_BAD = [
    ("displayName", "x"),
    ("displayName", "n" * 31),
    ("bio", "b" * 161),
    ("timezone", "Nowhere/Else"),
    ("locale", "not a locale"),
    ("preferences", {f"k{n}": "v" for n in range(51)}),
]
BUDGET_BAD = [("monthlyBudgetMicros", -1), ("monthlyBudgetMicros", 0.5),
              ("monthlyBudgetMicros", 1e16), ("tokensPerMinute", 1.5), ("tokensPerMinute", -1)]
KEY_BAD = [("name", ""), ("name", "n" * 101), ("scopes", ["chat", "chat"]),
           ("personaIds", ["twice", "twice"]), ("requestsPerMinute", 0)]
MEMORY_BAD = [
    ("content", ""),
    ("content", "c" * 2001),
    ("confidence", 1.5),
    ("personaId", "p" * 129),
]
GOAL = {"title": "G", "category": "c", "goalPattern": "streak",
        "target": {"value": 3, "period": "day"}}
GOAL_BAD = [
    ("title", "   "),
    ("title", "t" * 201),
    ("title", "two\nlines"),
    ("description", "d" * 1001),
    ("category", ""),
    ("category", "c" * 51),
    ("icon", "i" * 51),
    ("color", "red"),
    ("color", "#12345"),
    ("target.unit", "u" * 31),
    ("target.targetDate", "soon"),
    ("target.startValue", 1e13),
    ("schedule.daysOfWeek", [7]),
    ("schedule.daysOfWeek", [1, 1]),
    ("schedule.preferredTimes", ["24:00"]),
    ("status", "completed"),
    ("metadata", {"m": "x" * 4096}),
]
ACTIVITY_BAD = [
    ("value", 1e13),
    ("value", -1),
    ("unit", "miles"),
    ("activityDate", "2027-02-30"),
    ("activityDate", "yesterday"),
    ("note", "n" * 501),
    ("context", {"c": "x" * 4096}),
]
ENTRY = {"title": "A day", "content": "We met."}
ENTRY_BAD = [
    ("title", " "),
    ("title", "t" * 201),
    ("content", ""),
    ("content", "c" * 50001),
    ("template", "diary"),
    ("mood", "m" * 51),
    ("tags", ["t" * 31]),
    ("tags", ["twice", " twice"]),
    ("tags", [f"tag {n}" for n in range(21)]),
    ("linkedGoalIds", [f"goal {n}" for n in range(11)]),
    ("goalProgress", [{"goalId": "g", "value": 1e13}]),
    ("goalProgress", [{"value": 1}]),
]
ROOM_BAD = [
    ("title", "  "),
    ("title", "t" * 256),
    ("topic", "t" * 256),
    ("description", "d" * 2001),
    ("goal", "g" * 2001),
    ("topicTags", [f"tag {n}" for n in range(11)]),
    ("topicTags", ["twice", "twice"]),
    ("visibility", "secret"),
    ("constraints.maxMessages", 0),
    ("constraints.maxDurationMinutes", 525601),
    ("constraints.maxCharacters", 0),
    ("constraints.allowedTopics", ["t" * 101]),
    ("constraints.forbiddenTopics", [""]),
    ("settings.maxParticipants", 1),
    ("settings.autoCloseAfterHours", 0),
    ("settings.maxAiResponders", 11),
    ("settings.turnPolicy", "loudest"),
]
ROOM = "/api/conversations/{conversation_id}"
PAGING = [("page_size", "0"), ("page_size", "101"), ("page_size", "many")]

ROUTES = {
    "GET /api/health": Route(public=True),
    "GET /api/auth/config": Route(public=True),
    "POST /api/auth/token": Route(
        public=True, body={"grantType": "refresh_token", "refreshToken": "old"}, wrong_type=("code", 5),
        bad=[("grantType", "password"), ("grantType", None), ("refreshToken", None),
             ("refreshToken", "r" * 16385), ("codeVerifier", "short"), ("code", "c" * 4097),
             ("redirectUri", "r" * 2049)]),
    "POST /api/auth/revoke": Route(
        public=True, body={"token": "old", "kind": "refresh_token"}, wrong_type=("token", 5),
        bad=[("kind", "password"), ("kind", None), ("token", None), ("token", "r" * 16385)]),
    "GET /api/personas": Route(
        paged=True,
        bad_query=[("type", "robot"), ("is_public", "perhaps"), ("order_by", "age"),
                   ("q", "q" * 201), ("knowledge", "nothing"), ("view", "tiny")]),
    "POST /api/personas": Route(
        body={"name": "Somebody", "type": "ai_agent"}, wrong_type=("name", 5),
        bad=PERSONA_BAD + [("type", "robot"), ("type", None), ("name", None)]),
    "GET /api/personas/{persona_id}": Route(),
    "PUT /api/personas/{persona_id}": Route(
        body={"description": "new"}, wrong_type=("description", ["x"]), bad=PERSONA_BAD),
    "PATCH /api/personas/{persona_id}": Route(
        body={"description": "new"}, wrong_type=("isPublic", "perhaps"), bad=PERSONA_BAD),
    "DELETE /api/personas/{persona_id}": Route(),
    "GET /api/personas/{persona_id}/prompt": Route(),
    # Its body is a file: tests/system/test_cards.py.
    "POST /api/personas/import": Route(),
    "POST /api/imports": Route(bad_query=[("personaId", "p" * 129)]),
    "GET /api/imports": Route(paged=True),
    "GET /api/imports/{import_id}": Route(),
    "POST /api/exports": Route(body={}),
    "GET /api/exports/{export_id}": Route(),
    "GET /api/exports/{export_id}/archive": Route(),
    "GET /api/personas/{persona_id}/export": Route(
        bad_query=[("format", "tiff"), ("spec", "v9")]),
    "GET /api/personas/{persona_id}/avatar": Route(),
    # Its body is a file: tests/system/test_avatars.py.
    "PUT /api/personas/{persona_id}/avatar": Route(),
    "GET /api/personas/{persona_id}/lore": Route(),
    "PUT /api/personas/{persona_id}/lore": Route(
        body={"entries": [{"keys": ["storm"], "content": "It blew."}]}, wrong_type=("entries", "x"),
        bad=[("scanDepth", -1), ("tokenBudget", 1000001), ("name", "n" * 501),
             ("entries", [{"entryId": "no spaces", "content": "c"}]),
             ("entries", [{"keys": ["k" * 1001], "content": "c"}]),
             ("entries", [{"position": "above"}]), ("entries", [{"content": "c" * 32001}]),
             ("entries", [{"depth": 1001}]), ("entries", [{"probability": 101}])]),
    "GET /api/personas/{persona_id}/compatibility": Route(bad_query=[("with", "")]),
    "POST /api/chat": Route(
        body={"message": "Hi"}, wrong_type=("message", {"text": "Hi"}),
        bad=[("message", ""), ("message", " \n\t "), ("message", "m" * 8001), ("message", None),
             ("session_id", "no spaces"), ("session_id", "s" * 129), ("session_id", "ü"),
             ("persona_id", "p" * 129), ("if_busy", "later")]),
    "POST /api/chat/preview": Route(
        body={"message": "Hi"}, wrong_type=("message", 5),
        bad=[("message", ""), ("message", "m" * 8001), ("session_id", "no spaces")]),
    "GET /api/turns/{turn_id}": Route(),
    "GET /api/turns/{turn_id}/stream": Route(bad_query=[("cursor", "nonsense")]),
    "POST /api/turns/{turn_id}/cancel": Route(body={}),
    "POST /api/turns/{turn_id}/retry": Route(body={}),
    "POST /api/turns/{turn_id}/regenerate": Route(
        body={}, wrong_type=("stream", "perhaps"), bad=[("model", "m" * 201)]),
    "GET /api/turns/{turn_id}/alternatives": Route(),
    "POST /api/turns/{turn_id}/select": Route(body={}),
    "GET /api/chat/history/{session_id}": Route(paged=True, bad_query=[("order", "sideways")]),
    "POST /api/session": Route(
        body={"title": "T"}, wrong_type=("ttl_seconds", "soon"),
        bad=[("title", "t" * 201), ("ttl_seconds", 59), ("ttl_seconds", 2592001),
             ("greeting_index", -1), ("greeting_index", 21), ("metadata", {"m": "x" * 4096})]),
    "GET /api/session/{session_id}": Route(),
    "DELETE /api/session/{session_id}": Route(),
    "POST /api/session/{session_id}/end": Route(body={}),
    "GET /api/history": Route(
        paged=True, bad_query=[("status", "asleep"), ("from", "yesterday"), ("q", "q" * 201)]),
    "GET /api/history/{session_id}": Route(paged=True),
    "DELETE /api/history/{session_id}": Route(),
    "POST /api/history/{session_id}/fork": Route(
        body={"sequence": 1}, wrong_type=("sequence", "first"),
        bad=[("sequence", None), ("sequence", 0), ("message", ""), ("message", "m" * 8001)]),
    "POST /api/history/{session_id}/share": Route(
        body={}, wrong_type=("expires_at", "soon"), bad=[("expires_at", "2001-01-01T00:00:00Z")]),
    "GET /api/history/{session_id}/share": Route(),
    "DELETE /api/history/{session_id}/share/{share_id}": Route(),
    "GET /api/shared/{token}": Route(public=True),
    "GET /api/profile": Route(),
    "PUT /api/profile": Route(body={"bio": "b"}, wrong_type=("bio", 1), bad=PROFILE_BAD),
    "PATCH /api/profile": Route(body={"bio": "b"}, wrong_type=("bio", True), bad=PROFILE_BAD),
    "GET /api/memories": Route(paged=True, bad_query=[("persona_id", "p" * 129)]),
    "POST /api/memories": Route(
        body={"content": "c"}, wrong_type=("confidence", "sure"), bad=MEMORY_BAD),
    "GET /api/memories/{memory_id}": Route(),
    "PATCH /api/memories/{memory_id}": Route(
        body={"content": "c"}, wrong_type=("content", 7), bad=MEMORY_BAD),
    "DELETE /api/memories/{memory_id}": Route(),
    "GET /api/memories/search": Route(bad_query=[("q", "q" * 1001), ("page_size", "0")]),
    "GET /api/ai/status": Route(),
    "GET /api/goals": Route(
        paged=True, bad_query=[("status", "lost"), ("goal_pattern", "none"),
                               ("category", "c" * 51)]),
    "POST /api/goals": Route(
        body=GOAL, wrong_type=("target.value", "three"),
        bad=GOAL_BAD + [("title", None), ("category", None), ("target", None),
                        ("goalPattern", None), ("target.value", 0), ("target.value", 366)]),
    "GET /api/goals/{goal_id}": Route(),
    "PUT /api/goals/{goal_id}": Route(
        body={"description": "d"}, wrong_type=("schedule.allowSkipDays", "perhaps"), bad=GOAL_BAD),
    "PATCH /api/goals/{goal_id}": Route(
        body={"description": "d"}, wrong_type=("title", 1), bad=GOAL_BAD),
    "DELETE /api/goals/{goal_id}": Route(),
    "POST /api/goals/{goal_id}/complete": Route(body={}),
    "POST /api/goals/{goal_id}/restore": Route(body={}),
    "GET /api/goals/{goal_id}/activities": Route(
        paged=True, bad_query=[("start_date", "2027-02-30"), ("end_date", "soon"),
                               ("activity_type", "rest")]),
    "POST /api/goals/{goal_id}/activities": Route(
        body={"value": 1}, wrong_type=("value", "much"), bad=ACTIVITY_BAD),
    "GET /api/goals/{goal_id}/activities/{activity_id}": Route(),
    "GET /api/goals/{goal_id}/progress": Route(bad_query=[("period", "decade")]),
    "GET /api/journal": Route(
        paged=True, bad_query=[("goal_id", "g" * 129), ("tag", "t" * 31), ("mood", "m" * 51),
                               ("from", "yesterday"), ("to", "2027-02-30"), ("q", "q" * 1001)]),
    "POST /api/journal": Route(
        body=ENTRY, wrong_type=("tags", "sea"),
        bad=ENTRY_BAD + [("title", None), ("content", None)]),
    "GET /api/journal/{entry_id}": Route(),
    "PUT /api/journal/{entry_id}": Route(
        body={"mood": "calm"}, wrong_type=("shareWithPersonas", "perhaps"), bad=ENTRY_BAD),
    "PATCH /api/journal/{entry_id}": Route(
        body={"mood": "calm"}, wrong_type=("content", 7), bad=ENTRY_BAD),
    "DELETE /api/journal/{entry_id}": Route(),
    "GET /api/journal/stats": Route(),
    "GET /api/conversations": Route(
        paged=True, bad_query=[("status", "asleep"), ("visibility", "secret"), ("q", "q" * 201),
                               ("topic_tag", "t" * 51), ("persona_id", "p" * 129)]),
    "POST /api/conversations": Route(
        body={"title": "R", "personaIds": ["p"]}, wrong_type=("title", ["x"]),
        bad=ROOM_BAD + [("title", None), ("personaIds", None), ("personaIds", []),
                        ("personaIds", ["p", "p"]), ("personaIds", [f"p{n}" for n in range(11)])]),
    f"GET {ROOM}": Route(),
    f"PUT {ROOM}": Route(
        body={"topic": "t"}, wrong_type=("settings.ambiguous", "perhaps"), bad=ROOM_BAD),
    f"PATCH {ROOM}": Route(body={"topic": "t"}, wrong_type=("topicTags", "art"), bad=ROOM_BAD),
    f"DELETE {ROOM}": Route(),
    f"POST {ROOM}/close": Route(
        body={"reason": "r"}, wrong_type=("reason", 5),
        bad=[("reason", "r" * 501), ("status", "active"), ("status", "over")]),
    f"POST {ROOM}/pause": Route(body={}),
    f"POST {ROOM}/resume": Route(body={}),
    f"POST {ROOM}/join": Route(
        body={"personaId": "p"}, wrong_type=("personaId", 5),
        bad=[("personaId", None), ("personaId", "p" * 129)]),
    f"POST {ROOM}/leave": Route(
        body={"personaId": "p"}, wrong_type=("personaId", 5),
        bad=[("personaId", None), ("personaId", "p" * 129)]),
    f"POST {ROOM}/participants": Route(
        body={"personaId": "p"}, wrong_type=("personaId", 5),
        bad=[("personaId", None), ("personaId", "p" * 129), ("role", "initiator"),
             ("role", "king")]),
    f"GET {ROOM}/participants/{{persona_id}}": Route(),
    f"DELETE {ROOM}/participants/{{persona_id}}": Route(),
    f"POST {ROOM}/reveal": Route(
        body={"personaId": "p"}, wrong_type=("personaId", 5),
        bad=[("personaId", None), ("personaId", "p" * 129)]),
    f"GET {ROOM}/messages": Route(
        paged=True, bad_query=[("after_sequence", "-1"), ("after_sequence", "first")]),
    f"POST {ROOM}/messages": Route(
        body={"content": "Hi", "personaId": "p"}, wrong_type=("content", 5),
        bad=[("content", None), ("content", " "), ("content", "c" * 8001), ("personaId", None),
             ("personaId", "p" * 129), ("type", "reveal"), ("type", "song"),
             ("replyToMessageId", "m" * 129)]),
    f"GET {ROOM}/messages/{{message_id}}": Route(),
    f"PUT {ROOM}/messages/{{message_id}}": Route(
        body={"content": "c"}, wrong_type=("content", 5),
        bad=[("content", None), ("content", "c" * 8001)]),
    f"PATCH {ROOM}/messages/{{message_id}}": Route(
        body={"content": "c"}, wrong_type=("content", 5),
        bad=[("content", None), ("content", "c" * 8001)]),
    f"DELETE {ROOM}/messages/{{message_id}}": Route(),
    f"GET {ROOM}/messages/{{message_id}}/prompt": Route(),
    f"GET {ROOM}/events": Route(bad_query=[("cursor", "nonsense"), ("cursor", "c" * 201)]),
    "POST /api/ai/generate-response": Route(
        body={"conversationId": "c", "personaId": "p"}, wrong_type=("personaId", 5),
        bad=[("conversationId", None), ("personaId", None), ("personaId", "p" * 129),
             ("triggerMessageId", "m" * 129)]),
    "GET /api/admin/database-status": Route(admin=True),
    "POST /api/admin/setup-database": Route(body={}, admin=True),
    "POST /api/admin/seed-database": Route(
        body={"confirm": "local"}, wrong_type=("confirm", 5), admin=True,
        bad=[("confirm", None), ("confirm", ""), ("confirm", "production")]),
    "DELETE /api/account": Route(
        body={"confirm": "somebody"}, wrong_type=("confirm", 5),
        bad=[("confirm", None), ("confirm", ""), ("confirm", "c" * 129)]),
    "GET /api/keys": Route(paged=True),
    "POST /api/keys": Route(
        body={"name": "k", "scopes": ["chat"]}, wrong_type=("name", 5),
        bad=KEY_BAD + [("scopes", None), ("scopes", ["fly"])]),
    "GET /api/keys/{key_id}": Route(),
    "PATCH /api/keys/{key_id}": Route(
        body={"name": "k"}, wrong_type=("name", ["x"]), bad=KEY_BAD),
    "DELETE /api/keys/{key_id}": Route(),
    "POST /api/keys/{key_id}/rotate": Route(
        body={"graceSeconds": 60}, wrong_type=("graceSeconds", "long"),
        bad=[("graceSeconds", -1), ("graceSeconds", 604801)]),
    "GET /api/usage": Route(
        bad_query=[("from", "yesterday"), ("to", "soon"), ("group_by", "mood"), ("group_by", "user")]),
    "GET /api/admin/budgets/{user_id}": Route(admin=True),
    "PUT /api/admin/budgets/{user_id}": Route(
        body={"monthlyBudgetMicros": 5}, wrong_type=("monthlyBudgetMicros", "much"), admin=True,
        bad=BUDGET_BAD),
    "PATCH /api/admin/budgets/{user_id}": Route(
        body={"tokensPerMinute": 5}, wrong_type=("tokensPerMinute", "many"), admin=True,
        bad=BUDGET_BAD),
    "GET /api/admin/usage": Route(
        admin=True, bad_query=[("from", "yesterday"), ("to", "soon"), ("group_by", "mood")]),
    "GET /v1/models": Route(),
    "GET /v1/models/{model}": Route(),
    "POST /v1/chat/completions": Route(
        body={"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
        wrong_type=("messages", "Hi"),
        bad=[("model", ""), ("model", "m" * 301), ("messages", []), ("temperature", 2.1),
             ("top_p", -0.1), ("max_tokens", 0)], open=True),
    "POST /v1/responses": Route(
        body={"model": "m", "input": "Hi"}, wrong_type=("instructions", 5),
        bad=[("model", ""), ("input", None), ("max_output_tokens", 0)], open=True),
    "POST /v1/embeddings": Route(
        body={"model": "m", "input": "Hi"}, wrong_type=("model", 5),
        bad=[("model", ""), ("input", None), ("input", []), ("input", [""]),
             ("input", ["x"] * 2049), ("encoding_format", "f" * 41)], open=True),
}
