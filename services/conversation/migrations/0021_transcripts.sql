-- Transcripts of sessions, as objects: one row for each session that has one, or is about to.
create table transcripts (
  conversation_id text not null primary key,
  user_id text not null,
  object_key text not null,
  -- Of the body that was written last; '' while there is none.
  version text not null,
  -- The session's last_activity_at, as it was when that body was written; 0 while there is none.
  activity_at bigint not null,
  -- While somebody writes a body: when their lease ends.
  lease_ends bigint not null,
  -- The session's messages are there and nowhere else.
  purged boolean not null,
  -- The session is deleted: the object goes, then this row.
  doomed boolean not null,
  -- When the messages were brought back; 0 if they never were.
  restored_at bigint not null
);
create index transcripts_by_user on transcripts (user_id);
create index transcripts_doomed on transcripts (conversation_id) where doomed;
