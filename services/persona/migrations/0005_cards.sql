-- The character card that a persona was made from, as it came, and the picture that it came in: for an
-- export that loses nothing.
create table persona_cards (
  persona_id text not null primary key,
  document bytea not null,
  picture bytea not null,
  create_time bigint not null
);
