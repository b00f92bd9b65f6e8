#include "shared/aws/credentials.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>

#include <boost/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "shared/status/macros.h"

namespace dramatis::aws {
namespace {

namespace json = boost::json;

constexpr size_t kMostBytes = size_t{64} * 1024;
constexpr char kMetadataUrl[] = "http://169.254.169.254";

absl::Status Unusable(const char* who) {
  return absl::UnavailableError(absl::StrCat(who, " gave no usable AWS credentials"));
}

std::string In(const CredentialSettings& settings, const char* name) {
  const auto found = settings.environment.find(name);
  return found == settings.environment.end() ? "" : found->second;
}

std::optional<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back())))
    text.pop_back();
  if (!file.is_open() || file.bad() || text.empty() || text.size() > kMostBytes)
    return std::nullopt;
  return text;
}

std::string FormEncoded(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return out;
}

// What goes into headers must not end them.
bool IsPlain(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

absl::StatusOr<Credentials> Checked(Credentials credentials,
                                    const std::string& expires,
                                    const char* who) {
  std::string error;
  if (!expires.empty() &&
      !absl::ParseTime(absl::RFC3339_full, expires, &credentials.expires, &error)) {
    return Unusable(who);
  }
  const bool good = !credentials.access_key_id.empty() && IsPlain(credentials.access_key_id) &&
                    !credentials.secret_access_key.empty() && IsPlain(credentials.session_token);
  if (!good) return Unusable(who);
  return credentials;
}

// The text of the first element of this name, entities resolved.
std::string Element(std::string_view xml, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const std::string close = "</" + std::string(name) + ">";
  const size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return "";
  const size_t end = xml.find(close, begin);
  if (end == std::string_view::npos) return "";
  const std::string text(xml.substr(begin + open.size(), end - begin - open.size()));
  return absl::StrReplaceAll(
      text, {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}});
}

absl::StatusOr<Credentials> ByWebIdentity(const CredentialSettings& settings, const Fetch& fetch) {
  const std::string path = In(settings, "AWS_WEB_IDENTITY_TOKEN_FILE");
  const std::string role = In(settings, "AWS_ROLE_ARN");
  if (role.empty()) {
    return absl::FailedPreconditionError(
        "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not");
  }
  // Read at each use: it is replaced before it ends.
  const std::optional<std::string> token = ReadWhole(path);
  if (!token.has_value()) {
    return absl::FailedPreconditionError(
        "AWS_WEB_IDENTITY_TOKEN_FILE names a file that cannot be read");
  }
  std::string url = In(settings, "AWS_ENDPOINT_URL_STS");
  if (url.empty()) url = absl::StrCat("https://sts.", settings.region, ".amazonaws.com");
  const std::string session = In(settings, "AWS_ROLE_SESSION_NAME");
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::string answer,
      fetch({.method = "POST",
             .url = url + "/",
             .headers = {"Content-Type: application/x-www-form-urlencoded"},
             .body = absl::StrCat(
                 "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=", FormEncoded(role),
                 "&RoleSessionName=", FormEncoded(session.empty() ? "dramatis" : session),
                 "&WebIdentityToken=", FormEncoded(*token))}));
  return ParseStsAnswer(answer);
}

