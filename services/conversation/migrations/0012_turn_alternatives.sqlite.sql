-- A message may be answered again by the same persona: the first answer is alternative 0. SQLite drops
-- no constraint, so the table is made again.
create table new_turns (
  conversation_id text not null,
  turn_id text not null,
  user_id text not null,
  session_id text not null,
  persona_id text not null,
  trigger_message_id text not null,
  trigger_sequence bigint not null,
  state text not null,
  attempt bigint not null,
  interruptions bigint not null,
  fence bigint not null,
  lease_owner text not null,
  lease_address text not null,
  lease_expires_at bigint not null,
  cancel_requested boolean not null,
  text text not null,
  reply_message_id text not null,
  finish_reason text not null,
  model text not null,
  usage bytea not null,
  manifest bytea not null,
  error bytea not null,
  created_at bigint not null,
  updated_at bigint not null,
  depth bigint not null default 0,
  score bytea,
  requested boolean not null default false,
  alternative bigint not null default 0,
  primary key (conversation_id, turn_id),
  unique (conversation_id, persona_id, trigger_message_id, alternative)
);
insert into new_turns (conversation_id, turn_id, user_id, session_id, persona_id, trigger_message_id,
  trigger_sequence, state, attempt, interruptions, fence, lease_owner, lease_address,
  lease_expires_at, cancel_requested, text, reply_message_id, finish_reason, model, usage, manifest,
  error, created_at, updated_at, depth, score, requested)
select conversation_id, turn_id, user_id, session_id, persona_id, trigger_message_id,
  trigger_sequence, state, attempt, interruptions, fence, lease_owner, lease_address,
  lease_expires_at, cancel_requested, text, reply_message_id, finish_reason, model, usage, manifest,
  error, created_at, updated_at, depth, score, requested
from turns;
drop table turns;
alter table new_turns rename to turns;
create index turns_by_id on turns (turn_id);
create index turns_open on turns (turn_id) where state in ('pending', 'running');
create index turns_running on turns (conversation_id) where state = 'running';
create index turns_open_of_room on turns (conversation_id, persona_id)
  where state in ('pending', 'running');
