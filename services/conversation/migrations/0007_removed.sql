-- Of a participant that was sent out: the last message and the last event before, which is as far as
-- its owner may read. Null for one that is here or left by itself.
alter table participants add column removed_sequence bigint;
alter table participants add column removed_event bigint;
