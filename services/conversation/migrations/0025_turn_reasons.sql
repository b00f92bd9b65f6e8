-- Why a persona said it in a room: TurnScore.reason of its turn. '' for what is no reply in a room, and for what was said
-- before this column was there.
alter table messages add column turn_reason text not null default '';
