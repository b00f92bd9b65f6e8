"""Calls every operation of /openapi.json once with success, through the client that
openapi-generator makes from it (below `dramatis_client`, on the path). Answers are checked by its
models.

    python calls.py http://127.0.0.1:8080 openapi.json

The deployment is empty; a message with FAIL makes the model of `openai/double` fail.
"""

import base64
import json
import sys
import time

import dramatis_client as generated

ADDRESS, DOCUMENT = sys.argv[1:3]
succeeded = set()
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNo"
    "AAAAggCBd81ytgAAAABJRU5ErkJggg==")


class Api:
    """Every operation of every tag, for one user; notes which ones succeeded."""

    def __init__(self, user):
        client = generated.ApiClient(generated.Configuration(
            host=ADDRESS, access_token=f"local:{user}"))
        self._groups = [getattr(generated, name)(client) for name in dir(generated)
                        if name.endswith("ServiceApi")]

    def __getattr__(self, name):
        call = next(getattr(group, name) for group in self._groups if hasattr(group, name))

        def noted(*arguments, **named):
            result = call(*arguments, **named)
            succeeded.add(name.removesuffix("_without_preload_content"))
            return result

        return noted


api, guest, admin = Api("python"), Api("visitor"), Api("python:admin")


def operators():
    assert api.get_health_get().status == "healthy"
    assert api.get_auth_config_get().methods[0] == "local"
    admin.setup_database_post()
    admin.seed_database_post({"confirm": "local"})
    assert admin.get_database_status_get().services["persona"].connected
    admin.list_usage_get(group_by="model")
    assert api.get_status_get().providers


def personas():
    me = api.create_persona_post({"name": "Me", "type": "human"}).persona_id
    ada = api.create_persona_post(
        {"name": "Ada", "type": "ai_agent", "biography": "I build telescopes in Turin.",
         "personality": {"openness": 90}, "knowledge": ["science"],
         "modelConfig": {"model": "openai/double"}}, idempotency_key="ada")
    api.list_personas_get(knowledge=["science"], page_size=5)
    etag = api.get_persona_get(ada.persona_id).etag
    changed = api.update_persona_patch(ada.persona_id, {"description": "Ada."}, if_match=etag)
    assert changed.personality.openness == 90
    api.update_persona_put(ada.persona_id, {"greeting": "Good evening."})
    api.get_persona_prompt_get(ada.persona_id)
    api.update_lore_put(ada.persona_id, {"entries": [{"keys": ["lens"], "content": "It is flint."}]})
    assert api.get_lore_get(ada.persona_id).entries[0].keys == ["lens"]
    api.compare_personas_get(ada.persona_id, me)
    spare = api.create_persona_post({"name": "Spare", "type": "human"})
    api.delete_persona_delete(spare.persona_id)
    return str(me), str(ada.persona_id)


def sessions(ada):
    session = api.create_session_post(conversation_create_session_request_input={
        "persona_id": ada, "title": "Stars"}).session_id
    assert api.preview_chat_post({"message": "What do you build?", "session_id": session}).system
    said = api.chat_post({"message": "What do you build?", "session_id": session})
    turn = str(said.turn_id)
    assert api.get_turn_get(turn).state == "done"
    assert "event: done" in api.stream_turn_get(turn)
    api.cancel_turn_post(turn)
    answers()
    try:
        api.chat_post({"message": "FAIL", "session_id": session})
    except generated.ApiException as error:
        problem = json.loads(error.body)
        assert problem["code"] == "PROVIDER_FAILED", problem
    api.retry_turn_post(problem["turn_id"])
    api.get_chat_history_get(session, order="desc")
    told = [message.content for message in api.get_history_get(session).messages]
    assert "What do you build?" in told
    api.list_history_get(q="build")
    api.get_session_get(session)
    api.end_session_post(session)
    assert api.end_session_delete(session).status == "ended"
    api.chat_post({"message": "Hello", "session_id": "python"})
    api.delete_history_delete("python")


def answers():
    """Another answer, a copy, a link to read."""
    session = "answers"
    turn = str(api.chat_post({"message": "Hello", "session_id": session}).turn_id)
    again = api.regenerate_turn_post(turn)
    assert str(again.turn_id) != turn
    assert len(api.list_alternatives_get(turn).alternatives) == 2
    api.select_alternative_post(turn)
    assert api.fork_history_post(session, {"sequence": 1, "message": "And when?"}).turn_id
    share = api.share_history_post(session)
    assert api.get_shared_get(share.url.rpartition("/")[2]).messages
    assert api.list_shares_get(session).shares
    api.delete_share_delete(session, share.share_id)


def money_and_keys():
    api.list_own_usage_get(group_by="model")
    admin.update_budget_put("python", {"monthlyBudgetMicros": 5000000})
    admin.update_budget_patch("python", {"tokensPerMinute": 50000})
    assert admin.get_budget_get("python").tokens_per_minute == 50000
    key = api.create_key_post({"name": "kiosk", "scopes": ["chat"]})
    assert key.secret and api.list_keys_get().keys
    api.update_key_patch(key.key_id, {"name": "museum"})
    assert api.get_key_get(key.key_id).name == "museum"
    api.rotate_key_post(key.key_id, memory_rotate_key_request_body={"graceSeconds": 60})
    api.delete_key_delete(key.key_id)


