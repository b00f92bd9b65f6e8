// Tokens of programs come over the network: whatever is in them, none may crash the verifier, and
// none is taken without the key's owner. Key files may be anything too.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <boost/json/object.hpp>

#include "shared/call/identity_claims.h"
#include "shared/call/process_identity.h"
#include "shared/identity/programs/program_key.h"
#include "shared/identity/programs/program_token.h"
#include "shared/identity/strict_json.h"

namespace {

// RFC 8037, appendix A.2.
constexpr char kPublicKeys[] =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"gateway-1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& keys = *new dramatis::KeySet(*dramatis::ParseKeySet(kPublicKeys));
  const std::string input(reinterpret_cast<const char*>(data), size);
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const dramatis::Claims claims = dramatis::ReadProgramToken(input, keys, "persona", now);
  if (claims.sign_in.identity.ok() || claims.sign_in.refusal.empty()) abort();
  if (const auto key = dramatis::ProgramKey::Parse(input); key.ok()) {
    if (key->program().empty() || key->number() < 1) abort();
    if (!dramatis::ProgramKey::Parse(key->PrivateText()).ok()) abort();
  }
  // The claims as if they had been signed: what is read is written so that it is read again.
  const auto object = dramatis::ParseStrictObject(input);
  if (!object.has_value()) return 0;
  const auto identity = dramatis::ReadIdentityClaims(*object);
  if (!identity.has_value()) return 0;
  const auto again = dramatis::ParseProcessIdentity(dramatis::FormatProcessIdentity(*identity));
  if (!again.has_value() || again->user_id != identity->user_id || again->role != identity->role ||
      again->scopes != identity->scopes || (again->key == nullptr) != (identity->key == nullptr)) {
    abort();
  }
  return 0;
}
