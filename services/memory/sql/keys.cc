#include "services/memory/sql/keys.h"

#include <utility>

#include "dramatis/memory/v1/memory.pb.h"

#include "services/memory/model/versions.h"
#include "shared/sql/idempotency.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::memory {
namespace {

using sql::Row;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr Statement kFindKey = {R"(
    select user_id, key_id, definition, prefix, last_four, version, create_time, update_time,
           last_used_time
    from api_keys
    where user_id = $1 and key_id = $2)"};

// $2, $3: the last row of the page before; $4: how many.
constexpr Statement kListKeys = {R"(
    select user_id, key_id, definition, prefix, last_four, version, create_time, update_time,
           last_used_time
    from api_keys
    where user_id = $1 and (create_time, key_id) < (cast($2 as bigint), cast($3 as text))
    order by create_time desc, key_id desc
    limit cast($4 as bigint))"};

// One more, where the user has fewer than $2: no row changes otherwise.
constexpr Statement kCountKeyUp = {R"(
    insert into api_key_counts (user_id, keys)
    values ($1, 1)
    on conflict (user_id) do update
    set keys = api_key_counts.keys + 1
    where api_key_counts.keys < $2)"};

constexpr Statement kCountKeyDown = {R"(
    update api_key_counts
    set keys = keys - 1
    where user_id = $1)"};

constexpr Statement kInsertKey = {R"(
    insert into api_keys (user_id, key_id, definition, prefix, last_four, version, create_time,
                          update_time)
    values ($1, $2, $3, $4, $5, 1, $6, $7))"};

constexpr Statement kInsertSecret = {R"(
    insert into api_key_secrets (secret_hash, user_id, key_id)
    values ($1, $2, $3))"};

constexpr Statement kUpdateKey = {R"(
    update api_keys
    set definition = $3, prefix = $4, last_four = $5, update_time = $6, version = version + 1
    where user_id = $1 and key_id = $2 and version = $7)"};

// A secret that was to end before that still does.
constexpr Statement kEndSecrets = {R"(
    update api_key_secrets
    set expire_time = $3
    where user_id = $1 and key_id = $2
      and (expire_time is null or expire_time > cast($3 as bigint)))"};

constexpr Statement kForgetEndedSecrets = {R"(
    delete from api_key_secrets
    where user_id = $1 and key_id = $2 and expire_time <= cast($3 as bigint))"};

constexpr Statement kDeleteKey = {R"(
    delete from api_keys
    where user_id = $1 and key_id = $2 and (cast($3 as bigint) = 0 or version = $3))"};

constexpr Statement kDeleteSecrets = {R"(
    delete from api_key_secrets
    where user_id = $1 and key_id = $2)"};

constexpr Statement kFindSecret = {R"(
    select user_id, key_id
    from api_key_secrets
    where secret_hash = $1 and (expire_time is null or expire_time > cast($2 as bigint)))"};

constexpr Statement kNoteUse = {R"(
    update api_keys
    set last_used_time = $3
    where user_id = $1 and key_id = $2
      and (last_used_time is null or last_used_time < cast($3 as bigint)))"};

constexpr Statement kFindAnyKey = {R"(
    select user_id
    from api_key_secrets
    limit 1)"};

absl::StatusOr<KeyRow> ReadKey(const Row& row) {
  KeyRow key;
  key.user_id = row.Text(0);
  key.key_id = row.Text(1);
  if (!key.definition.ParseFromString(row.Blob(2))) {
    return InternalError("api_keys.definition cannot be read");
  }
  key.prefix = row.Text(3);
  key.last_four = row.Text(4);
  key.version = row.Int(5);
  key.create_time = row.Time(6);
  key.update_time = row.Time(7);
  key.last_used = row.OptionalTime(8);
  return key;
}

absl::StatusOr<KeyRow> SelectKey(Transaction& tx,
                                 const std::string& user_id,
                                 const std::string& key_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindKey, {user_id, key_id}));
  if (rows.empty()) return NotFoundError("key");
  return ReadKey(rows[0]);
}

absl::Status WriteKey(Transaction& tx, const KeyRow& row) {
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kUpdateKey,
                 {row.user_id, row.key_id, sql::Bytes{row.definition.SerializeAsString()},
                  row.prefix, row.last_four, row.update_time, row.version})
          .status());
  return tx.affected() == 1 ? absl::OkStatus() : ChangedMeanwhile();
}

}  // namespace

