create table profiles (
  user_id text collate "C" not null,
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
  user_id text collate "C" not null,
  memory_id text collate "C" not null,
  content text not null,
  confidence double precision not null,
  persona_id text collate "C" not null,
  source_message_id text not null,
  source_conversation_id text not null,
  version bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  -- The words of the content, folded and separated by spaces.
  words text not null,
  -- Their stems, and one lexeme that stands for the user, so that the index itself finds one user's
  -- rows only.
  search tsvector not null generated always as (
    array_to_tsvector(array['@' || md5(user_id)]) || to_tsvector('pg_catalog.english', words)
  ) stored,
  primary key (user_id, memory_id)
);

create index memories_newest on memories (user_id, create_time, memory_id);

create index memories_search on memories using gin (search);

-- How many memories a user has: counted here, so that two that are made at once see each other.
create table memory_counts (
  user_id text collate "C" not null,
  memories bigint not null,
  primary key (user_id)
);

create table idempotency_keys (
  user_id text collate "C" not null,
  method text collate "C" not null,
  key text collate "C" not null,
  request_hash text not null,
  response bytea not null,
  create_time bigint not null,
  primary key (user_id, method, key)
);

create index idempotency_keys_oldest on idempotency_keys (create_time);
