create table profiles (
  user_id text not null,
  display_name text not null,
  bio text not null,
  timezone text not null,
  locale text not null,
  units bigint not null,
  preferences text not null,
  version bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  primary key (user_id)
);

create table memories (
  -- What the full-text index knows a row by; nobody else does.
  search_row integer primary key,
  user_id text not null,
  memory_id text not null,
  content text not null,
  confidence double precision not null,
  persona_id text not null,
  source_message_id text not null,
  source_conversation_id text not null,
  version bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  -- The words of the content, folded and separated by spaces, and one word that stands for the user,
  -- so that the index itself finds one user's rows only.
  words text not null,
  owner text not null generated always as ('u' || lower(hex(user_id))) virtual,
  unique (user_id, memory_id)
);

create index memories_newest on memories (user_id, create_time, memory_id);

create virtual table memory_words using fts5(
  owner,
  words,
  content = 'memories',
  content_rowid = 'search_row',
  detail = 'column',
  columnsize = 0,
  tokenize = 'porter ascii'
);

create trigger memory_words_insert after insert on memories begin
  insert into memory_words (rowid, owner, words) values (new.search_row, new.owner, new.words);
end;

create trigger memory_words_delete after delete on memories begin
  insert into memory_words (memory_words, rowid, owner, words)
  values ('delete', old.search_row, old.owner, old.words);
end;

create trigger memory_words_update after update of user_id, words on memories begin
  insert into memory_words (memory_words, rowid, owner, words)
  values ('delete', old.search_row, old.owner, old.words);
  insert into memory_words (rowid, owner, words) values (new.search_row, new.owner, new.words);
end;

-- How many memories a user has: counted here, so that two that are made at once see each other.
create table memory_counts (
  user_id text not null,
  memories bigint not null,
  primary key (user_id)
);

create table idempotency_keys (
  user_id text not null,
  method text not null,
  key text not null,
  request_hash text not null,
  response bytea not null,
  create_time bigint not null,
  primary key (user_id, method, key)
);

create index idempotency_keys_oldest on idempotency_keys (create_time);
