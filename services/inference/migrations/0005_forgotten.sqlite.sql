-- Users whose account was deleted, by the SHA-256 of their ids, for a day: what a call that began before
-- that settles after it leaves no row of theirs.
create table forgotten_users (
  user_hash text not null,
  forgotten_at bigint not null,
  primary key (user_hash)
) without rowid;

-- Of a deleted account the sum of its month stays until that is over.
alter table accounts add column forgotten boolean not null default false;
create index accounts_forgotten on accounts (month) where forgotten;
