// Writes that are made once for each Idempotency-Key, see shared/sql/idempotency.h.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "services/conversation/model/store.h"
#include "shared/sql/idempotency.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {

inline sql::IdempotencyClaim ClaimOf(const Idempotency& idempotency) {
  return sql::IdempotencyClaim::For(idempotency.call, idempotency.method, idempotency.request);
}

// A transaction's function: `write` answers the result; where the key was used before, it is not
// run, and the first answer comes again.
template <class Result, class Write>
auto Once(const Answering<Result>& once, absl::Time now, Write write) {
  return [&once, now, write](sql::Transaction& tx) -> absl::StatusOr<Idempotent<Result>> {
    Result result;
    DRAMATIS_ASSIGN_OR_RETURN(
        sql::FirstAnswer first,
        sql::AnswerOnce(tx, ClaimOf(once.idempotency), now,
                        [&](sql::Transaction& in) -> absl::StatusOr<std::string> {
                          DRAMATIS_ASSIGN_OR_RETURN(result, write(in));
                          const bool keeps = !once.idempotency.call.idempotency_key.empty();
                          return keeps && once.answer ? once.answer(result) : std::string();
                        }));
    if (!first.replayed) return Idempotent<Result>{.result = std::move(result)};
    return Idempotent<Result>{
        .result = {}, .replayed = true, .first_answer = std::move(first.bytes)};
  };
}

}  // namespace dramatis::conversation
