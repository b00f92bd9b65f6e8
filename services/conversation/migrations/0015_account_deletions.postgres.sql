-- Accounts that are being deleted: one row for each, until nothing of the user is left.
create table account_deletions (
  user_id text collate "C" not null primary key,
  job_id text collate "C" not null,
  created_at bigint not null,
  -- While a worker has the job: when its lease ends.
  due_at bigint not null,
  -- That failed in a row.
  attempts bigint not null
);
create index account_deletions_due on account_deletions (due_at);

-- The rooms that a user was ever in, and whose they are, also deleted ones.
create index participants_of_user on participants (user_id, conversation_id) where user_id <> '';
create index conversations_rooms_of_user on conversations (user_id, conversation_id)
  where kind = 'room';
