// Idempotency keys (contract: "Retry safety"), claimed in the transaction of the row they create.
// Each service that has POSTs makes the table in its first migration:
//
//   create table idempotency_keys (
//     user_id text not null, method text not null, key text not null,
//     request_hash text not null, response bytea not null, create_time bigint not null,
//     primary key (user_id, method, key));
//
//   absl::StatusOr<v1::Memory> memory = MakeOnce<v1::Memory>(
//       db, call, IdempotencyClaim::For(call, "CreateMemory", request), now,
//       [&](Transaction& tx) -> absl::StatusOr<v1::Memory> { ... insert, answer ... });
//
// Keys are forgotten after kKeepIdempotencyKeys, by the program, for every service.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "shared/call/answer_headers.h"
#include "shared/call/call.h"
#include "shared/sql/database.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::sql {

// One use of a key. An empty key claims nothing: every call then is new.
struct IdempotencyClaim {
  std::string user_id;
  std::string method;        // the RPC's name
  std::string key;           // the caller's Idempotency-Key
  std::string request_hash;  // SHA-256 of the request, hexadecimal

  static IdempotencyClaim For(const CallContext& call,
                              const std::string& method,
                              const google::protobuf::Message& request);
};

// The answer to what was done once.
struct FirstAnswer {
  std::string bytes;  // a serialized message
  bool replayed = false;
};

// Makes something and serializes the answer.
using OnceWrite = std::function<absl::StatusOr<std::string>(Transaction&)>;

// Runs `write` with the claim of the key and keeps what it answers; where the key was used for the
// same request, answers that again and runs nothing. Errors: those of ClaimIdempotencyKey, and what
// `write` answers.
absl::StatusOr<FirstAnswer> AnswerOnce(Transaction& tx,
                                       const IdempotencyClaim& claim,
                                       absl::Time now,
                                       const OnceWrite& write);
// The same in a transaction of its own. `write` must be safe to run again, see Database.
absl::StatusOr<FirstAnswer> WriteOnce(Database& database,
                                      const IdempotencyClaim& claim,
                                      absl::Time now,
                                      const OnceWrite& write);

// The same for an RPC whose answer is the message that `write` makes: where the key was used
// before, the call is marked as replayed. `write`: absl::StatusOr<Answer>(Transaction&).
template <class Answer, class Write>
absl::StatusOr<Answer> MakeOnce(Database& database,
                                const CallContext& call,
                                const IdempotencyClaim& claim,
                                absl::Time now,
                                const Write& write) {
  Answer answer;
  DRAMATIS_ASSIGN_OR_RETURN(
      const FirstAnswer first,
      WriteOnce(database, claim, now, [&](Transaction& tx) -> absl::StatusOr<std::string> {
        DRAMATIS_ASSIGN_OR_RETURN(answer, write(tx));
        return claim.key.empty() ? std::string() : answer.SerializeAsString();
      }));
  if (!first.replayed) return answer;
  if (!answer.ParseFromString(first.bytes)) return InternalError("a stored answer cannot be read");
  MarkReplayed(call);
  return answer;
}

// How long keys are kept, and how often old ones are forgotten.
inline constexpr absl::Duration kKeepIdempotencyKeys = absl::Hours(24);
inline constexpr absl::Duration kForgetIdempotencyKeys = absl::Minutes(10);
// Forgets all keys made before `before`, a batch in each transaction, until none is left or
// `ending`. Answers how many.
absl::StatusOr<int64_t> ForgetIdempotencyKeys(
    Database& database, absl::Time before, const std::function<bool()>& ending = [] {
      return false;
    });

// The parts of AnswerOnce, for what takes more than one transaction.

// The first answer if the key was used for the same request; nullopt if it is new, and now claimed.
// ALREADY_EXISTS, IDEMPOTENCY_KEY_REUSED if it was used for another request. Waits for another
// transaction that holds the same key.
absl::StatusOr<std::optional<std::string>> ClaimIdempotencyKey(Transaction& tx,
                                                               const IdempotencyClaim& claim,
                                                               absl::Time now);
// Stores the answer (a serialized message) of a claim made in this transaction.
absl::Status RecordIdempotentResponse(Transaction& tx,
                                      const IdempotencyClaim& claim,
                                      const std::string& response);
// The same in a later transaction, where the claim has no answer yet; without effect where it has.
// Until then a replay finds the empty one.
absl::Status RecordAnswerLater(Transaction& tx,
                               const IdempotencyClaim& claim,
                               const std::string& response);
}  // namespace dramatis::sql
