#include "services/inference/providers/health.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;

// One user's persona may name a model that is not there: only a row of refusals says that the
// deployment is wrong.
constexpr int kRow = 3;

// Whoever calls, with whatever: refused.
bool ConcernsAll(const ProviderFailure& failure) {
  return failure.kind == Kind::kUnauthorized || failure.kind == Kind::kSpent;
}

}  // namespace

void Health::Worked() {
  const absl::MutexLock lock(&mutex_);
  ever_worked_ = true;
  refusals_ = 0;
}

void Health::Failed(const Trouble& trouble) {
  const absl::MutexLock lock(&mutex_);
  last_ = trouble;
  if (ConcernsAll(trouble.failure)) {
    refusals_ = kRow;
  } else if (trouble.failure.kind == Kind::kRejected) {
    ++refusals_;
  }
}

bool Health::misconfigured() const {
  const absl::MutexLock lock(&mutex_);
  return refusals_ >= (ever_worked_ ? kRow : 1);
}

std::optional<Trouble> Health::last() const {
  const absl::MutexLock lock(&mutex_);
  return last_;
}

}  // namespace dramatis::inference
