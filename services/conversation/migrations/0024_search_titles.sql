-- Titles are found apart from messages, of which only the newest may be looked at: among who may find
-- them stands that they are titles.
update message_search
set readers = readers || ' @titles'
where sequence = 0;
