#include "shared/identity/oidc_settings.h"

#include "shared/identity/discovery.h"

namespace dramatis {
namespace {

constexpr char kIssuer[] = "DRAMATIS_OIDC_ISSUER";
constexpr char kAudience[] = "DRAMATIS_OIDC_AUDIENCE";
constexpr char kJwksUrl[] = "DRAMATIS_OIDC_JWKS_URL";
constexpr char kClientId[] = "DRAMATIS_OIDC_CLIENT_ID";
constexpr char kClientScope[] = "DRAMATIS_OIDC_CLIENT_SCOPE";
constexpr char kRolesClaim[] = "DRAMATIS_OIDC_ROLES_CLAIM";

void CheckIssuer(Settings& settings, const OidcSettings& oidc) {
  constexpr char kUrl[] = "must be an https:// address without a query (http:// on loopback only)";
  if (!IsSafeUrl(oidc.rules.issuer) ||
      oidc.rules.issuer.find_first_of("?# ") != std::string::npos) {
    settings.Problem(kIssuer, kUrl);
  }
  if (!oidc.jwks_url.empty() && !IsSafeUrl(oidc.jwks_url)) {
    settings.Problem(kJwksUrl, "must be an https:// address (http:// on loopback only)");
  }
  if (oidc.rules.audiences.empty()) {
    settings.Problem(kAudience,
                     "must be set where DRAMATIS_OIDC_ISSUER is: the audience of this deployment's "
                     "tokens, or its client id, so that tokens for others are refused");
  }
}

}  // namespace

OidcSettings OidcSettings::From(Settings& settings) {
  OidcSettings oidc;
  ClaimsRules& rules = oidc.rules;
  rules.issuer = settings.Text(kIssuer);
  rules.audiences = settings.List(kAudience);
  oidc.jwks_url = settings.Text(kJwksUrl);
  rules.user_claim = settings.Text("DRAMATIS_OIDC_USER_CLAIM", rules.user_claim);
  if (const auto claims = settings.List(kRolesClaim); !claims.empty()) rules.roles_claims = claims;
  rules.admin_role = settings.Text("DRAMATIS_OIDC_ADMIN_ROLE", rules.admin_role);
  rules.scope = settings.Text("DRAMATIS_OIDC_SCOPE");
  if (!rules.issuer.empty()) {
    CheckIssuer(settings, oidc);
  } else if (!rules.audiences.empty() || !oidc.jwks_url.empty() || !rules.scope.empty()) {
    settings.Problem(kIssuer, "must be set where another DRAMATIS_OIDC_ setting is");
  }
  return oidc;
}

void OidcSettings::ReadClient(Settings& settings) {
  client_id = settings.Text(kClientId);
  client_scope = settings.Text(kClientScope);
  if (!client_id.empty() && rules.issuer.empty()) {
    settings.Problem(kIssuer, "must be set where DRAMATIS_OIDC_CLIENT_ID is");
  }
  if (!client_scope.empty() && client_id.empty()) {
    settings.Problem(kClientId, "must be set where DRAMATIS_OIDC_CLIENT_SCOPE is");
  }
}

}  // namespace dramatis
