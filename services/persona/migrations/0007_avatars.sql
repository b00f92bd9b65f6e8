-- The picture of a persona, as it was given.
create table persona_avatars (
  persona_id text not null primary key,
  content_type text not null,
  width bigint not null,
  height bigint not null,
  picture bytea not null,
  update_time bigint not null
);
