-- Random secrets that all replicas share: one row, of the key under which page tokens are signed,
-- written by whichever process starts first.
create table kept_secrets (
  name text not null primary key,
  secret bytea not null
);
