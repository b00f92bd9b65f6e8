// Idempotency keys (contract: "Retry safety"), claimed in the transaction of the row they create.
// Each service that has POSTs makes the table in its first migration:
//
//   create table idempotency_keys (
//     user_id text not null, method text not null, key text not null,
//     request_hash text not null, response bytea not null, create_time bigint not null,
//     primary key (user_id, method, key));
//
//   db.Write([&](Transaction& tx) -> absl::Status {
//     DRAMATIS_ASSIGN_OR_RETURN(auto replay, ClaimIdempotencyKey(tx, claim, now));
//     if (replay) { response.ParseFromString(*replay); return absl::OkStatus(); }
//     ... insert, fill response ...
//     return RecordIdempotentResponse(tx, claim, response.SerializeAsString());
//   });
//   // and where it was a replay: MarkReplayed(call);
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "shared/call/call.h"
#include "shared/sql/database.h"

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
// Forgets keys made before `before`, at most `limit` of them.
absl::Status DeleteIdempotencyKeys(Transaction& tx, absl::Time before, int limit);
// Sends `idempotency-replayed: true` with the answer.
void MarkReplayed(const CallContext& call);

}  // namespace dramatis::sql
