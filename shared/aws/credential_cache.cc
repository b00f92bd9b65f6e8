#include "shared/aws/credential_cache.h"

#include <utility>

namespace dramatis::aws {

CredentialCache::CredentialCache(Source source, const Clock& clock)
    : source_(std::move(source)), clock_(clock) {}

CredentialCache::~CredentialCache() {
  Stop();
}

absl::StatusOr<Credentials> CredentialCache::Get() {
  const absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  const bool good = credentials_.has_value() && now < credentials_->expires;
  if (good && now < credentials_->expires - kRefreshBefore) return *credentials_;
  if (!fetching_) Begin(nullptr);
  if (good) return *credentials_;
  mutex_.Await(absl::Condition(+[](bool* fetching) { return !*fetching; }, &fetching_));
  if (credentials_.has_value() && clock_.Now() < credentials_->expires) return *credentials_;
  return error_;
}

bool CredentialCache::Refetch(std::function<void()> done) {
  const absl::MutexLock lock(&mutex_);
  if (fetching_) {
    waiting_.push_back(std::move(done));
    return true;
  }
  return Begin(std::move(done));
}

bool CredentialCache::Begin(std::function<void()> done) {
  fetching_ = executor_.Post([this] { Fetch(); });
  if (!fetching_) {
    error_ = absl::UnavailableError("the program is stopping");
    return false;
  }
  if (done != nullptr) waiting_.push_back(std::move(done));
  return true;
}

void CredentialCache::Fetch() {
  absl::StatusOr<Credentials> fetched = source_();
  std::vector<std::function<void()>> waiting;
  {
    const absl::MutexLock lock(&mutex_);
    if (fetched.ok()) {
      credentials_ = *std::move(fetched);
    } else {
      error_ = fetched.status();
    }
    fetching_ = false;
    waiting.swap(waiting_);
  }
  for (const auto& done : waiting)
    done();
}

}  // namespace dramatis::aws
