-- Who answers a message is for a model to pick: at most one choice for each room, under a lease while the
-- model is asked.
create table speaker_choices (
  conversation_id text not null primary key,
  message_id text not null,
  depth bigint not null,
  payer_id text not null,
  payer_key text not null,
  fence bigint not null,
  attempts bigint not null,
  -- In the past where nobody has claimed it.
  lease_expires_at bigint not null
);

create index speaker_choices_by_lease on speaker_choices (lease_expires_at);
