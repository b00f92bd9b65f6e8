-- What an event says beside its subject had to be split again: each thing has a column now.
-- Of a turn: its state and its persona. Of the room's state: the status and version at that time, and
-- in `detail` the reason.
alter table events add column state text not null default '';
alter table events add column persona_id text not null default '';
alter table events add column version bigint not null default 0;
update events
set state = split_part(detail, ' ', 1), persona_id = substr(detail, strpos(detail, ' ') + 1), detail = ''
where kind = 'turn';
update events
set state = split_part(detail, ' ', 1), version = cast(split_part(detail, ' ', 2) as bigint),
  detail = substr(detail, length(split_part(detail, ' ', 1)) + length(split_part(detail, ' ', 2)) + 3)
where kind = 'state';
