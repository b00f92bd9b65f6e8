#include "shared/aws/service_client.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "shared/status/macros.h"

namespace dramatis::aws {
namespace {

constexpr int kMostTries = 3;
constexpr absl::Duration kFirstWait = absl::Milliseconds(100);

bool MayHelp(const absl::StatusOr<WebAnswer>& answer) {
  if (!answer.ok()) return absl::IsUnavailable(answer.status());
  constexpr int kTooMany = 429;
  constexpr int kServerFailed = 500;
  return answer->status == kTooMany || answer->status >= kServerFailed;
}

bool CredentialsRefused(const absl::StatusOr<WebAnswer>& answer) {
  if (!answer.ok()) return false;
  constexpr int kBad = 400;
  constexpr int kUnauthorized = 401;
  constexpr int kForbidden = 403;
  return answer->status == kUnauthorized || answer->status == kForbidden ||
         (answer->status == kBad && absl::StrContains(answer->body, "ExpiredToken"));
}

}  // namespace

ServiceClient::ServiceClient(SigV4Scope scope,
                             CredentialCache& credentials,
                             WebClient web,
                             const Clock& clock)
    : ServiceClient(std::move(scope), credentials, std::move(web), clock, absl::SleepFor) {}

ServiceClient::ServiceClient(
    SigV4Scope scope, CredentialCache& credentials, WebClient web, const Clock& clock, Sleep sleep)
    : scope_(std::move(scope)),
      credentials_(credentials),
      web_(std::move(web)),
      clock_(clock),
      sleep_(std::move(sleep)) {}

absl::StatusOr<WebAnswer> ServiceClient::SendOnce(const WebRequest& request) const {
  DRAMATIS_ASSIGN_OR_RETURN(const Credentials credentials, credentials_.Get());
  WebRequest whole = request;
  const std::vector<std::string> signature = SignSigV4({.method = request.method,
                                                        .url = request.url,
                                                        .headers = request.headers,
                                                        .body = request.body},
                                                       scope_, credentials, clock_.Now());
  whole.headers.insert(whole.headers.end(), signature.begin(), signature.end());
  return web_(whole);
}

absl::StatusOr<WebAnswer> ServiceClient::Send(const WebRequest& request) const {
  bool spoke = false;
  WebRequest watched = request;
  if (request.sink != nullptr) {
    watched.sink = [&](std::string_view piece) {
      spoke = true;
      return request.sink(piece);
    };
  }
  thread_local std::minstd_rand random{std::random_device()()};
  bool refetched = false;
  absl::Duration wait = kFirstWait;
  for (int tries = 1;;) {
    absl::StatusOr<WebAnswer> answer = SendOnce(watched);
    if (spoke) return answer;
    if (CredentialsRefused(answer) && !refetched) {
      refetched = true;
      absl::Notification done;
      if (!credentials_.Refetch([&] { done.Notify(); })) return answer;
      done.WaitForNotification();
      continue;
    }
    if (!MayHelp(answer) || tries++ == kMostTries) return answer;
    sleep_(std::uniform_real_distribution<double>(0, 1)(random) * wait);
    wait *= 2;
  }
}

}  // namespace dramatis::aws
