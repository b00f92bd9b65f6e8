// Statements that write memories and count them, for whoever adds or forgets some. Part of the
// stores.
#pragma once

#include "services/memory/model/store.h"
#include "shared/sql/database.h"

namespace dramatis::memory {

// One more, where the user has fewer than $2: no row changes otherwise.
inline constexpr sql::Statement kCountMemoryUp = {R"(
    insert into memory_counts (user_id, memories)
    values ($1, 1)
    on conflict (user_id) do update
    set memories = memory_counts.memories + 1
    where memory_counts.memories < $2)"};

// $2 fewer.
inline constexpr sql::Statement kCountMemoriesDown = {R"(
    update memory_counts
    set memories = memories - cast($2 as bigint)
    where user_id = $1)"};

// Its vector is to be made; goes with each kInsertMemory.
inline constexpr sql::Statement kInsertEmbedding = {R"(
    insert into memory_embeddings (user_id, memory_id, embedder, due_time, change)
    values ($1, $2, '', 0, 0))"};

// Counts a change of the user's vectors, for the statements below. Others who change one wait for
// its row: so no number is seen before a lower one.
inline constexpr sql::Statement kCountVectorChange = {R"(
    update memory_counts
    set vector_changes = vector_changes + 1
    where user_id = $1
    returning vector_changes)"};

// The same for one whose content has changed: what was made of the old one, or is being made,
// counts no longer. $3 is the change.
inline constexpr sql::Statement kRenewEmbedding = {R"(
    update memory_embeddings
    set embedder = '', due_time = 0, vector = null, change = $3
    where user_id = $1 and memory_id = $2)"};

// Of one that is gone.
inline constexpr sql::Statement kForgetEmbedding = {R"(
    delete from memory_embeddings
    where user_id = $1 and memory_id = $2)"};

// Of all of the user's memories that are gone.
inline constexpr sql::Statement kForgetEmbeddings = {R"(
    delete from memory_embeddings
    where user_id = $1 and not exists (
      select 1
      from memories m
      where m.user_id = $1 and m.memory_id = memory_embeddings.memory_id))"};

// $8 and $9 are when it was made and last changed, $10 its words.
inline constexpr sql::Statement kInsertMemory = {R"(
    insert into memories (user_id, memory_id, content, confidence, persona_id, source_message_id,
                          source_conversation_id, version, create_time, update_time, words)
    values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10))"};

// The columns user_id, memory_id, content, confidence, persona_id, source_message_id,
// source_conversation_id, version, create_time, update_time.
MemoryRow ReadMemory(const sql::Row& row);

}  // namespace dramatis::memory
