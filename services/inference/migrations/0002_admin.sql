-- For admins: usage of everybody within a time range, and their idempotency keys.
create index usage_by_day on usage (create_time);

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
