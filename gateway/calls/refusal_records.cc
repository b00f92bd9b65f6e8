#include "gateway/calls/refusal_records.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "shared/call/authenticator.h"
#include "shared/log/audit.h"

namespace dramatis::gateway {

RefusalRecords::~RefusalRecords() {
  std::vector<Kind> left;
  int64_t second = 0;
  {
    const absl::MutexLock lock(&mutex_);
    second = second_;
    left = Begin(std::numeric_limits<int64_t>::max());
  }
  Write(left, second);
}

bool RefusalRecords::Take(std::string_view name, bool sign_in) {
  const int64_t now = absl::ToUnixSeconds(clock_.Now());
  std::vector<Kind> left;
  int64_t second = 0;
  bool whole = true;
  {
    const absl::MutexLock lock(&mutex_);
    second = second_;
    if (now != second_) left = Begin(now);
    Kind& kind = Find(name, sign_in);
    if (sign_in) kind.counted(1);
    // Whoever brings no credentials may be one who needs none.
    if (!sign_in || name != kNoCredentials) whole = ++kind.seen <= kMost;
    if (!whole) left_out_ = true;
  }
  Write(left, second);
  return whole;
}

void RefusalRecords::Tell() {
  if (!left_out_) return;
  const int64_t now = absl::ToUnixSeconds(clock_.Now());
  std::vector<Kind> left;
  int64_t second = 0;
  {
    const absl::MutexLock lock(&mutex_);
    if (now == second_) return;
    second = second_;
    left = Begin(now);
  }
  Write(left, second);
}

RefusalRecords::Kind& RefusalRecords::Find(std::string_view name, bool sign_in) {
  const auto found = std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& kind) {
    return kind.name == name && kind.sign_in == sign_in;
  });
  if (found != kinds_.end()) return *found;
  return kinds_.emplace_back(Kind{std::string(name), sign_in,
                                  sign_in ? RefusedSignInsOf(metrics_, name) : Metrics::Series()});
}

std::vector<RefusalRecords::Kind> RefusalRecords::Begin(int64_t second) {
  std::vector<Kind> left;
  if (left_out_.exchange(false)) {
    std::copy_if(kinds_.begin(), kinds_.end(), std::back_inserter(left),
                 [](const Kind& kind) { return kind.seen > kMost; });
  }
  for (Kind& kind : kinds_)
    kind.seen = 0;
  second_ = second;
  return left;
}

void RefusalRecords::Write(const std::vector<Kind>& kinds, int64_t second) const {
  for (const Kind& kind : kinds) {
    const LogLevel level = kind.sign_in ? LogLevel::kAudit : LogLevel::kInfo;
    if (!logger_.Enabled(level)) continue;
    logger_.Log(level, kind.sign_in ? "sign-ins refused" : "requests refused",
                {{kind.sign_in ? "reason" : "code", kind.name},
                 {"count", kind.seen - kMost},
                 {"second", absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", absl::FromUnixSeconds(second),
                                             absl::UTCTimeZone())}});
  }
}

}  // namespace dramatis::gateway
