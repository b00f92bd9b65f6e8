-- Imports and exports: one row for each, the user's first.
create table jobs (
  user_id text not null,
  job_id text not null,
  -- import, export
  kind text not null,
  -- queued, running, done, failed
  state text not null,
  -- Of an import: the number of its ImportSource, whom its chats are put under, and whether the user may
  -- do what only admins may.
  source bigint not null,
  persona_id text not null,
  as_admin boolean not null,
  -- The archive: key of an object; empty once it is gone.
  object_key text not null,
  size_bytes bigint not null,
  -- A serialized dramatis.conversation.v1.Import: counts, left_out and problem.
  report bytea not null,
  -- How many chats or lines have been worked on.
  position bigint not null,
  created_at bigint not null,
  ended_at bigint,
  -- While a worker has the job: when its lease ends. Of one that has ended: when its archive goes.
  due_at bigint not null,
  -- That failed in a row.
  attempts bigint not null,
  primary key (user_id, job_id)
);
create index jobs_due on jobs (due_at) where state in ('queued', 'running');
create index jobs_of_objects on jobs (due_at) where object_key <> '' and state in ('done', 'failed');
