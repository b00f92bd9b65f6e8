-- What memory is still to be told: one row for each conversation that it was ever told of.
create table memory_outbox (
  conversation_id text not null primary key,
  user_id text not null,
  -- Counts what was added, so that whoever ends the job ends only what it has seen.
  version bigint not null,
  -- Counts what of it is to be forgotten.
  forgettings bigint not null,
  pending boolean not null,
  -- While a worker has the job: when its lease ends.
  due_at bigint not null,
  attempts bigint not null,
  -- Sequence numbers.
  observed_to bigint not null,
  summarized_to bigint not null,
  summarize_to bigint not null,
  -- Messages that were deleted with the conversation, and those edited or hidden since: their ids
  -- and numbers, as 'id:7 id:9 '.
  forget_all boolean not null,
  forget text not null
);
create index memory_outbox_due on memory_outbox (due_at) where pending;
