#include "shared/identity/programs/program_token.h"

#include <optional>
#include <utility>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "absl/strings/str_cat.h"
#include "shared/call/identity_claims.h"
#include "shared/identity/jws.h"
#include "shared/identity/strict_json.h"

namespace dramatis {
namespace {

namespace json = boost::json;

constexpr char kType[] = "dramatis-id+jwt";
constexpr char kAlgorithm[] = "EdDSA";

Claims RefusedToken(std::string_view refusal) {
  return {{UnauthenticatedError(), refusal}, absl::InfinitePast()};
}

bool ClaimIs(const json::object& claims, std::string_view name, std::string_view value) {
  const json::string* const text = TextMember(claims, name);
  return text != nullptr && std::string_view(text->data(), text->size()) == value;
}

std::optional<absl::Time> ReadTime(const json::object& claims, const char* name) {
  const json::value* const seconds = claims.if_contains(name);
  if (seconds == nullptr || !seconds->is_int64()) return std::nullopt;
  return absl::FromUnixSeconds(seconds->get_int64());
}

// Empty where the times are right.
std::string_view RefuseTimes(std::optional<absl::Time> issued,
                             std::optional<absl::Time> expires,
                             absl::Time now) {
  if (!issued.has_value() || !expires.has_value()) return "claims";
  if (*expires - *issued > kProgramTokenLife || *expires <= *issued) return "claims";
  if (now >= *expires + kProgramTokenSkew) return "expired";
  if (*issued > now + kProgramTokenSkew) return "not_yet_valid";
  return {};
}

}  // namespace

std::string MintProgramToken(const ProgramKey& key,
                             const std::string& audience,
                             const Identity& identity,
                             absl::Time now) {
  const std::string header =
      absl::StrCat(R"({"alg":"EdDSA","kid":")", key.kid(), R"(","typ":"dramatis-id+jwt"})");
  json::object claims;
  claims["iss"] = key.program();
  claims["aud"] = audience;
  claims["iat"] = absl::ToUnixSeconds(now);
  claims["exp"] = absl::ToUnixSeconds(now + kProgramTokenLife);
  AppendIdentityClaims(identity, claims);
  return key.Sign(header, json::serialize(claims));
}

Claims ReadProgramToken(std::string_view token,
                        const KeySet& keys,
                        const std::string& audience,
                        absl::Time now) {
  const std::optional<Jws> jws = Jws::Parse(token);
  if (!jws.has_value()) return RefusedToken("form");
  if (jws->algorithm != kAlgorithm) return RefusedToken("algorithm");
  if (jws->type != kType || !jws->kid.has_value()) return RefusedToken("type");
  switch (jws->Verify(keys)) {
    case JwsOutcome::kAlgorithm:
      return RefusedToken("algorithm");
    case JwsOutcome::kUnknownKey:
      return RefusedToken("unknown_key");
    case JwsOutcome::kSignature:
      return RefusedToken("signature");
    case JwsOutcome::kValid:
      break;
  }
  const std::optional<json::object> claims = ParseStrictObject(jws->payload);
  if (!claims.has_value()) return RefusedToken("claims");
  const std::string program(ProgramOfKid(*jws->kid));
  if (program.empty() || !ClaimIs(*claims, "iss", program)) return RefusedToken("issuer");
  if (!ClaimIs(*claims, "aud", audience)) return RefusedToken("audience");
  const std::optional<absl::Time> expires = ReadTime(*claims, "exp");
  if (const auto refusal = RefuseTimes(ReadTime(*claims, "iat"), expires, now); !refusal.empty()) {
    return RefusedToken(refusal);
  }
  std::optional<Identity> identity = ReadIdentityClaims(*claims);
  if (!identity.has_value()) return RefusedToken("claims");
  identity->caller = program;
  return {{*std::move(identity)}, *expires + kProgramTokenSkew};
}

}  // namespace dramatis
