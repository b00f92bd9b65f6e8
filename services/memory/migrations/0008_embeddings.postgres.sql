-- What memories mean, as vectors: found by a question that shares no word with them. Made in the
-- background; a memory without one is found by its words.
create table memory_embeddings (
  user_id text collate "C" not null,
  memory_id text collate "C" not null,
  -- Which embedder made the vector; empty: none yet. Vectors of different ones cannot be compared.
  embedder text collate "C" not null,
  -- When the vector is to be made, or made again by another embedder.
  due_time bigint not null,
  -- Which of the changes of the user's vectors was this row's last; 0 before there was a vector. Who has
  -- read up to a number need only read what comes after it.
  change bigint not null,
  -- As memories/vectors.h packs it.
  vector bytea,
  primary key (user_id, memory_id)
);

create index memory_embeddings_due on memory_embeddings (embedder, due_time);
create index memory_embeddings_change on memory_embeddings (user_id, change);

-- How often the user's vectors have changed.
alter table memory_counts add column vector_changes bigint not null default 0;

insert into memory_embeddings (user_id, memory_id, embedder, due_time, change)
select user_id, memory_id, '', 0, 0
from memories;
