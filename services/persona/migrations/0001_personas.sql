-- Every primary key and unique constraint begins with its table's distribution key: persona_id, or
-- the owner where it is the owner that must not have two. Times are microseconds since the epoch,
-- UTC.

-- A persona's head: whose it is, which version holds now, and what lists filter and sort by. What
-- its author wrote is in persona_versions.
create table personas (
  persona_id text not null primary key,
  owner_id text not null,
  version bigint not null,
  -- For whoever looks at the table.
  name text not null,
  -- The name with ASCII letters in lower case; bytes, so that every engine and collation sort alike.
  name_key bytea not null,
  -- Name and description with ASCII letters in lower case.
  search_text text not null,
  type bigint not null,
  communication_style bigint not null,
  -- A bit for each domain: 1 << its number in the proto.
  knowledge bigint not null,
  is_public boolean not null,
  -- The size of the current version's definition.
  definition_bytes bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  -- Null while the persona is there.
  delete_time bigint
);

create index personas_of_owner on personas (owner_id, create_time, persona_id)
  where delete_time is null;
create index personas_of_owner_by_name on personas (owner_id, name_key, persona_id)
  where delete_time is null;
create index personas_public on personas (is_public, create_time, persona_id)
  where delete_time is null;
create index personas_public_by_name on personas (is_public, name_key, persona_id)
  where delete_time is null;
create index personas_all on personas (create_time, persona_id)
  where delete_time is null;

-- What the author wrote, every version of it, so that an old prompt can be rendered again.
create table persona_versions (
  persona_id text not null,
  version bigint not null,
  -- dramatis.persona.v1.Persona with the author's fields only, in protobuf's wire format: a new
  -- field of the proto needs no migration. With a source, `biography` is its text at that time.
  definition bytea not null,
  create_time bigint not null,
  primary key (persona_id, version)
);

-- The names in use: no owner has two personas of one name. A deleted persona frees its name.
create table persona_names (
  owner_id text not null,
  name_key bytea not null,
  persona_id text not null,
  primary key (owner_id, name_key)
);

-- Open conversations that keep a persona from being deleted.
create table persona_holds (
  persona_id text not null,
  conversation_id text not null,
  expire_time bigint not null,
  primary key (persona_id, conversation_id)
);

-- Answers of calls with an Idempotency-Key.
create table idempotency_keys (
  user_id text not null,
  method text not null,
  key text not null,
  request_hash text not null,
  response bytea not null,
  create_time bigint not null,
  primary key (user_id, method, key)
);

create index idempotency_keys_by_time on idempotency_keys (create_time);
