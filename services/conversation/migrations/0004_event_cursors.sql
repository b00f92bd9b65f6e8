-- Encrypts the cursors of the room's events: see event_cursor.h. Null until somebody follows it.
alter table conversations add column event_key bytea;

-- Who is speaking in a room just now.
create index turns_running on turns (conversation_id) where state = 'running';
