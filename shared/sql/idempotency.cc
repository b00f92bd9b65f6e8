#include "shared/sql/idempotency.h"

#include <array>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/sha.h>

#include "absl/strings/escaping.h"
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
  const std::string bytes = Deterministic(request);
  std::array<char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  claim.request_hash = absl::BytesToHexString(std::string(digest.data(), digest.size()));
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

absl::Status DeleteIdempotencyKeys(Transaction& tx, absl::Time before, int limit) {
  return tx.Execute(kDelete, {before, limit}).status();
}

void MarkReplayed(const CallContext& call) {
  if (call.send_header) call.send_header("idempotency-replayed", "true");
}

}  // namespace dramatis::sql
