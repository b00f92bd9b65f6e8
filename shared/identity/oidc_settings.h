// Who may come: the settings of the issuer whose tokens are taken.
//
//   const OidcSettings oidc = OidcSettings::From(settings, common.environment, in_one_process);
#pragma once

#include <string>

#include "shared/config/environment.h"
#include "shared/identity/claims.h"

namespace dramatis {

struct OidcSettings {
  // Its issuer is empty where none is set: the local form.
  ClaimsRules rules;
  // Empty: by discovery.
  std::string jwks_url;

  // Reads and notes problems in `settings`. Outside `local` a program that `serves_clients` must
  // have an issuer; others, which other programs call, take clients' JWTs where they have one.
  static OidcSettings From(Settings& settings, const std::string& environment, bool serves_clients);
};

}  // namespace dramatis
