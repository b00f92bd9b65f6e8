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
  // Whom the issuer knows the page as; empty where nobody signs in there with a browser. Read by
  // programs with a gateway.
  std::string client_id = {};
  // What the page asks for; empty: see OidcClient.
  std::string client_scope = {};

  // Reads and notes problems in `settings`. Other programs call those that do not serve clients;
  // they take clients' JWTs where they have an issuer.
  static OidcSettings From(Settings& settings);
  // The page's, too: for programs with a gateway.
  void ReadClient(Settings& settings);
};

}  // namespace dramatis
