#include "gateway/calls/sign_in_desk.h"

#include <utility>
#include <vector>

#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {
namespace {

constexpr int kThreads = 4;
constexpr int kMostWaiting = 64;

// What the kind of grant needs and is not there.
absl::Status CheckGrant(const v1::ExchangeTokenRequest& request) {
  std::vector<FieldViolation> missing;
  const auto demand = [&missing](const char* field, const std::string& value) {
    if (value.empty()) missing.push_back({field, "is needed for this grant type"});
  };
  if (request.grant_type() == v1::GRANT_TYPE_REFRESH_TOKEN) {
    demand("refresh_token", request.refresh_token());
  } else {
    demand("code", request.code());
    demand("redirect_uri", request.redirect_uri());
    demand("code_verifier", request.code_verifier());
  }
  return missing.empty() ? absl::OkStatus() : FieldErrors(missing);
}

}  // namespace

SignInDesk::SignInDesk(std::unique_ptr<OidcClient> client, bool local)
    : client_(std::move(client)), local_(local), executor_(kThreads, kMostWaiting) {}

absl::StatusOr<v1::GetAuthConfigResponse> SignInDesk::Config() const {
  v1::GetAuthConfigResponse config;
  if (local_) config.add_methods(v1::AUTH_METHOD_LOCAL);
  if (client_ != nullptr) {
    DRAMATIS_ASSIGN_OR_RETURN(const OidcClient::Door door, client_->FindDoor());
    config.add_methods(v1::AUTH_METHOD_OIDC);
    config.set_issuer(client_->issuer());
    config.set_authorization_endpoint(door.authorization_endpoint);
    config.set_client_id(client_->client_id());
    config.set_scope(door.scope);
    config.set_sign_out_endpoint(door.sign_out_endpoint);
  }
  config.add_methods(v1::AUTH_METHOD_KEY);
  return config;
}

absl::StatusOr<v1::ExchangeTokenResponse> SignInDesk::Exchange(
    const v1::ExchangeTokenRequest& request) const {
  DRAMATIS_RETURN_IF_ERROR(CheckGrant(request));
  if (client_ == nullptr) return NotFoundError("sign-in at an identity provider");
  DRAMATIS_ASSIGN_OR_RETURN(
      const OidcTokens tokens,
      request.grant_type() == v1::GRANT_TYPE_REFRESH_TOKEN
          ? client_->Refresh(request.refresh_token())
          : client_->ExchangeCode(request.code(), request.redirect_uri(), request.code_verifier()));
  v1::ExchangeTokenResponse response;
  response.set_access_token(tokens.access_token);
  if (tokens.expires_in.has_value()) response.set_expires_in(*tokens.expires_in);
  response.set_refresh_token(tokens.refresh_token);
  response.set_id_token(tokens.id_token);
  return response;
}

absl::StatusOr<v1::RevokeTokenResponse> SignInDesk::Revoke(
    const v1::RevokeTokenRequest& request) const {
  if (client_ == nullptr) return NotFoundError("sign-in at an identity provider");
  v1::RevokeTokenResponse response;
  DRAMATIS_ASSIGN_OR_RETURN(
      const bool revoked,
      client_->Revoke(request.token(), request.kind() == v1::TOKEN_KIND_REFRESH_TOKEN
                                           ? OidcClient::Kind::kRefreshToken
                                           : OidcClient::Kind::kAccessToken));
  response.set_revoked(revoked);
  return response;
}

}  // namespace dramatis::gateway
