-- Of a room, whose turns are many, the few that are open.
create index turns_open_of_room on turns (conversation_id, persona_id)
  where state in ('pending', 'running');
