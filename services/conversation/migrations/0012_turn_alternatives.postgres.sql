-- A message may be answered again by the same persona: the first answer is alternative 0.
alter table turns add column alternative bigint not null default 0;
alter table turns drop constraint turns_conversation_id_persona_id_trigger_message_id_key;
alter table turns add unique (conversation_id, persona_id, trigger_message_id, alternative);
