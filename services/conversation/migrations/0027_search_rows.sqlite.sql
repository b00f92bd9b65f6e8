-- Titles are found by words of their own for who may find them. Rows have numbers, and FTS5 reads the
-- newest first.
update message_search
set readers = replace(replace(readers, ' @titles', ''), '@', '@t')
where sequence = 0;