template <class Write>
absl::StatusOr<v1::Key> SqlKeyStore::Once(const CallContext& call,
                                          const char* method,
                                          const google::protobuf::Message& request,
                                          const v1::Key& answer,
                                          const v1::Key& replay,
                                          Write write) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const sql::FirstAnswer first,
      sql::WriteOnce(database_, sql::IdempotencyClaim::For(call, method, request), clock_.Now(),
                     [&](Transaction& tx) -> absl::StatusOr<std::string> {
                       DRAMATIS_RETURN_IF_ERROR(write(tx));
                       // Without the secret, of which only the hash is kept.
                       return replay.SerializeAsString();
                     }));
  if (!first.replayed) return answer;
  v1::Key key;
  if (!key.ParseFromString(first.bytes)) return InternalError("a stored answer cannot be read");
  MarkReplayed(call);
  return key;
}

absl::StatusOr<KeyRow> SqlKeyStore::Find(const std::string& user_id, const std::string& key_id) {
  return database_.Read([&](Transaction& tx) { return SelectKey(tx, user_id, key_id); });
}

absl::StatusOr<KeyPage> SqlKeyStore::List(const std::string& user_id,
                                          const std::optional<KeyPosition>& after,
                                          int limit) {
  const KeyPosition from = after.value_or(KeyPosition{absl::InfiniteFuture(), ""});
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<KeyPage> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kListKeys, {user_id, from.create_time,
                                                                      from.key_id, limit + 1}));
    KeyPage page;
    for (const Row& row : rows) {
      DRAMATIS_ASSIGN_OR_RETURN(KeyRow key, ReadKey(row));
      page.keys.push_back(std::move(key));
    }
    page.more = page.keys.size() > static_cast<size_t>(limit);
    if (page.more) page.keys.pop_back();
    return page;
  });
}

absl::StatusOr<v1::Key> SqlKeyStore::Create(const CallContext& call,
                                            const v1::CreateKeyRequest& request,
                                            const KeyRow& row,
                                            const std::string& secret_hash,
                                            const v1::Key& answer,
                                            const v1::Key& replay) {
  return Once(call, "CreateKey", request, answer, replay, [&](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kCountKeyUp, {row.user_id, kKeyQuota}).status());
    if (tx.affected() == 0) {
      return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_KEY_QUOTA_EXCEEDED,
                   "you have as many keys as are allowed");
    }
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kInsertKey,
                   {row.user_id, row.key_id, sql::Bytes{row.definition.SerializeAsString()},
                    row.prefix, row.last_four, row.create_time, row.update_time})
            .status());
    return tx.Execute(kInsertSecret, {secret_hash, row.user_id, row.key_id}).status();
  });
}

absl::Status SqlKeyStore::Update(const KeyRow& row) {
  return database_.Write([&](Transaction& tx) { return WriteKey(tx, row); });
}

absl::StatusOr<v1::Key> SqlKeyStore::Rotate(const CallContext& call,
                                            const v1::RotateKeyRequest& request,
                                            const KeyRow& row,
                                            const std::string& secret_hash,
                                            absl::Time old_end,
                                            const v1::Key& answer,
                                            const v1::Key& replay) {
  return Once(call, "RotateKey", request, answer, replay, [&](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(WriteKey(tx, row));
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kEndSecrets, {row.user_id, row.key_id, old_end}).status());
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kForgetEndedSecrets, {row.user_id, row.key_id, row.update_time}).status());
    return tx.Execute(kInsertSecret, {secret_hash, row.user_id, row.key_id}).status();
  });
}

absl::Status SqlKeyStore::Delete(const std::string& user_id,
                                 const std::string& key_id,
                                 std::optional<int> version) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kDeleteKey, {user_id, key_id, version.value_or(0)}).status());
    if (tx.affected() == 0) {
      DRAMATIS_RETURN_IF_ERROR(SelectKey(tx, user_id, key_id).status());
      return ChangedMeanwhile();
    }
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kDeleteSecrets, {user_id, key_id}).status());
    return tx.Execute(kCountKeyDown, {user_id}).status();
  });
}

absl::StatusOr<std::optional<KeyRow>> SqlKeyStore::LookUp(const std::string& secret_hash,
                                                          absl::Time now) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::optional<KeyRow>> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindSecret, {secret_hash, now}));
    if (rows.empty()) return std::nullopt;
    DRAMATIS_ASSIGN_OR_RETURN(KeyRow row, SelectKey(tx, rows[0].Text(0), rows[0].Text(1)));
    return row;
  });
}

absl::Status SqlKeyStore::NoteUse(const KeyRow& row, absl::Time when) {
  return database_.Write([&](Transaction& tx) {
    return tx.Execute(kNoteUse, {row.user_id, row.key_id, when}).status();
  });
}

absl::StatusOr<bool> SqlKeyStore::HasAny() {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindAnyKey, {}));
    return !rows.empty();
  });
}

}  // namespace dramatis::memory
