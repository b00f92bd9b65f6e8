#include "shared/call/scopes.h"

#include <array>

namespace dramatis {
namespace {

// By bit.
constexpr std::array<std::string_view, 5> kScopeNames = {"chat", "personas_read", "personas_write",
                                                         "memory", "admin"};
constexpr std::string_view kAccount = "account";

}  // namespace

std::optional<Scopes> Scopes::Named(std::string_view name) {
  for (size_t i = 0; i < kScopeNames.size(); ++i) {
    if (kScopeNames[i] == name) return Scopes(static_cast<uint8_t>(1U << i));
  }
  return std::nullopt;
}

std::optional<Scopes> Scopes::Needed(std::string_view name) {
  if (name.empty()) return Scopes();
  if (name != kAccount) return Named(name);
  Scopes scopes = All();
  scopes.Remove(Admin());
  return scopes;
}

std::vector<std::string> Scopes::Names() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < kScopeNames.size(); ++i) {
    if ((bits_ & (1U << i)) != 0) names.emplace_back(kScopeNames[i]);
  }
  return names;
}

}  // namespace dramatis
