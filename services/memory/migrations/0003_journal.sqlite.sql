create table journal_entries (
  -- What the full-text index knows a row by; nobody else does.
  search_row integer primary key,
  user_id text not null,
  entry_id text not null,
  title text not null,
  content text not null,
  template text not null,
  mood text not null,
  -- Tags, linked goals and progress, as a serialized dramatis.memory.v1.JournalEntry.
  lists bytea not null,
  share_with_personas boolean not null,
  word_count bigint not null,
  version bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  -- The words of title, content and tags, folded and separated by spaces, and one word that stands
  -- for the user, so that the index itself finds one user's rows only.
  words text not null,
  owner text not null generated always as ('u' || lower(hex(user_id))) virtual,
  unique (user_id, entry_id)
);

create index journal_entries_newest on journal_entries (user_id, create_time, entry_id);

create index journal_entries_by_mood on journal_entries (user_id, mood, create_time, entry_id);

create index journal_entries_shared on journal_entries (user_id, create_time, entry_id)
where share_with_personas;

create virtual table journal_words using fts5(
  owner,
  words,
  content = 'journal_entries',
  content_rowid = 'search_row',
  detail = 'column',
  columnsize = 0,
  tokenize = 'porter ascii'
);

create trigger journal_words_insert after insert on journal_entries begin
  insert into journal_words (rowid, owner, words) values (new.search_row, new.owner, new.words);
end;

create trigger journal_words_delete after delete on journal_entries begin
  insert into journal_words (journal_words, rowid, owner, words)
  values ('delete', old.search_row, old.owner, old.words);
end;

create trigger journal_words_update after update of user_id, words on journal_entries begin
  insert into journal_words (journal_words, rowid, owner, words)
  values ('delete', old.search_row, old.owner, old.words);
  insert into journal_words (rowid, owner, words) values (new.search_row, new.owner, new.words);
end;

-- Which entries have a tag.
create table journal_tags (
  user_id text not null,
  tag text not null,
  entry_id text not null,
  primary key (user_id, tag, entry_id)
) without rowid;

create index journal_tags_of_entry on journal_tags (user_id, entry_id);

-- Which entries link a goal or tell how far it has come.
create table journal_goals (
  user_id text not null,
  goal_id text not null,
  entry_id text not null,
  primary key (user_id, goal_id, entry_id)
) without rowid;

create index journal_goals_of_entry on journal_goals (user_id, entry_id);
