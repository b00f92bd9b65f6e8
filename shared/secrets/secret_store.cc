#include "shared/secrets/secret_store.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "shared/aws/http/fetch_url.h"
#include "shared/aws/settings.h"
#include "shared/secrets/aws_secrets.h"
#include "shared/status/macros.h"
#include "shared/status/system_message.h"

namespace dramatis::secrets {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kAws = "aws-secretsmanager:";
constexpr size_t kMostBytes = size_t{64} * 1024;

absl::StatusOr<std::string> Checked(std::string value, std::string_view reference) {
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r'))
    value.pop_back();
  const std::string name(reference);
  if (value.empty()) return absl::UnavailableError(absl::StrCat(name, " is empty"));
  if (value.size() > kMostBytes || !IsHeaderSafe(value)) {
    return absl::UnavailableError(
        absl::StrCat(name, " must be visible ASCII characters, at most 65,536"));
  }
  return value;
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string value;
  if (file) {
    value.resize(kMostBytes + 2);
    file.read(value.data(), static_cast<std::streamsize>(value.size()));
    value.resize(static_cast<size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
    return absl::UnavailableError(
        absl::StrCat("cannot read ", path, ": ", SystemMessage(errno == 0 ? EIO : errno)));
  }
  return value;
}

}  // namespace

SecretSettings ReadSecretSettings(Settings& settings, bool wanted) {
  SecretSettings read;
  if (!wanted) return read;
  read.endpoint = aws::ReadEndpoint(settings, "SECRETS_MANAGER");
  read.region = aws::ReadRegion(settings, read.endpoint.empty() ? "" : "us-east-1",
                                "aws-secretsmanager: references");
  read.ca_file = settings.Text("SSL_CERT_FILE");
  read.aws = aws::ReadCredentialSettings(settings, read.region);
  return read;
}

bool IsSecretReference(std::string_view text) {
  return text.starts_with(kFile) || text.starts_with(kAws);
}

bool IsAwsSecretReference(std::string_view text) {
  return text.starts_with(kAws);
}

bool IsHeaderSafe(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isgraph(c); });
}

SecretStore::SecretStore(SecretSettings settings, const Clock& clock, WebClient web)
    : settings_(std::move(settings)),
      clock_(clock),
      web_(std::move(web)),
      credentials_([aws = settings_.aws] { return aws::FetchCredentials(aws, aws::FetchUrl); },
                   clock) {}

void SecretStore::Stop() {
  executor_.Stop();
  credentials_.Stop();
}

const aws::ServiceClient& SecretStore::ClientOf(const std::string& region) {
  const absl::MutexLock lock(&mutex_);
  std::unique_ptr<aws::ServiceClient>& client = clients_[region];
  if (client == nullptr) {
    client = std::make_unique<aws::ServiceClient>(
        aws::SigV4Scope{.service = "secretsmanager", .region = region}, credentials_, web_, clock_);
  }
  return *client;
}

absl::StatusOr<std::string> SecretStore::ReadAws(const std::string& text) {
  DRAMATIS_ASSIGN_OR_RETURN(const AwsSecretName name, ParseAwsSecretName(text));
  const std::string region = name.region.empty() ? settings_.region : name.region;
  const std::string body = AwsSecretRequest(name);
  WebRequest request = {
      .method = "POST",
      .url = settings_.endpoint.empty()
                 ? absl::StrCat("https://secretsmanager.", region, ".amazonaws.com",
                                region.starts_with("cn-") ? ".cn" : "", "/")
                 : settings_.endpoint + "/",
      .headers = {"Content-Type: application/x-amz-json-1.1",
                  "X-Amz-Target: secretsmanager.GetSecretValue"},
      .body = body,
      .most_bytes = 4 * kMostBytes,
      .ca_file = settings_.ca_file,
      .proxy = true};
  const absl::StatusOr<WebAnswer> answer = ClientOf(region).Send(request);
  const std::string who = absl::StrCat("the secret ", name.id, " of Secrets Manager");
  if (!answer.ok()) {
    return absl::UnavailableError(
        absl::StrCat(who, " cannot be read: ", answer.status().message()));
  }
  constexpr int kGood = 200;
  if (answer->status != kGood) {
    const std::string code = AwsSecretRefusal(answer->body);
    return absl::UnavailableError(absl::StrCat(
        who, " cannot be read: the answer is ", answer->status, code.empty() ? "" : " ", code,
        "; the role needs secretsmanager:GetSecretValue on it, and kms:Decrypt where "
        "its key is your own"));
  }
  absl::StatusOr<std::string> value = ParseAwsSecretAnswer(answer->body, name.member);
  if (!value.ok()) {
    return absl::UnavailableError(absl::StrCat(who, " cannot be used: ", value.status().message()));
  }
  return Checked(*std::move(value), who);
}

absl::StatusOr<std::string> SecretStore::Read(const std::string& reference) {
  if (reference.starts_with(kAws)) return ReadAws(reference.substr(kAws.size()));
  if (reference.starts_with(kFile)) {
    const std::string path = reference.substr(kFile.size());
    DRAMATIS_ASSIGN_OR_RETURN(std::string value, ReadSecretFile(path));
    return Checked(std::move(value), path);
  }
  return absl::InvalidArgumentError("must begin with file: or aws-secretsmanager:");
}

std::unique_ptr<Secret> SecretStore::Follow(const std::string& reference, std::string value) {
  if (reference.empty()) return std::make_unique<Secret>(std::move(value));
  const Secret secret(
      std::move(value), [this, reference] { return Read(reference); }, clock_, executor_);
  const absl::MutexLock lock(&mutex_);
  followed_.push_back(secret);
  return std::make_unique<Secret>(secret);
}

void SecretStore::RefreshDue() {
  const absl::MutexLock lock(&mutex_);
  for (Secret& secret : followed_)
    secret.RefreshIfDue();
}

std::unique_ptr<Secret> FollowedBy(SecretStore* store,
                                   const std::string& reference,
                                   const std::string& value) {
  if (store == nullptr) return std::make_unique<Secret>(value);
  return store->Follow(reference, value);
}

}  // namespace dramatis::secrets
