-- As in every other table here: where the collations of two columns differ, no index serves their
-- join, and a search read all messages.
alter table message_search alter column conversation_id type text collate "default";
