#include "shared/program/database_url.h"

#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

namespace dramatis {
namespace {

// Whoever rotates a password changes it in the database and in the store, one after the other.
constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr absl::Duration kPause = absl::Milliseconds(250);

}  // namespace

DatabaseUrl::DatabaseUrl(std::shared_ptr<secrets::SecretStore> store, const CommonConfig& config)
    : store_(std::move(store)),
      environment_(config.environment),
      secret_(store_->Follow(config.database_url_reference, config.database_url)),
      good_(config.database_url) {}

std::string DatabaseUrl::Take() {
  std::string value = secret_->Get();
  const absl::MutexLock lock(&mutex_);
  // Whatever cannot be one is not tried: the old one may serve on.
  if (DatabaseUrlProblem(environment_, value).empty()) good_ = std::move(value);
  return good_;
}

std::string DatabaseUrl::Now(const std::string& refused) {
  std::string url = Take();
  const absl::Time until = absl::Now() + kPatience;
  while (!refused.empty() && url == refused && absl::Now() < until) {
    const auto read = std::make_shared<absl::Notification>();
    if (!secret_->Refetch([read] { read->Notify(); })) break;
    if (!read->WaitForNotificationWithTimeout(until - absl::Now())) break;
    url = Take();
    if (url == refused) absl::SleepFor(kPause);
  }
  return url;
}

}  // namespace dramatis
