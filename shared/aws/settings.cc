#include "shared/aws/settings.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace dramatis::aws {

CredentialSettings ReadCredentialSettings(Settings& settings, const std::string& region) {
  CredentialSettings aws;
  aws.keys_from_environment = settings.Text("DRAMATIS_ENVIRONMENT", "local") == "local";
  aws.region = settings.Text("AWS_REGION", region);
  for (const char* const name :
       {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT"}) {
    if (std::string value = settings.Text(name); !value.empty()) {
      aws.environment.emplace(name, std::move(value));
    }
  }
  if (std::string sts = ReadEndpoint(settings, "STS"); !sts.empty()) {
    aws.environment.emplace("AWS_ENDPOINT_URL_STS", std::move(sts));
  }
  if (!aws.keys_from_environment && aws.environment.contains("AWS_SECRET_ACCESS_KEY")) {
    settings.Problem(
        "AWS_SECRET_ACCESS_KEY",
        "may only be set in the environment local; elsewhere use a role: web identity, "
        "a container's or the machine's");
  }
  return aws;
}

std::string ReadRegion(Settings& settings,
                       const std::string& fallback,
                       const std::string& wanted_by) {
  std::string region = settings.Text("AWS_REGION", settings.Text("AWS_DEFAULT_REGION", fallback));
  const bool good = !region.empty() && std::all_of(region.begin(), region.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return absl::ascii_islower(byte) || absl::ascii_isdigit(byte) || c == '-';
  });
  if (good) return region;
  settings.Problem("AWS_REGION",
                   absl::StrCat("must name a region, as eu-central-1, for ", wanted_by));
  return "";
}

std::string ReadEndpoint(Settings& settings, const std::string& service_in_upper_case) {
  std::string name = absl::StrCat("AWS_ENDPOINT_URL_", service_in_upper_case);
  std::string url = settings.Text(name);
  if (url.empty()) url = settings.Text(name = "AWS_ENDPOINT_URL");
  while (url.ends_with('/'))
    url.pop_back();
  if (url.empty() || ((url.starts_with("http://") || url.starts_with("https://")) &&
                      url.find_first_of("?#@ ") == std::string::npos)) {
    return url;
  }
  settings.Problem(name, "must be an http or https URL without credentials, query and fragment");
  return "";
}

}  // namespace dramatis::aws
