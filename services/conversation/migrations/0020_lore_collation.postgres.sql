-- As in every other table here: where the collations of two columns differ, no index serves their join.
alter table lore_firings alter column conversation_id type text collate "default";
