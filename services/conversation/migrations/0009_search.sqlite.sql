-- What is looked for in messages, and in the titles of sessions and rooms (sequence 0). Written in
-- the transaction that writes the text; rows for older texts are made by shared/sql/backfill.h.
create table message_search (
  -- What the full-text index knows a row by; nobody else does.
  search_row integer primary key,
  conversation_id text not null,
  sequence bigint not null,
  created_at bigint not null,
  -- Who may find it: words that stand for a session's user, or for a room, all rooms and public ones.
  readers text not null,
  -- The words of the text, folded, each once, separated by spaces; how many they are.
  words text not null,
  size bigint not null,
  unique (conversation_id, sequence)
);

create virtual table message_words using fts5(
  readers,
  words,
  content = 'message_search',
  content_rowid = 'search_row',
  detail = 'column',
  columnsize = 0,
  tokenize = 'ascii'
);

create trigger message_words_insert after insert on message_search begin
  insert into message_words (rowid, readers, words) values (new.search_row, new.readers, new.words);
end;

create trigger message_words_delete after delete on message_search begin
  insert into message_words (message_words, rowid, readers, words)
  values ('delete', old.search_row, old.readers, old.words);
end;

create trigger message_words_update after update of readers, words on message_search begin
  insert into message_words (message_words, rowid, readers, words)
  values ('delete', old.search_row, old.readers, old.words);
  insert into message_words (rowid, readers, words) values (new.search_row, new.readers, new.words);
end;

-- Where the work on rows that a migration cannot do has come to: see shared/sql/backfill.h.
create table backfills (
  name text not null primary key,
  first_key text not null,
  second_key text not null,
  done boolean not null
);
