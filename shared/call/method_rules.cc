#include "shared/call/method_rules.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "google/api/annotations.pb.h"

#include "absl/strings/str_cat.h"

namespace dramatis {
namespace {

using google::protobuf::MethodDescriptor;

constexpr char kGateway[] = "gateway";
constexpr std::array<std::string_view, 5> kPrograms = {"conversation", kGateway, "inference",
                                                       "memory", "persona"};

absl::Status Broken(const MethodDescriptor& method, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(method.full_name(), " ", absl::string_view(why.data(), why.size())));
}

bool IsForUsers(options::v1::Access access) {
  return access == options::v1::ACCESS_USER || access == options::v1::ACCESS_OWNER ||
         access == options::v1::ACCESS_ADMIN;
}

absl::Status CheckScope(const MethodDescriptor& method,
                        const options::v1::MethodRule& rule,
                        const std::optional<Scopes>& scopes) {
  if (IsForUsers(rule.access()) && rule.scope().empty()) {
    return Broken(method, "is for users and names no scope (options.proto, MethodRule.scope)");
  }
  if (!IsForUsers(rule.access()) && !rule.scope().empty()) {
    return Broken(method, "names a scope and is not for users");
  }
  if (!scopes.has_value()) return Broken(method, "names a scope that there is not");
  if (rule.access() == options::v1::ACCESS_ADMIN && rule.scope() != "admin") {
    return Broken(method, "is for admins, whose scope is `admin`");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MethodAccess> ReadMethodAccess(const MethodDescriptor& method) {
  const options::v1::MethodRule& rule = method.options().GetExtension(options::v1::method);
  if (rule.access() == options::v1::ACCESS_UNSPECIFIED) {
    return Broken(method, "does not say who may call it: no access");
  }
  const std::optional<Scopes> scopes = Scopes::Needed(rule.scope());
  if (absl::Status status = CheckScope(method, rule, scopes); !status.ok()) return status;
  MethodAccess access{
      rule.access(), *scopes, {rule.allowed_callers().begin(), rule.allowed_callers().end()}};
  for (const std::string& caller : access.callers) {
    if (std::find(kPrograms.begin(), kPrograms.end(), caller) == kPrograms.end()) {
      return Broken(method, "allows a caller that is none of our programs");
    }
  }
  if (method.options().HasExtension(google::api::http)) access.callers.emplace_back(kGateway);
  std::sort(access.callers.begin(), access.callers.end());
  access.callers.erase(std::unique(access.callers.begin(), access.callers.end()),
                       access.callers.end());
  if (access.callers.empty() && rule.access() == options::v1::ACCESS_INTERNAL) {
    return Broken(method, "is internal and allows no caller");
  }
  return access;
}

}  // namespace dramatis
