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

  // Reads and notes problems in `settings`: outside `local` an issuer must be set, and only a
  // program that has all services in one process may run there, since what one program says to
  // another is not proven yet.
  static OidcSettings From(Settings& settings, const std::string& environment, bool in_one_process);
};

}  // namespace dramatis
