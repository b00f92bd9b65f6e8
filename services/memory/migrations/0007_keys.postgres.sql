-- API keys, by their user first. Of secrets only the SHA-256 is here.
create table api_keys (
  user_id text collate "C" not null,
  key_id text collate "C" not null,
  -- What its user says of it, as a serialized dramatis.memory.v1.Key.
  definition bytea not null,
  prefix text not null,
  last_four text not null,
  version bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  last_used_time bigint,
  primary key (user_id, key_id)
);

create index api_keys_newest on api_keys (user_id, create_time, key_id);

-- How many keys a user has: counted here, so that two that are made at once see each other.
create table api_key_counts (
  user_id text collate "C" not null,
  keys bigint not null,
  primary key (user_id)
);

-- What finds a key by its secret, spread by the hash. A secret that was replaced ends at expire_time.
create table api_key_secrets (
  secret_hash text collate "C" not null,
  user_id text collate "C" not null,
  key_id text collate "C" not null,
  expire_time bigint,
  primary key (secret_hash)
);

create index api_key_secrets_of_key on api_key_secrets (user_id, key_id);
