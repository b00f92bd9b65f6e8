#include "shared/sql/idempotency.h"

#include <utility>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "shared/digest/sha256.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

// Waits for a transaction that holds the same key: then there is a conflict and no row, or, if that
// one rolled back, a row.
constexpr Statement kClaim = {R"(
  insert into idempotency_keys (user_id, method, key, request_hash, response, create_time)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (user_id, method, key) do nothing
  returning user_id)"};

constexpr Statement kFind = {R"(
  select request_hash, response
  from idempotency_keys
  where user_id = $1 and method = $2 and key = $3)"};

constexpr Statement kRecord = {R"(
  update idempotency_keys
  set response = $4
  where user_id = $1 and method = $2 and key = $3)"};

constexpr Statement kRecordLater = {R"(
  update idempotency_keys
  set response = $4
  where user_id = $1 and method = $2 and key = $3 and request_hash = $5 and response = $6)"};

// Small enough that no writer waits long for it.
constexpr int kForgottenAtOnce = 1000;

constexpr Statement kDelete = {R"(
  delete from idempotency_keys
  where (user_id, method, key) in (
    select user_id, method, key
    from idempotency_keys
    where create_time < $1
    order by create_time
    limit $2))"};

// Equal messages give equal bytes: maps in the order of their keys.
std::string Deterministic(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace

IdempotencyClaim IdempotencyClaim::For(const CallContext& call,
                                       const std::string& method,
                                       const google::protobuf::Message& request) {
  IdempotencyClaim claim{call.identity.user_id, method, call.idempotency_key, ""};
  if (claim.key.empty()) return claim;
  claim.request_hash = Sha256Hex(Deterministic(request));
  return claim;
}

absl::StatusOr<std::optional<std::string>> ClaimIdempotencyKey(Transaction& tx,
                                                               const IdempotencyClaim& claim,
                                                               absl::Time now) {
  if (claim.key.empty()) return std::nullopt;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows claimed,
                            tx.Execute(kClaim, {claim.user_id, claim.method, claim.key,
                                                claim.request_hash, Bytes{}, now}));
  if (!claimed.empty()) return std::nullopt;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows found,
                            tx.Execute(kFind, {claim.user_id, claim.method, claim.key}));
  // Forgotten between the two statements: as good as a conflict with another writer.
  if (found.empty()) {
    return Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT,
                 "the idempotency key expired just now");
  }
  if (found.front().Text(0) != claim.request_hash) {
    return Error(absl::StatusCode::kAlreadyExists, errors::v1::ERROR_REASON_IDEMPOTENCY_KEY_REUSED,
                 "the idempotency key was used for another request");
  }
  return found.front().Blob(1);
}

absl::Status RecordIdempotentResponse(Transaction& tx,
                                      const IdempotencyClaim& claim,
                                      const std::string& response) {
  if (claim.key.empty()) return absl::OkStatus();
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kRecord, {claim.user_id, claim.method, claim.key, Bytes{response}}).status());
  if (tx.affected() != 1) return InternalError("an answer to an idempotency key never claimed");
  return absl::OkStatus();
}

absl::Status RecordAnswerLater(Transaction& tx,
                               const IdempotencyClaim& claim,
                               const std::string& response) {
  if (claim.key.empty()) return absl::OkStatus();
  return tx
      .Execute(kRecordLater, {claim.user_id, claim.method, claim.key, Bytes{response},
                              claim.request_hash, Bytes{}})
      .status();
}

absl::StatusOr<FirstAnswer> AnswerOnce(Transaction& tx,
                                       const IdempotencyClaim& claim,
                                       absl::Time now,
                                       const OnceWrite& write) {
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<std::string> replay, ClaimIdempotencyKey(tx, claim, now));
  if (replay.has_value()) return FirstAnswer{.bytes = *std::move(replay), .replayed = true};
  DRAMATIS_ASSIGN_OR_RETURN(std::string answer, write(tx));
  DRAMATIS_RETURN_IF_ERROR(RecordIdempotentResponse(tx, claim, answer));
  return FirstAnswer{.bytes = std::move(answer), .replayed = false};
}

absl::StatusOr<FirstAnswer> WriteOnce(Database& database,
                                      const IdempotencyClaim& claim,
                                      absl::Time now,
                                      const OnceWrite& write) {
  return database.Write([&](Transaction& tx) { return AnswerOnce(tx, claim, now, write); });
}

absl::StatusOr<int64_t> ForgetIdempotencyKeys(Database& database,
                                              absl::Time before,
                                              const std::function<bool()>& ending) {
  int64_t forgotten = 0;
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(
        const int64_t batch, database.Write([&](Transaction& tx) -> absl::StatusOr<int64_t> {
          DRAMATIS_RETURN_IF_ERROR(tx.Execute(kDelete, {before, kForgottenAtOnce}).status());
          return tx.affected();
        }));
    forgotten += batch;
    if (batch < kForgottenAtOnce || ending()) return forgotten;
  }
}

}  // namespace dramatis::sql
