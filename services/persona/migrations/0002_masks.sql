-- Personas whose type stays hidden from a user who shares a conversation with them.
create table persona_masks (
  user_id text not null,
  conversation_id text not null,
  persona_id text not null,
  primary key (user_id, conversation_id, persona_id)
);
