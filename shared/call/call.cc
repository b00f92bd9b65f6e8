#include "shared/call/call.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/call/authenticator.h"

namespace dramatis {
namespace {

constexpr size_t kLongestName = 128;
constexpr char kScheme[] = "Bearer ";
constexpr char kLocalForm[] = "local:";
constexpr char kLocalAdmin[] = "local";

bool IsName(std::string_view text, std::string_view punctuation) {
  return !text.empty() && text.size() <= kLongestName &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  punctuation.find(c) != std::string_view::npos;
         });
}

}  // namespace

absl::StatusOr<Identity> ParseAuthorization(const std::string& authorization) {
  if (authorization.empty()) return Identity{kLocalAdmin, AccessRole::kAdmin};
  // The scheme is read without regard to case (RFC 9110, section 11.1).
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) return UnauthenticatedError();
  std::string user = authorization.substr(sizeof(kScheme) - 1);
  if (!absl::StartsWith(user, kLocalForm)) return UnauthenticatedError();
  user.erase(0, sizeof(kLocalForm) - 1);
  AccessRole role = AccessRole::kUser;
  if (const size_t colon = user.find(':'); colon != std::string::npos) {
    const std::string name = user.substr(colon + 1);
    if (name != "admin" && name != "service") return UnauthenticatedError();
    role = name == "admin" ? AccessRole::kAdmin : AccessRole::kService;
    user.resize(colon);
  }
  if (!IsName(user, "._@-")) return UnauthenticatedError();
  return Identity{std::move(user), role};
}

absl::StatusOr<Identity> ParseAuthorizations(const std::vector<std::string>& authorizations) {
  if (authorizations.empty()) return ParseAuthorization("");
  if (authorizations.size() > 1 || authorizations.front().empty()) return UnauthenticatedError();
  return ParseAuthorization(authorizations.front());
}

std::string FormatAuthorization(const Identity& identity) {
  if (!IsName(identity.user_id, "._@-")) return "";
  std::string text = absl::StrCat(kScheme, kLocalForm, identity.user_id);
  if (identity.role == AccessRole::kAdmin) text += ":admin";
  if (identity.role == AccessRole::kService) text += ":service";
  return text;
}

bool CallerKey::Allows(const std::string& persona_id) const {
  return persona_ids.empty() ||
         std::find(persona_ids.begin(), persona_ids.end(), persona_id) != persona_ids.end();
}

CallContext CallContext::AsService(const std::string& user_id) const {
  CallContext call;
  call.identity = {user_id, AccessRole::kService, Scopes::All(), identity.key};
  call.correlation_id = correlation_id;
  call.traceparent = traceparent;
  call.deadline = deadline;
  return call;
}

bool IsCorrelationId(const std::string& text) {
  return IsName(text, "._-");
}

}  // namespace dramatis