def rooms(me, ada):
    room = str(api.create_conversation_post(
        {"title": "Stars", "personaIds": [me], "visibility": "unlisted"}).conversation_id)
    api.list_conversations_get(status="active")
    api.get_conversation_get(room)
    api.update_conversation_patch(room, {"goal": "To see."})
    api.update_conversation_put(room, {"settings": {"maxAiResponders": 0}})
    api.add_participant_post(room, {"personaId": ada, "role": "guest"})
    api.get_participant_get(room, ada)
    api.reveal_participant_post(room, {"personaId": ada})
    visitor = guest.create_persona_post({"name": "Zoe", "type": "human"}).persona_id
    guest.join_conversation_post(room, {"personaId": str(visitor)})
    guest.leave_conversation_post(room, {"personaId": str(visitor)})
    messages(room, me, ada)
    api.pause_conversation_post(room)
    api.resume_conversation_post(room)
    api.remove_participant_delete(room, ada)
    api.close_conversation_post(room, conversation_close_conversation_request_body={
        "reason": "Dawn"})
    api.delete_conversation_delete(room)


def messages(room, me, ada):
    said = api.create_message_post(room, {"personaId": me, "content": "Good evening."})
    message = str(said.message.message_id)
    api.list_messages_get(room)
    api.get_message_get(room, message)
    api.update_message_put(room, message, {"content": "Good night."})
    api.update_message_patch(room, message, {"content": "Good morning."})
    answer = api.generate_response_post({"conversationId": room, "personaId": ada})
    assert api.get_message_prompt_get(room, str(answer.message.message_id)).verification.same
    api.delete_message_delete(room, message)
    # An endless stream: its head is enough.
    response = api.stream_events_get_without_preload_content(room)
    assert response.status == 200
    response.close()


def memory():
    api.update_profile_put({"displayName": "Py", "units": "imperial"})
    api.update_profile_patch({"timezone": "Europe/Rome"})
    assert api.get_profile_get().units == "imperial"
    made = str(api.create_memory_post({"content": "Likes tea."}).memory_id)
    api.list_memories_get()
    api.get_memory_get(made)
    api.update_memory_patch(made, {"confidence": 0.5})
    assert api.search_memories_get("tea").results[0].memory.confidence == 0.5
    api.delete_memory_delete(made)


def goals():
    goal = str(api.create_goal_post(
        {"title": "Walk", "category": "health", "goalPattern": "recurring",
         "target": {"metric": "distance", "value": 20, "unit": "km", "period": "week"}}).goal_id)
    api.list_goals_get(goal_pattern="recurring")
    api.get_goal_get(goal)
    api.update_goal_patch(goal, {"target": {"value": 25}})
    api.update_goal_put(goal, {"color": "#C04000"})
    done = api.create_activity_post(goal, {"value": 5})
    api.list_activities_get(goal)
    api.get_activity_get(goal, str(done.activity_id))
    assert api.get_goal_progress_get(goal, period="all").current_value == 5
    api.complete_goal_post(goal)
    api.restore_goal_post(goal)
    return goal


def journal(goal):
    entry = str(api.create_journal_entry_post(
        {"title": "Dusk", "content": "Two moons.", "linkedGoalIds": [goal]}).entry_id)
    api.list_journal_entries_get(tag="sky")
    api.get_journal_entry_get(entry)
    api.update_journal_entry_patch(entry, {"mood": "calm"})
    api.update_journal_entry_put(entry, {"tags": ["sky"]})
    assert api.get_journal_stats_get().mood_distribution == {"calm": 1}
    api.delete_journal_entry_delete(entry)
    api.delete_goal_delete(goal)


def cards(ada):
    card = api.export_persona_get(ada, format="json")
    made = api.import_persona_post({**card, "data": {"name": "Tessa"}})
    assert made.persona.name == "Tessa"
    assert api.update_avatar_put(ada, PICTURE).width == 1
    assert bytes(api.get_avatar_get(ada)) == PICTURE


def archives():
    chat = "\n".join(json.dumps(line) for line in [
        {"user_name": "Ada", "character_name": "Tessa", "chat_metadata": {}},
        {"name": "Ada", "is_user": True, "mes": "Good morning."}])
    sent = api.create_import_post(chat.encode())
    assert sent.source == "sillytavern"
    assert api.list_imports_get().imports[0].import_id == sent.import_id
    until_done(lambda: api.get_import_get(sent.import_id))
    asked = api.create_export_post()
    until_done(lambda: api.get_export_get(asked.export_id))
    assert api.get_export_archive_get(asked.export_id)[:2] == b"PK"


def until_done(look):
    while look().state != "done":
        time.sleep(0.1)


def openai(ada):
    assert ada in [model.id for model in api.list_models_get().data]
    api.get_model_get(ada)
    api.create_chat_completion_post(
        {"model": ada, "messages": [{"role": "user", "content": "Hello"}]})
    api.create_response_post({"model": ada, "input": "Hello"})
    assert len(api.create_embeddings_post({"model": "embedder", "input": ["a storm", "tea"]}).data) == 2


def main():
    operators()
    me, ada = personas()
    sessions(ada)
    rooms(me, ada)
    cards(ada)
    archives()
    openai(ada)
    memory()
    journal(goals())
    money_and_keys()
    assert guest.delete_account_delete({"confirm": "visitor"}).job_id
    with open(DOCUMENT, encoding="utf-8") as file:
        paths = json.load(file)["paths"]
    described = {generated_name(operation["operationId"])
                 for methods in paths.values() for operation in methods.values()}
    # Tokens come from an issuer, which there is none of here: tests/web/test_sign_in.py has one.
    described -= {"exchange_token_post", "revoke_token_post"}
    assert described == succeeded, described ^ succeeded
    print(f"{len(succeeded)} operations")


def generated_name(operation):
    """`GetPersona_get` as the generator spells it."""
    return "".join("_" + c.lower() if c.isupper() else c for c in operation).lstrip("_")


main()
