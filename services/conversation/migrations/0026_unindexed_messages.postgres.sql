-- Messages whose words are not in message_search yet. Written in the transaction that writes the
-- text, and worked off a moment later, many at once: an index takes many texts for less than each
-- alone.
create table unindexed_messages (
  conversation_id text not null,
  sequence bigint not null,
  primary key (conversation_id, sequence)
);
