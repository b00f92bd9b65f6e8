-- Entries of personas' lore that fired in a conversation: before which messages they are told again, and do
-- not fire again.
create table lore_firings (
  conversation_id text collate "C" not null,
  persona_id text collate "C" not null,
  entry_id text collate "C" not null,
  sequence bigint not null,
  sticky_until bigint not null,
  cooldown_until bigint not null,
  primary key (conversation_id, persona_id, entry_id)
);
