-- What is looked for in messages, and in the titles of sessions and rooms (sequence 0). Written in
-- the transaction that writes the text; rows for older texts are made by shared/sql/backfill.h.
create table message_search (
  conversation_id text collate "C" not null,
  sequence bigint not null,
  created_at bigint not null,
  -- Who may find it: words that stand for a session's user, or for a room, all rooms and public ones.
  readers text not null,
  -- The words of the text, folded, each once, separated by spaces; how many they are.
  words text not null,
  size bigint not null,
  search tsvector not null generated always as (
    array_to_tsvector(string_to_array(trim(readers || ' ' || words), ' '))
  ) stored,
  primary key (conversation_id, sequence)
);

create index message_search_words on message_search using gin (search);

-- Where the work on rows that a migration cannot do has come to: see shared/sql/backfill.h.
create table backfills (
  name text not null primary key,
  first_key text not null,
  second_key text not null,
  done boolean not null
);
