// Statements that write memories and count them, for whoever adds or forgets some. Part of the stores.
#pragma once

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

// $8 and $9 are when it was made and last changed, $10 its words.
inline constexpr sql::Statement kInsertMemory = {R"(
    insert into memories (user_id, memory_id, content, confidence, persona_id, source_message_id,
                          source_conversation_id, version, create_time, update_time, words)
    values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10))"};

}  // namespace dramatis::memory
