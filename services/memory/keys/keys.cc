#include "services/memory/keys/keys.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/memory/model/versions.h"
#include "shared/call/access.h"
#include "shared/call/if_match.h"
#include "shared/identity/api_key.h"
#include "shared/page/page_token.h"
#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/time/timestamps.h"

namespace dramatis::memory {
namespace {

// How far apart the uses are that are noted.
constexpr absl::Duration kNotedUses = absl::Minutes(1);

Scopes ScopesOf(const v1::Key& key) {
  Scopes scopes;
  for (const int scope : key.scopes()) {
    switch (scope) {
      case v1::KEY_SCOPE_CHAT:
        scopes.Add(*Scopes::Named("chat"));
        break;
      case v1::KEY_SCOPE_PERSONAS_READ:
        scopes.Add(*Scopes::Named("personas_read"));
        break;
      case v1::KEY_SCOPE_PERSONAS_WRITE:
        scopes.Add(*Scopes::Named("personas_write"));
        break;
      case v1::KEY_SCOPE_MEMORY:
        scopes.Add(*Scopes::Named("memory"));
        break;
      case v1::KEY_SCOPE_ADMIN:
        scopes.Add(Scopes::Admin());
        break;
      default:
        break;
    }
  }
  return scopes;
}

// The fields that are the user's to set.
v1::Key Define(const v1::Key& key) {
  v1::Key definition;
  definition.set_name(key.name());
  *definition.mutable_scopes() = key.scopes();
  *definition.mutable_persona_ids() = key.persona_ids();
  if (key.has_expires_at()) *definition.mutable_expires_at() = key.expires_at();
  if (key.has_requests_per_minute()) {
    definition.set_requests_per_minute(key.requests_per_minute());
  }
  if (key.has_monthly_budget_micros()) {
    definition.set_monthly_budget_micros(key.monthly_budget_micros());
  }
  return definition;
}

v1::Key PresentKey(const KeyRow& row) {
  v1::Key key = row.definition;
  key.set_key_id(row.key_id);
  key.set_prefix(row.prefix);
  key.set_last_four(row.last_four);
  key.set_etag(Etag(row.version));
  *key.mutable_create_time() = ToTimestamp(row.create_time);
  *key.mutable_update_time() = ToTimestamp(row.update_time);
  if (row.last_used.has_value()) *key.mutable_last_used_at() = ToTimestamp(*row.last_used);
  return key;
}

// What a page token is good for: this user's list.
PageScope KeyListScope(const CallContext& call) {
  return {call, absl::StrCat("keys\n", call.identity.user_id)};
}

absl::StatusOr<KeyPosition> ReadKeyPosition(const PageScope& scope, const std::string& token) {
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken(scope, token, 2));
  int64_t micros = 0;
  if (!absl::SimpleAtoi(keys[0], &micros)) return CursorError("page_token");
  return KeyPosition{absl::FromUnixMicros(micros), std::move(keys[1])};
}

bool Outlives(const v1::Key& key, const v1::Key& other) {
  if (!other.has_expires_at()) return false;
  return !key.has_expires_at() ||
         FromTimestamp(key.expires_at()) > FromTimestamp(other.expires_at());
}

// Besides that it ends.
bool HasLimits(const v1::Key& key) {
  return !key.persona_ids().empty() || key.has_requests_per_minute() ||
         key.has_monthly_budget_micros();
}

}  // namespace

absl::Status Keys::CheckGiver(const CallContext& call, const v1::Key& key) {
  const Identity& caller = call.identity;
  if (caller.key != nullptr) {
    DRAMATIS_ASSIGN_OR_RETURN(const KeyRow own, store_.Find(caller.user_id, caller.key->id));
    if (HasLimits(own.definition)) {
      return PermissionError("a key with limits of its own may not make or change keys");
    }
    if (Outlives(key, own.definition)) {
      return PermissionError("a key that ends makes none that ends later");
    }
  }
  Scopes missing = ScopesOf(key);
  Scopes has = caller.scopes;
  if (!caller.IsAdmin()) has.Remove(Scopes::Admin());
  missing.Remove(has);
  if (!missing.empty()) return InsufficientScopeError(absl::StrJoin(missing.Names(), " "));
  return absl::OkStatus();
}

absl::Status Keys::CheckExpiry(const v1::Key& key) const {
  if (!key.has_expires_at() || FromTimestamp(key.expires_at()) > clock_.Now()) {
    return absl::OkStatus();
  }
  return FieldErrors({{"key.expires_at", "must be in the future"}});
}

absl::StatusOr<v1::ListKeysResponse> Keys::List(const CallContext& call,
                                                const v1::ListKeysRequest& request) {
  const PageScope scope = KeyListScope(call);
  std::optional<KeyPosition> after;
  if (!request.page_token().empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(after, ReadKeyPosition(scope, request.page_token()));
  }
  DRAMATIS_ASSIGN_OR_RETURN(const KeyPage page,
                            store_.List(call.identity.user_id, after, PageSize(request)));
  v1::ListKeysResponse response;
  for (const KeyRow& row : page.keys)
    *response.add_keys() = PresentKey(row);
  if (page.more) {
    const KeyRow& last = page.keys.back();
    response.set_next_page_token(
        EncodePageToken(scope, {absl::StrCat(absl::ToUnixMicros(last.create_time)), last.key_id}));
  }
  return response;
}

