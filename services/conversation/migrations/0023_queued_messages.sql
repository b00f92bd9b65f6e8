-- Messages of sessions that wait until the turn that runs has ended, each with its turn, which is pending and has
-- no number yet (turns.trigger_sequence is 0).
create table queued_messages (
  conversation_id text not null,
  turn_id text not null,
  -- In which order they are said.
  number bigint not null,
  message_id text not null,
  content text not null,
  -- Of the request.
  correlation_id text not null,
  primary key (conversation_id, turn_id)
);
