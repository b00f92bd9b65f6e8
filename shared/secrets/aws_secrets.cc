#include "shared/secrets/aws_secrets.h"

#include <algorithm>
#include <vector>

#include <boost/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dramatis::secrets {
namespace {

namespace json = boost::json;

constexpr size_t kLongestId = 2048;
constexpr size_t kLongestCode = 100;

absl::Status NoValue() {
  return absl::UnavailableError("Secrets Manager's answer holds no text");
}

// Null where `text` is not an object.
json::object ParseObject(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error);
  return !error && value.is_object() ? std::move(value.as_object()) : json::object();
}

}  // namespace

absl::StatusOr<AwsSecretName> ParseAwsSecretName(std::string_view text) {
  AwsSecretName name;
  const size_t hash = text.find('#');
  name.id = std::string(text.substr(0, hash));
  if (hash != std::string_view::npos) name.member = std::string(text.substr(hash + 1));
  const bool plain = !name.id.empty() && name.id.size() <= kLongestId &&
                     std::all_of(name.id.begin(), name.id.end(), [](char c) {
                       return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                              std::string_view("/_+=.@-:").find(c) != std::string_view::npos;
                     });
  if (!plain || (hash != std::string_view::npos && name.member.empty())) {
    return absl::InvalidArgumentError(
        "must name a secret, as aws-secretsmanager:prod/openai, or a member of one, as "
        "aws-secretsmanager:prod/openai#key");
  }
  // arn:aws:secretsmanager:<region>:<account>:secret:<name>
  constexpr size_t kRegion = 3;
  const std::vector<std::string> parts = absl::StrSplit(name.id, ':');
  if (parts.front() == "arn" && parts.size() > kRegion) name.region = parts[kRegion];
  return name;
}

std::string AwsSecretRequest(const AwsSecretName& name) {
  return json::serialize(json::object{{"SecretId", name.id}});
}

absl::StatusOr<std::string> ParseAwsSecretAnswer(std::string_view text, const std::string& member) {
  const json::object answer = ParseObject(text);
  std::string secret;
  if (const json::value* const found = answer.if_contains("SecretString");
      found != nullptr && found->is_string()) {
    secret = std::string(found->as_string());
  } else if (const json::value* const binary = answer.if_contains("SecretBinary");
             binary != nullptr && binary->is_string()) {
    const std::string encoded(binary->as_string());
    if (!absl::Base64Unescape(encoded, &secret)) return NoValue();
  }
  if (secret.empty()) return NoValue();
  if (member.empty()) return secret;
  const json::object object = ParseObject(secret);
  const json::value* const found = object.if_contains(member);
  if (found == nullptr || !found->is_string() || found->as_string().empty()) {
    return absl::UnavailableError("the secret has no such member with a text");
  }
  return std::string(found->as_string());
}

std::string AwsSecretRefusal(std::string_view text) {
  const json::object answer = ParseObject(text);
  const json::value* const found = answer.if_contains("__type");
  if (found == nullptr || !found->is_string()) return "";
  // `com.amazonaws...#Code`, or the code alone.
  std::string code(found->as_string());
  code = code.substr(code.rfind('#') == std::string::npos ? 0 : code.rfind('#') + 1);
  const bool plain =
      code.size() <= kLongestCode &&
      std::all_of(code.begin(), code.end(), [](unsigned char c) { return absl::ascii_isalnum(c); });
  return plain ? code : "";
}

}  // namespace dramatis::secrets
