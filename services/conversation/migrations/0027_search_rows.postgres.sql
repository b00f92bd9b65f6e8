-- Rows are numbered as they are written, as SQLite numbers them: the newest of many that are found are
-- those with the highest numbers. The index knows also which block of numbers a row is of
-- (sql/search.cc), so that the newest are read without the others.
create table message_search_before as
select conversation_id, sequence, created_at, words, size,
  -- Titles are found by words of their own for who may find them.
  case when sequence = 0 then replace(replace(readers, ' @titles', ''), '@', '@t') else readers end
    as readers
from message_search;

truncate message_search;
drop index message_search_words;
alter table message_search add column search_row bigint not null generated always as identity;

insert into message_search (conversation_id, sequence, created_at, readers, words, size)
select conversation_id, sequence, created_at, readers, words, size
from message_search_before
order by created_at, conversation_id, sequence;

drop table message_search_before;
create index message_search_words on message_search using gin (search, (array[search_row / 16384]));
create index message_search_rows on message_search (search_row);