absl::StatusOr<Credentials> ByContainer(const CredentialSettings& settings, const Fetch& fetch) {
  std::string url = In(settings, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (const std::string relative = In(settings, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
      !relative.empty()) {
    url = "http://169.254.170.2" + relative;
  }
  if (!IsContainerUrl(url)) {
    return absl::FailedPreconditionError(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http of this machine or of the "
        "container's agent");
  }
  std::string token = In(settings, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string path = In(settings, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
      !path.empty()) {
    const std::optional<std::string> read = ReadWhole(path);
    if (!read.has_value()) {
      return absl::FailedPreconditionError(
          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names a file that cannot be read");
    }
    token = *read;
  }
  SmallRequest request = {.url = url};
  if (!token.empty()) {
    if (token.find_first_of("\r\n") != std::string::npos) return Unusable("the container's agent");
    request.headers.push_back("Authorization: " + token);
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::string answer, fetch(request));
  return ParseMetadataAnswer(answer);
}

absl::StatusOr<Credentials> ByMachine(const CredentialSettings& settings, const Fetch& fetch) {
  std::string base = In(settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (base.empty()) base = kMetadataUrl;
  while (base.ends_with('/'))
    base.pop_back();
  DRAMATIS_ASSIGN_OR_RETURN(const std::string token,
                            fetch({.method = "PUT",
                                   .url = base + "/latest/api/token",
                                   .headers = {"X-aws-ec2-metadata-token-ttl-seconds: 300"}}));
  if (!IsPlain(token)) return Unusable("the machine's metadata service");
  const std::string roles = base + "/latest/meta-data/iam/security-credentials/";
  const std::vector<std::string> headers = {"X-aws-ec2-metadata-token: " + token};
  DRAMATIS_ASSIGN_OR_RETURN(const std::string list, fetch({.url = roles, .headers = headers}));
  const std::vector<std::string> names = absl::StrSplit(list, absl::ByAnyChar("\r\n"));
  if (names.front().empty() || !IsPlain(names.front())) {
    return absl::FailedPreconditionError("the machine has no IAM role: give it one");
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::string answer,
                            fetch({.url = roles + names.front(), .headers = headers}));
  return ParseMetadataAnswer(answer);
}

}  // namespace

absl::StatusOr<Credentials> FetchCredentials(const CredentialSettings& settings,
                                             const Fetch& fetch) {
  const std::string key = In(settings, "AWS_ACCESS_KEY_ID");
  const std::string secret = In(settings, "AWS_SECRET_ACCESS_KEY");
  if (settings.keys_from_environment && !key.empty() && !secret.empty()) {
    return Checked({.access_key_id = key,
                    .secret_access_key = secret,
                    .session_token = In(settings, "AWS_SESSION_TOKEN")},
                   "", "the environment");
  }
  if (!In(settings, "AWS_WEB_IDENTITY_TOKEN_FILE").empty()) return ByWebIdentity(settings, fetch);
  if (!In(settings, "AWS_CONTAINER_CREDENTIALS_FULL_URI").empty() ||
      !In(settings, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty()) {
    return ByContainer(settings, fetch);
  }
  if (absl::AsciiStrToLower(In(settings, "AWS_EC2_METADATA_DISABLED")) == "true") {
    return absl::FailedPreconditionError(
        "no AWS credentials are set up: neither web identity nor a container's, and the machine's "
        "are turned off by AWS_EC2_METADATA_DISABLED");
  }
  return ByMachine(settings, fetch);
}

absl::StatusOr<Credentials> ParseStsAnswer(std::string_view xml) {
  if (xml.size() > kMostBytes) return Unusable("STS");
  const std::string element = Element(xml, "Credentials");
  return Checked({.access_key_id = Element(element, "AccessKeyId"),
                  .secret_access_key = Element(element, "SecretAccessKey"),
                  .session_token = Element(element, "SessionToken")},
                 Element(element, "Expiration"), "STS");
}

absl::StatusOr<Credentials> ParseMetadataAnswer(std::string_view text) {
  constexpr char kWho[] = "the metadata service";
  boost::system::error_code error;
  if (text.size() > kMostBytes) return Unusable(kWho);
  const json::value value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return Unusable(kWho);
  const auto member = [&](const char* name) {
    const json::value* const found = value.as_object().if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : "";
  };
  if (const std::string code = member("Code"); !code.empty() && code != "Success") {
    return Unusable(kWho);
  }
  return Checked({.access_key_id = member("AccessKeyId"),
                  .secret_access_key = member("SecretAccessKey"),
                  .session_token = member("Token")},
                 member("Expiration"), kWho);
}

bool IsContainerUrl(const std::string& url) {
  if (url.starts_with("https://")) return true;
  constexpr std::string_view kHttp = "http://";
  if (!url.starts_with(kHttp)) return false;
  const size_t end = std::min(url.find_first_of("/?#", kHttp.size()), url.size());
  const std::string authority = url.substr(kHttp.size(), end - kHttp.size());
  constexpr std::array<std::string_view, 6> kHosts = {
      "127.0.0.1", "localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  return std::any_of(kHosts.begin(), kHosts.end(), [&](std::string_view host) {
    if (!authority.starts_with(host)) return false;
    const std::string rest = authority.substr(host.size());
    return rest.empty() ||
           (rest.front() == ':' && rest.find_first_not_of("0123456789", 1) == std::string::npos);
  });
}

}  // namespace dramatis::aws
