-- Pictures may be objects, outside of the database (docs/objects.md): the key of one that is, while
-- `picture` is empty; '' for one that is in its row, or for none.
alter table persona_avatars add column object_key text not null default '';
alter table persona_cards add column object_key text not null default '';

create index persona_avatars_in_rows on persona_avatars (persona_id)
  where object_key = '' and length(picture) > 0;
create index persona_cards_in_rows on persona_cards (persona_id)
  where object_key = '' and length(picture) > 0;

-- Objects that no row refers to any more: each goes, then its row here.
create table dropped_pictures (
  persona_id text not null,
  object_key text not null,
  primary key (persona_id, object_key)
);
