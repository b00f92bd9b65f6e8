create table journal_entries (
  user_id text collate "C" not null,
  entry_id text collate "C" not null,
  title text not null,
  content text not null,
  template text not null,
  mood text collate "C" not null,
  -- Tags, linked goals and progress, as a serialized dramatis.memory.v1.JournalEntry.
  lists bytea not null,
  share_with_personas boolean not null,
  word_count bigint not null,
  version bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  -- The words of title, content and tags, folded and separated by spaces.
  words text not null,
  -- Their stems, and one lexeme that stands for the user, so that the index itself finds one user's
  -- rows only.
  search tsvector not null generated always as (
    array_to_tsvector(array['@' || md5(user_id)]) || to_tsvector('pg_catalog.english', words)
  ) stored,
  primary key (user_id, entry_id)
);

create index journal_entries_newest on journal_entries (user_id, create_time, entry_id);

create index journal_entries_by_mood on journal_entries (user_id, mood, create_time, entry_id);

create index journal_entries_shared on journal_entries (user_id, create_time, entry_id)
where share_with_personas;

create index journal_entries_search on journal_entries using gin (search);

-- Which entries have a tag.
create table journal_tags (
  user_id text collate "C" not null,
  tag text collate "C" not null,
  entry_id text collate "C" not null,
  primary key (user_id, tag, entry_id)
);

create index journal_tags_of_entry on journal_tags (user_id, entry_id);

-- Which entries link a goal or tell how far it has come.
create table journal_goals (
  user_id text collate "C" not null,
  goal_id text collate "C" not null,
  entry_id text collate "C" not null,
  primary key (user_id, goal_id, entry_id)
);

create index journal_goals_of_entry on journal_goals (user_id, entry_id);
