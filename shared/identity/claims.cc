#include "shared/identity/claims.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "shared/call/access.h"
#include "shared/identity/strict_json.h"
#include "shared/status/errors.h"
#include "shared/text/text.h"

namespace dramatis {
namespace {

namespace json = boost::json;

constexpr size_t kLongestUser = 128;  // code points
// The end of the year 9999: what is later is no date.
constexpr double kLatest = 253402300799.0;

json::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

std::string_view Text(const json::value& value) {
  return {value.get_string().data(), value.get_string().size()};
}

// A claim by its name or pointer; nullptr where there is none.
const json::value* FindClaim(const json::value& payload, std::string_view name) {
  if (name.empty() || name.front() != '/') return payload.get_object().if_contains(View(name));
  boost::system::error_code error;
  return payload.find_pointer(View(name), error);
}

// Gives `take` what a claim lists: the members of an array, or the words of a text. Anything else
// is passed over.
template <class Take>
void ForEachWord(const json::value* claim, const Take& take) {
  if (claim == nullptr) return;
  if (claim->is_string()) {
    const std::string_view text = Text(*claim);
    for (const absl::string_view word :
         absl::StrSplit(absl::string_view(text.data(), text.size()), ' ', absl::SkipEmpty())) {
      take(std::string_view(word.data(), word.size()));
    }
  } else if (claim->is_array()) {
    for (const json::value& member : claim->get_array()) {
      if (member.is_string()) take(Text(member));
    }
  }
}

bool Lists(const json::value* claim, std::string_view wanted) {
  bool listed = false;
  ForEachWord(claim, [&](std::string_view word) { listed = listed || word == wanted; });
  return listed;
}

// A NumericDate (RFC 7519, section 2). `malformed` where the claim is there and none.
std::optional<absl::Time> ReadDate(const json::object& payload, const char* name, bool& malformed) {
  const json::value* const claim = payload.if_contains(name);
  if (claim == nullptr) return std::nullopt;
  malformed = malformed || !claim->is_number();
  if (malformed) return std::nullopt;
  const double seconds = claim->to_number<double>();
  malformed = !std::isfinite(seconds) || seconds < 0 || seconds > kLatest;
  if (malformed) return std::nullopt;
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

// Access tokens say `at+jwt` (RFC 9068) or `JWT`, or nothing. Others of the same issuer, such as
// DPoP proofs and logout tokens, have types of their own.
bool IsAccessType(const std::optional<std::string>& type) {
  if (!type.has_value()) return true;
  absl::string_view name = *type;
  constexpr absl::string_view kPrefix = "application/";
  if (absl::StartsWithIgnoreCase(name, kPrefix)) name.remove_prefix(kPrefix.size());
  return absl::EqualsIgnoreCase(name, "jwt") || absl::EqualsIgnoreCase(name, "at+jwt");
}

// Whether the payload says that it is no access token: Cognito's `token_use`, Keycloak's `typ`, and
// hashes that only ID tokens have.
bool IsAnotherUse(const json::object& payload) {
  if (const json::value* const use = payload.if_contains("token_use"); use != nullptr) {
    if (!use->is_string() || use->get_string() != "access") return true;
  }
  if (const json::value* const type = payload.if_contains("typ"); type != nullptr) {
    if (!type->is_string()) return true;
    const std::string_view name = Text(*type);
    if (!absl::EqualsIgnoreCase({name.data(), name.size()}, "bearer")) return true;
  }
  return payload.contains("at_hash") || payload.contains("c_hash") || payload.contains("s_hash");
}

bool IsForUs(const json::object& payload, const std::vector<std::string>& audiences) {
  const auto ours = [&](const json::value* claim) {
    return claim != nullptr && claim->is_string() &&
           std::find(audiences.begin(), audiences.end(), Text(*claim)) != audiences.end();
  };
  const json::value* const audience = payload.if_contains("aud");
  if (audience == nullptr) {
    return ours(payload.if_contains("client_id")) || ours(payload.if_contains("azp"));
  }
  if (!audience->is_array()) return ours(audience);
  const json::array& list = audience->get_array();
  return std::any_of(list.begin(), list.end(),
                     [&](const json::value& member) { return ours(&member); });
}

// The user's id as it is, where it can be one.
std::optional<std::string> ReadUser(const json::value& payload, const std::string& claim) {
  const json::value* const user = FindClaim(payload, claim);
  if (user == nullptr || !user->is_string()) return std::nullopt;
  const std::string_view text = Text(*user);
  if (text.empty() || CodePoints(text) > kLongestUser) return std::nullopt;
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
    return !absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  if (!printable || TrimSpace(text).size() != text.size()) return std::nullopt;
  return std::string(text);
}

bool IsAdmin(const json::value& payload, const ClaimsRules& rules) {
  return std::any_of(
      rules.roles_claims.begin(), rules.roles_claims.end(),
      [&](const std::string& claim) { return Lists(FindClaim(payload, claim), rules.admin_role); });
}

bool HasScope(const json::object& payload, const std::string& scope) {
  return scope.empty() || Lists(payload.if_contains("scope"), scope) ||
         Lists(payload.if_contains("scp"), scope);
}

// What a token's scopes allow here: all where it names none of ours. A resource server's prefix, as
// in Cognito's `dramatis/chat`, is left out.
Scopes ReadScopes(const json::object& payload) {
  Scopes scopes;
  for (const char* const claim : {"scope", "scp"}) {
    ForEachWord(payload.if_contains(claim), [&](std::string_view word) {
      const absl::string_view name =
          absl::StripPrefix(absl::string_view(word.data(), word.size()), "dramatis/");
      scopes.Add(Scopes::Named({name.data(), name.size()}).value_or(Scopes()));
    });
  }
  return scopes.empty() ? Scopes::All() : scopes;
}

Claims RefusedClaims(std::string_view refusal) {
  return {{UnauthenticatedError(), refusal}, absl::InfinitePast()};
}

}  // namespace

Claims ReadClaims(const Jws& jws, const ClaimsRules& rules, absl::Time now) {
  if (!IsAccessType(jws.type)) return RefusedClaims("type");
  ParseMemory memory;
  std::optional<json::object> object = ParseStrictObject(jws.payload, memory.storage());
  if (!object.has_value()) return RefusedClaims("claims");
  const json::value payload = *std::move(object);
  const json::object& claims = payload.get_object();
  const json::string* const issuer = TextMember(claims, "iss");
  if (issuer == nullptr || *issuer != View(rules.issuer)) return RefusedClaims("issuer");
  if (!IsForUs(claims, rules.audiences)) return RefusedClaims("audience");
  if (IsAnotherUse(claims)) return RefusedClaims("token_use");
  bool malformed = false;
  const std::optional<absl::Time> expires = ReadDate(claims, "exp", malformed);
  const std::optional<absl::Time> begins = ReadDate(claims, "nbf", malformed);
  ReadDate(claims, "iat", malformed);
  if (malformed || !expires.has_value()) return RefusedClaims("claims");
  if (now >= *expires + rules.skew) return RefusedClaims("expired");
  if (begins.has_value() && now < *begins - rules.skew) return RefusedClaims("not_yet_valid");
  std::optional<std::string> user = ReadUser(payload, rules.user_claim);
  if (!user.has_value()) return RefusedClaims("user");
  if (!HasScope(claims, rules.scope)) {
    return {{InsufficientScopeError(rules.scope), "scope"}, absl::InfinitePast()};
  }
  Identity identity{*std::move(user), AccessRole::kUser, ReadScopes(claims)};
  if (IsAdmin(payload, rules) && Scopes::Admin().In(identity.scopes)) {
    identity.role = AccessRole::kAdmin;
  }
  return {{std::move(identity)}, *expires + rules.skew};
}

}  // namespace dramatis
