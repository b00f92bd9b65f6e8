#include "shared/identity/oidc_client.h"

#include <algorithm>
#include <limits>

#include "dramatis/identity/v1/errors.pb.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "shared/identity/discovery.h"
#include "shared/identity/strict_json.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis {
namespace {

// As the verifier takes (shared/identity/jws.h).
constexpr size_t kMostTokenBytes = size_t{16} * 1024;
constexpr int kOk = 200;
constexpr int kFirstClientError = 400;
constexpr int kFirstServerError = 500;
constexpr int kTooManyRequests = 429;

// https://url.spec.whatwg.org/#concept-urlencoded-serializer, with spaces and asterisks escaped
// too.
void AppendEscaped(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const unsigned char byte : text) {
    if (absl::ascii_isalnum(byte) || byte == '-' || byte == '.' || byte == '_') {
      out += static_cast<char>(byte);
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

bool Offers(const boost::json::object& document, std::string_view scope) {
  const boost::json::value* const scopes = document.if_contains("scopes_supported");
  if (scopes == nullptr || !scopes->is_array()) return false;
  const boost::json::array& list = scopes->get_array();
  return std::any_of(list.begin(), list.end(), [scope](const boost::json::value& value) {
    return value.is_string() &&
           std::string_view(value.get_string().data(), value.get_string().size()) == scope;
  });
}

// The member where it is a token: printable ASCII of a length that we take.
std::string TokenMember(const boost::json::object& answer, std::string_view name) {
  const boost::json::string* const text = TextMember(answer, name);
  if (text == nullptr || text->size() > kMostTokenBytes) return "";
  const bool printable = std::all_of(text->begin(), text->end(),
                                     [](char letter) { return letter > ' ' && letter <= '~'; });
  return printable ? std::string(text->data(), text->size()) : "";
}

// RFC 6749, section 5.1. INVALID_ARGUMENT where it is something else.
absl::StatusOr<OidcTokens> ParseTokens(const std::string& body) {
  const std::optional<boost::json::object> answer = ParseStrictObject(body);
  if (!answer.has_value()) return absl::InvalidArgumentError("the tokens are no JSON");
  OidcTokens tokens;
  tokens.access_token = TokenMember(*answer, "access_token");
  tokens.refresh_token = TokenMember(*answer, "refresh_token");
  tokens.id_token = TokenMember(*answer, "id_token");
  const boost::json::string* const type = TextMember(*answer, "token_type");
  if (tokens.access_token.empty() || type == nullptr ||
      absl::AsciiStrToLower(std::string(type->data(), type->size())) != "bearer") {
    return absl::InvalidArgumentError("the answer has no bearer token");
  }
  if (const boost::json::value* const seconds = answer->if_contains("expires_in");
      seconds != nullptr && seconds->is_int64() && seconds->get_int64() >= 0) {
    tokens.expires_in =
        static_cast<int>(std::min<int64_t>(seconds->get_int64(), std::numeric_limits<int>::max()));
  }
  return tokens;
}

// Section 5.2: a word of a closed list, or of an extension.
std::string ErrorOfAnswer(const std::string& body) {
  constexpr size_t kMostShown = 40;
  const std::optional<boost::json::object> answer = ParseStrictObject(body);
  if (!answer.has_value()) return "";
  return TokenMember(*answer, "error").substr(0, kMostShown);
}

// Whether the issuer says no, and not that it cannot say (RFC 6749, section 5.2).
bool Refuses(int status) {
  return status >= kFirstClientError && status < kFirstServerError && status != kTooManyRequests;
}

// An address that need not be there; one that is not safe is as good as none.
std::string OptionalUrl(const boost::json::object& document, const std::string& member) {
  return DiscoveredUrl(document, member).value_or("");
}

}  // namespace

OidcClient::OidcClient(
    Options options, FetchUrl fetch, SendForm send, const Clock& clock, Logger& logger)
    : options_(std::move(options)),
      fetch_(std::move(fetch)),
      send_(std::move(send)),
      clock_(clock),
      logger_(logger) {}

absl::Status OidcClient::Unusable(const std::string& why) const {
  logger_.Warning("the identity provider does not answer as it should",
                  {{"issuer", options_.issuer}, {"error", why}});
  return UnavailableError("the identity provider does not answer as it should; try again later");
}

absl::StatusOr<OidcClient::Endpoints> OidcClient::Discover() const {
  DRAMATIS_ASSIGN_OR_RETURN(const std::string text, fetch_(DiscoveryUrl(options_.issuer)));
  DRAMATIS_ASSIGN_OR_RETURN(const boost::json::object document,
                            ParseDiscovery(text, options_.issuer));
  Endpoints found;
  DRAMATIS_ASSIGN_OR_RETURN(found.door.authorization_endpoint,
                            DiscoveredUrl(document, "authorization_endpoint"));
  DRAMATIS_ASSIGN_OR_RETURN(found.token, DiscoveredUrl(document, "token_endpoint"));
  found.door.sign_out_endpoint = OptionalUrl(document, "end_session_endpoint");
  found.revocation = OptionalUrl(document, "revocation_endpoint");
  found.door.scope = options_.scope;
  if (found.door.scope.empty()) {
    found.door.scope = "openid";
    if (!options_.required_scope.empty())
      absl::StrAppend(&found.door.scope, " ", options_.required_scope);
    if (Offers(document, "offline_access")) found.door.scope += " offline_access";
  }
  return found;
}

absl::StatusOr<OidcClient::Endpoints> OidcClient::Find() {
  {
    const absl::MutexLock lock(&mutex_);
    if (endpoints_.has_value() && clock_.Now() - found_ < options_.refresh) return *endpoints_;
  }
  absl::StatusOr<Endpoints> found = Discover();
  const absl::MutexLock lock(&mutex_);
  if (!found.ok()) {
    // What it said last is good while it says nothing.
    if (endpoints_.has_value()) return *endpoints_;
    return Unusable(found.status().ToString());
  }
  endpoints_ = *std::move(found);
  found_ = clock_.Now();
  return *endpoints_;
}

absl::StatusOr<OidcClient::Door> OidcClient::FindDoor() {
  DRAMATIS_ASSIGN_OR_RETURN(Endpoints found, Find());
  return std::move(found.door);
}

absl::StatusOr<OidcTokens> OidcClient::ExchangeCode(const std::string& code,
                                                    const std::string& redirect_uri,
                                                    const std::string& code_verifier) {
  return Exchange({{"grant_type", "authorization_code"},
                   {"code", code},
                   {"redirect_uri", redirect_uri},
                   {"code_verifier", code_verifier}});
}

absl::StatusOr<OidcTokens> OidcClient::Refresh(const std::string& refresh_token) {
  return Exchange({{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}});
}

absl::StatusOr<FormAnswer> OidcClient::Send(const std::string& url, const Form& form) const {
  std::string body;
  for (const auto& [name, value] : form) {
    body += name;
    body += '=';
    AppendEscaped(value, body);
    body += '&';
  }
  body += "client_id=";
  AppendEscaped(options_.client_id, body);
  absl::StatusOr<FormAnswer> answer = send_(url, body);
  if (!answer.ok()) return Unusable(answer.status().ToString());
  if (Refuses(answer->status)) {
    logger_.Info("the identity provider refuses", {{"issuer", options_.issuer},
                                                   {"status", answer->status},
                                                   {"error", ErrorOfAnswer(answer->body)}});
  } else if (answer->status != kOk) {
    return Unusable(absl::StrCat("the answer is ", answer->status));
  }
  return answer;
}

absl::StatusOr<OidcTokens> OidcClient::Exchange(const Form& form) {
  DRAMATIS_ASSIGN_OR_RETURN(const Endpoints found, Find());
  DRAMATIS_ASSIGN_OR_RETURN(const FormAnswer answer, Send(found.token, form));
  // What it does not take is 400, or 401 for a client that it does not know.
  if (answer.status != kOk) {
    return Error(absl::StatusCode::kInvalidArgument, identity::v1::ERROR_REASON_SIGN_IN_REFUSED,
                 "the identity provider does not take this code or token: sign in again");
  }
  absl::StatusOr<OidcTokens> tokens = ParseTokens(answer.body);
  return tokens.ok() ? std::move(tokens) : Unusable(tokens.status().ToString());
}

absl::StatusOr<bool> OidcClient::Revoke(const std::string& token, Kind kind) {
  DRAMATIS_ASSIGN_OR_RETURN(const Endpoints found, Find());
  if (found.revocation.empty()) return false;
  const char* const hint = kind == Kind::kRefreshToken ? "refresh_token" : "access_token";
  DRAMATIS_ASSIGN_OR_RETURN(const FormAnswer answer,
                            Send(found.revocation, {{"token", token}, {"token_type_hint", hint}}));
  // RFC 7009, section 2.2: a token that it does not know is void, and so 200; what it does not make
  // void is 400.
  return answer.status == kOk;
}

}  // namespace dramatis
