-- One row for each answer: who used what. By user first, so that the table can be spread by user.
create table usage (
  user_id text not null,
  turn_key text not null,
  persona_id text not null,
  model text not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cached_tokens bigint not null,
  cost_micros bigint not null,
  estimated boolean not null,
  finish_reason text not null,
  create_time bigint not null,
  primary key (user_id, turn_key)
);

create index usage_by_time on usage (user_id, create_time);
