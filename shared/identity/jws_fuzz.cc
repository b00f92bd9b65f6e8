// Tokens come from outside: whatever their header and claims say, none may crash the verifier, and
// none is valid without the key's owner.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "shared/identity/claims.h"
#include "shared/identity/jws.h"

namespace {

// RFC 8037, appendix A.2.
constexpr char kKeys[] =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& keys = *new dramatis::KeySet(*dramatis::ParseKeySet(kKeys));
  const std::string input(reinterpret_cast<const char*>(data), size);
  if (const auto jws = dramatis::Jws::Parse(input); jws.has_value()) {
    if (jws->Verify(keys) == dramatis::JwsOutcome::kValid) abort();
  }
  // The claims as if they had been signed.
  dramatis::Jws jws;
  jws.payload = input;
  const dramatis::ClaimsRules rules{.issuer = "https://id.example.org", .audiences = {"dramatis"}};
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const dramatis::Claims claims = dramatis::ReadClaims(jws, rules, now);
  if (claims.sign_in.identity.ok()) {
    if (claims.sign_in.identity->user_id.empty() || claims.expires <= now) abort();
  } else if (claims.sign_in.refusal.empty()) {
    abort();
  }
  return 0;
}
