-- Where the work on rows that a migration cannot do has come to: see shared/sql/backfill.h.
create table backfills (
  name text not null primary key,
  first_key text not null,
  second_key text not null,
  done boolean not null
);
