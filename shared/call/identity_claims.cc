#include "shared/call/identity_claims.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace dramatis {
namespace {

namespace json = boost::json;

constexpr size_t kLongestUser = 128;

const char* RoleName(AccessRole role) {
  switch (role) {
    case AccessRole::kAdmin:
      return "admin";
    case AccessRole::kService:
      return "service";
    case AccessRole::kUser:
      break;
  }
  return "user";
}

std::optional<AccessRole> RoleNamed(std::string_view name) {
  for (const AccessRole role : {AccessRole::kUser, AccessRole::kAdmin, AccessRole::kService}) {
    if (name == RoleName(role)) return role;
  }
  return std::nullopt;
}

std::string_view View(const json::string& text) {
  return {text.data(), text.size()};
}

// nullopt where it is no list of texts.
std::optional<std::vector<std::string>> Texts(const json::value& value) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const json::value& entry : value.get_array()) {
    if (!entry.is_string()) return std::nullopt;
    texts.emplace_back(View(entry.get_string()));
  }
  return texts;
}

json::object KeyClaims(const CallerKey& key) {
  json::object claims;
  claims["id"] = key.id;
  if (!key.persona_ids.empty()) {
    claims["personaIds"] = json::array(key.persona_ids.begin(), key.persona_ids.end());
  }
  if (key.monthly_budget_micros.has_value()) {
    claims["monthlyBudgetMicros"] = *key.monthly_budget_micros;
  }
  if (key.requests_per_minute.has_value()) claims["requestsPerMinute"] = *key.requests_per_minute;
  return claims;
}

// A whole number, where the member is there; false where it is something else.
template <class Number>
bool ReadNumber(const json::object& claims, const char* name, std::optional<Number>& number) {
  const json::value* const member = claims.if_contains(name);
  if (member == nullptr) return true;
  boost::system::error_code error;
  number = member->to_number<Number>(error);
  return !error.failed() && *number >= 0;
}

std::shared_ptr<const CallerKey> ReadKeyClaims(const json::value& value) {
  if (!value.is_object()) return nullptr;
  const json::object& claims = value.get_object();
  const json::value* const id = claims.if_contains("id");
  if (id == nullptr || !id->is_string() || id->get_string().empty()) return nullptr;
  auto key = std::make_shared<CallerKey>();
  key->id = std::string(View(id->get_string()));
  if (const json::value* const personas = claims.if_contains("personaIds"); personas != nullptr) {
    std::optional<std::vector<std::string>> ids = Texts(*personas);
    if (!ids.has_value()) return nullptr;
    key->persona_ids = *std::move(ids);
  }
  if (!ReadNumber(claims, "monthlyBudgetMicros", key->monthly_budget_micros) ||
      !ReadNumber(claims, "requestsPerMinute", key->requests_per_minute)) {
    return nullptr;
  }
  return key;
}

}  // namespace

void AppendIdentityClaims(const Identity& identity, json::object& claims) {
  claims["sub"] = identity.user_id;
  claims["roles"] = json::array({RoleName(identity.role)});
  if (identity.scopes != Scopes::All()) {
    const std::vector<std::string> names = identity.scopes.Names();
    claims["scopes"] = json::array(names.begin(), names.end());
  }
  if (identity.key != nullptr) claims["key"] = KeyClaims(*identity.key);
}

std::optional<Identity> ReadIdentityClaims(const json::object& claims) {
  const json::value* const user = claims.if_contains("sub");
  const json::value* const roles = claims.if_contains("roles");
  if (user == nullptr || !user->is_string() || roles == nullptr) return std::nullopt;
  Identity identity;
  identity.user_id = std::string(View(user->get_string()));
  if (identity.user_id.size() > 4 * kLongestUser) return std::nullopt;
  const std::optional<std::vector<std::string>> named = Texts(*roles);
  if (!named.has_value() || named->size() != 1) return std::nullopt;
  const std::optional<AccessRole> role = RoleNamed(named->front());
  if (!role.has_value()) return std::nullopt;
  identity.role = *role;
  if (const json::value* const scopes = claims.if_contains("scopes"); scopes != nullptr) {
    const std::optional<std::vector<std::string>> names = Texts(*scopes);
    if (!names.has_value()) return std::nullopt;
    identity.scopes = Scopes();
    for (const std::string& name : *names) {
      const std::optional<Scopes> scope = Scopes::Named(name);
      if (!scope.has_value()) return std::nullopt;
      identity.scopes.Add(*scope);
    }
  }
  if (const json::value* const key = claims.if_contains("key"); key != nullptr) {
    identity.key = ReadKeyClaims(*key);
    if (identity.key == nullptr) return std::nullopt;
  }
  if (identity.IsAdmin() && !Scopes::Admin().In(identity.scopes)) return std::nullopt;
  return identity;
}

}  // namespace dramatis
