// Who may come: the settings of the issuer whose tokens are taken.
//
//   const OidcSettings oidc = OidcSettings::From(settings);
#pragma once

#include <string>

#include "shared/config/environment.h"
#include "shared/identity/claims.h"

namespace dramatis {

struct OidcSettings {
  // Its issuer is empty where none is set: the local form there, keys alone elsewhere.
  ClaimsRules rules;
  // Empty: by discovery.
  std::string jwks_url;

  // Reads and notes problems in `settings`. Other programs call those that do not serve clients;
  // they take clients' JWTs where they have an issuer.
  static OidcSettings From(Settings& settings);
};

}  // namespace dramatis
