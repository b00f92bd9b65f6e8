#include "shared/objects/place.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/aws/http/fetch_url.h"
#include "shared/aws/settings.h"
#include "shared/objects/folder.h"

namespace dramatis::objects {
namespace {

constexpr std::string_view kS3 = "s3://";
constexpr std::string_view kFile = "file:";

}  // namespace

Place ReadBucket(Settings& settings,
                 const std::string& variable,
                 const std::string& bucket,
                 const std::string& prefix) {
  S3Bucket s3 = {.bucket = bucket, .prefix = prefix};
  if (!IsBucketName(bucket)) {
    settings.Problem(variable,
                     "must name a bucket: s3://, and 3 to 63 of a-z, 0-9, dots and hyphens");
  }
  s3.endpoint = aws::ReadEndpoint(settings, "S3");
  s3.region = aws::ReadRegion(settings, s3.endpoint.empty() ? "" : "us-east-1", variable);
  s3.ca_file = settings.Text("SSL_CERT_FILE");
  Place place = {.aws = aws::ReadCredentialSettings(settings, s3.region)};
  place.bucket = std::move(s3);
  return place;
}

Place ReadPlace(Settings& settings, const std::string& variable, const std::string& fallback) {
  const std::string text = settings.Text(variable, fallback);
  if (text.starts_with(kFile) && text.size() > kFile.size()) {
    return {.folder = text.substr(kFile.size())};
  }
  if (!text.starts_with(kS3)) {
    settings.Problem(
        variable,
        "must be s3://, a bucket and, where there is one, a prefix, or file: and a folder");
    return {};
  }
  const std::string rest = text.substr(kS3.size());
  const size_t slash = rest.find('/');
  std::string prefix = slash == std::string::npos ? "" : rest.substr(slash + 1);
  if (!prefix.empty() && !prefix.ends_with('/')) prefix += '/';
  if (!IsPrefix(prefix)) settings.Problem(variable, "has a prefix that cannot be one of keys");
  return ReadBucket(settings, variable, rest.substr(0, slash), prefix);
}

OpenedObjects::OpenedObjects(const Place& place, const Clock& clock, const WebClient& web) {
  if (!place.bucket.has_value()) {
    objects_ = std::make_unique<FolderObjects>(place.folder);
    return;
  }
  credentials_ = std::make_unique<aws::CredentialCache>(
      [settings = place.aws] { return aws::FetchCredentials(settings, aws::FetchUrl); }, clock);
  client_ = std::make_unique<aws::ServiceClient>(
      aws::SigV4Scope{.service = "s3", .region = place.bucket->region}, *credentials_, web, clock);
  objects_ = std::make_unique<S3Objects>(*place.bucket, *client_);
}

void OpenedObjects::Stop() {
  if (credentials_ != nullptr) credentials_->Stop();
}

}  // namespace dramatis::objects
