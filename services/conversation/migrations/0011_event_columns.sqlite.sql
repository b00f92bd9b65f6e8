-- What an event says beside its subject had to be split again: each thing has a column now.
-- Of a turn: its state and its persona. Of the room's state: the status and version at that time, and
-- in `detail` the reason.
alter table events add column state text not null default '';
alter table events add column persona_id text not null default '';
alter table events add column version bigint not null default 0;
update events
set state = substr(detail, 1, instr(detail, ' ') - 1), persona_id = substr(detail, instr(detail, ' ') + 1),
  detail = ''
where kind = 'turn';
update events
set state = substr(detail, 1, instr(detail, ' ') - 1), detail = substr(detail, instr(detail, ' ') + 1)
where kind = 'state';
update events
set version = cast(substr(detail, 1, instr(detail, ' ') - 1) as bigint), detail = substr(detail, instr(detail, ' ') + 1)
where kind = 'state';
