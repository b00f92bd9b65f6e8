#include "services/deployment/key_finder.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "shared/call/call_metadata.h"
#include "shared/time/timestamps.h"

namespace dramatis {
namespace {

namespace keys = ::dramatis::memory::v1;

constexpr absl::Duration kTimeout = absl::Seconds(3);

Scopes ScopesOfKey(const keys::Key& key) {
  Scopes scopes;
  for (const int scope : key.scopes()) {
    // KEY_SCOPE_PERSONAS_READ is `personas_read`.
    constexpr size_t kPrefix = sizeof("KEY_SCOPE_") - 1;
    std::string name = keys::KeyScope_Name(static_cast<keys::KeyScope>(scope));
    if (name.size() <= kPrefix) continue;
    name = absl::AsciiStrToLower(name.substr(kPrefix));
    scopes.Add(Scopes::Named(name).value_or(Scopes()));
  }
  return scopes;
}

std::optional<FoundApiKey> FoundIn(const keys::LookUpKeyResponse& response) {
  if (!response.has_user_id()) return std::nullopt;
  const keys::Key& key = response.key();
  auto caller_key = std::make_shared<CallerKey>();
  caller_key->id = key.key_id();
  caller_key->persona_ids = {key.persona_ids().begin(), key.persona_ids().end()};
  if (key.has_requests_per_minute()) {
    caller_key->requests_per_minute = static_cast<uint32_t>(key.requests_per_minute());
  }
  if (key.has_monthly_budget_micros()) {
    caller_key->monthly_budget_micros = static_cast<int64_t>(key.monthly_budget_micros());
  }
  const Scopes scopes = ScopesOfKey(key);
  const bool admin = Scopes::Admin().In(scopes);
  return FoundApiKey{
      {response.user_id(), admin ? AccessRole::kAdmin : AccessRole::kUser, scopes,
       std::move(caller_key)},
      key.has_expires_at() ? FromTimestamp(key.expires_at()) : absl::InfiniteFuture()};
}

}  // namespace

KeyFinder::~KeyFinder() {
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(+[](int* asking) { return *asking == 0; }, &asking_));
}

void KeyFinder::Ended() {
  const absl::MutexLock lock(&mutex_);
  --asking_;
}

void KeyFinder::Ask(const std::string& hash, Done done) {
  {
    const absl::MutexLock lock(&mutex_);
    ++asking_;
  }
  CallContext call;
  call.identity = {.user_id = "gateway", .role = AccessRole::kService};
  call.correlation_id = ids_.NewId();
  call.traceparent = NewTraceparent(ids_);
  keys::LookUpKeyRequest request;
  request.set_secret_hash(hash);
  memory_.Start(
      "LookUpKey", &Neighbour<keys::MemoryService>::Async::LookUpKey, call, kTimeout, request,
      [this, done = std::move(done)](const absl::StatusOr<keys::LookUpKeyResponse>& response) {
        if (response.ok()) {
          done(FoundIn(*response));
        } else {
          done(response.status());
        }
        Ended();
      });
}

std::unique_ptr<ApiKeyFinder> FindKeysInMemory(const LocalMethods& local,
                                               const ConnectTo& connect,
                                               IdSource& ids) {
  return std::make_unique<KeyFinder>(local, [connect] { return connect("memory"); }, ids);
}

}  // namespace dramatis
