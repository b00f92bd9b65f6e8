-- Sessions as they were when they were shared: a serialized dramatis.conversation.v1.SharedConversation.
create table shares (
  user_id text not null,
  share_id text not null,
  conversation_id text not null,
  token_hash text not null,
  created_at bigint not null,
  expires_at bigint,
  content bytea not null,
  primary key (user_id, share_id)
);
create index shares_by_conversation on shares (user_id, conversation_id);

-- Whose a link is: links are kept as hashes only.
create table share_tokens (
  token_hash text not null primary key,
  user_id text not null,
  share_id text not null
);

-- Nothing is remembered of a temporary session, and it is gone when it ends.
alter table conversations add column temporary boolean not null default false;
