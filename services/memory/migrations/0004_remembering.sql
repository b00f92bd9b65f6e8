-- What memory takes from conversations. By user first, so that the tables can be spread by user.

-- How far each conversation has been observed, and how often messages of it were forgotten.
create table observations (
  user_id text not null,
  conversation_id text not null,
  last_sequence bigint not null,
  forgettings bigint not null,
  primary key (user_id, conversation_id)
);

-- Rolling summaries: each stands for the messages from from_sequence to to_sequence.
create table summaries (
  user_id text not null,
  conversation_id text not null,
  to_sequence bigint not null,
  from_sequence bigint not null,
  text text not null,
  model text not null,
  create_time bigint not null,
  primary key (user_id, conversation_id, to_sequence)
);

-- What came from a conversation, to be forgotten with it.
create index memories_by_source on memories (user_id, source_conversation_id);
