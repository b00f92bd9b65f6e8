// What a use case knows of the call it works for: who asks, under which ids, until when.
// Plain data, no gRPC: made by call_record.h from the call's metadata, by tests from literals.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/call/scopes.h"

namespace dramatis {

enum class AccessRole {
  kUser,
  kAdmin,
  kService,  // another service of this deployment, on behalf of `user_id`
};

// The key that a caller came with, for whoever charges and limits by it.
struct CallerKey {
  std::string id;
  // The personas that it may be used with; any where empty.
  std::vector<std::string> persona_ids = {};
  // Unset: only what limits its user.
  std::optional<int64_t> monthly_budget_micros = std::nullopt;
  std::optional<uint32_t> requests_per_minute = std::nullopt;

  bool Allows(const std::string& persona_id) const;
};

// Who asks.
struct Identity {
  std::string user_id;
  AccessRole role = AccessRole::kUser;
  // What the credentials allow. Without `admin` nobody is kAdmin.
  Scopes scopes = Scopes::All();
  // Null where the caller came without one.
  std::shared_ptr<const CallerKey> key = nullptr;
  // The program of this deployment that calls for the user, by its token; empty where the caller
  // came by itself, and for calls within a process.
  std::string caller = {};

  bool IsAdmin() const { return role == AccessRole::kAdmin; }
  // Owner or admin.
  bool MayManage(const std::string& owner_id) const { return IsAdmin() || user_id == owner_id; }
  // Whether the credentials may be used with this persona.
  bool MayUsePersona(const std::string& persona_id) const {
    return key == nullptr || key->Allows(persona_id);
  }
};

// Reads the value of an `authorization` header or metadata entry in the form of the environment
// `local`: empty is the admin `local`; `Bearer local:<user>`, `local:<user>:admin` and
// `local:<user>:service` name another. Everything else is UNAUTHENTICATED. A user is
// `[A-Za-z0-9._@-]{1,128}`.
absl::StatusOr<Identity> ParseAuthorization(const std::string& authorization);
// The same of every `authorization` entry that a call has. Several could mean anybody, and an empty
// one means nobody: UNAUTHENTICATED.
absl::StatusOr<Identity> ParseAuthorizations(const std::vector<std::string>& authorizations);
// The value that ParseAuthorization reads back to `identity`; empty where the local form cannot
// name its user.
std::string FormatAuthorization(const Identity& identity);

class PageKey;

struct CallContext {
  Identity identity;
  // Names the request in every log line and answer; `[A-Za-z0-9._-]{1,128}`.
  std::string correlation_id;
  // W3C trace context: as received, else a new one; empty in tests only.
  std::string traceparent;
  // The caller's Idempotency-Key; empty where there is none.
  std::string idempotency_key;
  // The caller's If-Match, as received; empty where there is none. Read by shared/call/if_match.h.
  std::string if_match;
  // What the service that works on it signs page tokens with; set by its call record. Null: the
  // process's own.
  const PageKey* page_key = nullptr;
  // When the caller stops waiting. absl::InfiniteFuture() where it did not say.
  absl::Time deadline = absl::InfiniteFuture();
  // Sends a header of this name with the answer; set by the call record, may be empty in tests.
  std::function<void(const std::string& name, const std::string& value)> send_header;

  // The same call on behalf of `user_id` as a service: for calls to neighbours.
  CallContext AsService(const std::string& user_id) const;
};

// Whether `text` may be a correlation id.
bool IsCorrelationId(const std::string& text);

}  // namespace dramatis