absl::StatusOr<v1::Key> Keys::Create(const CallContext& call, const v1::CreateKeyRequest& request) {
  DRAMATIS_RETURN_IF_ERROR(CheckExpiry(request.key()));
  DRAMATIS_RETURN_IF_ERROR(CheckGiver(call, request.key()));
  const std::string secret = NewApiKey(environment_);
  KeyRow row;
  row.user_id = call.identity.user_id;
  row.key_id = ids_.NewId();
  row.definition = Define(request.key());
  row.prefix = ApiKeyPrefix(secret);
  row.last_four = ApiKeyLastFour(secret);
  row.create_time = clock_.Now();
  row.update_time = row.create_time;
  const v1::Key replay = PresentKey(row);
  v1::Key answer = replay;
  answer.set_secret(secret);
  return store_.Create(call, request, row, HashOfApiKey(secret), answer, replay);
}

absl::StatusOr<v1::Key> Keys::Get(const CallContext& call, const v1::GetKeyRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const KeyRow row, store_.Find(call.identity.user_id, request.key_id()));
  return PresentKey(row);
}

absl::StatusOr<v1::Key> Keys::Update(const CallContext& call, const v1::UpdateKeyRequest& request) {
  return WithRetries([&] { return TryUpdate(call, request); });
}

absl::StatusOr<v1::Key> Keys::TryUpdate(const CallContext& call,
                                        const v1::UpdateKeyRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(KeyRow row, store_.Find(call.identity.user_id, request.key_id()));
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(row.version)));
  v1::Key key = row.definition;
  const auto& paths = request.update_mask().paths();
  MergeFields(request.key(), {paths.begin(), paths.end()}, key);
  row.definition = Define(key);
  if (request.key().has_expires_at()) DRAMATIS_RETURN_IF_ERROR(CheckExpiry(key));
  // Also of what stays: whoever changes a key may do what it may.
  DRAMATIS_RETURN_IF_ERROR(CheckGiver(call, row.definition));
  row.update_time = clock_.Now();
  DRAMATIS_RETURN_IF_ERROR(store_.Update(row));
  ++row.version;
  return PresentKey(row);
}

absl::Status Keys::Delete(const CallContext& call, const v1::DeleteKeyRequest& request) {
  return WithRetries([&] { return TryDelete(call, request.key_id()); });
}

absl::Status Keys::TryDelete(const CallContext& call, const std::string& key_id) {
  const std::string& user_id = call.identity.user_id;
  if (call.if_match.empty()) return store_.Delete(user_id, key_id, std::nullopt);
  DRAMATIS_ASSIGN_OR_RETURN(const KeyRow row, store_.Find(user_id, key_id));
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(row.version)));
  return store_.Delete(user_id, key_id, row.version);
}

absl::StatusOr<v1::Key> Keys::Rotate(const CallContext& call, const v1::RotateKeyRequest& request) {
  return WithRetries([&] { return TryRotate(call, request); });
}

absl::StatusOr<v1::Key> Keys::TryRotate(const CallContext& call,
                                        const v1::RotateKeyRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(KeyRow row, store_.Find(call.identity.user_id, request.key_id()));
  DRAMATIS_RETURN_IF_ERROR(CheckGiver(call, row.definition));
  const std::string secret = NewApiKey(environment_);
  row.prefix = ApiKeyPrefix(secret);
  row.last_four = ApiKeyLastFour(secret);
  row.update_time = clock_.Now();
  KeyRow next = row;
  ++next.version;
  const v1::Key replay = PresentKey(next);
  v1::Key answer = replay;
  answer.set_secret(secret);
  return store_.Rotate(call, request, row, HashOfApiKey(secret),
                       row.update_time + absl::Seconds(request.grace_seconds()), answer, replay);
}

absl::StatusOr<v1::LookUpKeyResponse> Keys::LookUp(const v1::LookUpKeyRequest& request) {
  const absl::Time now = clock_.Now();
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<KeyRow> row,
                            store_.LookUp(request.secret_hash(), now));
  v1::LookUpKeyResponse response;
  if (!row.has_value()) return response;
  const v1::Key& key = row->definition;
  if (key.has_expires_at() && FromTimestamp(key.expires_at()) <= now) return response;
  if (!row->last_used.has_value() || now - *row->last_used >= kNotedUses) {
    // Whoever has a key gets in, whether or not that can be noted.
    store_.NoteUse(*row, now).IgnoreError();
  }
  response.set_user_id(row->user_id);
  *response.mutable_key() = key;
  response.mutable_key()->clear_name();
  response.mutable_key()->set_key_id(row->key_id);
  return response;
}

}  // namespace dramatis::memory
