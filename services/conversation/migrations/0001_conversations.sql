-- What has been said, who is here, whose answer is under way. Every key begins with the
-- distribution key: conversation_id, or user_id for what belongs to a user. Times are microseconds
-- UTC. No foreign keys: each row of a conversation is written in a transaction that has updated its
-- row in conversations.

-- A session is the room of two. Its conversation_id is UUIDv5 of (user_id, session_id).
create table conversations (
  conversation_id text not null primary key,
  user_id text not null,
  session_id text not null,
  persona_id text not null,
  persona_name text not null,
  title text not null,
  title_given boolean not null,
  metadata bytea not null,
  created_at bigint not null,
  last_activity_at bigint not null,
  expires_at bigint not null,
  ended_at bigint,
  ttl bigint not null,
  hold_expires_at bigint not null,
  last_sequence bigint not null,
  active_turn_id text not null
);

create table participants (
  conversation_id text not null,
  participant_id text not null,
  kind text not null,
  ref_id text not null,
  name text not null,
  joined_at bigint not null,
  left_at bigint,
  primary key (conversation_id, participant_id)
);

create table messages (
  conversation_id text not null,
  sequence bigint not null,
  message_id text not null,
  participant_id text not null,
  author_kind text not null,
  content text not null,
  created_at bigint not null,
  turn_id text not null,
  model text not null,
  finish_reason text not null,
  retrieval boolean not null,
  primary key (conversation_id, sequence),
  unique (conversation_id, message_id)
);

-- A turn is a job: whoever holds its lease works on it, and each write of the worker carries the
-- fence, which goes up by one whenever the lease changes hands.
create table turns (
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
  primary key (conversation_id, turn_id),
  unique (conversation_id, persona_id, trigger_message_id)
);
-- Requests name a turn by its id alone.
create index turns_by_id on turns (turn_id);
-- Recovery looks through the few that are open.
create index turns_open on turns (turn_id) where state in ('pending', 'running');

-- A user's list of conversations, written together with the conversation.
create table user_conversations (
  user_id text not null,
  conversation_id text not null,
  session_id text not null,
  persona_id text not null,
  title text not null,
  created_at bigint not null,
  updated_at bigint not null,
  expires_at bigint not null,
  ended_at bigint,
  message_count bigint not null,
  preview text not null,
  primary key (user_id, conversation_id)
);
create index user_conversations_by_update
  on user_conversations (user_id, updated_at, conversation_id);

-- One row for each user who has started a session: whoever starts another one updates it first, so
-- that a user's live sessions are counted by one transaction at a time.
create table user_sessions (
  user_id text not null primary key,
  started bigint not null
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
create index idempotency_keys_by_time on idempotency_keys (create_time);
